"""What came of a run. Numbers and folders; a sentence for people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Ended = Literal["complete", "early", "stopped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`checkpoint` is the folder of the new model; `adapter` that of LoRA's addition alone.

    Losses are mean nats a token over the validation rows, before and at the step that was kept;
    None where there were none. `ended` early: no more gain; stopped: somebody asked. `best_step` 0
    is the base itself: no step was better. `bad` counts rows left out, which `events.jsonl` names.
    """

    checkpoint: Path
    adapter: Path | None
    ended: Ended
    steps: int
    best_step: int
    loss_before: float | None
    loss: float | None
    rows: int
    bad: int
    seconds: float

    def __str__(self) -> str:
        kept = f"step {self.best_step} of {self.steps} kept"
        if self.loss_before is None or self.loss is None:
            return f"{kept}; there were no validation rows to judge by."
        change = f"validation loss {self.loss_before:.3f} before, {self.loss:.3f} after"
        return f"{kept}; {change}."
