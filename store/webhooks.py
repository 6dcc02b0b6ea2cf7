"""Webhooks: addresses that are told of events, and what is to be sent to them.

`tell` is called in the transaction of the event, as its last step: the event and what tells of it
are committed together or not at all. What is told names things by ids and figures, never by texts.
Knows nothing of HTTP; who may do what is decided above.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from store.base import new_id
from store.columns import now
from store.errors import NotFound
from store.models import User
from store.models import Webhook as Row
from store.models import WebhookDelivery as DeliveryRow
from store.rows import insert_missing

Kind = Literal["ticket.created", "reply.sent", "verdict.given", "alert.began", "alert.ended"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TEST = "webhook.test"
"""The kind of what an administrator sends to see whether it arrives."""
MOST_REMOVED = 1000
"""Deliveries of one part of a removal."""

Data = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Hook:
    """An address, what it is told, and who added it. `secret` is for signing alone."""

    id: int
    public_id: str
    url: str
    secret: str
    events: list[str]
    active: bool
    created_at: datetime
    made_by: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one address. `attempts` counts the one that runs; `status` is the last one's.

    Done without an `error`: it was taken.
    """

    id: int
    public_id: str
    webhook_id: int
    event: str
    kind: str
    data: dict[str, Any]
    attempts: int
    created_at: datetime
    due_at: datetime
    done_at: datetime | None
    status: int | None
    error: str | None


_HOOK = [getattr(Row, name) for name in Hook.__dataclass_fields__ if name != "made_by"]
_DELIVERY = [getattr(DeliveryRow, name) for name in Delivery.__dataclass_fields__]
_LISTENING = select(Row.id, Row.events).where(Row.active).order_by(Row.id)


def tell(session: Session, kind: Kind, event: str, data: Data) -> int:
    """Let every address that listens to `kind` be told; how many there are.

    `event` names what happened: the same one is told once to each address, however often this is
    called. `data`: ids, words and figures.
    """
    told = 0
    for hook_id, events in session.execute(_LISTENING).all():
        if kind in events:
            told += queue(session, hook_id, kind, event, data) is not None
    return told


def is_told(session: Session, event: str) -> bool:
    """Whether any address was, or is to be, told of an event."""
    by_index = DeliveryRow.webhook_id.in_(select(Row.id)), DeliveryRow.event == event
    return session.scalar(select(DeliveryRow.id).where(*by_index).limit(1)) is not None


def queue(session: Session, hook_id: int, kind: str, event: str, data: Data) -> int | None:
    """A delivery to one address, due now; None where it is there already."""
    at = now()
    values = {
        "public_id": new_id(),
        "webhook_id": hook_id,
        "event": event,
        "kind": kind,
        "data": dict(data),
        "attempts": 0,
        "created_at": at,
        "due_at": at,
    }
    made: int | None = insert_missing(session, DeliveryRow, values, ["webhook_id", "event"])
    return made


# Addresses ---------------------------------------------------------------------------------------


def add(session: Session, *, url: str, secret: str, events: Sequence[str], by: int | None) -> Hook:
    """A new address. `by`: who adds it (internal id). Raises `UnstorableText`."""
    row = Row(url=url, secret=secret, events=list(events), made_by=by)
    session.add(row)
    session.flush()
    return get(session, row.public_id)


def get(session: Session, public_id: str) -> Hook:
    """Raises `NotFound`."""
    return _hook(session, Row.public_id == public_id)


def by_id(session: Session, hook_id: int) -> Hook:
    """Raises `NotFound`."""
    return _hook(session, Row.id == hook_id)


def every(session: Session) -> list[Hook]:
    """All addresses, the oldest first."""
    return [Hook(*row) for row in session.execute(_hooks().order_by(Row.id))]


def switch(session: Session, hook_id: int, *, active: bool) -> None:
    """Tell an address of events from now on, or no longer."""
    session.execute(update(Row).where(Row.id == hook_id).values(active=active))


def remove(session: Session, hook_id: int) -> None:
    """Remove an address with what was to be sent to it."""
    session.execute(delete(Row).where(Row.id == hook_id))


# What is to be sent ------------------------------------------------------------------------------


