"""The servers of one database: who is there, which work is whose, whose answers nobody writes.

Times are the database's own where several machines share it, so their clocks need not agree. What
a process must do to count as there, and how often, is decided above.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from store.columns import UtcTime, now
from store.models import Lease as LeaseRow
from store.models import Message
from store.models import Replica as Row
from store.rows import columns_of, is_sqlite, upserting

_IDS = select(Row.id)


@dataclass(frozen=True, slots=True)
class Replica:
    """A running process that writes answers. `address` is empty for one that does not listen."""

    id: int
    host: str
    pid: int
    address: str
    started_at: datetime
    seen_at: datetime


def moment(session: Session) -> datetime:
    """The present moment, in UTC: by the database's clock where machines may share it."""
    if is_sqlite(session):
        return now()
    clock = select(func.clock_timestamp(type_=UtcTime()))
    return session.execute(clock).scalar_one()


def register(session: Session, *, host: str, pid: int, address: str) -> int:
    """Say that a process is there; its number, which no other ever gets."""
    at = moment(session)
    row = Row(host=host, pid=pid, address=address, started_at=at, seen_at=at)
    session.add(row)
    session.flush()
    return row.id


def beat(session: Session, replica: int, *, host: str, pid: int, address: str) -> None:
    """Say again that a process is there; also where others took it for gone meanwhile."""
    at = moment(session)
    first = {
        "id": replica,
        "host": host,
        "pid": pid,
        "address": address,
        "started_at": at,
        "seen_at": at,
    }
    session.execute(upserting(session, Row, first, ["id"], {"seen_at": at}))


def leave(session: Session, replica: int) -> None:
    """Strike a process out, and let go of its work. Its unfinished answers count as left."""
    session.execute(delete(LeaseRow).where(LeaseRow.replica_id == replica))
    session.execute(delete(Row).where(Row.id == replica))


def strike(session: Session, gone: Collection[int]) -> None:
    """Strike out processes that are there no more, and all leases that nobody holds."""
    session.execute(delete(Row).where(Row.id.in_(gone)))
    session.execute(delete(LeaseRow).where(LeaseRow.replica_id.not_in(_IDS)))


def writers(session: Session) -> set[int | None]:
    """Who writes the answers that are being written; None for one that nobody signed."""
    # In the SQL itself: a partial index fits no parameter.
    streaming = Message.status == literal_column("'streaming'")
    return set(session.scalars(select(Message.writer).where(streaming).distinct()))


def there(session: Session) -> list[Replica]:
    """Everybody who said that they are there, the first one first."""
    query = select(*columns_of(Row, Replica)).order_by(Row.id)
    return [Replica(*row) for row in session.execute(query)]


def take(session: Session, name: str, replica: int, long: timedelta) -> bool:
    """Take or keep a lease for so long from now; False where somebody who is there has it."""
    at = moment(session)
    mine = {"replica_id": replica, "until": at + long}
    free = or_(
        LeaseRow.replica_id == replica, LeaseRow.until < at, LeaseRow.replica_id.not_in(_IDS)
    )
    statement = upserting(session, LeaseRow, {"name": name, **mine}, ["name"], mine, free)
    return session.execute(statement.returning(LeaseRow.name)).one_or_none() is not None


def renew(session: Session, names: Collection[str], replica: int, long: timedelta) -> set[str]:
    """Keep those of these leases that are this replica's for so long from now; which they are."""
    own = LeaseRow.name.in_(names), LeaseRow.replica_id == replica
    kept = update(LeaseRow).where(*own).values(until=moment(session) + long)
    return set(session.scalars(kept.returning(LeaseRow.name)))


def held(session: Session, names: Collection[str]) -> set[str]:
    """Those of these leases that somebody who is there holds now."""
    query = select(LeaseRow.name).where(
        LeaseRow.name.in_(names), LeaseRow.until >= moment(session), LeaseRow.replica_id.in_(_IDS)
    )
    return set(session.scalars(query))


def let_go(session: Session, names: Collection[str], replica: int) -> None:
    """Give leases back, where they are this replica's."""
    session.execute(
        delete(LeaseRow).where(LeaseRow.name.in_(names), LeaseRow.replica_id == replica)
    )
