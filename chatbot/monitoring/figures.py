"""The counts of some answers of one kind, and what is measured of them.

Counts add up: those of two hours are those of both. Kept as plain JSON without what is zero; the
names in it are short because there are many. Knows no rows and no plots.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbot.monitoring import histograms
from chatbot.monitoring.histograms import Histogram
from chatbot.monitoring.kinds import kind_of
from store.answered import Answered, Judged, Sent, Wanted

Json = dict[str, Any]

_NUMBERS = {
    "answers": "n",
    "stopped": "s",
    "cut": "t",
    "lacked": "l",
    "read": "rd",
    "refused": "rf",
    "up": "u",
    "down": "d",
    "good": "g",
    "poor": "p",
    "tokens_in": "i",
    "tokens_out": "o",
    "replies": "r",
    "drafted": "rb",
    "unchanged": "rs",
    "distance": "x",
}
_COUNTED = {"errors": "e", "moods": "m", "topics": "c", "reasons": "w", "first": "f", "total": "a"}
_LONG = {short: name for name, short in (_NUMBERS | _COUNTED).items()}


@dataclass(slots=True)
class Figures:
    """Counts. `errors`, `moods`, `topics`, `reasons`: by name; `first`, `total`: histograms.

    `read`: answers whose text was looked at for refusals. `replies` were sent, `drafted` of them
    began from a draft, `unchanged` of these left it as it was; `distance` is the sum of theirs.
    """

    answers: int = 0
    stopped: int = 0
    cut: int = 0
    lacked: int = 0
    read: int = 0
    refused: int = 0
    up: int = 0
    down: int = 0
    good: int = 0
    poor: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    replies: int = 0
    drafted: int = 0
    unchanged: int = 0
    distance: float = 0.0
    errors: dict[str, int] = field(default_factory=dict)
    moods: dict[str, int] = field(default_factory=dict)
    topics: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    first: Histogram = field(default_factory=dict)
    total: Histogram = field(default_factory=dict)

    def answered(self, one: Answered) -> None:
        """Count an answer. Times are those of answers that came to an end of their own."""
        self.answers += 1
        self.stopped += one.status == "stopped"
        self.cut += one.status == "truncated"
        self.lacked += one.lacked
        self.tokens_in += one.prompt_tokens or 0
        self.tokens_out += one.reply_tokens or 0
        if one.status in ("failed", "interrupted"):
            _count(self.errors, kind_of(one.error or ""))
            return
        histograms.add(self.first, one.first_s)
        if one.status != "stopped":
            histograms.add(self.total, one.total_s)

    def sent(self, one: Sent) -> None:
        """Count a reply."""
        self.replies += 1
        if one.drafted and one.distance is not None:
            self.drafted += 1
            self.unchanged += one.distance == 0
            self.distance += one.distance

    def rated(self, one: Judged) -> None:
        """Count a thumb."""
        self.up += one.rating > 0
        self.down += one.rating < 0
        for reason in one.why:
            _count(self.reasons, reason)

    def judged(self, one: Judged) -> None:
        """Count a verdict."""
        self.good += one.rating > 0
        self.poor += one.rating < 0

    def wanted(self, one: Wanted) -> None:
        """Count how a customer felt, and about what."""
        if one.mood:
            _count(self.moods, one.mood)
        if one.topic:
            _count(self.topics, one.topic)

    def plain(self) -> Json:
        """As it is kept."""
        numbers = {short: getattr(self, name) for name, short in _NUMBERS.items()}
        counted = {short: getattr(self, name) for name, short in _COUNTED.items()}
        return {name: value for name, value in (numbers | counted).items() if value}

    # What is measured ----------------------------------------------------------------------------

    @property
    def failed(self) -> int:
        """Answers that ended in an error."""
        return sum(self.errors.values())

    @property
    def rated_count(self) -> int:
        """Answers with a thumb."""
        return self.up + self.down

    @property
    def judged_count(self) -> int:
        """Answers with a verdict of good or poor."""
        return self.good + self.poor

    def share(self, name: str) -> float | None:
        """One of `SHARES`, 0 to 1; None where nothing was counted."""
        hits, count = self.of(name)
        return hits / count if count else None

    def of(self, name: str) -> tuple[int, int]:
        """The hits of a share and what they are of. `name`: one of `SHARES`."""
        top, whole = SHARES[name]
        return getattr(self, top), getattr(self, whole)

    @property
    def mean_distance(self) -> float | None:
        """How far replies are from their drafts, 0 to 1."""
        return self.distance / self.drafted if self.drafted else None

    def first_s(self, share: float) -> float | None:
        """A quantile of seconds to the first word."""
        return histograms.quantile(self.first, share)

    def total_s(self, share: float) -> float | None:
        """A quantile of seconds to the last word."""
        return histograms.quantile(self.total, share)


SHARES: Mapping[str, tuple[str, str]] = {
    "thumbs": ("up", "rated_count"),
    "unchanged": ("unchanged", "drafted"),
    "errors": ("failed", "answers"),
    "stops": ("stopped", "answers"),
    "cut": ("cut", "answers"),
    "misses": ("lacked", "answers"),
    "refusals": ("refused", "read"),
    "verdicts": ("good", "judged_count"),
}
"""What each share counts, of what."""


def merged(parts: Iterable[Json], counted: Collection[str] = tuple(_COUNTED)) -> Figures:
    """The counts of some kept ones together. `counted`: what by name is wanted, besides numbers.

    The page of a month adds up some thousands of them.
    """
    wanted = {_COUNTED[name] for name in counted}
    whole: Json = {}
    for part in parts:
        for name, value in part.items():
            if not isinstance(value, dict):
                whole[name] = whole.get(name, 0) + value
            elif name in wanted:
                known = whole.get(name)
                if known is None:
                    whole[name] = value.copy()
                else:
                    histograms.merge(known, value)
    return Figures(**{_LONG[name]: value for name, value in whole.items()})


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
