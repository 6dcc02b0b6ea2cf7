"""The kept figures of a period, bucket by bucket, and of the period before it.

A day's buckets are hours, anything longer has days (UTC). The last bucket goes on; the period
before ends as long before now, to the hour, and what is left of that hour counts for its part.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chatbot.monitoring.figures import Figures, Json, merged
from chatbot.monitoring.views import LENGTHS, Bucket, Period
from store import hours
from store.engine import Session
from store.hours import DAY, HOUR, Kept, Kind, day_of, hour_of


@dataclass(frozen=True, slots=True)
class Span:
    """A period as it stands at a moment: `buckets` begin at these moments."""

    period: Period
    bucket: Bucket
    buckets: tuple[datetime, ...]
    until: datetime

    @property
    def since(self) -> datetime:
        """When it begins."""
        return self.buckets[0]

    @property
    def step(self) -> timedelta:
        """How long a bucket is."""
        return HOUR if self.bucket == "hour" else DAY


@dataclass(frozen=True, slots=True)
class Window:
    """The figures of a span: row by row, by bucket, by kind; `before`: of the period before."""

    span: Span
    rows: tuple[Kept, ...]
    totals: Mapping[datetime, Figures]
    kinds: Mapping[Kind, Figures]
    before: Figures
    before_kinds: Mapping[Kind, Figures]

    @property
    def whole(self) -> Figures:
        """The figures of the period."""
        return merged(figures.plain() for figures in self.kinds.values())


def span_of(period: Period, now: datetime) -> Span:
    """The period that ends now."""
    length = LENGTHS[period]
    if length <= DAY:
        last, step, bucket = hour_of(now), HOUR, "hour"
    else:
        last, step, bucket = day_of(now), DAY, "day"
    count = length // step
    buckets = tuple(last - step * back for back in reversed(range(count)))
    return Span(period, "hour" if bucket == "hour" else "day", buckets, now)


def window(session: Session, span: Span, channel: str) -> Window:
    """Read a span. `channel` "": all of them."""
    length = LENGTHS[span.period]
    end = span.until - length
    if span.bucket == "hour":
        rows = hours.of_hours(session, span.since, span.until)
        before = hours.of_hours(session, span.since - length, hour_of(end) + HOUR)
    else:
        rows = hours.of_days(session, span.since, span.until)
        before = hours.of_days(session, span.since - length, day_of(end))
        before += hours.of_hours(session, day_of(end), hour_of(end) + HOUR)
    rows, before = _of(rows, channel), _of(before, channel)
    by_bucket: dict[datetime, list[Json]] = {at: [] for at in span.buckets}
    by_kind: dict[Kind, list[Json]] = defaultdict(list)
    for at, kind, figures in rows:
        by_bucket[at].append(figures)
        by_kind[kind].append(figures)
    totals = {at: merged(parts) for at, parts in by_bucket.items()}
    kinds = {kind: merged(parts) for kind, parts in by_kind.items()}
    return Window(span, tuple(rows), totals, kinds, *_before(before, end))


def _before(rows: Sequence[Kept], end: datetime) -> tuple[Figures, Mapping[Kind, Figures]]:
    """The figures up to a moment: its hour's answers count for the part that had passed."""
    by_kind: dict[Kind, list[Json]] = defaultdict(list)
    for one in rows:
        by_kind[one.kind].append(one.figures)
    kinds = {kind: merged(parts, ()) for kind, parts in by_kind.items()}
    whole = merged((one.figures for one in rows), ("errors", "first"))
    passed = (end - hour_of(end)) / HOUR
    left = sum(_answers(one.figures) for one in rows if one.at == hour_of(end))
    whole.answers -= round(left * (1 - passed))
    return whole, kinds


def _answers(figures: Json) -> int:
    return int(figures.get("n", 0))


def _of(rows: list[Kept], channel: str) -> list[Kept]:
    return [one for one in rows if one.kind.channel == channel] if channel else rows
