"""Sessions: which browsers people are signed in with. Knows hashes of tokens, never a token."""

from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from store import models
from store.accounts import ROLES
from store.errors import NotFound
from store.records import LoginSession, Person
from store.rows import columns_of, plain_columns_of

_COLUMNS = columns_of(models.LoginSession, LoginSession)

_SESSIONS: Any = models.LoginSession.__table__
_USERS: Any = models.User.__table__
_ROLES: Any = models.UserRole.__table__

# Every request asks this: it is made once, and of plain tables.
_OPENED = (
    select(
        *plain_columns_of(models.LoginSession, LoginSession),
        _USERS.c.public_id,
        _USERS.c.name,
        _ROLES.c.role,
    )
    .select_from(
        _SESSIONS.join(_USERS, _USERS.c.id == _SESSIONS.c.user_id).outerjoin(
            _ROLES, _ROLES.c.user_id == _USERS.c.id
        )
    )
    .where(_SESSIONS.c.token_hash == bindparam("token"), _USERS.c.active)
)


def add(
    session: Session,
    user_id: int,
    token_hash: str,
    *,
    at: datetime,
    expires_at: datetime,
    address: str,
    agent: str,
) -> None:
    """Begin a session of a person."""
    row = models.LoginSession(
        token_hash=token_hash,
        user_id=user_id,
        created_at=at,
        used_at=at,
        expires_at=expires_at,
        address=address,
        agent=agent,
    )
    session.add(row)
    session.flush()


def find(session: Session, token_hash: str) -> LoginSession | None:
    """The session that a token opens, however old."""
    wanted = select(*_COLUMNS).where(models.LoginSession.token_hash == token_hash)
    row = session.execute(wanted).one_or_none()
    return LoginSession(*row) if row else None


def opened(session: Session, token_hash: str) -> tuple[LoginSession, Person] | None:
    """The session that a token opens, however old, and its person with their roles now.

    None also for somebody who is switched off. One query, since every request asks.
    """
    rows = session.execute(_OPENED, {"token": token_hash}).all()
    if not rows:
        return None
    *columns, public_id, name, _ = rows[0]
    found = LoginSession(*columns)
    held = {row[-1] for row in rows}
    roles = tuple(role for role in ROLES if role in held)
    return found, Person(found.user_id, public_id, name, roles)


def of_person(session: Session, user_id: int) -> list[LoginSession]:
    """All sessions of a person, the last used one first."""
    wanted = select(*_COLUMNS).where(models.LoginSession.user_id == user_id)
    newest = wanted.order_by(models.LoginSession.used_at.desc(), models.LoginSession.id.desc())
    return [LoginSession(*row) for row in session.execute(newest)]


def touch(session: Session, session_id: int, at: datetime) -> None:
    """Note that a session was used."""
    used = update(models.LoginSession).where(models.LoginSession.id == session_id)
    session.execute(used.values(used_at=at))


def end(session: Session, user_id: int, public_id: str) -> None:
    """End one session of a person. Raises `NotFound` when it is not theirs."""
    mine = models.LoginSession.user_id == user_id
    gone = delete(models.LoginSession).where(mine, models.LoginSession.public_id == public_id)
    if not _count(session.execute(gone)):
        raise NotFound("This session")


def end_all(session: Session, user_id: int, *, but: str | None = None) -> int:
    """End the sessions of a person, but for the one of this token hash. Returns how many."""
    gone = delete(models.LoginSession).where(models.LoginSession.user_id == user_id)
    if but is not None:
        gone = gone.where(models.LoginSession.token_hash != but)
    return _count(session.execute(gone))


def end_oldest(session: Session, user_id: int, *, keep: int) -> None:
    """End those sessions of a person that were not used longest, so that `keep` stay."""
    ids = [row.id for row in of_person(session, user_id)[keep:]]
    session.execute(delete(models.LoginSession).where(models.LoginSession.id.in_(ids)))


def purge(session: Session, *, expired: datetime, idle: datetime) -> int:
    """Remove sessions that ended before `expired` or were last used before `idle`."""
    over = or_(models.LoginSession.expires_at <= expired, models.LoginSession.used_at <= idle)
    return _count(session.execute(delete(models.LoginSession).where(over)))


def _count(result: object) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101  what a DELETE gives
    return result.rowcount
