"""What a run is to do: its settings, what each means, and what they are by default.

Knows numbers and names; opens no model and reads no rows.
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from chatbot.errors import Refused

PLAN = "plan.json"
Method = Literal["full", "lora", "preference"]
Precision = Literal["auto", "fp32", "bf16"]

STARTER_WEIGHTS = 13_770_000
STARTER_RATE = 3e-4
"""For the starter's size in full; the one rate that bench/bitext.py tried (decision 0031)."""
ADAPTER_RATE = 2e-4
"""LoRA wants a higher rate than full tuning, whatever the model's size (Schulman 2025)."""
PREFERENCE_SHARE = 0.05
"""Of the rate of full tuning: DPO goes wrong at the rates of supervised tuning (Rafailov 2023)."""
A_ROW = 250
"""Tokens of a row, for guesses before any is read."""
CHECKS = 16
"""Looks at the validation rows in a run."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a run; `EXPLAINED` says what each means.

    `epochs` counts passes over the rows; `steps` and `minutes`, where given, end it earlier.
    `rate` is the peak of the learning rate, `warm_up` a share of the steps. `batch_tokens` are
    tokens a step, `window` the longest row in tokens.
    """

    base: Path
    out_name: str = "tuned"
    out_version: str = "1"
    method: Method = "full"
    epochs: float = 3.0
    steps: int | None = None
    minutes: float | None = None
    rate: float = STARTER_RATE
    batch_tokens: int = 4096
    window: int = 1024
    rank: int = 16
    warm_up: float = 0.05
    patience: int = 4
    check_every: int = 20
    seed: int = 0
    precision: Precision = "auto"
    keep_general: float = 0.2
    samples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be meant. Raises Refused."""
        if self.method not in get_args(Method):
            raise Refused(f"There is no method {self.method!r:.40}. Choose full, lora, preference.")
        if self.precision not in get_args(Precision):
            raise Refused(f"There is no precision {self.precision!r:.40}. Choose auto, fp32, bf16.")
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if value is None and name in ("steps", "minutes"):
                continue
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not least <= value <= most:
                raise Refused(f"{name} must be a number from {least:g} to {most:g}.")

    def write(self, folder: Path) -> None:
        """Write plan.json into the folder of a run, which is made if absent."""
        folder.mkdir(parents=True, exist_ok=True)
        told = asdict(self) | {"base": str(self.base), "samples": list(self.samples)}
        text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        (folder / PLAN).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Plan":
        """Read plan.json. Raises Refused where it is missing, damaged, or asks the impossible."""
        try:
            told = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise Refused(f"{folder} has no {PLAN}, so it is no folder of a run.") from error
        except (OSError, ValueError) as error:
            raise Refused(f"{folder / PLAN} cannot be read. Start a new run.") from error
        known = {field.name for field in fields(cls)}
        if not isinstance(told, dict) or "base" not in told or set(told) - known:
            raise Refused(f"{folder / PLAN} is not the plan of a run. Start a new run.")
        whole = {n: _whole(told[n]) for n in INTEGERS if n in told}
        samples = tuple(map(str, told.get("samples") or ()))
        return cls(**told | whole | {"base": Path(str(told["base"])), "samples": samples})


INTEGERS = ("steps", "batch_tokens", "window", "rank", "patience", "check_every", "seed")
LIMITS: dict[str, tuple[float, float]] = {
    "epochs": (0.01, 1000),
    "steps": (1, 10_000_000),
    "minutes": (0.01, 100_000),
    "rate": (1e-8, 0.1),
    "batch_tokens": (16, 16_777_216),
    "window": (16, 1_048_576),
    "rank": (1, 1024),
    "warm_up": (0, 0.9),
    "patience": (1, 1000),
    "check_every": (1, 1_000_000),
    "seed": (0, 2**32 - 1),
    "keep_general": (0, 0.9),
}
EXPLAINED = {
    "base": "The model that is trained further; its own files stay as they are.",
    "out_name": "The name of the new model.",
    "out_version": "The version of the new model.",
    "method": (
        "full changes every weight: best for small models. lora learns a small addition and "
        "leaves the rest alone: a tenth of the memory, good for large ones. preference learns "
        "which of two answers is better, from corrections."
    ),
    "epochs": "How often the model sees each row. More on few rows; too many, and it recites them.",
    "steps": "An upper limit in steps; empty for none.",
    "minutes": "An upper limit in minutes: the run is planned to end within them; empty for none.",
    "rate": (
        "How far one step goes. Too high and the model forgets what it knew, too low and it "
        "learns nothing in the time."
    ),
    "batch_tokens": "Tokens that one step learns from: more is steadier, less is more steps.",
    "window": "The longest row in tokens. Longer ones are named and left out, never cut.",
    "rank": "How large the addition of lora is. 8 to 32 is enough for a tone or a task.",
    "warm_up": "The first share of the steps, in which the rate rises to its full size.",
    "patience": "Checks without gain after which the run ends by itself.",
    "check_every": "Steps between two looks at the validation rows; the best look is kept.",
    "seed": "The same seed, rows and settings give the same model.",
    "precision": (
        "auto takes bf16 where this machine is faster with it and fp32 elsewhere. fp32 is "
        "slower and repeats to the last bit."
    ),
    "keep_general": (
        "The share of the shipped model's own general talk that is mixed in, so that it is not "
        "forgotten; of no effect for other models."
    ),
    "samples": "Questions that the model answers at every check, for a look at how it changes.",
}
"""A plain sentence for each setting."""


def defaults(examples: int, base_weights: int, method: Method = "full") -> dict[str, Any]:
    """Settings for so many training rows and a base of so many weights, by name of the field.

    For 200 to 200,000 rows. The rate falls with the root of the base's size from that of the
    starter, as published rates do (GPT-3's table 2.1: 6e-4 at 125 M, 1.2e-4 at 13 B).
    """
    epochs = 6.0 if examples <= 500 else 4.0 if examples <= 5_000 else 3.0
    if examples > 50_000:
        epochs = 2.0
    batch = min(32_768, max(2_048, 2 ** round(math.log2(max(1, examples) * A_ROW / 128))))
    steps = examples * A_ROW * epochs / batch
    return {
        "epochs": epochs,
        "rate": _rate(base_weights, method),
        "batch_tokens": batch,
        "warm_up": 0.05 if steps > 200 else 0.1,
        "check_every": max(5, round(steps / CHECKS)),
        "patience": 4,
        "rank": 16 if examples > 2_000 else 8,
    }


def _rate(weights: int, method: Method) -> float:
    full = STARTER_RATE * math.sqrt(STARTER_WEIGHTS / max(1, weights))
    full = min(5e-4, max(5e-6, full))
    rate = {"full": full, "lora": ADAPTER_RATE, "preference": full * PREFERENCE_SHARE}[method]
    return float(f"{rate:.1e}")


def _whole(value: object) -> object:
    """A whole number written as 4.0 is meant as 4."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
