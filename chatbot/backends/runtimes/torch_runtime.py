"""The runtime that runs any causal model transformers knows, on a CPU or a GPU.

Prompts are computed in pieces between the steps of the others; all requests that are past their
prompt take their steps in one batch. Models that keep a state other than keys and values (Mamba and
its kin) take theirs one after the other. Knows nothing of text, messages or threads.
"""

import inspect
import sys
import time
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer, DynamicSlidingWindowLayer

from chatbot.backends.runtimes.base import Request, Stepped
from chatbot.backends.runtimes.prefixes import Prefixes
from chatbot.backends.runtimes.sampler import Sampler, draw_all
from chatbot.backends.runtimes.shelf import Kept, Shelf
from chatbot.backends.runtimes.threads import Threads

PIECE = 256
"""Prompt tokens between two steps of the others; ALONE times as many when there are none."""

ALONE = 4

SMALL_MODEL = 50_000_000
"""Below so many parameters a step is short, and more threads may cost more than they gain."""

ALL_THREADS = torch.get_num_threads()
"""Asked before anything sets it: the setting is one for the whole process."""

LONG_PIECE, MOST_THREADS = 32, 4
"""Pieces of a prompt this long are worth several threads for a small model too, but not many."""


@dataclass(slots=True)
class _Row:
    """A request on its way: `cache` is its own while its prompt is computed, or always when the
    model cannot be batched.
    """

    request: Request
    sampler: Sampler
    cache: Cache
    done: int


class TorchRuntime:
    """`model` is in evaluation mode on its device. `keep_bytes`: for caches of ended requests."""

    def __init__(self, model: PreTrainedModel, *, keep_bytes: int, piece: int = PIECE) -> None:
        self._model = model
        self._device = model.device
        self._batched = _only_keys_and_values(model)
        self._piece = piece if self._batched else sys.maxsize  # a state is not always continued
        takes = inspect.signature(model.forward).parameters
        self._cache = "past_key_values" if "past_key_values" in takes else "cache_params"
        self._takes_positions = "position_ids" in takes
        self._last_only: dict[str, Any] = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        small = model.num_parameters() < SMALL_MODEL and self._device.type == "cpu"
        self._most_threads = min(ALL_THREADS, MOST_THREADS) if small else ALL_THREADS
        self._threads = Threads(self._most_threads) if small else None
        self._filling: list[_Row] = []
        self._rows: list[_Row] = []
        self._shelf = Shelf()
        self._prefixes = Prefixes(keep_bytes if self._batched else 0)
        self.name = f"transformers, {str(model.dtype).removeprefix('torch.')}, {self._device.type}"

    def start(self, request: Request) -> None:
        """Take a request in, with what is already computed of its prompt."""
        known, kept = self._prefixes.longest(request.prompt[:-1])
        cache = _cache_of(kept) if self._batched else DynamicCache(config=self._model.config)
        self._filling.append(_Row(request, Sampler(request, self._device), cache, known))

    def step(self) -> list[Stepped]:
        """One token for each request past its prompt, and a piece of the oldest prompt."""
        with torch.inference_mode():
            return self._step()

    def _step(self) -> list[Stepped]:
        stepped = self._decode() if self._rows else []
        if self._filling:
            row = self._filling[0]
            try:
                stepped += self._fill(row)
            except Exception as error:  # noqa: BLE001 (told to this request alone)
                stepped.append(Stepped(row.request, error=error))
        return stepped

    def stop(self, request: Request) -> None:
        """Free the request's place and keep its cache for the next turn."""
        self._filling = [row for row in self._filling if row.request is not request]
        index = next((i for i, row in enumerate(self._rows) if row.request is request), None)
        if index is None:
            return
        tokens = self._rows[index].sampler.tokens
        self._rows[index] = self._rows[-1]
        self._rows.pop()
        if self._batched:
            with torch.inference_mode():
                kept = self._shelf.row(index)
                self._shelf.remove(index)
            self._prefixes.put(tokens[: kept[0][0].shape[2]], kept)

    def reset(self) -> None:
        """Drop every request and every kept cache."""
        self._filling, self._rows, self._shelf = [], [], Shelf()
        self._prefixes.clear()

    def _fill(self, row: _Row) -> list[Stepped]:
        """Compute the next piece of a prompt; the last piece gives the first token."""
        prompt = row.request.prompt
        alone = not self._rows and len(self._filling) == 1
        end = min(row.done + self._piece * (ALONE if alone else 1), len(prompt))
        short = self._threads is not None and end - row.done < LONG_PIECE
        _use_threads(1 if short else self._most_threads)
        logits = self._alone(row, prompt[row.done : end])
        row.done = end
        if end < len(prompt):
            return []
        (token,) = draw_all(logits, [row.sampler])
        self._filling.remove(row)
        if self._batched:
            self._shelf.add([(layer.keys, layer.values) for layer in row.cache.layers])
            row.cache.layers.clear()
        self._rows.append(row)
        return [Stepped(row.request, token, likely=row.sampler.likely)]

    def _decode(self) -> list[Stepped]:
        """One token for every row."""
        begun = time.perf_counter()
        if self._threads is not None:
            _use_threads(self._threads.choose(len(self._rows)))
        if self._batched:
            logits = self._together()
        else:
            logits = torch.cat([self._alone(row, row.sampler.tokens[-1:]) for row in self._rows])
        if self._threads is not None:
            self._threads.took(len(self._rows), time.perf_counter() - begun)
        tokens = draw_all(logits, [row.sampler for row in self._rows])
        return [
            Stepped(row.request, token, likely=row.sampler.likely)
            for row, token in zip(self._rows, tokens, strict=True)
        ]

    def _alone(self, row: _Row, tokens: Any) -> torch.Tensor:
        """Logits after these tokens of one request, from its own cache."""
        ids = torch.tensor([list(tokens)], device=self._device)
        more = self._last_only | {self._cache: row.cache}
        return self._model(ids, use_cache=True, **more).logits[:, -1]

    def _together(self) -> torch.Tensor:
        """Logits after the last token of every row, from the shelf."""
        shelf = self._shelf
        shelf.open_column()
        last = [[row.sampler.tokens[-1]] for row in self._rows]
        more: dict[str, Any] = {}
        if self._takes_positions:
            lengths = torch.tensor(shelf.lengths, device=self._device)
            more["position_ids"] = lengths.unsqueeze(1)
        mask = shelf.mask(self._device)
        if mask is not None:
            more["attention_mask"] = mask
        ids = torch.tensor(last, device=self._device)
        output = self._model(ids, past_key_values=shelf, use_cache=True, **more)
        shelf.close_column()
        return output.logits[:, -1]


def _use_threads(wanted: int) -> None:
    if torch.get_num_threads() != wanted:
        torch.set_num_threads(wanted)


def _only_keys_and_values(model: PreTrainedModel) -> bool:
    """Whether the model remembers by keys and values alone, so that rows can share a block."""
    plain = (DynamicLayer, DynamicSlidingWindowLayer)
    return all(type(layer) in plain for layer in DynamicCache(config=model.config).layers)


def _cache_of(kept: Kept) -> Cache:
    """A growing cache that begins with what is kept; every layer holds all, windows are masked."""
    cache = Cache(
        layers=[] if kept else None, layer_class_to_replicate=None if kept else DynamicLayer
    )
    for keys, values in kept:
        layer = DynamicLayer()
        layer.update(keys, values)
        cache.layers.append(layer)
    return cache
