"""What a call leaves in the database: how each answer ended, and the trace of its model call."""

import time
from typing import Any

from chatbot.answering import LENGTH, NO_ANSWER, SHUT_DOWN
from chatbot.completions.keeping import CHANNEL, Kept, Outcome
from chatbot.completions.running import Call, Choice
from chatbot.monitoring import ends, spans
from chatbot.sourcing import Sourced, given, used
from store.records import Message, Trace


def outcome(
    call: Call, choice: Choice, kept: Kept, reply: Message, sourced: Sourced, told: dict[str, Any]
) -> Outcome:
    """The end of one choice, with a true status. `told`: what its rendering is repeated with."""
    status, error = _status(call, choice)
    trace = _trace(call, choice, kept, reply, sourced, told, error)
    return Outcome(reply, choice.text, status, error, trace)


def tell(call: Call, kept: Kept | None, *, stored: bool) -> None:
    """A line of the log, and spans, for each choice of a call that ended."""
    for choice in call.choices:
        status, error = _status(call, choice)
        row, sent = kept.row if kept else None, choice.sent
        tokens = choice.prompt_tokens or None, choice.reply_tokens or None
        figures = ends.Figures(
            model=sent.model if sent else "",
            prompt=row.prompt if row and call.plan else "",
            version=(row.version or "") if row and call.plan else "",
            release=row.release_id if row and call.plan else None,
            prompt_tokens=tokens[0],
            reply_tokens=tokens[1],
            first_s=None if choice.first_at is None else choice.first_at - call.started,
            total_s=time.monotonic() - call.started,
        )
        turn = kept.replies[choice.index].public_id if kept else ""
        about = {"turn": turn, "conversation": row.public_id if row else ""}
        with spans.past("turn", call.started):
            if sent is not None:
                began = sent.ready_at or call.started
                spans.model_called(sent.model, began, tokens, choice.first_at)
            saved = stored or kept is None
            ends.ended(CHANNEL, status, figures, error=error, saved=saved, **about)


def _status(call: Call, choice: Choice) -> tuple[str, str | None]:
    if choice.error is not None:
        return ("truncated" if choice.cut else "failed"), str(choice.error)
    if choice.interrupted and not call.cancel.cancelled:
        return "interrupted", SHUT_DOWN
    if choice.interrupted or choice.finish in ("cancelled", None):
        return "stopped", None
    if choice.finish == "length":
        return "truncated", LENGTH
    return ("complete", None) if choice.text.strip() else ("failed", NO_ANSWER)


def _trace(
    call: Call,
    choice: Choice,
    kept: Kept,
    reply: Message,
    sourced: Sourced,
    told: dict[str, Any],
    error: str | None,
) -> Trace | None:
    sent, row = choice.sent, kept.row
    if sent is None:
        return None
    first = choice.first_at
    return Trace(
        message_id=reply.id,
        attempt=1,
        prompt=row.prompt if call.plan else "",
        version=(row.version or "") if call.plan else None,
        release_id=row.release_id if call.plan else None,
        model=sent.model,
        parameters=sent.parameters,
        inputs=told | _inputs(call, sent.masked, sent.chosen, lacked=sourced.lacked),
        rendered_hash=sent.rendered_hash,
        history_ids=sent.history_ids,
        passages=used(given(sourced, sent.kept), choice.text),
        prompt_tokens=choice.prompt_tokens or sent.prompt_tokens,
        reply_tokens=choice.reply_tokens or None,
        first_token_s=None if first is None else first - call.started,
        total_s=time.monotonic() - call.started,
        error=error,
        notes=sent.notes,
    )


def _inputs(
    call: Call, masked: Any, chosen: tuple[int, ...] | None, *, lacked: bool
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if call.dialog.system:
        told["system"] = call.dialog.system
    if call.ask.metadata:
        told["metadata"] = dict(call.ask.metadata)
    if masked is not None:
        told["masked"] = dict(masked)
    if chosen is not None:
        told["examples"] = list(chosen)
    if lacked:
        told["lacked"] = True
    return told
