"""How sure a difference between two models is that answered the same cases.

Paired bootstrap with percentile intervals: cases are drawn again with replacement, both models'
results of a case together, and the difference is taken of each draw. Sources: B. Efron and R. J.
Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13; P. Koehn, "Statistical
Significance Tests for Machine Translation Evaluation", EMNLP 2004. Knows figures alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
SURE = 0.95

Figures = NDArray[np.float64]
Measure = Callable[[Figures], Figures]
"""Weights of the cases (draws by cases) to a figure for each draw."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of both models, tuned less base, and the interval of that. None: nothing to take."""

    base: float | None = None
    tuned: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None


def difference(base: Measure, tuned: Measure, cases: int, seed: int = 0) -> Difference:
    """The difference of two measures of the same cases, with its interval.

    Draws in which a measure has nothing to count (NaN) are left out.
    """
    if cases == 0:
        return Difference()
    once = np.ones((1, cases))
    first, second = float(base(once)[0]), float(tuned(once)[0])
    if not (np.isfinite(first) and np.isfinite(second)):
        return Difference()
    weights = _draws(cases, seed)
    found = tuned(weights) - base(weights)
    found = found[np.isfinite(found)]
    tail = (1 - SURE) / 2
    low, high = (float(one) for one in np.quantile(found, [tail, 1 - tail]))
    return Difference(first, second, second - first, low, high)


def rate(hits: Sequence[float], counts: Sequence[float], scale: float = 1.0) -> Measure:
    """The measure "all hits of all counts": each case brings its own."""
    above, below = _array(hits) * scale, _array(counts)

    def measure(weights: Figures) -> Figures:
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Figures = (weights @ above) / (weights @ below)
            return found

    return measure


def exponential(sums: Sequence[float], counts: Sequence[float]) -> Measure:
    """exp of such a rate: a perplexity, of sums of nats and counts of tokens."""
    inner = rate(sums, counts)
    return lambda weights: np.exp(inner(weights))


def mean(measures: Sequence[Measure]) -> Measure:
    """The plain mean of measures, whatever they count; those with nothing to count left out."""

    def measure(weights: Figures) -> Figures:
        found = np.stack([one(weights) for one in measures])
        there = np.isfinite(found)
        with np.errstate(invalid="ignore"):
            shares: Figures = np.where(there, found, 0.0).sum(axis=0) / there.sum(axis=0)
            return shares

    return measure


def _draws(cases: int, seed: int) -> Figures:
    rng = np.random.default_rng(seed)
    shares = np.full(cases, 1 / cases)
    return rng.multinomial(cases, shares, size=DRAWS).astype(np.float64)


def _array(figures: Sequence[float]) -> NDArray[Any]:
    return np.asarray(figures, dtype=np.float64)


def nothing(weights: Figures) -> Figures:
    """The measure of what nobody was asked."""
    return np.full(len(weights), np.nan)
