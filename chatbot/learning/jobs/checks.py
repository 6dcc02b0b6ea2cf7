"""What is refused before a run begins: a base, a dataset or a disk that it cannot end well with.

Reads settings, manifests and sizes. Each refusal is a sentence that says what to do.
"""

import importlib.util
import json
import re
import shutil
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.backends.checkpoint import adopt, read_manifest, verify
from chatbot.backends.registry import ModelInfo, Registry
from chatbot.errors import ModelCorrupt, Refused
from store.runs import Run

if TYPE_CHECKING:
    from chatbot.learning.dataset import Dataset
    from chatbot.learning.finetune import Plan

FEWEST = 200
"""Turns below which a run is refused: too few to learn from and to judge by."""
FIXED = ("base", "out_name", "out_version", "method")
"""Fields of a plan that are no settings of a person's, but the run's own."""
COMPARED = {"cases": 300, "general": 120}
"""How much both models answer at the end of a run, unless chosen: the evaluation's own numbers."""
MOST_COMPARED = 10_000
SAMPLES = ("What can you help me with?", "My order has not arrived. What can I do?")
"""What a model is asked at every check, unless something else is chosen."""
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
MOST_SAMPLES, LONGEST_SAMPLE = 20, 1000
"""Questions at every check, and characters of one."""
WINDOW = 1024
"""Longest row in tokens, unless chosen or the base reads less."""


def base_of(registry: Registry, base: str) -> ModelInfo:
    """The base of a run, its files verified; empty: the default model, else one that is here.

    Raises UnknownModel, ModelCorrupt, ModelUnavailable, Refused for one that cannot be trained.
    """
    info = registry.resolve(base or None)
    if info.path is None and not base:
        info = registry.at_home() or info
    if info.path is None:
        raise Refused(
            f"{info.label} runs elsewhere, so it cannot be trained here. Choose a local model."
        )
    verify(info.path, read_manifest(info.path) or adopt(info.path))
    refuse_other_kind(info)
    return info


def refuse_other_kind(info: ModelInfo) -> None:
    """Raises Refused unless the checkpoint writes text."""
    kinds = _config(info).get("architectures") or []
    if not any(str(kind).endswith(("ForCausalLM", "LMHeadModel", "Generation")) for kind in kinds):
        kind = str(kinds[0]) if kinds else "unknown"
        raise Refused(
            f"{info.label} is a model of another kind ({kind:.60}): it writes no text. "
            "Choose one that answers."
        )


def data_of(dataset: "Dataset", method: str) -> int:
    """How many turns there are to train on. Raises Refused where they are too few."""
    name = dataset.name
    if dataset.rows == 0:
        raise Refused(f"Dataset {name} is empty. Review turns or import some, then build it again.")
    if not dataset.splits.get("train"):
        raise Refused(f"Dataset {name} has no turns to train on. Build it with a smaller held-out.")
    if method == "preference":
        if dataset.preference < FEWEST:
            raise Refused(
                f"Preference tuning needs {FEWEST} turns with a worse answer beside the good one; "
                f"{name} has {dataset.preference}. Correct more answers, or choose full or lora."
            )
    elif dataset.rows < FEWEST:
        raise Refused(
            f"A run needs {FEWEST} reviewed turns; {name} has {dataset.rows}. "
            "Review more, or import turns of your own."
        )
    return dataset.splits["train"]


def unchanged(run: Run, sha: str | None) -> None:
    """Raises Refused when the run's dataset is not the one any more that it was queued with."""
    if sha is None:
        raise Refused(f"Dataset {run.dataset} was removed. Start a new run with another.")
    if sha != run.dataset_sha:
        raise Refused(
            f"Dataset {run.dataset} changed since this run was started: somebody was forgotten. "
            "Start a new run, which learns from what is left."
        )


def name_of(name: str, registry: Registry) -> str:
    """A name for the result. Raises Refused where the new version would be served at once."""
    wanted = name.strip()
    if not re.fullmatch(NAME, wanted):
        raise Refused(
            "The result's name has 1 to 80 letters, figures, dots, hyphens and underscores, and "
            "begins with a letter or a figure."
        )
    registry.refuse_unseen(wanted)
    return wanted


def extras_of(method: str) -> None:
    """Raises Refused where a method needs a library that is not installed."""
    if method == "preference" and importlib.util.find_spec("trl") is None:
        raise Refused(
            'Preference tuning needs one more library. Install: pip install "chatbot[preference]"'
        )


