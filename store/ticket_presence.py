"""Who has a ticket open now: in the database, since a desk may be served by several processes."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from store.columns import now
from store.models import TicketPresence as Row
from store.models import User
from store.rows import upsert
from store.ticket_records import Presence


def open_now(session: Session, ticket_id: int, user_id: int) -> None:
    """Somebody opened a ticket and sees it as it is."""
    moment = now()
    values = {"since": moment, "seen_at": moment, "typing": False}
    key = {"ticket_id": ticket_id, "user_id": user_id}
    upsert(session, Row, {**key, **values}, list(key), values, Row.user_id)


def still(session: Session, ticket_id: int, user_id: int, *, typing: bool) -> None:
    """Somebody has it open still."""
    moment = now()
    key = {"ticket_id": ticket_id, "user_id": user_id}
    changes = {"seen_at": moment, "typing": typing}
    upsert(session, Row, {**key, "since": moment, **changes}, list(key), changes, Row.user_id)


def leave(session: Session, ticket_id: int, user_id: int) -> None:
    """Somebody left it."""
    session.execute(delete(Row).where(Row.ticket_id == ticket_id, Row.user_id == user_id))


def of(session: Session, ticket_id: int, since: datetime) -> list[Presence]:
    """Who was heard of since then, by name."""
    asked = (
        select(Row.user_id, User.public_id, User.name, Row.since, Row.seen_at, Row.typing)
        .join(User, User.id == Row.user_id)
        .where(Row.ticket_id == ticket_id, Row.seen_at >= since)
    )
    return [Presence(*row) for row in session.execute(asked.order_by(User.name, User.id))]


def since(session: Session, ticket_id: int, user_id: int) -> datetime | None:
    """When this person last opened it; None when they have not."""
    asked = select(Row.since).where(Row.ticket_id == ticket_id, Row.user_id == user_id)
    return session.scalar(asked)


def forget(session: Session, before: datetime) -> None:
    """Remove those who were not heard of since then."""
    session.execute(delete(Row).where(Row.seen_at < before))
