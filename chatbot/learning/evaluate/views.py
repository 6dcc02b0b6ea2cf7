"""What an evaluation hands out: frozen values, ready for pages, commands and the gate.

Knows neither rows nor models.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal


class Stopped(Exception):
    """Somebody asked to stop; no judgement stands on what was answered so far."""


Unit = Literal["of 100", "perplexity", "ratio", "score"]
Change = Literal["better", "worse", "same"]


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the table: the same measure of both models. None: it could not be taken.

    `change` is tuned less base; `low` and `high` are its 95 % interval. `count`: of how many rows,
    values, cases. `higher_is_better` None: neither is (a length). `group` is the section that it
    belongs to: own, general, tests, injection, bias. `note`: why it could not be taken, or how.
    """

    key: str
    title: str
    group: str
    unit: Unit
    base: float | None
    tuned: float | None
    change: float | None
    low: float | None
    high: float | None
    higher_is_better: bool | None
    count: int
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the part for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the gate asks for. `said` is a sentence; `tolerance` in the part's unit.

    `name` is stable: that of the part, or `data` where there is too little of it.
    """

    name: str
    passed: bool
    said: str
    change: float | None = None
    tolerance: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the line for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Said:
    """What one model answered to a case, and what is wrong with it (`judging` of own rows).

    `similarity` to the approved reply, 0 to 1; None where nothing was compared.
    """

    text: str
    right: bool
    faults: tuple[str, ...] = ()
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One case under both models. `gain`: above 0 the tuned model's answer is the better one.

    `row`: the internal number of the dataset's row that it is made of.
    """

    number: int
    part: str
    change: Change
    gain: float
    question: str
    expected: str
    base: Said
    tuned: Said
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A base model against a tuned one. `id` is public. `passed` None: there is no verdict yet.

    `changes`: how many own rows went better, worse and stayed the same. `counts`: cases by group.
    `tuned_sha`: of what made its answers, as it was (`fingerprint`).
    """

    id: str
    base: str
    tuned: str
    tuned_sha: str
    dataset: str
    dataset_sha: str
    state: Literal["running", "complete", "stopped", "failed", "interrupted"]
    said: str
    done: int
    total: int
    passed: bool | None
    actor: str
    created_at: datetime
    ended_at: datetime | None
    parts: tuple[Part, ...] = ()
    gate: tuple[Line, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def refused(self) -> tuple[Line, ...]:
        """The lines of the gate that are not met."""
        return tuple(line for line in self.gate if not line.passed)
