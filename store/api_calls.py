"""Calls that named themselves, and what they were answered. One key's names are its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from store.models import ApiCall as Row
from store.models import Replica
from store.rows import columns_of, insert_missing


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call. `status` and `answer` are there once it is done."""

    id: int
    body_hash: str
    state: Literal["running", "done"]
    status: int | None
    answer: str | None


def begin(
    session: Session, key_id: int, name: str, body_hash: str, *, writer: int, stale: datetime
) -> int:
    """Begin a call; 0 where one of this name is there.

    One that runs since before `stale` begins anew, and one whose replica is not there any more.
    """
    running = (Row.key_id == key_id, Row.name == name, Row.state == "running")
    left = or_(Row.created_at < stale, Row.writer.not_in(select(Replica.id)))
    session.execute(delete(Row).where(*running, left))
    values = {
        "key_id": key_id,
        "name": name,
        "body_hash": body_hash,
        "state": "running",
        "writer": writer,
    }
    return insert_missing(session, Row, values, ["key_id", "name"]) or 0


def find(session: Session, key_id: int, name: str) -> ApiCall | None:
    """The call of this name, if there is one."""
    query = select(*columns_of(Row, ApiCall)).where(Row.key_id == key_id, Row.name == name)
    found = session.execute(query).one_or_none()
    return None if found is None else ApiCall(*found)


def done(session: Session, call_id: int, status: int, answer: str) -> None:
    """Keep what a call was answered. One that is gone meanwhile is let be."""
    ended = {"state": "done", "status": status, "answer": answer}
    session.execute(update(Row).where(Row.id == call_id).values(ended))


def forget(session: Session, call_id: int) -> None:
    """Let the name begin anew."""
    session.execute(delete(Row).where(Row.id == call_id, Row.state == "running"))


def purge(session: Session, before: datetime) -> int:
    """Remove calls that began before; how many."""
    gone = session.execute(delete(Row).where(Row.created_at < before).returning(Row.id))
    return len(gone.all())
