"""What is old enough to be removed: found by age, counted, and removed a little at a time.

Each function that removes takes a part of what is due, small enough for one short transaction;
call it again until it returns 0. What hangs on a row (messages, traces, feedback, the words of the
search) leaves with it. Knows nothing of days or settings: callers say moments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from store import index
from store.models import Conversation, Trace

MOST_CONVERSATIONS = 50
MOST_MESSAGES = 100
"""A part is at most so many conversations with about so many messages (or one longer one)."""
MOST_TRACES = 1000


@dataclass(frozen=True, slots=True)
class Idle:
    """Conversations of a channel that nothing was written to since `before`.

    `pinned_before`: the same for pinned ones; None leaves them alone.
    """

    channel: str
    before: datetime
    pinned_before: datetime | None = None

    def conditions(self) -> tuple[Any, ...]:
        """As SQL."""
        due: Any = and_(Conversation.pinned.is_(False), Conversation.updated_at < self.before)
        if self.pinned_before is not None:
            long_ago = min(self.before, self.pinned_before)
            due = or_(due, and_(Conversation.pinned, Conversation.updated_at < long_ago))
        # Said twice, so that the index on channel and age is used.
        return Conversation.channel == self.channel, Conversation.updated_at < self.before, due


def count_conversations(session: Session, idle: Idle) -> int:
    """How many are due."""
    return session.scalar(select(func.count()).where(*idle.conditions())) or 0


def purge_conversations(session: Session, idle: Idle) -> int:
    """Remove a part of those that are due; return how many."""
    return erase(session, idle.conditions(), Conversation.updated_at)


def erase(session: Session, conditions: Sequence[Any], order: Any) -> int:
    """Remove a part of the conversations that meet the conditions; return how many."""
    due = select(Conversation.id, Conversation.next_sequence).where(*conditions)
    found = session.execute(due.order_by(order).limit(MOST_CONVERSATIONS)).all()
    chosen: list[int] = []
    total = 0
    for row in found:
        total += row.next_sequence
        if chosen and total > MOST_MESSAGES:
            break
        chosen.append(row.id)
    # The conditions again: somebody may have written to one of them meanwhile.
    which = (Conversation.id.in_(chosen), *conditions)
    gone = session.execute(delete(Conversation).where(*which).returning(Conversation.id)).all()
    if gone:
        index.tidy(session)
    return len(gone)


def count_traces(session: Session, before: datetime) -> int:
    """How many are older."""
    return session.scalar(select(func.count()).where(Trace.created_at < before)) or 0


def purge_traces(session: Session, before: datetime) -> int:
    """Remove a part of the older ones; return how many. Their messages stay."""
    old = select(Trace.message_id, Trace.attempt).where(Trace.created_at < before)
    key = tuple_(Trace.message_id, Trace.attempt)
    gone = session.execute(
        delete(Trace)
        .where(key.in_(old.order_by(Trace.created_at).limit(MOST_TRACES)))
        .returning(Trace.attempt)
    )
    return len(gone.all())
