"""A conversation and its running turns → what the Chat page shows. Pure: no queries, no widgets.

The log is two Chatbots in one scrolling region: `log` holds what is settled, `now` the unsettled
tail (the answer being written and a question that waits). An update while a model writes then costs
the same in a conversation of two messages and of fifty.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.turn import Turn
from chatbot.views import Found, Group, MessageView, View
from ui.pages import markdown

Json = dict[str, Any]
Shown = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Screen:
    """The values of the page's three outputs."""

    log: Shown
    now: Shown
    page: Json


def screen(view: View, running: Sequence[Turn], unsaved: Mapping[str, Turn], **more: Any) -> Screen:
    """The page of a conversation.

    Args:
        view: what the database holds.
        running: the turn being answered, then the one that waits.
        unsaved: finished answers (by public id) that the database did not take.
        more: further facts for the scripts.
    """
    turns = {turn.reply: turn for turn in running}
    settled = next(
        (index for index, message in enumerate(view.messages) if message.id in turns),
        len(view.messages),
    )
    texts = {turn.reply: turn.text for turn in (*running, *unsaved.values())}
    rows = [_row(message.role, texts.get(message.id, message.text)) for message in view.messages]
    page: Json = {
        "id": view.id,
        "title": view.title,
        "prompt": view.prompt,
        "model": view.model,
        "pinned": view.pinned,
        "temporary": view.temporary,
        "earlier": view.has_earlier,
        "handed": view.handed and {"agent": view.handed.agent, "waiting": view.handed.waiting},
        "may_ask": view.channel == "chat" and not view.temporary,
        "messages": [_message(message, turns, unsaved) for message in view.messages],
        "settled": settled,
        "running": [turn.reply for turn in running],
    }
    return Screen(rows[:settled], rows[settled:], page | more)


def tail(view: View, running: Sequence[Turn]) -> Shown:
    """The unsettled tail alone, for an update while a model writes."""
    texts = {turn.reply: turn.text for turn in running}
    start = next((i for i, message in enumerate(view.messages) if message.id in texts), None)
    if start is None:
        return []
    return [_row(one.role, texts.get(one.id, one.text)) for one in view.messages[start:]]


def empty(**more: Any) -> Screen:
    """The page of a conversation that has not begun."""
    page: Json = {"id": None, "title": "", "messages": [], "settled": 0, "running": []}
    return Screen([], [], page | more)


def stage(turn: Turn) -> Json:
    """Where a running answer stands, for the line under it."""
    return {
        "id": turn.reply,
        "state": turn.state,
        "model": turn.model,
        "seconds": round(time.monotonic() - turn.started, 1),
    }


def groups(found: Sequence[Group]) -> list[Json]:
    """The sidebar's list."""
    return [
        {
            "label": group.label,
            "items": [
                {"id": one.id, "title": one.title, "pinned": one.pinned, "running": one.running}
                for one in group.items
            ],
        }
        for group in found
    ]


def hits(found: Sequence[Found]) -> list[Json]:
    """Search results; a snippet is a list of [text, is a hit]."""
    return [
        {
            "id": one.conversation,
            "title": one.title,
            "message": one.message,
            "role": one.role,
            "snippet": [[text, hit] for text, hit in one.snippet],
            "date": f"{one.updated_at:%Y-%m-%d}",
        }
        for one in found
    ]


def _row(role: str, text: str) -> dict[str, Any]:
    """A message as the Chatbot's scripts take it: the listener is not post-processed."""
    shown = markdown.rich(text) if role == "assistant" else markdown.plain(text)
    part = {"type": "text", "text": shown or "\u200b"}
    return {"role": role, "metadata": None, "content": [part], "options": None}


def _message(message: MessageView, turns: Mapping[str, Turn], unsaved: Mapping[str, Turn]) -> Json:
    running, lost = turns.get(message.id), unsaved.get(message.id)
    siblings, meta = message.siblings, message.meta
    shown: Json = {
        "id": message.id,
        "role": message.role,
        "text": message.text,
        "status": message.status,
        "note": message.note,
        "version": [siblings.index, siblings.count, siblings.previous, siblings.next],
        "rating": message.rating,
        "reasons": list(message.reasons),
        "better": message.better,
    }
    if meta is not None:
        shown["meta"] = {
            "model": meta.model,
            "where": meta.where,
            "prompt": meta.prompt,
            "version": meta.version,
            "tokens": meta.tokens,
            "first": meta.first_s,
            "total": meta.total_s,
        }
    if message.sources:
        shown["sources"] = [
            {
                "n": one.n,
                "passage": one.passage,
                "label": one.label,
                "internal": one.internal,
                "used": one.used,
            }
            for one in message.sources
        ]
    if message.person is not None:
        shown["person"] = message.person
    if message.lacked:
        shown["lacked"] = True
    if running is not None:
        shown["stage"] = stage(running)
    if lost is not None:
        shown |= {"text": lost.text, "status": lost.status, "note": lost.error, "unsaved": True}
    return shown
