"""Keys of programs and what they asked lately. Knows hashes of keys, never a key.

A key acts as a person of its own, who has no login. What it asks is counted in one row: whoever
counts for the same key waits for our commit, so replicas count together. A minute begins with the
first request after the last one is over; days and months are those of the calendar, in UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, literal, or_, select, update
from sqlalchemy.orm import Session

from store.accounts import ROLES, add_person, set_active
from store.columns import UtcTime
from store.errors import NotFound
from store.models import ApiKey as Row
from store.models import KeyCount as Count
from store.models import User, UserRole
from store.records import Person
from store.rows import columns_of, upserting

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is stored, without its hash. A limit of 0 is none."""

    id: int
    public_id: str
    user_id: int
    name: str
    ends: str
    models: list[str]
    requests_minute: int
    tokens_minute: int
    requests_month: int
    tokens_month: int
    stores: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What a key asked, and since when each figure counts."""

    minute_from: datetime
    minute_requests: int
    minute_tokens: int
    day_from: datetime
    day_requests: int
    day_tokens: int
    month_from: datetime
    month_requests: int
    month_tokens: int
    used_at: datetime


_KEY = columns_of(Row, Key)
_COUNTED = columns_of(Count, Counted)


def person_name(name: str) -> str:
    """What the person of a key is called, where what it did is told."""
    return f"{name} (key)"


def add(
    session: Session,
    *,
    name: str,
    roles: Sequence[str],
    token_hash: str,
    ends: str,
    models: Sequence[str],
    limits: tuple[int, int, int, int],
    stores: bool,
    made_by: int,
    at: datetime,
    expires_at: datetime | None,
) -> Key:
    """A new key and its person. `limits`: requests and tokens a minute, then the same a month.

    Raises `Conflict` when a key that is not revoked has this name, `UnstorableText`.
    """
    owner = add_person(session, person_name(name), roles)
    requests_minute, tokens_minute, requests_month, tokens_month = limits
    row = Row(
        user_id=owner.id,
        name=name,
        token_hash=token_hash,
        ends=ends,
        models=list(models),
        requests_minute=requests_minute,
        tokens_minute=tokens_minute,
        requests_month=requests_month,
        tokens_month=tokens_month,
        stores=stores,
        made_by=made_by,
        created_at=at,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return get(session, row.public_id)


def is_named(session: Session, name: str) -> bool:
    """Whether a key that is not revoked has this name."""
    same = exists().where(Row.name == name, Row.revoked_at.is_(None))
    return session.scalar(select(same)) is True


def get(session: Session, public_id: str) -> Key:
    """A key by public id, also a revoked one. Raises `NotFound`."""
    found = session.execute(select(*_KEY).where(Row.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound("This key")
    return Key(*found)


def every(session: Session) -> list[tuple[Key, tuple[str, ...], Counted | None]]:
    """All keys with their roles and counts: those that are not revoked first, by name."""
    newest = (Row.revoked_at.is_not(None), Row.name, Row.id.desc())
    wanted = select(*_KEY, *_COUNTED).outerjoin(Count, Count.key_id == Row.id)
    roles = _roles(session)
    found = []
    for columns in session.execute(wanted.order_by(*newest)):
        key, counted = Key(*columns[: len(_KEY)]), columns[len(_KEY) :]
        seen = None if counted[0] is None else Counted(*counted)
        found.append((key, roles.get(key.user_id, ()), seen))
    return found


def owner(session: Session, key: Key) -> Person:
    """The person as whom a key acts, with their roles now. Raises `NotFound`."""
    found = session.execute(
        select(User.public_id, User.name).where(User.id == key.user_id)
    ).one_or_none()
    if found is None:
        raise NotFound("This key")
    held = session.scalars(select(UserRole.role).where(UserRole.user_id == key.user_id)).all()
    roles = tuple(role for role in ROLES if role in held)
    return Person(key.user_id, *found, roles, program=True)


def opened(session: Session, token_hash: str) -> tuple[Key, Person] | None:
    """The key of this hash and its person with their roles now, also a revoked or expired one.

    None also where the person is switched off though the key is not. One query: every call asks.
    """
    wanted = (
        select(*_KEY, User.public_id, User.name, User.active, UserRole.role)
        .join(User, User.id == Row.user_id)
        .outerjoin(UserRole, UserRole.user_id == User.id)
        .where(Row.token_hash == token_hash)
    )
    rows = session.execute(wanted).all()
    if not rows:
        return None
    *columns, public_id, name, active, _ = rows[0]
    key, held = Key(*columns), {row[-1] for row in rows}
    if not active and key.revoked_at is None:
        return None
    roles = tuple(role for role in ROLES if role in held)
    return key, Person(key.user_id, public_id, name, roles, program=True)


def holds(session: Session, key_id: int, at: datetime) -> bool:
    """Whether a key may still be used."""
    live = select(Row.id).join(User, User.id == Row.user_id).where(Row.id == key_id, User.active)
    ahead = or_(Row.expires_at.is_(None), Row.expires_at > at)
    return session.scalar(live.where(Row.revoked_at.is_(None), ahead)) is not None


def known(session: Session, key_ids: Collection[int]) -> set[int]:
    """Those of these keys that there are, whether revoked or not."""
    return set(session.scalars(select(Row.id).where(Row.id.in_(key_ids))))


def change(session: Session, key: Key, values: Mapping[str, Any]) -> None:
    """Give a key other models, limits or another end: columns by name. Raises `UnstorableText`."""
    session.execute(update(Row).where(Row.id == key.id).values(**values))


def revoke(session: Session, key: Key, at: datetime) -> None:
    """End a key, and switch its person off: what runs for them stops."""
    session.execute(update(Row).where(Row.id == key.id).values(revoked_at=at))
    set_active(session, key.user_id, active=False)


def count(session: Session, key_id: int, at: datetime, *, requests: int, tokens: int) -> Counted:
    """Count so much more of a key; what is counted now, this included.

    Others that count for the same key wait for our commit; what is rolled back counted nothing.
    """
    first: dict[str, Any] = {"key_id": key_id, "used_at": at}
    more: dict[str, Any] = {"used_at": at}
    for word, since in (("minute", at), ("day", day_of(at)), ("month", month_of(at))):
        begun = getattr(Count, f"{word}_from")
        same = _same(word, begun, at)
        first[f"{word}_from"] = since
        more[f"{word}_from"] = case((same, begun), else_=literal(since, UtcTime()))
        for what, number in (("requests", requests), ("tokens", tokens)):
            counted = getattr(Count, f"{word}_{what}")
            first[counted.key] = number
            more[counted.key] = case((same, counted + number), else_=number)
    statement = upserting(session, Count, first, ["key_id"], more)
    return Counted(*session.execute(statement.returning(*_COUNTED)).one())


def day_of(at: datetime) -> datetime:
    """When the day of a moment (UTC) began."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def month_of(at: datetime) -> datetime:
    """When the month of a moment (UTC) began."""
    return day_of(at).replace(day=1)


def month_after(at: datetime) -> datetime:
    """When the month after that of a moment (UTC) begins."""
    return month_of(month_of(at) + 32 * DAY)


def _same(word: str, begun: Any, at: datetime) -> Any:
    """Whether a moment is in the time that a count began in.

    Clocks of two servers differ a little; one that was put back by more begins anew.
    """
    if word == "minute":
        return and_(begun > at - MINUTE, begun < at + MINUTE)
    since, ahead = (day_of(at), DAY) if word == "day" else (month_of(at), 31 * DAY)
    return and_(begun >= since, begun <= at + ahead)


def _roles(session: Session) -> dict[int, tuple[str, ...]]:
    held: dict[int, set[str]] = {}
    wanted = select(UserRole.user_id, UserRole.role).join(Row, Row.user_id == UserRole.user_id)
    for user_id, role in session.execute(wanted):
        held.setdefault(user_id, set()).add(role)
    return {
        user_id: tuple(role for role in ROLES if role in names) for user_id, names in held.items()
    }
