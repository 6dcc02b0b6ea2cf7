"""Replies of agents: written down first, sent once, taken back before that.

A reply that is `waiting` leaves when it is due; `take` gives it to exactly one transaction, in
which whoever takes it also delivers it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from store.columns import now
from store.errors import NotFound
from store.models import Conversation, User
from store.models import Reply as Row
from store.models import Ticket as TicketRow
from store.ticket_records import Reply

_OWN = [
    getattr(Row, name) for name in Reply.__dataclass_fields__ if name not in ("ticket", "author")
]


def _query() -> Select[Any]:
    return (
        select(*_OWN, TicketRow.public_id.label("ticket"), User.name.label("author"))
        .join(TicketRow, TicketRow.id == Row.ticket_id)
        .outerjoin(User, User.id == Row.author_id)
    )


def add(
    session: Session,
    ticket_id: int,
    author_id: int,
    *,
    text: str,
    how: str,
    due_at: datetime,
    seconds: int,
    draft_id: int | None,
    distance: float | None,
    facts: Sequence[str],
    confirmed: Sequence[str],
) -> Reply:
    """A reply that waits until it is due. Raises `UnstorableText`."""
    row = Row(
        ticket_id=ticket_id,
        author_id=author_id,
        text=text,
        how=how,
        due_at=due_at,
        seconds=seconds,
        draft_id=draft_id,
        distance=distance,
        facts=list(facts),
        confirmed=list(confirmed),
    )
    session.add(row)
    session.flush()
    return get(session, row.public_id)


def get(session: Session, public_id: str) -> Reply:
    """Raises `NotFound`."""
    found = session.execute(_query().where(Row.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound("This reply")
    return Reply(*found)


def due(session: Session, limit: int = 20) -> list[str]:
    """Public ids of replies that are to leave now, the longest due first.

    One whose conversation is deleted waits until that is undone, or leaves with it.
    """
    asked = _waiting(Row.public_id).where(Row.due_at <= now())
    return list(session.scalars(asked.order_by(Row.due_at, Row.id).limit(limit)))


def next_due(session: Session) -> datetime | None:
    """When the next reply is to leave; None when none waits."""
    found: datetime | None = session.scalar(_waiting(Row.due_at).order_by(Row.due_at).limit(1))
    return found


def _waiting(column: Any) -> Select[Any]:
    return (
        select(column)
        .join(TicketRow, TicketRow.id == Row.ticket_id)
        .outerjoin(Conversation, Conversation.id == TicketRow.conversation_id)
        .where(Row.state == "waiting")
        .where(or_(Conversation.id.is_(None), Conversation.deleted_at.is_(None)))
    )


def take(session: Session, reply_id: int) -> bool:
    """Mark a waiting reply sent; whether it was this transaction that did."""
    taken = update(Row).where(Row.id == reply_id, Row.state == "waiting")
    taken = taken.values(state="sent", sent_at=now()).returning(Row.id)
    return session.execute(taken).scalar_one_or_none() is not None


def became(session: Session, reply_id: int, message: str) -> None:
    """Say which message (public id) a reply became."""
    session.execute(update(Row).where(Row.id == reply_id).values(message=message))


def take_back(session: Session, reply_id: int) -> bool:
    """Let a waiting reply never leave; whether it was still here."""
    taken = update(Row).where(Row.id == reply_id, Row.state == "waiting")
    taken = taken.values(state="taken back").returning(Row.id)
    return session.execute(taken).scalar_one_or_none() is not None


def explain(session: Session, reply_id: int, reason: str) -> None:
    """Keep why a draft was changed."""
    session.execute(update(Row).where(Row.id == reply_id).values(reason=reason))


def of_ticket(session: Session, ticket_ids: Sequence[int], limit: int = 50) -> list[Reply]:
    """The last replies to these tickets that were not taken back, oldest first."""
    asked = _query().where(Row.ticket_id.in_(ticket_ids), Row.state != "taken back")
    rows = session.execute(asked.order_by(Row.id.desc()).limit(limit)).all()
    return [Reply(*row) for row in reversed(rows)]


def last(session: Session, ticket_ids: Sequence[int]) -> Reply | None:
    """The newest reply to these tickets that was not taken back, if there is one."""
    found = of_ticket(session, ticket_ids, limit=1)
    return found[-1] if found else None


def recent(session: Session, *, before: int | None = None, limit: int = 100) -> list[Reply]:
    """Replies that were sent, newest first. `before`: the id of the last one already had."""
    asked = _query().where(Row.state == "sent")
    if before is not None:
        asked = asked.where(Row.id < before)
    return [Reply(*row) for row in session.execute(asked.order_by(Row.id.desc()).limit(limit))]
