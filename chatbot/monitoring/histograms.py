"""Times counted in buckets that grow by a constant ratio: quantiles of millions in a few numbers.

The buckets are those of DDSketch (C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and
fully-mergeable quantile sketch with relative-error guarantees", VLDB 12 (2019), 2195-2205): a time
t is counted in bucket ceil(log(t) / log(RATIO)), and told as the middle of its bucket, which is off
by (RATIO - 1) / (RATIO + 1) at most. Counts of two histograms add up to the histogram of both.
"""

import math
from collections.abc import Iterable, Mapping

RATIO = 1.14
ERROR = (RATIO - 1) / (RATIO + 1)
"""By how much a quantile may be off, as a part of itself: 6.5 %."""
SHORTEST, LONGEST = 1e-4, 1e5
"""Seconds. What is shorter or longer is counted as this."""

_STEP = math.log(RATIO)

Histogram = dict[str, int]
"""How many times fell into each bucket, by its number as text (as JSON has it)."""


def bucket_of(seconds: float) -> str:
    """The bucket that a time is counted in."""
    return str(math.ceil(math.log(min(max(seconds, SHORTEST), LONGEST)) / _STEP))


def edges(bucket: str) -> tuple[float, float]:
    """Between which seconds the times of a bucket are: above the first, at most the second."""
    upper = RATIO ** int(bucket)
    return upper / RATIO, upper


def add(histogram: Histogram, seconds: float | None) -> None:
    """Count a time; one that is not known, or no number, is left out."""
    if seconds is not None and math.isfinite(seconds) and seconds >= 0:
        bucket = bucket_of(seconds)
        histogram[bucket] = histogram.get(bucket, 0) + 1


def merge(into: Histogram, other: Mapping[str, int]) -> None:
    """Count all times of another histogram, too."""
    for bucket, count in other.items():
        into[bucket] = into.get(bucket, 0) + count


def of(times: Iterable[float | None]) -> Histogram:
    """The histogram of some times."""
    made: Histogram = {}
    for seconds in times:
        add(made, seconds)
    return made


def size(histogram: Mapping[str, int]) -> int:
    """How many times were counted."""
    return sum(histogram.values())


def quantile(histogram: Mapping[str, int], share: float) -> float | None:
    """The time (seconds) that `share` (0 to 1) of all are not longer than; None without any."""
    whole = size(histogram)
    if not whole:
        return None
    wanted = max(1, math.ceil(share * whole))
    seen = 0
    for bucket in sorted(histogram, key=int):
        seen += histogram[bucket]
        if seen >= wanted:
            return 2 * RATIO ** int(bucket) / (RATIO + 1)
    return None  # pragma: no cover  the counts add up to the whole


def above(histogram: Mapping[str, int], seconds: float) -> float | None:
    """The share of times that are longer, as far as buckets tell; None without any."""
    whole = size(histogram)
    if not whole:
        return None
    limit = int(bucket_of(seconds))
    return sum(count for bucket, count in histogram.items() if int(bucket) > limit) / whole
