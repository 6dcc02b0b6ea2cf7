"""Counts verdicts into measures: hits, share, target, and how sure the share is.

Knows numbers alone. A failed call is a failed trial of every measure it belongs to.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any, NamedTuple


class Aim(NamedTuple):
    """What is counted, and how high (or, `at_most`, how low) the share is wanted."""

    title: str
    target: float
    at_most: bool = False


AIMS = {
    "exact": Aim("1 values that the reply should carry are in it, exactly", 0.97),
    "invented": Aim("2 replies with a value or name from nowhere", 0.02, at_most=True),
    "topic": Aim("3 replies on what was asked", 0.92),
    "lacking": Aim("4 unanswerable: says so, asks for or names what is missing", 0.90),
    "refused": Aim("4 answerable, yet refused", 0.03, at_most=True),
    "memory": Aim("5 values given in earlier turns are used", 0.95),
    "kept": Aim("6 rewrites and summaries that keep all values", 0.95),
    "limit": Aim("7 outside its reach: an honest limit", 0.90),
    "fluent": Aim("8 replies without repetition, not broken off", 0.99),
    "intent": Aim("9 real people's wording: replies on what was asked", 0.85),
}
"""The measures of the suite, by their stable names."""


class Trial(NamedTuple):
    """One verdict: which measure, and whether it happened what the measure counts."""

    key: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table. `value`, `low` and `high` are shares, None where nothing was tried.

    `low` and `high` are the 95 % interval of Wilson (1927). `note` says why nothing was tried.
    """

    key: str
    title: str
    count: int
    hits: int
    value: float | None
    low: float | None
    high: float | None
    target: float
    at_most: bool
    met: bool | None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the line for JSON."""
        return asdict(self)


def tally(trials: Iterable[Trial], notes: dict[str, str] | None = None) -> list[Measure]:
    """Return every measure in the order of AIMS; `notes` says why one was not tried."""
    counts: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for key, hit in trials:
        counts[key] += 1
        hits[key] += hit
    return [_measure(key, hits[key], counts[key], (notes or {}).get(key, "")) for key in AIMS]


def wilson(hits: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's score interval of a share, 95 % by default.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    1927. Raises ValueError when nothing was counted.
    """
    if count < 1:
        raise ValueError("An interval needs at least one trial.")
    share, square = hits / count, z * z / count
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * sqrt(share * (1 - share) / count + square / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def _measure(key: str, hits: int, count: int, note: str) -> Measure:
    aim = AIMS[key]
    if not count:
        note = note or "no case of the sample"
        return Measure(key, aim.title, 0, 0, None, None, None, aim.target, aim.at_most, None, note)
    share = hits / count
    low, high = wilson(hits, count)
    met = share <= aim.target if aim.at_most else share >= aim.target
    return Measure(key, aim.title, count, hits, share, low, high, aim.target, aim.at_most, met)