def settings_of(
    given: dict[str, Any], info: ModelInfo, method: Any, examples: int
) -> dict[str, Any]:
    """All settings of a run: the given ones over the defaults for so many examples.

    Raises Refused for a name or a value that is none.
    """
    from chatbot.learning.finetune.plan import defaults

    names = list(explained())
    chosen = {name: value for name, value in given.items() if value is not None}
    unknown = sorted(set(chosen) - set(names))
    if unknown:
        raise Refused(f"There is no setting {unknown[0]!r:.40}. There are: {', '.join(names)}.")
    samples = chosen.get("samples", [])
    if not isinstance(samples, list | tuple) or not all(isinstance(one, str) for one in samples):
        raise Refused("samples must be a list of questions.")
    if len(samples) > MOST_SAMPLES or any(len(one) > LONGEST_SAMPLE for one in samples):
        raise Refused(
            f"samples must be at most {MOST_SAMPLES} questions of {LONGEST_SAMPLE:,} characters."
        )
    window = chosen.get("window", 0)
    if isinstance(window, int) and window > info.context:
        raise Refused(
            f"{info.label} reads {info.context} tokens at once. Choose a window up to that."
        )
    for name in set(chosen) & set(COMPARED):
        if not isinstance(chosen[name], int) or not 0 <= chosen[name] <= MOST_COMPARED:
            raise Refused(f"{name} must be a whole number from 0 to {MOST_COMPARED:,}.")
    found: dict[str, Any] = {"window": min(WINDOW, info.context), "samples": list(SAMPLES)}
    found |= COMPARED
    found |= defaults(examples, weights_of(_folder(info)), method)
    return found | chosen


def explained() -> dict[str, str]:
    """A plain sentence for each setting that a person may choose."""
    from chatbot.learning.finetune.plan import EXPLAINED

    found = {name: text for name, text in EXPLAINED.items() if name not in FIXED}
    found["cases"] = (
        "Held-out turns that the new model and its base both answer at the end; 0 leaves the "
        "comparing to you."
    )
    found["general"] = "Situations of the general suite that both answer at the end."
    return found


def plan_of(
    settings: dict[str, Any], info: ModelInfo, method: Any, model: str = "tuned@1"
) -> "Plan":
    """The plan of a run. Raises Refused for a value that is none, UnknownModel for its base."""
    from chatbot.learning.finetune.plan import Plan

    name, _, version = model.partition("@")
    given = {name: value for name, value in settings.items() if name not in COMPARED}
    given["samples"] = tuple(map(str, settings.get("samples") or ()))
    return Plan(base=_folder(info), out_name=name, out_version=version, method=method, **given)


def room_for(plan: "Plan", folder: Path) -> None:
    """Raises Refused where the disk has no room for the run and its result."""
    from chatbot.learning.finetune.room import needed

    size = needed(plan) + sum(path.stat().st_size for path in plan.base.glob("*.safetensors"))
    there = next(one for one in (folder, *folder.parents) if one.is_dir())
    free = shutil.disk_usage(there).free
    if free < size:
        raise Refused(
            f"Training {plan.base.name} needs about {_size(size)} of disk for checkpoints and the "
            f"result, and {_size(free)} are free in {there}. Make room there, or choose another "
            "place with CHATBOT_HOME."
        )


def weights_of(folder: Path) -> int:
    """How many numbers a checkpoint holds, by the heads of its files. Raises ModelCorrupt."""
    try:
        return sum(_weights(path) for path in sorted(folder.glob("*.safetensors")))
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise ModelCorrupt(
            f"{folder.name}: its weights cannot be read. Install it again."
        ) from error


def _weights(path: Path) -> int:
    """See https://huggingface.co/docs/safetensors for the form: a length, JSON, the numbers."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        head = json.loads(file.read(length))
    total = 0
    for name, tensor in head.items():
        if name != "__metadata__":
            count = 1
            for side in tensor["shape"]:
                count *= int(side)
            total += count
    return total


def _folder(info: ModelInfo) -> Path:
    if info.path is None:
        raise Refused(f"{info.label} runs elsewhere. Choose a local model.")
    return info.path


def _config(info: ModelInfo) -> dict[str, Any]:
    try:
        found = json.loads((_folder(info) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelCorrupt(
            f"{info.label}: config.json cannot be read. Install it again."
        ) from error
    return found if isinstance(found, dict) else {}


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
