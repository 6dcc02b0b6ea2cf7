"""The messages of a conversation: the path of a turn first, then everything else by re-export.

Nothing here depends on how long a conversation is: numbers come from a counter, history is walked
from its leaf and only as far as asked. The tree's versions are in `branches`, what models report
and people judge in `traces`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, literal_column, or_, select, update
from sqlalchemy.orm import Session

from store import index, nodes
from store.branches import choose, copy_path, delete_version, siblings
from store.columns import now
from store.conversations import COLUMNS as CONVERSATION
from store.errors import NotFound
from store.models import Conversation as ConversationRow
from store.models import Message as Row
from store.models import Replica
from store.nodes import COLUMNS
from store.records import Conversation, Message
from store.rows import plain_columns_of
from store.traces import add_trace, feedback, set_feedback, traces

__all__ = [
    "add_message",
    "add_reply",
    "add_trace",
    "add_turn",
    "by_ids",
    "choose",
    "copy_path",
    "delete_version",
    "feedback",
    "find_message",
    "find_turn",
    "finish",
    "get",
    "interrupt_streaming",
    "newest_child",
    "path",
    "save_partials",
    "set_feedback",
    "siblings",
    "sign",
    "stop_streaming",
    "stopped",
    "streaming_in",
    "traces",
]

_STREAMING: Any = literal_column(
    "'streaming'"
)  # in the SQL itself: a partial index fits no parameter


# A turn runs these: they are made once, and of plain tables.
_ALL: Any = Row.__table__
_TALKS: Any = ConversationRow.__table__
_BY_KEY = select(*plain_columns_of(Row, Message)).where(
    _ALL.c.conversation_id == bindparam("conversation"),
    _ALL.c.turn_key == bindparam("key"),
    _ALL.c.role == bindparam("role"),
)
_OWNER = (
    select(_TALKS.c.id, _TALKS.c.user_id)
    .join(_ALL, _ALL.c.conversation_id == _TALKS.c.id)
    .where(_ALL.c.id == bindparam("message"))
    .with_for_update(of=_TALKS)
)
_KEEP = (
    update(_ALL)
    .where(_ALL.c.id == bindparam("message"), _ALL.c.status == _STREAMING)
    .values(content=bindparam("text"))
)
_STILL = select(_ALL.c.id).where(
    _ALL.c.id.in_(bindparam("messages", expanding=True)), _ALL.c.status == _STREAMING
)
_FINISH = (
    update(_ALL)
    .where(_ALL.c.id == bindparam("message"))
    .values(
        content=bindparam("text"),
        status=bindparam("how"),
        error=bindparam("why"),
        finished_at=bindparam("moment"),
    )
)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A reply that a crash left: whose it is, and its conversation (public id)."""

    user_id: int
    conversation: str


def find_turn(session: Session, conversation_id: int, key: str) -> tuple[Message, Message] | None:
    """The user's message and the reply of the turn with this key, if it was started."""
    reply = _by_key(session, conversation_id, key, "assistant")
    if reply is None or reply.parent_id is None:
        return None
    question = session.execute(select(*COLUMNS).where(Row.id == reply.parent_id)).one()
    return Message(*question), reply


def find_message(session: Session, conversation_id: int, key: str, role: str) -> Message | None:
    """The message of this role that was saved with a key, if there is one."""
    return _by_key(session, conversation_id, key, role)


def add_turn(
    session: Session,
    conversation_id: int,
    *,
    parent_id: int | None,
    text: str,
    key: str,
    writer: int | None = None,
) -> tuple[Message, Message]:
    """Save what the user said and an empty reply to it, now streaming; it becomes the head.

    `writer` is the replica that writes it.

    The same key again returns the same turn. Raises `NotFound` when the conversation is gone,
    `Conflict` when the parent is not in it or the turn's reply was deleted, `UnstorableText`.
    """
    taken = nodes.numbers(session, conversation_id, 2)
    known = find_turn(session, conversation_id, key)
    if known is not None:
        return known
    nodes.require_parent(session, conversation_id, parent_id)
    question = nodes.insert(
        session, taken, parent_id=parent_id, role="user", content=text, turn_key=key
    )
    index.put(session, taken.user_id, "message", question.id, text)
    reply = nodes.insert(
        session,
        taken,
        parent_id=question.id,
        role="assistant",
        content="",
        turn_key=key,
        status="streaming",
        writer=writer,
    )
    nodes.move_head(session, conversation_id, reply.id)
    return question, reply


