"""Kept figures → what the page shows: six figures, plots, the table by version."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from chatbot.monitoring.figures import Figures, Json, merged
from chatbot.monitoring.naming import Names, names
from chatbot.monitoring.plots import Limits, Plots, cost
from chatbot.monitoring.views import (
    CHANNELS,
    Better,
    Figure,
    Firing,
    Group,
    Line,
    Now,
    Overview,
    Period,
    Unit,
)
from chatbot.monitoring.window import Window, span_of, window
from store import hours
from store.engine import Session
from store.hours import Kind

Prices = Mapping[str, tuple[float, float]]


def overview(
    session: Session,
    now: datetime,
    period: Period,
    group: Group,
    channel: str,
    *,
    limits: Limits,
    prices: Prices,
    alerts: tuple[Firing, ...],
    going: Now,
) -> Overview:
    """All that the page shows of a period that ends now."""
    span = span_of(period, now)
    found = window(session, span, channel)
    called = names(session, [*found.kinds, *found.before_kinds])
    plots, others = Plots(found, called, group, limits).all(prices)
    seen = {kind.channel for kind in found.kinds} | ({channel} if channel else set())
    return Overview(
        period=period,
        group=group,
        channel=channel,
        since=span.since,
        until=span.until,
        bucket=span.bucket,
        channels=tuple(one for one in CHANNELS if one in seen),
        figures=tuple(figures(found)),
        plots=tuple(plots),
        lines=tuple(lines(found.kinds, called, group, prices)),
        alerts=alerts,
        now=going,
        read_at=hours.read_to(session).get("rows"),
        others=others,
    )


def figures(found: Window) -> list[Figure]:
    """The six at the top, against the period before."""
    now, before = found.whole, found.before

    def one(
        key: str,
        title: str,
        values: tuple[float | None, float | None],
        unit: Unit,
        better: Better,
        answers: int,
    ) -> Figure:
        return Figure(key, title, *values, unit, better, answers)

    def shares(name: str) -> tuple[float | None, float | None]:
        return now.share(name), before.share(name)

    answers = float(now.answers), float(before.answers)
    first = now.first_s(0.95), before.first_s(0.95)
    distance = now.mean_distance, before.mean_distance
    return [
        one("answers", "Answers", answers, "count", "", now.answers),
        one("thumbs", "Thumbs up", shares("thumbs"), "share", "up", now.rated_count),
        one("unchanged", "Sent unchanged", shares("unchanged"), "share", "up", now.drafted),
        one("distance", "Edit distance", distance, "distance", "down", now.drafted),
        one("first", "First word, p95", first, "seconds", "down", sum(now.first.values())),
        one("errors", "Errors", shares("errors"), "share", "down", now.answers),
    ]


def lines(kinds: Mapping[Kind, Figures], called: Names, group: Group, prices: Prices) -> list[Line]:
    """The table: prompt versions under models, by channel or arm where these are asked for."""
    rows: dict[Kind, list[Json]] = defaultdict(list)
    for kind, own in kinds.items():
        if not kind.model:
            continue  # tickets' moods, and replies that began from no draft
        row = kind
        if group != "channel":
            row = row._replace(channel="")
        if group != "arm":
            row = row._replace(release_id=0)
        rows[row].append(own.plain())
    made = [_line(kind, merged(parts), called, group, prices) for kind, parts in rows.items()]
    return sorted(made, key=lambda one: (-one.answers, one.name, one.model))


def _line(kind: Kind, own: Figures, called: Names, group: Group, prices: Prices) -> Line:
    price = prices.get(kind.model)
    release = kind.release_id if group == "arm" else None
    line = Line(
        prompt=kind.prompt,
        number=called.number(kind.version),
        version=kind.version,
        model=kind.model,
        channel=kind.channel,
        arm=called.share(kind.prompt, kind.version, release),
        answers=own.answers,
        thumbs=own.share("thumbs"),
        thumbs_of=own.rated_count,
        unchanged=own.share("unchanged"),
        distance=own.mean_distance,
        replies=own.replies,
        first_p50=own.first_s(0.5),
        first_p95=own.first_s(0.95),
        first_p99=own.first_s(0.99),
        total_p50=own.total_s(0.5),
        total_p95=own.total_s(0.95),
        total_p99=own.total_s(0.99),
        tokens_in=own.tokens_in,
        tokens_out=own.tokens_out,
        cost=None,
        errors=own.share("errors"),
        stops=own.share("stops"),
        refused=own.share("refusals"),
        lacked=own.share("misses"),
        verdicts=own.share("verdicts"),
        verdicts_of=own.judged_count,
    )
    if price is None:
        return line
    return replace(line, cost=cost(own.tokens_in, own.tokens_out, price))
