"""Rows of the message tree: numbered, inserted, walked. `messages` and `branches` build on it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Integer, bindparam, literal, select, update
from sqlalchemy.orm import Session, aliased

from store.columns import BigId, now
from store.errors import Conflict, NotFound
from store.models import Conversation as ConversationRow
from store.models import Message as Row
from store.records import Message
from store.rows import columns_of

COLUMNS = columns_of(Row, Message)


@dataclass(slots=True)
class Numbers:
    """Sequence numbers taken from a conversation, whose row stays locked until the commit."""

    conversation_id: int
    user_id: int
    next: int

    def take(self) -> int:
        """The next number."""
        self.next += 1
        return self.next - 1


def numbers(session: Session, conversation_id: int, count: int) -> Numbers:
    """Take `count` sequence numbers without counting messages. Raises `NotFound`."""
    taken = session.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id, ConversationRow.deleted_at.is_(None))
        .values(next_sequence=ConversationRow.next_sequence + count)
        .returning(ConversationRow.next_sequence, ConversationRow.user_id)
    ).one_or_none()
    if taken is None:
        raise NotFound("This conversation")
    return Numbers(conversation_id, taken.user_id, taken.next_sequence - count)


def require_parent(session: Session, conversation_id: int, parent_id: int | None) -> None:
    """Raise `Conflict` unless the parent is a message of this conversation (or None)."""
    if parent_id is None:
        return
    inside = (Row.id == parent_id, Row.conversation_id == conversation_id)
    if session.execute(select(Row.id).where(*inside)).one_or_none() is None:
        raise Conflict("The message this follows is not in this conversation any more.")


def insert(session: Session, taken: Numbers, **values: Any) -> Message:
    """Insert one message under the next number; complete unless `status` says otherwise."""
    sequence = taken.take()
    status = values.setdefault("status", "complete")
    values.setdefault("finished_at", None if status == "streaming" else now())
    row = Row(conversation_id=taken.conversation_id, sequence=sequence, used=sequence, **values)
    session.add(row)
    session.flush()
    return Message(*(getattr(row, name) for name in Message.__dataclass_fields__))


def move_head(session: Session, conversation_id: int, head_id: int | None) -> None:
    """Show this leaf from now on, and count the conversation as just used."""
    session.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id)
        .values(head_id=head_id, updated_at=now())
    )


def line(*, limited: bool) -> CTE:
    """A recursive query of `(id, parent_id, depth)` from the message `leaf` upwards.

    It has the parameter `leaf` and, where `limited`, `limit`: the most rows. Making it takes longer
    than running it, so callers keep what they build on it.
    """
    leaf = Row.id == bindparam("leaf", type_=BigId)
    start = select(Row.id, Row.parent_id, literal(1).label("depth")).where(leaf)
    found = start.cte("line", recursive=True)
    parent = aliased(Row)
    step = select(parent.id, parent.parent_id, found.c.depth + 1).join(
        found, parent.id == found.c.parent_id
    )
    within = found.c.depth < bindparam("limit", type_=Integer)
    return found.union_all(step.where(within) if limited else step)


def subtree(top_id: int) -> CTE:
    """A recursive query of `(id, used)` of a message and everything under it."""
    found = select(Row.id, Row.used).where(Row.id == top_id).cte("subtree", recursive=True)
    child = aliased(Row)
    return found.union_all(select(child.id, child.used).join(found, child.parent_id == found.c.id))