def add_reply(
    session: Session,
    conversation_id: int,
    *,
    parent_id: int,
    key: str,
    content: str = "",
    writer: int | None = None,
) -> Message:
    """Start another version of the reply to `parent_id`, streaming; it becomes the head.

    `writer` is the replica that writes it.

    The same key again returns the same reply. Raises `NotFound`, `Conflict`, `UnstorableText`.
    """
    taken = nodes.numbers(session, conversation_id, 1)
    known = _by_key(session, conversation_id, key, "assistant")
    if known is not None:
        return known
    nodes.require_parent(session, conversation_id, parent_id)
    reply = nodes.insert(
        session,
        taken,
        parent_id=parent_id,
        role="assistant",
        content=content,
        turn_key=key,
        status="streaming",
        writer=writer,
    )
    nodes.move_head(session, conversation_id, reply.id)
    return reply


def add_message(
    session: Session,
    conversation_id: int,
    *,
    parent_id: int | None,
    role: str,
    content: str,
    key: str | None = None,
) -> Message:
    """Save a complete message, such as an edited version; it becomes the head.

    The same key again returns the same message. Raises `NotFound`, `Conflict`, `UnstorableText`.
    """
    taken = nodes.numbers(session, conversation_id, 1)
    known = None if key is None else _by_key(session, conversation_id, key, role)
    if known is not None:
        return known
    nodes.require_parent(session, conversation_id, parent_id)
    message = nodes.insert(
        session, taken, parent_id=parent_id, role=role, content=content, turn_key=key
    )
    index.put(session, taken.user_id, "message", message.id, content)
    nodes.move_head(session, conversation_id, message.id)
    return message


def save_partials(session: Session, texts: Mapping[int, str]) -> set[int]:
    """Keep what was written so far of streaming replies; returns those that are not (any more).

    `texts`: what is written, by message. One statement for all: every other writer waits meanwhile.
    """
    session.execute(_KEEP, [{"message": reply, "text": text} for reply, text in texts.items()])
    there = session.scalars(_STILL, {"messages": list(texts)})
    return texts.keys() - set(there)


def finish(
    session: Session, message_id: int, *, content: str, status: str, error: str | None = None
) -> None:
    """Give a reply its final text and status, and make it found. Raises `NotFound`."""
    # The conversation is locked before its message, in the same order as everywhere else.
    owner = session.execute(_OWNER, {"message": message_id}).one_or_none()
    if owner is None:
        raise NotFound("This answer")
    final = {"text": content, "how": status, "why": error, "moment": now()}
    session.execute(_FINISH, final | {"message": message_id})
    index.put(session, owner.user_id, "message", message_id, content)


def interrupt_streaming(session: Session) -> list[Interrupted]:
    """Mark the replies whose writer is not there any more as interrupted; which they were.

    Who is there stands in the table of replicas. A reply that nobody signed is left by a crash.
    """
    left = (
        Row.status == _STREAMING,
        or_(Row.writer.is_(None), Row.writer.not_in(select(Replica.id))),
    )
    # All conversations are locked before the first is worked on, so that nobody who holds one and
    # waits for another of our locks is waited for.
    locked = select(ConversationRow.id).join(Row, Row.conversation_id == ConversationRow.id)
    session.execute(
        locked.where(*left).order_by(ConversationRow.id).with_for_update(of=ConversationRow)
    )
    query = select(Row.id, Row.content, ConversationRow.user_id, ConversationRow.public_id)
    query = query.join(ConversationRow, Row.conversation_id == ConversationRow.id).where(*left)
    found = session.execute(query).all()
    for message_id, content, _, _ in found:
        finish(session, message_id, content=content, status="interrupted")
    return [Interrupted(user_id, conversation) for _, _, user_id, conversation in found]


