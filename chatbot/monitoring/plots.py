"""The plots of a period. Pure: figures in, points out.

A plot with a line for each version shows the one that most of production gets, what the version
before it had in the mean, and a few others; the table by version has them all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from chatbot.analysis.views import MOODS, Intent
from chatbot.monitoring import kinds as errors
from chatbot.monitoring.figures import SHARES, Figures, Json, merged
from chatbot.monitoring.naming import Names, Which, which
from chatbot.monitoring.views import Group, Limit, Plot, Point, Role, Series, Unit
from chatbot.monitoring.window import Window
from chatbot.tally import wilson
from store.hours import Kind

LINES = 4
"""Lines of a plot at most, besides the middle value of the version before."""
TOPICS = 6
"""Topics that have a colour of their own; the others stand together."""
OTHER = "Other"

Limits = Mapping[str, Limit]
Value = Callable[[Figures], tuple[float | None, int]]

ABOUT = {
    "thumbs": "Thumbs up of all thumbs that the answers of the time got.",
    "first": "Seconds from sending to the first word, of answers that did not fail.",
    "total": "Seconds from sending to the last word, of answers that came to their end.",
    "distance": "How far sent replies are from their drafts: 0 is the same text.",
    "answers": "Answers and drafts that were written.",
    "errors": "Answers that ended in an error, by what went wrong.",
    "stops": "Answers that somebody stopped, and answers that were cut off at their longest.",
    "tokens": "Tokens that models read and wrote, as far as they say so.",
    "cost": "What hosted models cost, by the prices in the settings.",
    "verdicts": "Reviewers' verdicts of good, of good and poor together.",
    "misses": "Answers for which no passage fitted, and answers that say they have none.",
    "moods": "How customers felt: of tickets, and of a sample of the questions in chats.",
    "topics": "What customers wanted: of tickets, and of a sample of the questions in chats.",
}


class Plots:
    """Makes the plots of one window."""

    def __init__(self, window: Window, names: Names, group: Group, limits: Limits) -> None:
        self._window = window
        self._names = names
        self._group = group
        self._limits = limits

    def all(self, prices: Mapping[str, tuple[float, float]]) -> tuple[list[Plot], int]:
        """The plots in their order, and how many lines were left out for want of room."""
        thumbs, left_out = self._grouped("thumbs", "Thumbs up", "share", share_of("thumbs"))
        distance, _ = self._grouped(
            "distance", "Edit distance of sent replies", "distance", _distance
        )
        verdicts, _ = self._grouped("verdicts", "Good in review", "share", share_of("verdicts"))
        return [
            thumbs,
            self._times("first", "Time to first word", Figures.first_s),
            distance,
            self._counts("answers", self._answers_title(), {"answers": lambda one: one.answers}),
            self._named("errors", "Errors by kind", lambda one: one.errors, _error_names()),
            self._shares("stops", "Stopped or cut off", {"stops": "Stopped", "cut": "Cut off"}),
            self._times("total", "Time to last word", Figures.total_s),
            self._tokens(),
            *self._cost(prices),
            verdicts,
            self._shares(
                "misses",
                "Without an answer",
                {"misses": "No passage fitted", "refusals": "Says it has none"},
            ),
            self._named("moods", "Moods", lambda one: one.moods, _mood_names()),
            self._named("topics", "Topics", lambda one: one.topics, self._topics()),
        ], left_out

    def _answers_title(self) -> str:
        return "Answers an hour" if self._window.span.bucket == "hour" else "Answers a day"

    # Lines for versions, models, channels or arms ------------------------------------------------

    def _grouped(self, key: str, title: str, unit: Unit, value: Value) -> tuple[Plot, int]:
        """A plot with a line for each of the group, the weightiest ones."""
        counted: dict[str, int] = defaultdict(int)
        called: dict[str, str] = {}
        for kind, figures in self._window.kinds.items():
            line, name = self._names.of(kind, self._group)
            count = value(figures)[1]
            if count:
                counted[line] += count
                called[line] = name
        ranked = sorted(counted, key=lambda line: (-counted[line], called[line]))
        main = self._main(ranked)
        lines = [*([main] if main else []), *(line for line in ranked if line != main)]
        series = [
            self._line(line, called[line], "main" if at == 0 else "share", value)
            for at, line in enumerate(lines[:LINES])
        ]
        before = self._before(main, value) if main and self._group == "prompt" else None
        if before is not None:
            series = [one for one in series if one.key != before.key]
            series.insert(1, before)
        plot = Plot(
            key, title, unit, "line", tuple(series), self._limits.get(key), ABOUT.get(key, "")
        )
        return plot, max(0, len(lines) - LINES)

    def _main(self, ranked: Sequence[str]) -> str:
        """The line of the version that production gets, of the prompt that is counted most."""
        if not ranked or self._group != "prompt":
            return ranked[0] if ranked else ""
        prompt = which(ranked[0]).prompt or ""
        served = f"prompt:{self._names.served(prompt)}:{prompt}"
        return served if served in ranked else ranked[0]

    def _before(self, main: str, value: Value) -> Series | None:
        """The mean of the version before the main one, as a flat line; None without one."""
        chosen = which(main)
        number = self._names.number(chosen.version or "")
        older: dict[str, list[Figures]] = defaultdict(list)
        for kinds in (self._window.kinds, self._window.before_kinds):
            for kind, figures in kinds.items():
                theirs = self._names.number(kind.version)
                same = kind.prompt == chosen.prompt and number and theirs and theirs < number
                if same and value(figures)[1]:
                    older[kind.version].append(figures)
        if not older:
            return None
        newest = max(older, key=lambda version: self._names.number(version) or 0)
        mean, count = value(merged(one.plain() for one in older[newest]))
        name = f"v{self._names.number(newest)}, mean"
        points = tuple(Point(at, mean, count) for at in self._window.span.buckets)
        key = f"prompt:{newest}:{chosen.prompt}"
        return Series(key, name, "before", points, links=False)

    def _line(self, line: str, name: str, role: Role, value: Value) -> Series:
        chosen = which(line)
        share = self._names.share(chosen.prompt or "", chosen.version or "")
        if self._group == "prompt" and role == "share" and share and share != "100 %":
            name = f"{name}, {share}"
        return Series(line, name, role, self._points(self._totals(chosen), value))

    def _totals(self, chosen: Which) -> dict[datetime, Figures]:
        """The numbers of some kinds by bucket."""
        fits: dict[Kind, bool] = {kind: chosen.fits(kind) for kind in self._window.kinds}
        several: dict[datetime, list[Json]] = defaultdict(list)
        for at, kind, figures in self._window.rows:
            if fits[kind]:
                several[at].append(figures)
        return {at: merged(parts, ()) for at, parts in several.items()}

    # Lines for what all answers have in common ---------------------------------------------------

    def _times(
        self, key: str, title: str, quantile: Callable[[Figures, float], float | None]
    ) -> Plot:
        counted = "first" if key == "first" else "total"

        def at(share: float) -> Value:
            return lambda one: (quantile(one, share), sum(getattr(one, counted).values()))

        roles: tuple[tuple[str, float, Role], ...] = (
            ("p95", 0.95, "main"),
            ("p50", 0.5, "before"),
            ("p99", 0.99, "share"),
        )
        series = tuple(
            Series(name, name, role, self._points(self._window.totals, at(share)))
            for name, share, role in roles
        )
        return self._plot(key, title, "seconds", series)

    def _shares(self, key: str, title: str, lines: Mapping[str, str]) -> Plot:
        series = tuple(
            Series(name, said, role, self._points(self._window.totals, share_of(name)))
            for (name, said), role in zip(lines.items(), _roles(), strict=False)
        )
        return self._plot(key, title, "share", series)

    # Bars ----------------------------------------------------------------------------------------

    def _counts(
        self,
        key: str,
        title: str,
        lines: Mapping[str, Callable[[Figures], int]],
        unit: Unit = "count",
        names: Mapping[str, str] | None = None,
    ) -> Plot:
        """Bars of what is counted; a time without anything has no bar."""
        called = names or {"answers": "Answers"}
        series = tuple(
            Series(name, called[name], role, self._points(self._window.totals, counted(count)))
            for (name, count), role in zip(lines.items(), _roles(), strict=False)
        )
        return self._plot(key, title, unit, series, bars=True)

    def _tokens(self) -> Plot:
        return self._counts(
            "tokens",
            "Tokens",
            {"in": lambda one: one.tokens_in, "out": lambda one: one.tokens_out},
            "tokens",
            {"in": "Read", "out": "Written"},
        )

    def _cost(self, prices: Mapping[str, tuple[float, float]]) -> list[Plot]:
        """What was paid by bucket; no plot where no model has a price."""
        spent: dict[datetime, float] = defaultdict(float)
        answers: dict[datetime, int] = defaultdict(int)
        for at, kind, figures in self._window.rows:
            price = prices.get(kind.model)
            if price is not None:
                spent[at] += cost(figures.get("i", 0), figures.get("o", 0), price)
                answers[at] += figures.get("n", 0)
        if not spent:
            return []
        points = tuple(Point(at, spent.get(at), answers[at]) for at in self._window.span.buckets)
        series = Series("cost", "Cost", "main", points)
        return [self._plot("cost", "Cost", "money", (series,), bars=True)]

    def _named(
        self,
        key: str,
        title: str,
        counts: Callable[[Figures], Mapping[str, int]],
        names: Mapping[str, str],
    ) -> Plot:
        """Stacked bars, one colour for each name that occurs."""
        rest = OTHER.lower()
        found = {name for one in self._window.totals.values() for name in counts(one)}
        shown = [name for name in names if name in found or (name == rest and found - set(names))]

        def of(name: str) -> Callable[[Figures], int]:
            def number(one: Figures) -> int:
                own = counts(one)
                if name != rest:
                    return own.get(name, 0)
                return sum(
                    count for each, count in own.items() if each == rest or each not in names
                )

            return number

        series = tuple(
            Series(name, names[name], role, self._points(self._window.totals, counted(of(name))))
            for name, role in zip(shown, _roles(), strict=False)
        )
        return self._plot(key, title, "count", series, bars=True)

    def _topics(self) -> dict[str, str]:
        whole: dict[str, int] = defaultdict(int)
        for one in self._window.totals.values():
            for topic, count in one.topics.items():
                whole[topic] += count
        ranked = sorted(whole, key=lambda topic: (-whole[topic], topic))[:TOPICS]
        return {topic: Intent(topic, 1).label for topic in ranked} | {OTHER.lower(): OTHER}

    # ---------------------------------------------------------------------------------------------

    def _plot(
        self, key: str, title: str, unit: Unit, series: tuple[Series, ...], *, bars: bool = False
    ) -> Plot:
        limit, about = self._limits.get(key), ABOUT.get(key, "")
        return Plot(key, title, unit, "bar" if bars else "line", series, limit, about)

    def _points(self, totals: Mapping[datetime, Figures], value: Value) -> tuple[Point, ...]:
        empty = Figures()
        return tuple(point(at, value, totals.get(at, empty)) for at in self._window.span.buckets)


class _Share:
    """The value of a share, which knows what it is of."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, one: Figures) -> tuple[float | None, int]:
        hits, count = one.of(self.name)
        return (hits / count if count else None), count