def due(session: Session) -> list[int]:
    """Addresses (internal ids) that are told of events, and have something to be told now."""
    waits = select(DeliveryRow.webhook_id).join(Row, Row.id == DeliveryRow.webhook_id)
    return sorted(session.scalars(waits.where(Row.active, *_due()).distinct()))


def claim(session: Session, hook_id: int, seconds: float) -> Delivery | None:
    """Take what is due longest for an address; nobody else gets it for that many seconds."""
    oldest = (
        select(DeliveryRow.id)
        .where(DeliveryRow.webhook_id == hook_id, *_due())
        .order_by(DeliveryRow.due_at, DeliveryRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = session.scalar(oldest)
    return None if found is None else take(session, found, seconds)


def take(session: Session, delivery_id: int, seconds: float) -> Delivery:
    """Count an attempt that begins now. Raises `NotFound`."""
    begun = update(DeliveryRow).where(DeliveryRow.id == delivery_id)
    until = now() + timedelta(seconds=seconds)
    session.execute(begun.values(attempts=DeliveryRow.attempts + 1, due_at=until))
    found = session.execute(select(*_DELIVERY).where(DeliveryRow.id == delivery_id)).one_or_none()
    if found is None:
        raise NotFound("This delivery")
    return Delivery(*found)


def end_attempt(
    session: Session,
    delivery: Delivery,
    *,
    status: int | None,
    error: str | None = None,
    again_at: datetime | None = None,
) -> bool:
    """Say what came of an attempt; whether it was still ours to say.

    `again_at`: when to try again; without one it is done.
    """
    done = {"due_at": again_at} if again_at else {"done_at": now()}
    ours = update(DeliveryRow).where(
        DeliveryRow.id == delivery.id,
        DeliveryRow.attempts == delivery.attempts,
        DeliveryRow.done_at.is_(None),
    )
    ended = ours.values(status=status, error=error, **done).returning(DeliveryRow.id)
    return session.execute(ended).one_or_none() is not None


def deliveries(session: Session, hook_id: int, limit: int = 50) -> list[Delivery]:
    """The last deliveries to an address, newest first."""
    asked = select(*_DELIVERY).where(DeliveryRow.webhook_id == hook_id)
    found = session.execute(asked.order_by(DeliveryRow.id.desc()).limit(limit))
    return [Delivery(*row) for row in found]


def delivery(session: Session, delivery_id: int) -> Delivery:
    """Raises `NotFound`."""
    found = session.execute(select(*_DELIVERY).where(DeliveryRow.id == delivery_id)).one_or_none()
    if found is None:
        raise NotFound("This delivery")
    return Delivery(*found)


def counts(session: Session, hook_id: int) -> tuple[int, int, int]:
    """How many deliveries to an address wait, were taken, failed for good."""
    done = DeliveryRow.done_at.is_not(None)
    asked = select(
        func.count().filter(*_waiting()),
        func.count().filter(done, DeliveryRow.error.is_(None)),
        func.count().filter(done, DeliveryRow.error.is_not(None)),
    ).where(DeliveryRow.webhook_id == hook_id)
    waiting, taken, lost = session.execute(asked).one()
    return waiting, taken, lost


def purge(session: Session, before: datetime) -> int:
    """Remove a part of what is older; how many. Call it until it returns 0."""
    old = select(DeliveryRow.id).where(DeliveryRow.created_at < before)
    part = old.order_by(DeliveryRow.created_at).limit(MOST_REMOVED)
    gone = delete(DeliveryRow).where(DeliveryRow.id.in_(part)).returning(DeliveryRow.id)
    return len(session.execute(gone).all())


def _waiting() -> tuple[Any, ...]:
    return (DeliveryRow.done_at.is_(None),)


def _due() -> tuple[Any, ...]:
    return (*_waiting(), DeliveryRow.due_at <= now())


def _hooks() -> Select[Any]:
    return select(*_HOOK, User.name).outerjoin(User, User.id == Row.made_by)


def _hook(session: Session, condition: Any) -> Hook:
    found = session.execute(_hooks().where(condition)).one_or_none()
    if found is None:
        raise NotFound("This webhook")
    return Hook(*found)
