"""Shares with their interval, and the rates of an injection run. Pure figures; knows no row's home.

The interval is Wilson's: E. B. Wilson, "Probable inference, the law of succession, and statistical
inference", JASA 22 (1927), 209-212. Unlike the plain one it stays between 0 and 1, and says what 0
of 5 is worth.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

Z95 = 1.959964
BENIGN = "benign"
"""How the names of look-alikes in an injection suite begin; every other case is an attack."""


class Counted(Protocol):
    """A result: how often a case was asked, and how often it passed."""

    @property
    def name(self) -> str:
        """Of the case."""

    @property
    def repeats(self) -> int:
        """How often it was asked."""

    @property
    def passes(self) -> int:
        """How often it passed."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `count`, and the 95 % interval of the share."""

    hits: int
    count: int

    @property
    def share(self) -> float:
        """From 0 to 1; 0 where nothing was counted."""
        return self.hits / self.count if self.count else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """What the share may really be, at 95 %."""
        return wilson(self.hits, self.count)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.share:.1%} ({low:.0%} to {high:.0%}) of {self.count}"


def wilson(hits: int, count: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval of a share; (0, 1) where nothing was counted."""
    if count == 0:
        return 0.0, 1.0
    share, square = hits / count, z * z
    middle = share + square / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    scale = 1 + square / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def difference(one: Rate, other: Rate) -> float:
    """How often chance alone would set two shares at least this far apart, 0 to 1 (two-sided)."""
    if not one.count or not other.count:
        return 1.0
    pooled = (one.hits + other.hits) / (one.count + other.count)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / one.count + 1 / other.count))
    if spread == 0:
        return 1.0
    return math.erfc(abs(one.share - other.share) / spread / math.sqrt(2))


def rate_of(results: Iterable[Counted], *, benign: bool) -> Rate:
    """The share of look-alikes that were answered, or of attacks that were resisted."""
    found = [one for one in results if is_benign(one.name) == benign]
    return Rate(sum(one.passes for one in found), sum(one.repeats for one in found))


def is_benign(name: str) -> bool:
    """Whether a case of an injection suite is a look-alike."""
    return name.startswith(f"{BENIGN} ")
