"""Rules that alert, and the times in which they were broken. Knows nothing of what they measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from store.errors import NotFound
from store.models import Alert, AlertEvent
from store.rows import columns_of


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; see `store.watch_tables.Alert`."""

    id: int
    public_id: str
    name: str
    measure: str
    how: str
    threshold: float
    minutes: int
    least: int
    channel: str
    prompt: str
    mail: str
    hook: bool
    active: bool
    muted_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A time in which a rule was broken; it goes on while `ended_at` is None."""

    id: int
    public_id: str
    alert_id: int
    subject: str
    line: str
    value: float
    bound: float
    answers: int
    cause: str
    began_at: datetime
    seen_at: datetime
    told_at: datetime | None
    ended_at: datetime | None


_RULE = columns_of(Alert, Rule)
_EVENT = columns_of(AlertEvent, Event)


def rules(session: Session, *, active: bool = False) -> list[Rule]:
    """All rules, or those that are active, the oldest first."""
    asked = select(*_RULE).order_by(Alert.id)
    if active:
        asked = asked.where(Alert.active)
    return [Rule(*row) for row in session.execute(asked)]


def rule(session: Session, public_id: str) -> Rule:
    """Raises `NotFound`."""
    found = session.execute(select(*_RULE).where(Alert.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound("This rule")
    return Rule(*found)


def add(session: Session, made_by: int | None, values: dict[str, Any]) -> Rule:
    """Make a rule. Raises `UnstorableText`, `Conflict`."""
    row = Alert(made_by=made_by, **values)
    session.add(row)
    session.flush()
    return rule(session, row.public_id)


def change(session: Session, public_id: str, values: dict[str, Any]) -> Rule:
    """Change a rule. Raises `NotFound`, `UnstorableText`, `Conflict`."""
    session.execute(update(Alert).where(Alert.public_id == public_id).values(values))
    return rule(session, public_id)


def remove(session: Session, public_id: str) -> Rule:
    """Remove a rule and what it found; what it was. Raises `NotFound`."""
    found = rule(session, public_id)
    session.execute(delete(Alert).where(Alert.id == found.id))
    return found


def open_events(session: Session) -> list[tuple[Rule, Event]]:
    """What goes on now of active rules, the oldest first."""
    asked = (
        select(*_RULE, *_EVENT)
        .join(AlertEvent, AlertEvent.alert_id == Alert.id)
        .where(AlertEvent.ended_at.is_(None), Alert.active)
        .order_by(AlertEvent.id)
    )
    rows = session.execute(asked)
    return [(Rule(*row[: len(_RULE)]), Event(*row[len(_RULE) :])) for row in rows]


def event(session: Session, public_id: str) -> Event:
    """Raises `NotFound`."""
    asked = select(*_EVENT).where(AlertEvent.public_id == public_id)
    found = session.execute(asked).one_or_none()
    if found is None:
        raise NotFound("This alert")
    return Event(*found)


def rule_of(session: Session, found: Event) -> Rule:
    """The rule that an event is about. Raises `NotFound`."""
    row = session.execute(select(*_RULE).where(Alert.id == found.alert_id)).one_or_none()
    if row is None:
        raise NotFound("This rule")
    return Rule(*row)


def last(session: Session, ids: Sequence[int]) -> dict[int, datetime]:
    """When each of these rules (internal numbers) was broken last, where it ever was."""
    asked = (
        select(AlertEvent.alert_id, func.max(AlertEvent.began_at))
        .where(AlertEvent.alert_id.in_(ids))
        .group_by(AlertEvent.alert_id)
    )
    return {row[0]: row[1] for row in session.execute(asked)}


def begin(session: Session, alert_id: int, values: dict[str, Any]) -> Event:
    """A rule is broken from now on. The rule is locked, so that two processes begin it once.

    Raises `NotFound` when the rule is gone, or when it goes on already for this subject.
    """
    held = select(Alert.id).where(Alert.id == alert_id).with_for_update()
    if session.scalar(held) is None:
        raise NotFound("This rule")
    same = (
        AlertEvent.alert_id == alert_id,
        AlertEvent.subject == values["subject"],
        AlertEvent.ended_at.is_(None),
    )
    if session.scalar(select(AlertEvent.id).where(*same).limit(1)) is not None:
        raise NotFound("A new alert")
    row = AlertEvent(alert_id=alert_id, **values)
    session.add(row)
    session.flush()
    return event(session, row.public_id)


def seen(session: Session, event_id: int, values: dict[str, Any]) -> None:
    """It still goes on: newer values."""
    still = (AlertEvent.id == event_id, AlertEvent.ended_at.is_(None))
    session.execute(update(AlertEvent).where(*still).values(values))


def told(session: Session, event_id: int, at: datetime) -> bool:
    """Somebody is to be told that it began; whether that was still to be done."""
    first = (AlertEvent.id == event_id, AlertEvent.told_at.is_(None))
    done = update(AlertEvent).where(*first).values(told_at=at).returning(AlertEvent.id)
    return session.execute(done).one_or_none() is not None


def end(session: Session, event_id: int, at: datetime) -> bool:
    """It goes on no longer; whether it did until now."""
    still = (AlertEvent.id == event_id, AlertEvent.ended_at.is_(None))
    done = update(AlertEvent).where(*still).values(ended_at=at).returning(AlertEvent.id)
    return session.execute(done).one_or_none() is not None


def forget_events(session: Session, before: datetime) -> None:
    """Remove what ended before then."""
    session.execute(delete(AlertEvent).where(AlertEvent.ended_at < before))
