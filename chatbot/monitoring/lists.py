"""The answers behind a point, page by page, and the table by version as CSV."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chatbot.errors import NotFound
from chatbot.monitoring import histograms
from chatbot.monitoring.kinds import TITLES, kind_of
from chatbot.monitoring.naming import Which, names, which
from chatbot.monitoring.plots import OTHER
from chatbot.monitoring.views import Answer, Line, Page
from chatbot.monitoring.window import Window
from store import answer_lists
from store.answer_lists import Place, Row, Wanted
from store.engine import Session
from store.hours import Kind
from store.records import Person

READ_AT_ONCE = 500
"""Rows that are looked through at once where only some of them fit."""
MOST_READ = 5_000
"""Rows that are looked through for a page at most; what is left comes with the next one."""

GROUPED = ("thumbs", "distance", "verdicts")
COLUMNS: Mapping[str, Callable[[Line], object]] = {
    "prompt": lambda one: one.prompt,
    "version": lambda one: one.number,
    "version_hash": lambda one: one.version,
    "model": lambda one: one.model,
    "channel": lambda one: one.channel,
    "share_of_new_conversations": lambda one: one.arm,
    "answers": lambda one: one.answers,
    "thumbs_up": lambda one: _short(one.thumbs),
    "thumbs": lambda one: one.thumbs_of,
    "sent_unchanged": lambda one: _short(one.unchanged),
    "edit_distance": lambda one: _short(one.distance),
    "replies": lambda one: one.replies,
    "first_word_p50_s": lambda one: _short(one.first_p50),
    "first_word_p95_s": lambda one: _short(one.first_p95),
    "first_word_p99_s": lambda one: _short(one.first_p99),
    "last_word_p50_s": lambda one: _short(one.total_p50),
    "last_word_p95_s": lambda one: _short(one.total_p95),
    "last_word_p99_s": lambda one: _short(one.total_p99),
    "tokens_in": lambda one: one.tokens_in,
    "tokens_out": lambda one: one.tokens_out,
    "cost": lambda one: _short(one.cost),
    "errors": lambda one: _short(one.errors),
    "stopped": lambda one: _short(one.stops),
    "says_it_has_no_answer": lambda one: _short(one.refused),
    "no_passage": lambda one: _short(one.lacked),
    "good_in_review": lambda one: _short(one.verdicts),
    "verdicts": lambda one: one.verdicts_of,
}
"""The columns of the CSV. Shares are 0 to 1."""

Fits = Callable[[list[Row]], list[Row]]
"""Those that are meant."""
Reader = Callable[[Place | None, int], list[Row]]


class Lists:
    """The answers of one window, for one person."""

    def __init__(
        self,
        session: Session,
        window: Window,
        by: Person,
        refuses: Callable[[str], bool],
        texts: Callable[[Session, list[int]], Mapping[int, str]],
    ) -> None:
        self._session = session
        self._window = window
        self._by = by
        self._refuses = refuses
        self._texts = texts

    def page(
        self, plot: str, series: str, at: datetime, channel: str, after: str | None, limit: int
    ) -> Page:
        """Raises NotFound for a point that is not there."""
        span = self._window.span
        since = max((one for one in span.buckets if one <= at), default=span.since)
        wanted = Wanted(since, min(since + span.step, _later(span.until)), channel=channel or None)
        read, fits = self._source(plot, series, wanted)
        rows, end = _some(read, fits, _place(after), limit)
        return Page(self._told(rows), _cursor(end) if end is not None else None)

    def _source(self, plot: str, series: str, wanted: Wanted) -> tuple[Reader, Fits]:
        """How the rows behind a line are read, and which of them are meant."""
        if plot in ("moods", "topics"):
            return self._tickets(plot, series, wanted), _every
        if plot in GROUPED:
            chosen = which(series) if series else Which()
            wanted = replace(
                wanted,
                prompt=chosen.prompt,
                version=chosen.version,
                model=chosen.model,
                release_id=chosen.release_id,
                channel=chosen.channel if wanted.channel is None else wanted.channel,
                rated=plot == "thumbs",
                judged=plot == "verdicts",
            )
            if plot == "distance":
                return self._reader(answer_lists.replies, wanted), _every
            if plot == "verdicts":
                return self._both(wanted), _every
            return self._reader(answer_lists.answers, wanted), _every
        if plot == "errors":
            wanted = replace(wanted, statuses=("failed", "interrupted"))
            kind = series if series in TITLES else ""
            return self._reader(answer_lists.answers, wanted), _of_error(kind)
        wanted, fits = self._plain(plot, series, wanted)
        return self._reader(answer_lists.answers, wanted), fits

    def _plain(self, plot: str, series: str, wanted: Wanted) -> tuple[Wanted, Fits]:
        """What a plot of all answers means. Raises NotFound."""
        if plot in ("answers", "tokens", "cost"):
            return wanted, _every
        if plot in ("first", "total"):
            return self._slow(plot, series, wanted), _every
        if plot == "stops":
            status = "truncated" if series == "cut" else "stopped"
            return replace(wanted, statuses=(status,)), _every
        if plot == "misses" and series == "refusals":
            return replace(wanted, statuses=("complete", "truncated")), self._refused
        if plot == "misses":
            return replace(wanted, lacked=True), _every
        raise NotFound

    def _slow(self, plot: str, series: str, wanted: Wanted) -> Wanted:
        """The answers that took as long as the quantile says, or longer; for p50: all timed ones.

        Answers that took as long may be as far below the quantile as its bucket goes.
        """
        share = {"p95": 0.95, "p99": 0.99}.get(series)
        figures = self._window.totals.get(wanted.since)
        found = figures and (figures.first_s if plot == "first" else figures.total_s)(share or 0.5)
        least = 0.0
        if share is not None and found:
            least = histograms.edges(histograms.bucket_of(found))[0]
        return replace(wanted, first_s=least) if plot == "first" else replace(wanted, total_s=least)

    def _tickets(self, plot: str, series: str, wanted: Wanted) -> Reader:
        topics = {topic for one in self._window.totals.values() for topic in one.topics}
        mood = series if plot == "moods" else ""
        other = plot == "topics" and series == OTHER.lower()
        named = (series,) if plot == "topics" and not other else ()
        shown = tuple(sorted(topics)) if other else ()

        def read(after: Place | None, limit: int) -> list[Row]:
            if wanted.channel not in (None, "desk"):
                return []
            return answer_lists.tickets(
                self._session, wanted.since, wanted.until, after, limit,
                mood=mood, topics=named, without=shown,
            )  # fmt: skip

        return read

    def _reader(
        self, source: Callable[[Session, Wanted, Place | None, int], list[Row]], wanted: Wanted
    ) -> Reader:
        return lambda after, limit: source(self._session, wanted, after, limit)

    def _both(self, wanted: Wanted) -> Reader:
        """Answers and replies, for what reviewers judge is either."""

        def read(after: Place | None, limit: int) -> list[Row]:
            found = answer_lists.answers(self._session, wanted, after, limit)
            found += answer_lists.replies(self._session, wanted, after, limit)
            return answer_lists.newest(found, limit)

        return read

    def _refused(self, rows: list[Row]) -> list[Row]:
        texts = self._texts(self._session, [row.message for row in rows])
        return [row for row in rows if self._refuses(texts.get(row.message, ""))]

    def _told(self, rows: list[Row]) -> tuple[Answer, ...]:
        kinds = [Kind(row.channel, row.prompt, row.version, row.model, 0) for row in rows]
        called = names(self._session, kinds)
        return tuple(
            Answer(
                turn=row.turn,
                at=row.place.at,
                channel=row.channel,
                prompt=row.prompt,
                number=called.number(row.version),
                model=row.model,
                status=row.status,
                error=TITLES[kind_of(row.error or "")] if _is_broken(row) else "",
                first_s=row.first_s,
                total_s=row.total_s,
                tokens=row.tokens,
                thumb=row.thumb,
                item=row.item,
                conversation=row.conversation if row.owner == self._by.id else None,
                ticket=row.ticket,
                distance=row.distance,
            )
            for row in rows
        )


def csv_lines(lines: tuple[Line, ...]) -> Iterator[str]:
    """The table as CSV, a heading first. Names that a spreadsheet would run get a quote before."""
    yield _csv(COLUMNS)
    for line in lines:
        yield _csv(_safe(value(line)) for value in COLUMNS.values())


def _csv(values: object) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)  # type: ignore[arg-type]
    return text.getvalue()


def _safe(value: object) -> object:
    """OWASP's advice on CSV injection: no cell of text begins with a sign that starts a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


