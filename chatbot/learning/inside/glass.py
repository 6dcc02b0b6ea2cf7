"""One open model and what can be seen in it. Everything that needs torch is here.

Probabilities are the model's own, before temperature, top-p and the like: softmax over all tokens.
Attention is that of "eager" attention, softmax(Q·Kᵀ/√d) of a layer and head, as Vaswani et al.
(2017, "Attention Is All You Need", eq. 1) define it; it shows where a model looked, not why.
"""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, PreTrainedModel, StoppingCriteriaList

from chatbot.backends.chat_tokens import ChatTokens
from chatbot.backends.loading import load_to_look_inside
from chatbot.errors import Refused
from chatbot.learning.inside.views import Candidate, Kind, Piece, Step, Work

LIKELIEST = 10
"""Candidates shown for each place."""

_BEFORE = 6
"""Tokens before one that its text may depend on: a space, the bytes of a character."""
_BROKEN = "\ufffd"


class Glass:
    """A loaded model, for one thread at a time."""

    def __init__(self, model: PreTrainedModel, tokens: ChatTokens) -> None:
        self._model = model
        self._tokens = tokens

    @classmethod
    def open(cls, folder: Path) -> "Glass":
        """Load a verified checkpoint folder. Raises ModelUnavailable or ModelCorrupt."""
        return cls(*load_to_look_inside(folder))

    @property
    def layers(self) -> int:
        """How many layers it has."""
        return int(self._model.config.get_text_config(decoder=True).num_hidden_layers)

    def encode(self, text: str) -> list[int]:
        """The tokens of a text standing alone."""
        return self._tokens.encode_text(text)

    def prompt(self, messages: list[dict[str, str]]) -> list[int]:
        """The tokens of messages, up to where the answer begins. Raises BackendRefused."""
        return self._tokens.encode(messages)

    def pieces(self, ids: Sequence[int]) -> tuple[Piece, ...]:
        """The tokens of a text, each with what it adds to it."""
        return tuple(self._piece(ids[:place], one) for place, one in enumerate(ids))

    def write(self, prompt: Sequence[int], limit: int, work: Work) -> tuple[list[int], bool]:
        """The likeliest token, again and again: at most `limit` of them, and whether that cut it.

        The token that ends the answer is its last one. Stops early where `work` is cancelled.
        """
        given = self._row(prompt)

        def stop(ids: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
            work.now("Writing", ids.shape[1] - len(prompt), limit)
            return torch.full((1,), work.cancel.cancelled, device=ids.device)

        out = self._model.generate(
            given,
            attention_mask=torch.ones_like(given),
            generation_config=GenerationConfig(
                do_sample=False,
                repetition_penalty=1.0,
                max_new_tokens=limit,
                eos_token_id=sorted(self._tokens.ends),
                pad_token_id=min(self._tokens.ends, default=0),
            ),
            stopping_criteria=StoppingCriteriaList([stop]),
        )
        written: list[int] = out[0, len(prompt) :].tolist()
        return written, written[-1] not in self._tokens.ends

    def steps(self, prompt: Sequence[int], answer: Sequence[int]) -> tuple[Step, ...]:
        """How likely each token of an answer was after the prompt and those before it."""
        with torch.inference_mode():
            out = self._model(self._row([*prompt, *answer]), **self._keep(len(answer) + 1))
            logits = out.logits[0, -len(answer) - 1 : -1].float()
            shares = logits.softmax(-1)
            own = shares.gather(1, self._row(answer).T)
            ranks = (shares > own).sum(-1) + 1
            best = shares.topk(min(LIKELIEST, shares.shape[-1]))
        found = zip(
            own[:, 0].tolist(), ranks.tolist(), *(part.tolist() for part in best), strict=True
        )
        return tuple(
            Step(
                self._piece(answer[:place], answer[place]),
                probability,
                rank,
                tuple(
                    Candidate(self._piece(answer[:place], one), share)
                    for share, one in zip(likely, ids, strict=True)
                ),
            )
            for place, (probability, rank, likely, ids) in enumerate(found)
        )

    def attention(
        self, ids: Sequence[int], layer: int
    ) -> tuple[tuple[tuple[float, ...], ...], ...]:
        """The weights of a layer (from 1) by head, row and column up to the row's own.

        Raises Refused where the model has no attention there that could be shown.
        """
        with torch.inference_mode():
            out = self._model(
                self._row(ids), output_attentions=True, use_cache=False, **self._keep(1)
            )
        maps = getattr(out, "attentions", None) or ()
        weights = maps[layer - 1] if len(maps) == self.layers else None
        if weights is None or weights.ndim != 4:
            raise Refused("This model has no attention in that layer that could be shown.")
        return tuple(
            tuple(tuple(row[: place + 1]) for place, row in enumerate(head))
            for head in weights[0].float().tolist()
        )

    def _row(self, ids: Sequence[int]) -> torch.Tensor:
        return torch.tensor([list(ids)], device=self._model.device)

    def _keep(self, places: int) -> dict[str, int]:
        """Asks for the last places only: all of a long prompt's times the vocabulary is much."""
        known = "logits_to_keep" in inspect.signature(self._model.forward).parameters
        return {"logits_to_keep": places} if known else {}

    def _piece(self, before: Sequence[int], token: int) -> Piece:
        if name := self._tokens.control(token):
            return Piece(token, name, "control")
        near = list(before[-_BEFORE:])
        old, new = self._tokens.decode(near), self._tokens.decode([*near, token])
        kind: Kind = "part" if new.endswith(_BROKEN) else "text"
        return Piece(token, "" if kind == "part" else new[len(old.rstrip(_BROKEN)) :], kind)
