"""What monitoring tells → what the Monitor page shows, as JSON. Pure: no rows, no widgets.

Moments go as ISO texts, points as [at, value, count, low, high], and nothing is rounded or worded
here: the page writes numbers for people, and what is absent stays absent.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from chatbot.monitoring.views import (
    Answer,
    Firing,
    Line,
    Measure,
    Overview,
    Page,
    Plot,
    Point,
    Rule,
    Series,
)

Json = dict[str, Any]


def overview(shown: Overview) -> Json:
    """All of the page but the rules."""
    return {
        "period": shown.period,
        "group": shown.group,
        "channel": shown.channel,
        "since": _at(shown.since),
        "until": _at(shown.until),
        "bucket": shown.bucket,
        "channels": list(shown.channels),
        "answers": shown.answers,
        "figures": [asdict(one) for one in shown.figures],
        "plots": [_plot(one) for one in shown.plots],
        "lines": [_line(one) for one in shown.lines],
        "alerts": [_firing(one) for one in shown.alerts],
        "now": asdict(shown.now),
        "read": _at(shown.read_at),
        "others": shown.others,
    }


def page(shown: Page) -> Json:
    """Answers behind a point."""
    return {"answers": [_answer(one) for one in shown.rows], "more": shown.after}


def rules(shown: Iterable[Rule], measures: Iterable[Measure]) -> Json:
    """Every rule, and what a rule may watch."""
    return {
        "rules": [rule(one) for one in shown],
        "measures": [asdict(one) for one in measures],
    }


def rule(shown: Rule) -> Json:
    """One rule: its form, its sentence, how it stands."""
    return {
        "id": shown.id,
        "form": asdict(shown.form),
        "said": shown.said,
        "unit": shown.unit,
        "firing": shown.firing,
        "muted": _at(shown.muted),
        "last": _at(shown.last),
    }


def _plot(plot: Plot) -> Json:
    return {
        "key": plot.key,
        "title": plot.title,
        "about": plot.about,
        "unit": plot.unit,
        "kind": plot.kind,
        "limit": asdict(plot.limit) if plot.limit else None,
        "empty": plot.empty,
        "series": [_series(one) for one in plot.series],
    }


def _series(series: Series) -> Json:
    return {
        "key": series.key,
        "name": series.name,
        "role": series.role,
        "links": series.links,
        "points": [_point(one) for one in series.points],
    }


def _point(point: Point) -> list[Any]:
    return [_at(point.at), point.value, point.count, point.low, point.high]


def _line(line: Line) -> Json:
    return {**asdict(line), "name": line.name}


def _firing(alert: Firing) -> Json:
    behind = alert.behind
    return {
        "id": alert.id,
        "name": alert.name,
        "text": alert.text,
        "cause": alert.cause,
        "since": _at(alert.since),
        "muted": _at(alert.muted),
        "behind": {**asdict(behind), "at": _at(behind.at)} if behind else None,
    }


def _answer(answer: Answer) -> Json:
    return {**asdict(answer), "at": _at(answer.at)}


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
