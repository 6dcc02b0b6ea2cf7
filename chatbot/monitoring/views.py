"""What monitoring tells: figures, plots, versions, answers behind a point, alerts. Values only.

Times of day are moments in UTC, always the start of a bucket. A value that nothing was measured for
is None, never 0. Knows neither rows nor pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Period = Literal["24h", "7d", "30d"]
Group = Literal["prompt", "model", "channel", "arm"]
"""What a line of a plot stands for: a prompt version, a model version, a channel, or an arm: a
prompt version by the release that chose it, with its share."""
Bucket = Literal["hour", "day"]
Unit = Literal["count", "share", "seconds", "distance", "tokens", "money"]
"""What a value means. `share`: 0 to 1. `distance`: 0 (the same text) to 1. `money`: as the
prices of hosted models in the settings."""
Better = Literal["up", "down", ""]
How = Literal["above", "below", "drop", "rise"]
"""A limit, or by how much a version is worse than the one before it: a share or distance in points
of 0 to 1, anything else as a part of the value before (0.2: a fifth)."""
Role = Literal["main", "before", "share"]
"""`main`: what most answers come from (or the first line of a plot). `before`: what stood there
before it, or a middle value. `share`: a version that a part of the conversations gets, or more."""

LENGTHS: Mapping[Period, timedelta] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
GROUPS: tuple[Group, ...] = ("prompt", "model", "channel", "arm")
CHANNELS = ("chat", "desk", "api")


def version_name(prompt: str, number: int | None) -> str:
    """As people call a version: `support v13`. Calls of a raw model have no prompt."""
    return f"{prompt} v{number}" if number else prompt or "No prompt"


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the six at the top. `before`: its value in the period before. `answers`: behind it.

    `key`: `answers`, `thumbs`, `unchanged`, `distance`, `first`, `errors`.
    """

    key: str
    title: str
    value: float | None
    before: float | None
    unit: Unit
    better: Better
    answers: int


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a bucket that began at `at`, of `count` answers (or replies, verdicts …).

    `low`, `high`: what a share may really be, at 95 % (Wilson); None for anything but shares.
    """

    at: datetime
    value: float | None
    count: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a plot, or the bars of one colour. `key` names it to `answers`; `name` is shown.

    `links`: whether its points have answers behind them to list.
    """

    key: str
    name: str
    role: Role
    points: tuple[Point, ...]
    links: bool = True


@dataclass(frozen=True, slots=True)
class Limit:
    """A line across a plot: the limit of an alert. `text`: what it says."""

    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Series over the buckets of a period. `kind`: `line`, or `bar` (stacked where several).

    `about`: one sentence on what is counted, for the table behind; "" where the title says it.
    """

    key: str
    title: str
    unit: Unit
    kind: Literal["line", "bar"]
    series: tuple[Series, ...]
    limit: Limit | None = None
    about: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(point.value is not None for one in self.series for point in one.points)


@dataclass(frozen=True, slots=True)
class Line:
    """A prompt version under a model, as the table names it. None: there is nothing to measure.

    `number`: the version's number, None where it is not known (any more). `arm`: its share of new
    conversations now, such as `20 %`, or "" where it serves none. `thumbs`, `unchanged`, `errors`
    are shares 0 to 1; `distance` is the mean; times are in seconds. `cost` is money, None without
    a price. `refused`: answers that say that they cannot help; `lacked`: for which knowledge had
    no passage.
    """

    prompt: str
    number: int | None
    version: str
    model: str
    channel: str
    arm: str
    answers: int
    thumbs: float | None
    thumbs_of: int
    unchanged: float | None
    distance: float | None
    replies: int
    first_p50: float | None
    first_p95: float | None
    first_p99: float | None
    total_p50: float | None
    total_p95: float | None
    total_p99: float | None
    tokens_in: int
    tokens_out: int
    cost: float | None
    errors: float | None
    stops: float | None
    refused: float | None
    lacked: float | None
    verdicts: float | None
    verdicts_of: int

    @property
    def name(self) -> str:
        """As people call the version."""
        return version_name(self.prompt, self.number)


@dataclass(frozen=True, slots=True)
class Behind:
    """Which answers to list: the point that a person follows."""

    plot: str
    series: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that goes on. `text`: the sentence in bold; `cause`: what may explain it, or "".

    `muted`: until when it says nothing, or None. `behind`: the answers that it is about.
    """

    id: str
    rule: str
    name: str
    text: str
    cause: str
    subject: str
    since: datetime
    muted: datetime | None = None
    behind: Behind | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """Answers that are being written in this process at this moment, and those that wait."""

    running: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page shows. `read_at`: up to when figures are made; None: never yet.

    `since` (included) and `until` (not included) bound the period. `channels`: those that answered
    in it. `others`: how many lines the plots leave out for want of room (the table has them all).
    """

    period: Period
    group: Group
    channel: str
    since: datetime
    until: datetime
    bucket: Bucket
    channels: tuple[str, ...]
    figures: tuple[Figure, ...]
    plots: tuple[Plot, ...]
    lines: tuple[Line, ...]
    alerts: tuple[Firing, ...]
    now: Now
    read_at: datetime | None
    others: int = 0

    @property
    def answers(self) -> int:
        """How many answers there were in the period."""
        return next((one.answers for one in self.figures if one.key == "answers"), 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer behind a point, without its text. `turn`: the public id of the message.

    Of a desk's draft `turn` is the draft's; of a ticket alone it is "". `conversation` is set where
    it is the reader's own; `item`: the review item about it, or None. `thumb`: -1, 0 or 1.
    `ticket`: the desk's ticket (public id), or None. `distance`: of a reply from its draft.
    """

    turn: str
    at: datetime
    channel: str
    prompt: str
    number: int | None
    model: str
    status: str
    error: str
    first_s: float | None
    total_s: float | None
    tokens: int | None
    thumb: int = 0
    item: str | None = None
    conversation: str | None = None
    ticket: str | None = None
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Answers, the newest first. `after`: what the next page is asked with; None: that was all."""

    rows: tuple[Answer, ...]
    after: str | None = None

    @property
    def more(self) -> bool:
        """Whether there are more."""
        return self.after is not None


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that a rule may watch. `at_least`: the answers that a new rule asks for."""

    name: str
    title: str
    unit: Unit
    better: Better
    at_least: int = 30


@dataclass(frozen=True, slots=True)
class RuleForm:
    """A rule as somebody sets it. `threshold`: see `How`; `least`: fewest answers (of each version
    where two are compared) before anything is said; "" for `channel` and `prompt` is all of them.
    """

    name: str
    measure: str
    how: How
    threshold: float
    minutes: int = 60
    least: int = 30
    channel: str = ""
    prompt: str = ""
    mail: str = ""
    hook: bool = True
    active: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it stands. `said`: the rule as a sentence; `firing`: whether it goes on now."""

    id: str
    form: RuleForm
    said: str
    muted: datetime | None
    firing: bool
    last: datetime | None = None
    unit: Unit = "count"
