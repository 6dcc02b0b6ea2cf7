"""The training of one head: adapters on the encoder's upper layers, batches, steps, checkpoints.

Only adapters and the head's own layers learn; the lower layers are the encoder's own, so that
heads can share them. On processors made for it the matrices are multiplied in bf16. A kill loses at
most the steps since the last checkpoint, which is written beside the old one and moved over it.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from torch import nn

from chatbot.backends.heads import Rows, Task, Trunk, outputs, read_head, stacked
from chatbot.backends.tagging import SHAPES, Word, places, shapes_of, words_of
from chatbot.learning.classify.rows import Example
from chatbot.learning.classify.tasks import Tensors, Work, tensors_of

Tell = Callable[[int, int, float], None]
"""Told after steps: steps done, steps in all, mean loss of late."""

STATE = "unfinished.pt"
EVERY = 20.0
"""Seconds between two checkpoints."""
WARM = 0.1
"""Part of the steps in which the rate rises."""
CLIP = 1.0
DECAY = 0.01
REMEMBERED = 2**30
"""About as many numbers of lower layers' states are kept between epochs, two bytes each."""
NEAR = 16
"""Batches that are sorted by length together, so that little of a batch is padding."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a head is trained. `lower` layers stay as they are; None: the lower half.

    `start`: the folder of a head to go on from, with its `lower` and `rank`.
    """

    epochs: int = 3
    lower: int | None = None
    rank: int = 16
    rate: float = 1e-3
    batch: int = 32
    longest: int = 96
    seed: int = 0
    start: Path | None = None


