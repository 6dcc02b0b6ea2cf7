"""What can be read of a model without opening it: facts, its card, its evaluation. No torch.

A checkpoint folder may hold `README.md`, the model's card for people, and `evaluation.json`, the
figures of its evaluation: an object of numbers, in groups or not.
"""

import json
from dataclasses import dataclass, field
from math import isfinite, prod
from pathlib import Path
from typing import Any

from chatbot.backends.checkpoint import EVALUATION, read_manifest
from chatbot.backends.registry import ModelInfo
from chatbot.errors import ChatbotError

CARD = "README.md"
LONGEST_CARD = 100_000
"""Characters of a card that are shown."""
MOST_FIGURES = 60
_DEEPEST = 3
"""Groups inside groups that an evaluation may have."""
_LONGEST_HEADER = 2**25
"""Bytes of a safetensors file's head that are read; a longer one is damaged."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of a checkpoint folder; empty for a model elsewhere. `size` is in bytes.

    `weights`: how many numbers it learned; None where that is not told. `sampling`: defaults by
    option name. `figures`: the evaluation, as (name, value) pairs, groups joined by " · ".
    """

    size: int | None = None
    weights: int | None = None
    sampling: dict[str, float] = field(default_factory=dict)
    figures: tuple[tuple[str, float], ...] = ()
    has_card: bool = False


def facts(info: ModelInfo) -> Facts:
    """Read the folder of a model. What is unreadable is left out; `Registry.problems` tells it."""
    folder = info.path
    if folder is None:
        return Facts()
    try:
        manifest = read_manifest(folder)
    except ChatbotError:
        manifest = None
    return Facts(
        size=sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        weights=_weights(folder),
        sampling=dict(manifest.parameters) if manifest else {},
        figures=_figures(folder),
        has_card=(folder / CARD).is_file(),
    )


def card_text(info: ModelInfo) -> str:
    """The card, as Markdown; empty where there is none."""
    if info.path is None:
        return ""
    try:
        return (info.path / CARD).read_text("utf-8", "replace")[:LONGEST_CARD]
    except OSError:
        return ""


def _weights(folder: Path) -> int | None:
    """Numbers in the safetensors files, by their heads alone.

    The format begins with the length of a JSON head, 8 bytes, little-endian (safetensors' README).
    """
    try:
        return sum(map(_weights_of, folder.glob("*.safetensors"))) or None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # a damaged head
        return None


def _weights_of(path: Path) -> int:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        head = json.loads(file.read(min(length, _LONGEST_HEADER)))
    return sum(prod(entry["shape"]) for name, entry in head.items() if name != "__metadata__")


def _figures(folder: Path) -> tuple[tuple[str, float], ...]:
    try:
        told = json.loads((folder / EVALUATION).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return ()
    found: list[tuple[str, float]] = []
    _collect(told if isinstance(told, dict) else {}, (), found)
    return tuple(found[:MOST_FIGURES])


def _collect(told: Any, path: tuple[str, ...], found: list[tuple[str, float]]) -> None:
    if isinstance(told, dict) and len(path) < _DEEPEST:
        for name, value in told.items():
            _collect(value, (*path, str(name)), found)
    elif isinstance(told, int | float) and not isinstance(told, bool) and isfinite(told):
        found.append((" · ".join(path), told))