def stop_streaming(session: Session, message_id: int) -> bool:
    """Mark a reply that another process writes as stopped, which that one then heeds.

    False where it has ended already.
    """
    owner = select(ConversationRow.id).join(Row, Row.conversation_id == ConversationRow.id)
    session.execute(owner.where(Row.id == message_id).with_for_update(of=ConversationRow))
    streaming = (Row.id == message_id, Row.status == "streaming")
    content = session.execute(select(Row.content).where(*streaming)).scalar_one_or_none()
    if content is None:
        return False
    finish(session, message_id, content=content, status="stopped")
    return True


def sign(session: Session, message_id: int, writer: int) -> bool:
    """Take over a streaming reply that nobody writes; False where somebody does, or it has ended.

    Who is there stands in the table of replicas.
    """
    free = or_(Row.writer.is_(None), Row.writer.not_in(select(Replica.id)), Row.writer == writer)
    mine = update(Row).where(Row.id == message_id, Row.status == "streaming", free)
    return session.execute(mine.values(writer=writer).returning(Row.id)).one_or_none() is not None


def stopped(session: Session, ids: Sequence[int]) -> set[int]:
    """Those of these replies that were stopped: by another process, while one is writing them."""
    return set(session.scalars(select(Row.id).where(Row.id.in_(ids), Row.status == "stopped")))


def streaming_in(session: Session, conversation_id: int) -> list[str]:
    """The replies (public ids) of a conversation that are being written, or wait for it."""
    query = select(Row.public_id).where(
        Row.conversation_id == conversation_id, Row.status == _STREAMING
    )
    return list(session.scalars(query))


def get(session: Session, user_id: int, public_id: str) -> tuple[Conversation, Message]:
    """A message and its conversation. Raises `NotFound`."""
    found = session.execute(
        select(*CONVERSATION, *COLUMNS)
        .join(Row, Row.conversation_id == ConversationRow.id)
        .where(
            Row.public_id == public_id,
            ConversationRow.user_id == user_id,
            ConversationRow.deleted_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        raise NotFound("This message")
    return Conversation(*found[: len(CONVERSATION)]), Message(*found[len(CONVERSATION) :])


def by_ids(session: Session, conversation_id: int, ids: Sequence[int]) -> list[Message]:
    """Those messages of this conversation, in order of `sequence`; unknown ids are left out."""
    query = select(*COLUMNS).where(Row.conversation_id == conversation_id, Row.id.in_(ids))
    return [Message(*row) for row in session.execute(query.order_by(Row.sequence))]


def newest_child(session: Session, message_id: int, role: str) -> Message | None:
    """The newest message of this role that follows another one, if any does."""
    query = select(*COLUMNS).where(Row.parent_id == message_id, Row.role == role)
    found = session.execute(query.order_by(Row.sequence.desc()).limit(1)).one_or_none()
    return None if found is None else Message(*found)


def path(session: Session, leaf_id: int, *, limit: int | None) -> list[Message]:
    """The last `limit` messages (None: all) that lead to this one, oldest first."""
    found = session.execute(_path(limited=limit is not None), {"leaf": leaf_id, "limit": limit})
    return [Message(*row) for row in found]


@cache
def _path(*, limited: bool) -> Select[Any]:
    above = nodes.line(limited=limited)
    return select(*COLUMNS).join(above, Row.id == above.c.id).order_by(above.c.depth.desc())


def _by_key(session: Session, conversation_id: int, key: str, role: str) -> Message | None:
    same = {"conversation": conversation_id, "key": key, "role": role}
    found = session.execute(_BY_KEY, same).one_or_none()
    return None if found is None else Message(*found)
