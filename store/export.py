"""One conversation as plain JSON (everything) or Markdown (the branch being shown)."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import conversations, messages, models, nodes, speakers
from store.records import Conversation, Message

FORMAT = "chatbot-conversation/1"
SOMEBODY = "A person"
"""Who answered, where their name is known no more."""
_SPEAKERS = {"user": "You", "assistant": "Assistant", "system": "System"}


def conversation(session: Session, user_id: int, public_id: str) -> dict[str, Any]:
    """The whole tree: every version of every message, with its newest trace and its feedback.

    Ids are public ids; times are ISO 8601 in UTC. `person`: who wrote an answer that no model did.
    Raises `NotFound`.
    """
    found = conversations.get(session, user_id, public_id)
    tree = _tree(session, found.id)
    names = {message.id: message.public_id for message in tree}
    traced = messages.traces(session, list(names))
    judged = messages.feedback(session, user_id, list(names))
    by_people = speakers.names(session, tree)
    return {
        "format": FORMAT,
        "id": found.public_id,
        "title": found.title,
        "channel": found.channel,
        "prompt": found.prompt,
        "prompt_version": found.version,
        "model": found.model,
        "created_at": _moment(found.created_at),
        "updated_at": _moment(found.updated_at),
        "head": None if found.head_id is None else names.get(found.head_id),
        "messages": [
            _message(message, names)
            | {
                "person": by_people[message.id] or SOMEBODY if message.id in by_people else None,
                "trace": _trace(traced[message.id], names) if message.id in traced else None,
                "feedback": _plain(judged[message.id]) if message.id in judged else None,
            }
            for message in tree
        ],
    }


def markdown(session: Session, user_id: int, public_id: str) -> str:
    """The branch being shown, to read or print. Raises `NotFound`."""
    found = conversations.get(session, user_id, public_id)
    parts = [f"# {_one_line(found)}"]
    if found.head_id is not None:
        shown = messages.path(session, found.head_id, limit=None)
        by_people = speakers.names(session, shown)
        parts += [_section(message, by_people.get(message.id)) for message in shown]
    return "\n\n".join(parts) + "\n"


def _tree(session: Session, conversation_id: int) -> list[Message]:
    query = select(*nodes.COLUMNS).where(models.Message.conversation_id == conversation_id)
    return [Message(*row) for row in session.execute(query.order_by(models.Message.sequence))]


def _message(message: Message, names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": message.public_id,
        "parent": None if message.parent_id is None else names[message.parent_id],
        "role": message.role,
        "content": message.content,
        "status": message.status,
        "error": message.error,
        "created_at": _moment(message.created_at),
        "finished_at": None if message.finished_at is None else _moment(message.finished_at),
    }


def _trace(trace: Any, names: dict[int, str]) -> dict[str, Any]:
    plain = _plain(trace)
    plain["history"] = [names[each] for each in plain.pop("history_ids") if each in names]
    plain.pop("release_id")
    return plain


def _plain(record: Any) -> dict[str, Any]:
    plain = asdict(record)
    plain.pop("message_id")
    plain.pop("user_id", None)
    return {name: list(v) if isinstance(v, tuple) else v for name, v in plain.items()}


def _section(message: Message, person: str | None) -> str:
    note = "" if message.status == "complete" else f" ({message.status})"
    who = _SPEAKERS[message.role] if person is None else f"{person or SOMEBODY} (a person)"
    return f"## {who}{note}\n\n{message.content}"


def _one_line(found: Conversation) -> str:
    return " ".join(found.title.split()) or "Conversation"


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
