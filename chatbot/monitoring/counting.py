"""Rows → figures of hours → figures of days. Whole hours are made again where anything changed.

New answers, drafts, replies and tickets are found by their time; thumbs and verdicts by when they
were given, and then the hour of their answer; what was removed is noted by triggers. A reader looks
`LAG` further back than it read last, because rows are committed a moment after their time was
taken. Rows of an hour are read in one short session and kept in another; what reads their texts
holds neither, so that no turn waits for it. A moment that became stale meanwhile stays noted, and
is made again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta

from chatbot.archive import Archive
from chatbot.monitoring.figures import Figures, Json, merged
from chatbot.monitoring.reading import Texts
from store import answered, hours
from store.engine import Session
from store.hours import DAY, HOUR, Kind, day_of, hour_of

KEPT = timedelta(days=62)
"""How long figures are kept: a month, and the month before."""
LAG = timedelta(minutes=2)
"""How late a row may be committed, and how much the clocks of replicas may differ."""
RECENT = timedelta(hours=48)
"""Hours that began longer ago get no moods of chats where all figures are made anew."""
STALE = 20_000
"""Notes of removed rows that are looked at in one go."""

READERS = ("rows", "late")
TICKETS = Kind("desk", "", "", "", 0)
"""Under which moods and topics of tickets are counted: no version made them."""

Made = dict[Kind, Figures]
Ended = dict[tuple[datetime, Kind], list[int]]
"""Answers (message ids) with a text to read, by hour and kind."""


def made(session: Session, since: datetime, until: datetime) -> dict[datetime, Made]:
    """The figures of a time by hour and kind, without what texts tell."""
    return _counted(session, since, until)[0]


def _counted(
    session: Session, since: datetime, until: datetime
) -> tuple[dict[datetime, Made], Ended]:
    """The figures of a time, and which answers (message ids) have a text to read."""
    found: dict[datetime, Made] = defaultdict(lambda: defaultdict(Figures))
    ended = _answers(session, since, until, found)
    for sent in answered.replies(session, since, until):
        found[hour_of(sent.at)][sent.kind].sent(sent)
    for thumb in answered.thumbs(session, since, until):
        found[hour_of(thumb.at)][thumb.kind].rated(thumb)
    for verdict in answered.verdicts(session, since, until):
        found[hour_of(verdict.at)][verdict.kind].judged(verdict)
    for ticket in answered.tickets(session, since, until):
        found[hour_of(ticket.at)][TICKETS].wanted(ticket)
    return found, ended


def _answers(
    session: Session, since: datetime, until: datetime, found: dict[datetime, Made]
) -> Ended:
    ended: Ended = defaultdict(list)
    for one in answered.answers(session, since, until):
        at = hour_of(one.at)
        found[at][one.kind].answered(one)
        if one.status in ("complete", "truncated"):
            ended[at, one.kind].append(one.id)
    for draft in answered.drafts(session, since, until):
        found[hour_of(draft.at)][draft.kind].answered(draft)
    return ended


def _tell(ended: Ended, found: dict[datetime, Made], texts: Texts, *, moods: bool) -> None:
    """Count what texts tell."""
    for (at, kind), ids in ended.items():
        figures = found[at][kind]
        figures.read += len(ids)
        figures.refused += texts.refused(ids)
        for felt in texts.felt(ids) if moods else ():
            figures.wanted(answered.Wanted(at, felt.mood, felt.topic))


class Hours:
    """Keeps hours and days up to date. For one thread at a time."""

    def __init__(self, archive: Archive, texts: Texts) -> None:
        self._main = archive.main
        self._texts = texts

    def run(self, now: datetime) -> int:
        """Make what changed since the last run; how many hours. Raises StoreUnavailable."""
        oldest = hour_of(now - KEPT)
        with self._main.reading() as session:
            read = hours.read_to(session)
            fresh = not all(name in read for name in READERS)
            if fresh:
                wanted = answered.hours_with_rows(session, oldest, now + LAG)
            else:
                wanted = answered.hours_with_rows(session, read["rows"] - LAG, now + LAG)
                wanted |= answered.changed(session, read["late"] - LAG)
        count = self._make(sorted(one for one in wanted if one >= oldest), now, fresh=fresh)
        with self._main.writing() as session:
            hours.note_read(session, READERS, now)
        return count + self._renew(now)

    def tidy(self, now: datetime) -> None:
        """Forget figures that nobody looks at any more."""
        with self._main.writing() as session:
            hours.forget(session, day_of(now - KEPT))

    def _renew(self, now: datetime) -> int:
        """Make the hours again of which something was removed."""
        count = 0
        while True:
            with self._main.reading() as session:
                stale = hours.stale(session, STALE)
            if not stale.ids:
                return count
            wanted = {hour_of(one) for one in stale.moments if one >= now - KEPT}
            count += self._make(sorted(wanted), now)
            with self._main.writing() as session:
                hours.renewed(session, stale.ids)

    def _make(self, wanted: list[datetime], now: datetime, *, fresh: bool = False) -> int:
        """Make these hours, and their days where all their hours are made."""
        for part in _days(wanted):
            figures: dict[datetime, Mapping[Kind, Json]] = {}
            for at in part:
                with self._main.reading() as session:
                    found, ended = _counted(session, at, at + HOUR)
                _tell(ended, found, self._texts, moods=not fresh or at >= now - RECENT)
                kinds = found.get(at, {})
                figures[at] = {kind: one.plain() for kind, one in kinds.items()}
            with self._main.writing() as session:
                hours.put_hours(session, part, figures)
                day = day_of(part[0])
                kept = hours.of_hours(session, day, day + DAY)
                hours.put_days(session, [day], {day: _together(kept)})
        return len(wanted)


def _days(wanted: Collection[datetime]) -> Iterator[list[datetime]]:
    """Hours by the day that they are in."""
    by_day: dict[datetime, list[datetime]] = defaultdict(list)
    for at in wanted:
        by_day[day_of(at)].append(at)
    return iter(by_day.values())


def _together(kept: list[hours.Kept]) -> dict[Kind, Json]:
    parts: dict[Kind, list[Json]] = defaultdict(list)
    for one in kept:
        parts[one.kind].append(one.figures)
    return {kind: merged(several).plain() for kind, several in parts.items()}
