"""Keeps and restores the state of a run; a kill at any moment loses only steps.

Every file is written beside the old one and moved over it in one piece, after a look at the disk.
A disk that is full all the same costs a sentence: the file before stays.
"""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from chatbot.errors import Refused
from chatbot.learning.finetune import room
from chatbot.learning.finetune.crew import Crew

FOLDER = "state"
STATE, BEST = "state.pt", "best.pt"


class Keeping:
    """The files of one run, written by the first process of `crew`."""

    def __init__(self, folder: Path, crew: Crew) -> None:
        self._folder = folder / FOLDER
        self._crew = crew
        if crew.main:
            self._folder.mkdir(parents=True, exist_ok=True)

    def save(self, learner: nn.Module, optimiser: Any, told: dict[str, Any]) -> int:
        """Write all that going on needs; return its bytes. All processes call it. Raises Refused.

        `told` are plain values: step, place, best and the like.
        """
        model, moments = state_of(learner), _moments_of(learner, optimiser)
        return self._write(STATE, {"model": model, "optimiser": moments, "told": told})

    def save_best(self, state: dict[str, Any], told: dict[str, Any]) -> int:
        """Write the weights of the best look so far, of `state_of`. Like `save`."""
        return self._write(BEST, {"model": state, "told": told})

    def restore(self, learner: nn.Module, optimiser: Any) -> dict[str, Any] | None:
        """Load the last state and return what was told; None where none was kept."""
        kept = self._read(STATE)
        if kept is None:
            return None
        put_state(learner, kept["model"])
        _put_moments(learner, optimiser, kept["optimiser"])
        told: dict[str, Any] = kept["told"]
        return told

    def best(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The weights of the best look and what was told then; None where none was kept."""
        kept = self._read(BEST)
        return None if kept is None else (kept["model"], kept["told"])

    def clear(self) -> None:
        """Remove the state when the run is over: what came of it is elsewhere."""
        for name in (STATE, BEST):
            (self._folder / name).unlink(missing_ok=True)

    def _write(self, name: str, value: dict[str, Any]) -> int:
        """Raises Refused in every process when the first cannot write."""
        sentence, size = "", 0
        if self._crew.main:
            path = self._folder / name
            try:
                size = _write(path, value)
            except Refused as error:
                sentence = str(error)
        size, sentence = self._crew.agree((size, sentence))
        if sentence:
            raise Refused(sentence)
        return size

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self._folder / name
        if not path.exists():
            return None
        try:
            kept: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises what the damage brings
            raise Refused(
                f"{path} is damaged, so the run cannot go on from it. Start a new run like it."
            ) from error
        return kept


def state_of(learner: nn.Module) -> dict[str, Any]:
    """The learned weights by name, whole and on the CPU, however many processes hold them."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
    found: dict[str, Any] = get_model_state_dict(learner, options=options)
    return found


def put_state(learner: nn.Module, state: dict[str, Any]) -> None:
    """The other way round; weights that `state` lacks stay as they are."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict

    options = StateDictOptions(full_state_dict=True, strict=False)
    set_model_state_dict(learner, state, options=options)


def _moments_of(learner: nn.Module, optimiser: Any) -> dict[str, Any]:
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_optimizer_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
    found: dict[str, Any] = get_optimizer_state_dict(learner, _bare(optimiser), options=options)
    return found


def _put_moments(learner: nn.Module, optimiser: Any, state: dict[str, Any]) -> None:
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_optimizer_state_dict

    options = StateDictOptions(full_state_dict=True, ignore_frozen_params=True)
    set_optimizer_state_dict(learner, _bare(optimiser), state, options=options)


def _bare(optimiser: Any) -> Any:
    """Torch's optimiser inside accelerate's."""
    return getattr(optimiser, "optimizer", optimiser)


def _write(path: Path, value: dict[str, Any]) -> int:
    """Raises Refused when the disk is full or broken; what was there stays."""
    fresh = path.with_name(path.name + ".new")
    room.refuse_without(path.parent, _bytes_of(value), "a checkpoint")
    try:
        torch.save(value, fresh)
        size = fresh.stat().st_size
        fresh.replace(path)
    except (OSError, RuntimeError) as error:  # torch wraps a full disk in a RuntimeError
        fresh.unlink(missing_ok=True)
        raise Refused(
            f"A checkpoint cannot be written in {path.parent}: the disk is full or broken. Make "
            "room; the run goes on from the one before."
        ) from error
    return size


def _bytes_of(value: Any) -> int:
    """Of all tensors in it, each storage once."""
    sizes: dict[int, int] = {}

    def look(one: Any) -> None:
        if isinstance(one, torch.Tensor):
            sizes[one.untyped_storage().data_ptr()] = one.untyped_storage().nbytes()
        elif isinstance(one, dict):
            for inner in one.values():
                look(inner)

    look(value)
    return sum(sizes.values())