def share_of(name: str) -> Value:
    """The value of one of `SHARES`."""
    assert name in SHARES  # noqa: S101
    return _Share(name)


def counted(count: Callable[[Figures], int]) -> Value:
    """The value of a count; None for 0, so that no bar is drawn."""

    def value(one: Figures) -> tuple[float | None, int]:
        number = count(one)
        return (float(number) if number else None), number

    return value


def point(at: datetime, value: Value, figures: Figures) -> Point:
    """A value with its count; a share with what it may really be."""
    found, count = value(figures)
    if isinstance(value, _Share) and count:
        low, high = wilson(figures.of(value.name)[0], count)
        return Point(at, found, count, low, high)
    return Point(at, found, count)


def cost(tokens_in: int, tokens_out: int, price: tuple[float, float]) -> float:
    """What tokens cost at these prices of a million read and written."""
    return (tokens_in * price[0] + tokens_out * price[1]) / 1e6


def _distance(one: Figures) -> tuple[float | None, int]:
    return one.mean_distance, one.drafted


def _error_names() -> dict[str, str]:
    return dict(errors.TITLES)


def _mood_names() -> dict[str, str]:
    return {mood: mood.capitalize() for mood in MOODS}


def _roles() -> Iterable[Role]:
    yield "main"
    while True:
        yield "share"
