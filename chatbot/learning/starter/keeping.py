"""Keeps and restores the state of a run; a kill at any moment loses only steps.

Every file is written beside the old one and moved over it in one piece.
"""

from pathlib import Path
from typing import Any

STATE = "state.pt"


def save(out: Path, model: Any, optimisers: list[Any], step: int) -> None:
    """Write model, optimisers and the number of finished steps."""
    state = {
        "step": step,
        "model": model.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
    }
    _write(state, out / STATE)


def restore(out: Path, model: Any, optimisers: list[Any]) -> int:
    """Load the last state, if any; return how many steps it has behind it."""
    import torch

    path = out / STATE
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    for optimiser, kept in zip(optimisers, state["optimisers"], strict=True):
        optimiser.load_state_dict(kept)
    return int(state["step"])


def keep_stage(out: Path, name: str, model: Any) -> None:
    """Write the weights with which a stage ended."""
    _write(model.state_dict(), out / f"{name}.pt")


def _write(value: Any, path: Path) -> None:
    import torch

    fresh = path.with_name(path.name + ".new")
    torch.save(value, fresh)
    fresh.replace(path)
