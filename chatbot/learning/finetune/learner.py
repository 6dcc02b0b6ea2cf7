"""The loss of one part: a module of its own, so that several processes can wrap it.

Logits are computed at the learned positions alone, a slice at a time where the vocabulary is large;
nothing holds those of a whole row. Knows tensors; no rows, no steps.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

from chatbot.learning.finetune import attention
from chatbot.learning.finetune.parts import Part

Mode = Literal["packed", "masked", "padded", "pairs"]
"""How rows go through the model; the module `choosing` says which is right for it."""

UNLEARNED = -100
LEARNED_AT_ONCE = 256
"""The count of learned positions is rounded up to a multiple of this (see parts.py)."""
LOGITS_AT_ONCE = 32 * 2**20
"""Numbers of a slice of logits; more than one slice are computed twice and never kept."""


class Learner(nn.Module):  # type: ignore[misc]  # torch is Any to mypy here
    """`model` is a causal or an encoder–decoder model of transformers, perhaps inside peft's.

    `bare`: logits by its trunk and its output layer; else by its own forward pass.
    """

    def __init__(self, model: Any, *, mode: Mode, bare: bool, half: bool) -> None:
        super().__init__()
        self.model = model
        self.mode, self.bare, self.half = mode, bare, half

    @property
    def inner(self) -> Any:
        """The model of transformers itself."""
        return self.model.get_base_model() if hasattr(self.model, "peft_config") else self.model

    def forward(self, part: Part) -> Tensor:
        """The sum of the losses in nats over the part's learned positions."""
        device = self.inner.device
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self.half):
            return self._loss(part, device)

    def logits(self, part: Part) -> Tensor:
        """Of shape (learned, vocabulary): what the model says before each learned token."""
        device = self.inner.device
        rows, columns = _learned(part)
        if not self.bare:
            return self._own(part, device)[rows, columns].float()
        head = self.inner.get_output_embeddings()
        found: Tensor = head(self._hidden(part, device)[rows, columns]).float()
        return found

    def _loss(self, part: Part, device: torch.device) -> Tensor:
        written = part.rows if part.target is None else part.target
        rows, columns = _learned(part)
        targets = torch.from_numpy(written.ids).long()[rows, columns + 1].to(device)
        if not self.bare:
            chosen = self._own(part, device)[rows, columns].float()
            return cross_entropy(chosen, targets, ignore_index=UNLEARNED, reduction="sum")
        hidden = self._hidden(part, device)
        width = hidden.shape[1]
        places = (rows * width + columns).to(device)
        spare = -len(places) % LEARNED_AT_ONCE or (0 if len(places) else LEARNED_AT_ONCE)
        places = torch.nn.functional.pad(places, (0, spare))
        targets = torch.nn.functional.pad(targets, (0, spare), value=UNLEARNED)
        return self._by_slices(hidden.flatten(0, 1).index_select(0, places), targets)

    def _by_slices(self, hidden: Tensor, targets: Tensor) -> Tensor:
        head = self.inner.get_output_embeddings()

        def loss(some: Tensor, wanted: Tensor) -> Tensor:
            logits = head(some).float()
            return cross_entropy(logits, wanted, ignore_index=UNLEARNED, reduction="sum")

        size = max(
            LEARNED_AT_ONCE, LOGITS_AT_ONCE // self.inner.config.get_text_config().vocab_size
        )
        size -= size % LEARNED_AT_ONCE
        if len(targets) <= size:
            return loss(hidden, targets)
        pieces = zip(hidden.split(size), targets.split(size), strict=True)
        sums = [checkpoint(loss, *piece, use_reentrant=False) for piece in pieces]
        return torch.stack(sums).sum()

    def _hidden(self, part: Part, device: torch.device) -> Tensor:
        trunk = self.inner.base_model
        found: Tensor = self._run(trunk, part, device).last_hidden_state
        return found

    def _own(self, part: Part, device: torch.device) -> Tensor:
        logits: Tensor = self._run(self.inner, part, device).logits
        return logits

    def _run(self, model: Any, part: Part, device: torch.device) -> Any:
        ids = torch.from_numpy(part.rows.ids).long().to(device)
        segments = torch.from_numpy(part.rows.segments).to(device)
        if self.mode == "pairs":
            assert part.target is not None  # noqa: S101 (parts of pairs have one)
            return model(
                input_ids=ids,
                attention_mask=(segments > 0).long(),
                decoder_input_ids=torch.from_numpy(part.target.ids).long().to(device),
                use_cache=False,
            )
        if self.mode == "padded":
            return model(input_ids=ids, attention_mask=(segments > 0).long(), use_cache=False)
        positions = torch.from_numpy(part.rows.positions).long().to(device)
        if self.mode == "packed":
            with attention.within(part.lengths):
                return model(input_ids=ids, position_ids=positions, use_cache=False)
        mask = _blocks(segments)
        return model(input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False)


def _learned(part: Part) -> tuple[Tensor, Tensor]:
    """Rows and columns of the positions before learned tokens."""
    written = part.rows if part.target is None else part.target
    rows, columns = torch.from_numpy(written.learn)[:, 1:].nonzero(as_tuple=True)
    return rows, columns


def _blocks(segments: Tensor) -> Tensor:
    """Who may look at whom in packed rows: (rows, 1, tokens, tokens), True where they may."""
    same = segments[:, :, None] == segments[:, None, :]
    return (same & torch.ones_like(same[0]).tril())[:, None]