def _short(value: float | None) -> object:
    return "" if value is None else float(f"{value:.6g}")


def _some(
    read: Reader, fits: Fits, after: Place | None, limit: int
) -> tuple[list[Row], Place | None]:
    """Rows that fit, at most `limit`, and the place behind which there may be more."""
    if fits is _every:
        rows = read(after, limit + 1)
        return rows[:limit], rows[limit - 1].place if len(rows) > limit else None
    found: list[Row] = []
    for _ in range(MOST_READ // READ_AT_ONCE):
        rows = read(after, READ_AT_ONCE)
        found += fits(rows)
        if len(found) > limit:
            return found[:limit], found[limit - 1].place
        if len(rows) < READ_AT_ONCE:
            return found, None
        after = rows[-1].place
    return found, after


def _every(rows: list[Row]) -> list[Row]:
    return rows


def _of_error(kind: str) -> Fits:
    return lambda rows: [row for row in rows if not kind or kind_of(row.error or "") == kind]


def _is_broken(row: Row) -> bool:
    return row.status in ("failed", "interrupted")


def _cursor(place: Place) -> str:
    return f"{place.at.isoformat()}|{place.source}|{place.id}"


def _place(cursor: str | None) -> Place | None:
    """Raises NotFound for what is no cursor of ours."""
    if cursor is None:
        return None
    try:
        at, source, number = cursor.split("|")
        place = Place(datetime.fromisoformat(at), int(source), int(number))
    except ValueError:
        raise NotFound from None
    if place.at.tzinfo is None or abs(place.id) >= 2**62:
        raise NotFound
    return place._replace(at=place.at.astimezone(UTC))


def _later(moment: datetime) -> datetime:
    """Rows that came while the page was read stand behind its last point, too."""
    return moment + timedelta(minutes=5)