class Adapter(nn.Module):  # type: ignore[misc]  # torch is untyped here
    """A matrix of the encoder, left as it is, plus the product of two narrow ones that learn."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        self.down = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """The matrix's answer and the adapter's."""
        narrow = nn.functional.linear(states, self.down)
        added: torch.Tensor = self.base(states) + nn.functional.linear(narrow, self.up)
        return added


def adapting(layers: Any, lower: int, rank: int) -> Any:
    """Copies of the layers from `lower` on, with an adapter on every matrix."""
    copies = copy.deepcopy(layers[lower:])
    for parameter in copies.parameters():
        parameter.requires_grad_(requires_grad=False)
    for module in list(copies.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, Adapter(child, rank))
    return copies.to(next(layers.parameters()).device)


class Tuning:
    """One run: examples → tensors of a head. `folder` keeps its state between two starts."""

    def __init__(self, trunk: Trunk, work: Work, task: Task, plan: Plan, folder: Path) -> None:
        self._trunk, self._work, self._task, self._plan = trunk, work, task, plan
        self._state = folder / STATE
        self._known: dict[int, torch.Tensor] = {}
        self.lower = trunk.layers // 2 if plan.lower is None else min(plan.lower, trunk.layers)
        self.rank = plan.rank
        self._from: Tensors = {}
        if plan.start is not None:
            about, self._from = read_head(plan.start, trunk)
            self.lower, self.rank = about.lower, about.rank

    def run(self, examples: Sequence[Example], first: Tensors, tell: Tell) -> None:
        """Learn from the examples, from where an earlier run of the same plan was ended."""
        torch.manual_seed(self._plan.seed)
        device = self._trunk.model.device
        self._layers = adapting(self._trunk.model.encoder.layer, self.lower, self.rank)
        self._tensors = tensors_of(first, device)
        self._go_on()
        learn = [p for p in self._layers.parameters() if p.requires_grad] + list(
            self._tensors.values()
        )
        steps = self._steps(examples)
        optimiser = torch.optim.AdamW(self._groups(learn), weight_decay=DECAY)
        mark = self._mark(examples)
        done, saved, mean = self._restore(mark, learn, optimiser), monotonic(), 0.0
        self._layers.train()
        for number in range(done, len(steps)):
            batch = [examples[at] for at in steps[number]]
            loss = self._work.loss(self._outputs(batch, steps[number]), batch)
            for group in optimiser.param_groups:
                group["lr"] = group["most"] * _rate(number, len(steps))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learn, CLIP)
            optimiser.step()
            now = loss.item()
            mean = now if number == done else 0.98 * mean + 0.02 * now
            if monotonic() - saved > EVERY:
                self._save(mark, number + 1, learn, optimiser)
                saved = monotonic()
            tell(number + 1, len(steps), mean)
        self._layers.eval()
        self._known.clear()

    def _go_on(self) -> None:
        """Take what the head that it starts from has learned, where it has the same form."""
        mine = self.tensors()
        with torch.no_grad():
            for name, kept in self._from.items():
                if name in mine and mine[name].shape == kept.shape:
                    mine[name].copy_(kept)

    def tensors(self) -> Tensors:
        """Everything that was learned, as `write_head` takes it."""
        found: Tensors = dict(self._tensors)
        for name, module in self._layers.named_modules():
            if isinstance(module, Adapter):
                found |= {f"{name}.down": module.down, f"{name}.up": module.up}
        return found

    def read(self, examples: Sequence[Example]) -> list[Rows]:
        """What the head, as it is now, says of examples."""
        order = sorted(range(len(examples)), key=lambda at: len(examples[at].text))
        found: dict[int, Rows] = {}
        for start in range(0, len(order), 32):
            batch = order[start : start + 32]
            with torch.inference_mode():
                rows = self._outputs([examples[at] for at in batch]).float().cpu().numpy()
            for at, row in zip(batch, rows, strict=True):
                words = len(words_of(examples[at].text)) if self._task == "entities" else None
                found[at] = row if words is None else row[:words]
        return [found[at] for at in range(len(examples))]

    def finish(self) -> None:
        """The head is written: its unfinished state is of no use any more."""
        self._state.unlink(missing_ok=True)

    def _groups(self, learn: Sequence[Any]) -> list[dict[str, Any]]:
        """The scale of cosines, a single number, learns faster than the rest."""
        scale = self._tensors.get("head.scale")
        rest = [parameter for parameter in learn if parameter is not scale]
        groups: list[dict[str, Any]] = [{"params": rest, "most": self._plan.rate}]
        if scale is not None:
            groups.append({"params": [scale], "most": 10 * self._plan.rate})
        return groups

    def _steps(self, examples: Sequence[Example]) -> list[list[int]]:
        """The batches of all epochs, in order; the same at every start."""
        lengths = [len(example.text) for example in examples]
        found: list[list[int]] = []
        for epoch in range(self._plan.epochs):
            drawn = random.Random(f"{self._plan.seed} {epoch}")  # noqa: S311  an order, no secret
            found += list(_batches(lengths, self._plan.batch, drawn))
        return found

    def _lower(self, ids: Sequence[Sequence[int]], keys: Sequence[int] | None) -> tuple[Any, Any]:
        """States after the lower layers, which never change: remembered by the examples' keys."""
        known = self._known
        if keys is None or not all(key in known for key in keys):
            with torch.no_grad():
                states, real = self._trunk.lower(ids, self.lower)
            if keys is not None and len(known) * states[0].numel() < REMEMBERED:
                rows = zip(keys, states, ids, strict=True)
                known |= {key: row[: len(tokens)].half().clone() for key, row, tokens in rows}
            return states, real
        widest = max(len(tokens) for tokens in ids)
        device = self._trunk.model.device
        states = torch.zeros(len(ids), widest, self._trunk.width, device=device)
        real = torch.zeros(len(ids), widest, device=device)
        for row, key in enumerate(keys):
            states[row, : len(known[key])] = known[key]
            real[row, : len(known[key])] = 1.0
        return states, real

    def _outputs(self, batch: Sequence[Example], keys: Sequence[int] | None = None) -> torch.Tensor:
        tokens = self._trunk.tokens([example.text for example in batch], self._plan.longest)
        ids = tokens["input_ids"]
        words: list[list[Word]] = [[] for _ in batch]
        if self._task == "entities":
            words = [words_of(example.text) for example in batch]
        maps = [places(row, at) for row, at in zip(words, tokens["offset_mapping"], strict=True)]
        device = self._trunk.model.device
        widest = max(1, *(len(row) for row in words))
        where = stacked(maps, (widest, max(len(row) for row in ids))).to(device)
        shapes = stacked([shapes_of(row) for row in words], (widest, SHAPES)).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            states, real = self._lower(ids, keys)
            found = outputs(self._task, self._tensors, self._layers, states, real, where, shapes)
        return found.float()

    def _mark(self, examples: Sequence[Example]) -> str:
        """Says which run a state belongs to."""
        whole = [repr(self._plan), self._task, self._trunk.weights, *map(repr, examples)]
        return sha256(json.dumps(whole).encode()).hexdigest()

    def _save(self, mark: str, step: int, learn: Any, optimiser: Any) -> None:
        state = {
            "mark": mark,
            "step": step,
            "learn": [parameter.detach() for parameter in learn],
            "optimiser": optimiser.state_dict(),
        }
        fresh = self._state.with_name(self._state.name + ".new")
        fresh.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, fresh)
        fresh.replace(self._state)

    def _restore(self, mark: str, learn: Any, optimiser: Any) -> int:
        """How many steps an earlier start of the same run has behind it."""
        if not self._state.is_file():
            return 0
        state = torch.load(self._state, weights_only=True)
        if state["mark"] != mark:
            return 0
        with torch.no_grad():
            for parameter, kept in zip(learn, state["learn"], strict=True):
                parameter.copy_(kept)
        optimiser.load_state_dict(state["optimiser"])
        return int(state["step"])


def _rate(step: int, steps: int) -> float:
    """Rises, then falls in a line to a fiftieth."""
    return min(1.0, (step + 1) / max(1.0, WARM * steps)) * max(0.02, 1 - step / max(1, steps))


def _batches(lengths: Sequence[int], size: int, drawn: random.Random) -> Iterator[list[int]]:
    """One epoch: shuffled, neighbours of like length, shuffled again."""
    order = list(range(len(lengths)))
    drawn.shuffle(order)
    found = []
    for start in range(0, len(order), size * NEAR):
        near = sorted(order[start : start + size * NEAR], key=lambda at: lengths[at])
        found += [near[at : at + size] for at in range(0, len(near), size)]
    drawn.shuffle(found)
    yield from found
