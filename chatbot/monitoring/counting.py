"""Rows → figures of slices → figures of hours → figures of days. What changed is made again.

New answers, drafts, replies and tickets are found by their time; thumbs and verdicts by when they
were given, and then the time of their answer; what was removed is noted by triggers. A reader looks
`LAG` further back than it read last, because rows are committed a moment after their time was
taken. The last hours are made of slices that stay in memory, so that a look reads the rows of a few
minutes, however many an hour has. Rows are read in one short session and figures kept in another;
what reads texts holds neither, so that no turn waits for it. A moment that became stale meanwhile
stays noted, and is made again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chatbot.archive import Archive
from chatbot.monitoring.figures import Figures, Json, merged
from chatbot.monitoring.reading import Texts, sample
from store import answered, hours
from store.engine import Session
from store.hours import DAY, HOUR, Kind, day_of, floor, hour_of

KEPT = timedelta(days=62)
"""How long figures are kept: a month, and the month before."""
LAG = timedelta(minutes=2)
"""How late a row may be committed, and how much the clocks of replicas may differ."""
RECENT = timedelta(hours=48)
"""Hours that began longer ago get no moods of chats where all figures are made anew."""
SLICE = timedelta(minutes=5)
SLICED = timedelta(hours=3)
"""How far back there are slices."""
STALE = 20_000
"""Notes of removed rows that are looked at in one go."""

READERS = ("rows", "late")
TICKETS = Kind("desk", "", "", "", 0)
"""Under which moods and topics of tickets are counted: no version made them."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What is known of a time. `asked`: answers (message ids) that may tell a mood, by kind."""

    figures: Mapping[Kind, Json]
    asked: Mapping[Kind, tuple[int, ...]]


def _counted(
    session: Session, since: datetime, until: datetime
) -> tuple[dict[Kind, Figures], dict[Kind, list[int]]]:
    """The figures of a time by kind, and which answers (message ids) have a text to read."""
    found: dict[Kind, Figures] = defaultdict(Figures)
    ended: dict[Kind, list[int]] = defaultdict(list)
    for one in answered.answers(session, since, until):
        found[one.kind].answered(one)
        if one.status in ("complete", "truncated"):
            ended[one.kind].append(one.id)
    for draft in answered.drafts(session, since, until):
        found[draft.kind].answered(draft)
    for sent in answered.replies(session, since, until):
        found[sent.kind].sent(sent)
    for thumb in answered.thumbs(session, since, until):
        found[thumb.kind].rated(thumb)
    for verdict in answered.verdicts(session, since, until):
        found[verdict.kind].judged(verdict)
    for ticket in answered.tickets(session, since, until):
        found[TICKETS].wanted(ticket)
    return found, ended


class Hours:
    """Keeps hours and days up to date. For one thread at a time."""

    def __init__(self, archive: Archive, texts: Texts) -> None:
        self._main = archive.main
        self._texts = texts
        self._slices: dict[datetime, _Part] = {}
        self._read_to: datetime | None = None
        """Up to when this process read last."""

    def run(self, now: datetime) -> int:
        """Make what changed since the last run; how many hours. Raises StoreUnavailable."""
        oldest = hour_of(now - KEPT)
        with self._main.reading() as session:
            read = hours.read_to(session)
            fresh = not all(name in read for name in READERS)
            if fresh:
                touched = answered.with_rows(session, oldest, now + LAG, HOUR)
            else:
                touched = answered.with_rows(session, read["rows"] - LAG, now + LAG, SLICE)
                touched |= answered.changed(session, read["late"] - LAG)
        self._forget_slices(touched, now, others=read.get("rows") != self._read_to)
        wanted = {hour_of(one) for one in touched if one >= oldest}
        count = self._make(sorted(wanted), now, fresh=fresh)
        with self._main.writing() as session:
            hours.note_read(session, READERS, now)
        self._read_to = now
        return count + self._renew(now)

    def recent(self, since: datetime, until: datetime) -> list[tuple[Kind, Json]]:
        """The figures of the last hours or minutes, as the last run found them, in parts.

        Raises StoreUnavailable.
        """
        at = floor(since, SLICE)
        parts = []
        if at < since:
            at += SLICE
            parts.append(self._read(since, min(at, until)))
        while at < until:
            parts.append(self._slice(at))
            at += SLICE
        return [pair for part in parts for pair in part.figures.items()]

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
            self._forget_slices(stale.moments, now, others=False)
            wanted = {hour_of(one) for one in stale.moments if one >= now - KEPT}
            count += self._make(sorted(wanted), now)
            with self._main.writing() as session:
                hours.renewed(session, stale.ids)

    def _forget_slices(self, touched: Collection[datetime], now: datetime, *, others: bool) -> None:
        """Drop what is not true any more. `others`: another process read rows since this one."""
        if others:
            self._slices.clear()
        gone = {floor(one, SLICE) for one in touched}
        oldest = hour_of(now - SLICED)
        for at in [at for at in self._slices if at in gone or at < oldest]:
            del self._slices[at]

    def _make(self, wanted: list[datetime], now: datetime, *, fresh: bool = False) -> int:
        """Make these hours, and their days where all their hours are made."""
        for part in _days(wanted):
            figures = {
                at: self._hour(at, now, moods=not fresh or at >= now - RECENT) for at in part
            }
            with self._main.writing() as session:
                hours.put_hours(session, part, figures)
                day = day_of(part[0])
                kept = hours.of_hours(session, day, day + DAY)
                hours.put_days(session, [day], {day: _together(kept)})
        return len(wanted)

    def _hour(self, at: datetime, now: datetime, *, moods: bool) -> dict[Kind, Json]:
        """The figures of an hour, of slices where it is one of the last."""
        if at < hour_of(now - SLICED):
            parts = [self._read(at, at + HOUR)]
        else:
            starts = (at + SLICE * number for number in range(HOUR // SLICE))
            parts = [self._slice(start) for start in starts if start <= now + LAG]
        several: dict[Kind, list[Json]] = defaultdict(list)
        asked: dict[Kind, list[int]] = defaultdict(list)
        for part in parts:
            for kind, figures in part.figures.items():
                several[kind].append(figures)
            for kind, ids in part.asked.items():
                asked[kind] += ids
        found = {kind: merged(one) for kind, one in several.items()}
        for kind, some in asked.items() if moods else ():
            for felt in self._texts.felt(some):
                found[kind].wanted(answered.Wanted(at, felt.mood, felt.topic))
        return {kind: one.plain() for kind, one in found.items()}

    def _slice(self, at: datetime) -> _Part:
        if at not in self._slices:
            self._slices[at] = self._read(at, at + SLICE)
        return self._slices[at]

    def _read(self, since: datetime, until: datetime) -> _Part:
        """What the rows of a time tell, and their texts of refusals."""
        with self._main.reading() as session:
            found, ended = _counted(session, since, until)
        for kind, ids in ended.items():
            found[kind].read += len(ids)
            found[kind].refused += self._texts.refused(ids)
        figures = {kind: one.plain() for kind, one in found.items()}
        return _Part(figures, {kind: sample(ids) for kind, ids in ended.items()})


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
