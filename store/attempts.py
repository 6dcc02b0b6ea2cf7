"""Wrong sign-ins, counted by login and by address. How long to wait is decided above.

Keys are hashes: what people type as their name may be a password, and addresses are personal.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from store import models
from store.records import Attempt
from store.rows import columns_of, insert_missing

_COLUMNS = columns_of(models.Attempt, Attempt)


def login_key(login: str) -> str:
    """The key of a login."""
    return f"login:{_hash(login)}"


def address_key(address: str) -> str:
    """The key of an address."""
    return f"address:{_hash(address)}"


def get(session: Session, key: str) -> Attempt | None:
    """What is counted under a key."""
    row = session.execute(_row(key)).one_or_none()
    return Attempt(*row) if row else None


def hold(session: Session, key: str, at: datetime) -> Attempt:
    """The same, made where it is missing; others that count under it wait for our commit."""
    values = {"key": key, "count": 0, "since": at, "until": at}
    insert_missing(session, models.Attempt, values, ["key"])
    return Attempt(*session.execute(_row(key).with_for_update()).one())


def put(session: Session, key: str, attempt: Attempt) -> None:
    """Replace what is counted under a key that is held."""
    mine = update(models.Attempt).where(models.Attempt.key == key)
    session.execute(mine.values(count=attempt.count, since=attempt.since, until=attempt.until))


def forget(session: Session, key: str) -> None:
    """Begin to count anew."""
    session.execute(delete(models.Attempt).where(models.Attempt.key == key))


def purge(session: Session, before: datetime) -> None:
    """Remove what ended before a moment."""
    session.execute(delete(models.Attempt).where(models.Attempt.until <= before))


def _row(key: str) -> Any:
    return select(*_COLUMNS).where(models.Attempt.key == key)


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
