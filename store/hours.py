"""Figures of hours and days as they are kept, how far their makers read, and what became stale.

Knows neither what the figures mean nor how they are made: see `store.answered` for the rows behind
them, and `chatbot.monitoring` for the rest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from store.models import Day, Hour, Reading, StaleMoment, Ticket
from store.rows import upserting

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Counts = dict[str, Any]


class Kind(NamedTuple):
    """What answers have in common. `version`: a hash; `release_id` 0: of no release."""

    channel: str
    prompt: str
    version: str
    model: str
    release_id: int


class Kept(NamedTuple):
    """The figures of an hour or a day, of one kind of answers."""

    at: datetime
    kind: Kind
    figures: Counts


@dataclass(frozen=True, slots=True)
class Stale:
    """Moments of which something was removed or came late, and the rows (ids) that say so."""

    moments: tuple[datetime, ...]
    ids: tuple[int, ...]


def hour_of(moment: datetime) -> datetime:
    """The hour that a moment is in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def day_of(moment: datetime) -> datetime:
    """The day (UTC) that a moment is in."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def floor(moment: datetime, step: timedelta) -> datetime:
    """When the step began that a moment is in; steps are counted from midnight (UTC)."""
    day = day_of(moment)
    return day + (moment - day) // step * step


def of_hours(session: Session, since: datetime, until: datetime) -> list[Kept]:
    """The figures of the hours that began in this time (`until` not included)."""
    return _read(session, Hour, since, until)


def of_days(session: Session, since: datetime, until: datetime) -> list[Kept]:
    """The figures of the days that began in this time (`until` not included)."""
    return _read(session, Day, since, until)


def put_hours(
    session: Session, hours: Collection[datetime], figures: Mapping[datetime, Mapping[Kind, Counts]]
) -> None:
    """Keep these figures in place of those that these hours had; hours without any get none."""
    session.execute(delete(Hour).where(Hour.at.in_(hours)))
    _insert(session, Hour, figures)


def put_days(
    session: Session, days: Collection[datetime], figures: Mapping[datetime, Mapping[Kind, Counts]]
) -> None:
    """Keep these figures in place of those that these days had; days without any get none."""
    session.execute(delete(Day).where(Day.at.in_(days)))
    _insert(session, Day, figures)


def forget(session: Session, before: datetime) -> None:
    """Remove the figures of hours and days that began before then."""
    for table in (Hour, Day):
        session.execute(delete(table).where(table.at < before))


def read_to(session: Session) -> dict[str, datetime]:
    """How far every reader has come, by its name."""
    rows = session.execute(select(Reading.name, Reading.at))
    return {row.name: row.at for row in rows}


def note_read(session: Session, names: Iterable[str], at: datetime) -> None:
    """Note how far readers have come."""
    for name in names:
        values = {"name": name, "at": at}
        session.execute(upserting(session, Reading, values, ["name"], {"at": at}))


def stale(session: Session, limit: int) -> Stale:
    """Some moments of which something was removed or came late."""
    rows = session.execute(
        select(StaleMoment.id, StaleMoment.at).order_by(StaleMoment.id).limit(limit)
    ).all()
    return Stale(tuple(row.at for row in rows), tuple(row.id for row in rows))


def note_changed(session: Session, ticket_id: int) -> None:
    """A ticket is another one now than when its hour was made, or came to be known later."""
    moment = select(Ticket.created_at).where(Ticket.id == ticket_id)
    session.execute(insert(StaleMoment).from_select(["at"], moment))


def renewed(session: Session, ids: Sequence[int]) -> None:
    """The hours of these moments were made again."""
    for at in range(0, len(ids), 500):
        part = ids[at : at + 500]
        session.execute(delete(StaleMoment).where(StaleMoment.id.in_(part)))


def _read(
    session: Session, table: type[Hour] | type[Day], since: datetime, until: datetime
) -> list[Kept]:
    columns = table.__table__.c  # without the mapping, which takes as long as the rows
    names = ("at", *Kind._fields, "figures")
    asked = select(*(columns[name] for name in names))
    asked = asked.where(columns.at >= since, columns.at < until)
    return [Kept(row[0], Kind(*row[1:6]), row[6]) for row in session.execute(asked)]


def _insert(
    session: Session,
    table: type[Hour] | type[Day],
    figures: Mapping[datetime, Mapping[Kind, Counts]],
) -> None:
    rows = [
        {"at": at, **kind._asdict(), "figures": counts}
        for at, kinds in figures.items()
        for kind, counts in kinds.items()
    ]
    if rows:
        session.execute(insert(table), rows)
