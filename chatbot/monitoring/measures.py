"""What rules may watch, and how a limit reads as a sentence. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatbot.monitoring.figures import SHARES, Figures
from chatbot.monitoring.histograms import quantile, size
from chatbot.monitoring.views import Better, How, Measure, RuleForm, Unit

Value = Callable[[Figures], tuple[float | None, int]]
"""A value, and how many answers it is of."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A measure with how it is read, and which plot and line show it."""

    measure: Measure
    value: Value
    plot: str
    series: str = ""
    share: str = ""


def _share(
    name: str, title: str, better: Better, plot: str, series: str = "", least: int = 30
) -> Watched:
    measure = Measure(name, title, "share", better, least)
    share = plot if plot in SHARES else name
    return Watched(
        measure, lambda one: (one.share(share), one.of(share)[1]), plot, series, share=share
    )


def _time(name: str, title: str, part: float, plot: str) -> Watched:
    def value(one: Figures) -> tuple[float | None, int]:
        histogram = one.first if plot == "first" else one.total
        return quantile(histogram, part), size(histogram)

    return Watched(Measure(name, title, "seconds", "down"), value, plot, f"p{part * 100:.0f}")


def _distance(one: Figures) -> tuple[float | None, int]:
    return one.mean_distance, one.drafted


def _answers(one: Figures) -> tuple[float | None, int]:
    return float(one.answers), one.answers


_ALL = (
    _share("errors", "Errors", "down", "errors", least=20),
    _time("first_p95", "First word, p95", 0.95, "first"),
    _time("first_p50", "First word, p50", 0.5, "first"),
    _time("total_p95", "Last word, p95", 0.95, "total"),
    _share("thumbs", "Thumbs up", "up", "thumbs"),
    _share("unchanged", "Sent unchanged", "up", "distance"),
    Watched(Measure("distance", "Edit distance", "distance", "down"), _distance, "distance"),
    _share("verdicts", "Good in review", "up", "verdicts", least=20),
    _share("stops", "Stopped", "down", "stops", "stops"),
    _share("misses", "Without a passage", "down", "misses", "misses"),
    Watched(Measure("answers", "Answers", "count", "", 0), _answers, "answers", "answers"),
)
WATCHED: Mapping[str, Watched] = {one.measure.name: one for one in _ALL}
MEASURES: tuple[Measure, ...] = tuple(one.measure for one in _ALL)
"""In the order in which people choose from them."""

_LENGTHS = ((1440, "day"), (60, "hour"), (1, "minute"))

DEFAULTS = (
    RuleForm("Too many errors", "errors", "above", 0.05, minutes=60, least=20),
    RuleForm("Slower than the version before", "first_p95", "rise", 0.5, minutes=1440, least=50),
    RuleForm("Fewer thumbs up than the version before", "thumbs", "drop", 0.1, minutes=10080),
)
"""The rules that a new workspace begins with."""


def number(value: float, unit: Unit) -> str:
    """A value as people read it."""
    if unit == "share":
        return f"{value * 100:.1f} %".replace(".0 %", " %")
    if unit == "seconds":
        return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"
    if unit == "distance":
        return f"{value:.2f}"
    return f"{value:,.0f}"


def limit(form: RuleForm, unit: Unit) -> str:
    """What a rule asks for, behind its measure: `above 5 %`, `drops by 10 points`."""
    if form.how in ("above", "below"):
        return f"{form.how} {number(form.threshold, unit)}"
    word = {"drop": "lower", "rise": "higher"}[form.how]
    if unit == "share":
        points = f"{form.threshold * 100:.1f}".removesuffix(".0")
        return f"{word} than the version before by {points} points"
    if unit == "distance":
        return f"{word} than the version before by {form.threshold:.2f}"
    return f"{word} than the version before by {form.threshold:.0%}".replace("%", " %")


def length(minutes: int) -> str:
    """A time as people say it."""
    unit, word = next(one for one in _LENGTHS if minutes % one[0] == 0)
    many = minutes // unit
    return f"{many} {word}{'' if many == 1 else 's'}"


def said(form: RuleForm) -> str:
    """A rule as a sentence."""
    measure = WATCHED[form.measure].measure
    where = [*([form.prompt] if form.prompt else []), *([form.channel] if form.channel else [])]
    of = f" of {', '.join(where)}" if where else ""
    title = measure.title[0].upper() + measure.title[1:]
    return (
        f"{title}{of} {limit(form, measure.unit)} in {length(form.minutes)}, "
        f"from {form.least} answer{'' if form.least == 1 else 's'} on."
    )


def bound(form: RuleForm, before: float | None, unit: Unit) -> float | None:
    """The value that is the limit; None where it is the version before that is not known."""
    if form.how in ("above", "below"):
        return form.threshold
    if before is None:
        return None
    by = form.threshold if unit in ("share", "distance") else before * form.threshold
    return before - by if form.how == "drop" else before + by


def broken(how: How, value: float, bound: float) -> bool:
    """Whether a value is beyond its limit."""
    return value > bound if how in ("above", "rise") else value < bound
