"""What datasets look like to doors, runs and evaluations. Plain records; knows no service."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Split = Literal["train", "validation", "test"]
Origin = Literal["verdict", "correction", "reply", "import"]
Kind = Literal["supervised", "preference"]

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
ORIGINS: tuple[Origin, ...] = ("verdict", "correction", "reply")
"""What of the workspace's own is learned from; `import` is what files bring."""


@dataclass(frozen=True, slots=True)
class Example:
    """One turn to learn from, as training reads it.

    `messages` are what the prompt rendered to; `reply` is what should follow; `rejected` a worse
    reply, for preference tuning. Personal values are tags, the same value the same tag in all
    texts. `talk`: which conversation it is of, as a hash. `version`: sha of the prompt version.
    """

    number: int
    split: Split
    source: Origin
    talk: str
    messages: tuple[Mapping[str, str], ...]
    reply: str
    rejected: str | None = None
    prompt: str = ""
    version: str = ""
    label: str = ""

    def line(self) -> dict[str, Any]:
        """It as a line of a file that a run reads."""
        return {
            "messages": [dict(one) for one in self.messages],
            "reply": self.reply,
            "rejected": self.rejected,
            "label": self.label,
            "number": self.number,
            "talk": self.talk,
        }


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset without its rows. `changed`: why rows left it since; `id` is its public id.

    `splits`: rows of each part; `preference`: rows that have a worse reply beside the good one.
    """

    id: str
    name: str
    sha: str
    first_sha: str
    changed: str
    rows: int
    preference: int
    splits: Mapping[str, int]
    settings: Mapping[str, Any]
    card: Mapping[str, Any]
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Bad:
    """What could not be used, and why. `line` counts from 1; 0 where `file` is no file."""

    line: int
    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made. `dataset` is None of a dry one: its card says what would be made."""

    dataset: Dataset | None
    card: Mapping[str, Any]
    bad: tuple[Bad, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What `check` found. `number`: the row or line, 0 for the whole; `kind` is a word of ours."""

    number: int
    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Problems in order of rows, and how many there are of each kind."""

    problems: tuple[Problem, ...]
    counts: Mapping[str, int]
    rows: int
