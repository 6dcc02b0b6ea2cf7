"""Rows of the message tree: numbered, inserted, walked. `messages` and `branches` build on it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Integer, bindparam, literal, select, update
from sqlalchemy import insert as inserting
from sqlalchemy.orm import Session, aliased

from store.base import new_id
from store.columns import BigId, now
from store.errors import Conflict, NotFound
from store.models import Conversation as ConversationRow
from store.models import Message as Row
from store.records import Message
from store.rows import columns_of

COLUMNS = columns_of(Row, Message)

_MESSAGES: Any = Row.__table__
_CONVERSATIONS: Any = ConversationRow.__table__

# A turn runs these: they are made once, and of plain tables.
_TAKE = (
    update(_CONVERSATIONS)
    .where(_CONVERSATIONS.c.id == bindparam("conversation"), _CONVERSATIONS.c.deleted_at.is_(None))
    .values(next_sequence=_CONVERSATIONS.c.next_sequence + bindparam("count", type_=Integer))
    .returning(_CONVERSATIONS.c.next_sequence, _CONVERSATIONS.c.user_id)
)
_INSIDE = select(_MESSAGES.c.id).where(
    _MESSAGES.c.id == bindparam("parent"),
    _MESSAGES.c.conversation_id == bindparam("conversation"),
)
_INSERT = inserting(_MESSAGES).returning(_MESSAGES.c.id)
_MOVE = (
    update(_CONVERSATIONS)
    .where(_CONVERSATIONS.c.id == bindparam("conversation"))
    .values(head_id=bindparam("head"), updated_at=bindparam("moment"))
)


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
    asked = {"conversation": conversation_id, "count": count}
    taken = session.execute(_TAKE, asked).one_or_none()
    if taken is None:
        raise NotFound("This conversation")
    return Numbers(conversation_id, taken.user_id, taken.next_sequence - count)


def require_parent(session: Session, conversation_id: int, parent_id: int | None) -> None:
    """Raise `Conflict` unless the parent is a message of this conversation (or None)."""
    if parent_id is None:
        return
    asked = {"conversation": conversation_id, "parent": parent_id}
    if session.execute(_INSIDE, asked).one_or_none() is None:
        raise Conflict("The message this follows is not in this conversation any more.")


def insert(session: Session, taken: Numbers, **values: Any) -> Message:
    """Insert one message under the next number; complete unless `status` says otherwise."""
    sequence, moment = taken.take(), now()
    row: dict[str, Any] = {
        "public_id": new_id(),
        "conversation_id": taken.conversation_id,
        "sequence": sequence,
        "used": sequence,
        "status": "complete",
        "turn_key": None,
        "error": None,
        "created_at": moment,
    }
    row |= values
    row.setdefault("finished_at", None if row["status"] == "streaming" else moment)
    row["id"] = session.execute(_INSERT, row).scalar_one()
    return Message(*(row[name] for name in Message.__dataclass_fields__))


def move_head(session: Session, conversation_id: int, head_id: int | None) -> None:
    """Show this leaf from now on, and count the conversation as just used."""
    moved = {"conversation": conversation_id, "head": head_id, "moment": now()}
    session.execute(_MOVE, moved)


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
