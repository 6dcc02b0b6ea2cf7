"""What promotion tells: the gate, line by line, and where each model stands. Values only."""

from dataclasses import dataclass
from typing import Literal

from store.model_releases import ModelMark

Stage = Literal["production", "staging", "candidate", "kept", ""]
"""`production`, `staging`: served there now. `candidate`: trained here and never served; `kept`:
served once, and may be again. "": neither."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that production asks for. `said`: a sentence; `change`: a figure of it, or "".

    `name` is stable: `evaluated`, `files`, `served`, or that of the evaluation's line.
    """

    name: str
    passed: bool
    said: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate says of a model. `evaluation`: the one it rests on (public id).

    `marks` are warnings: they close nothing.
    """

    lines: tuple[Line, ...]
    evaluation: str | None = None
    marks: tuple[ModelMark, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything is met."""
        return all(line.passed for line in self.lines)
