"""The runtime of encoder–decoder models (T5 and its kin): the prompt is read, the answer written.

The encoder reads a whole prompt once; the decoder writes from it, a token a step, one request after
the other. Knows nothing of text, messages or threads.
"""

from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache, EncoderDecoderCache, PreTrainedModel

from chatbot.backends.runtimes.base import Request, Stepped
from chatbot.backends.runtimes.sampler import Sampler, draw_all


@dataclass(slots=True)
class _Row:
    """A request on its way; `read` is what the encoder made of its prompt, None before that."""

    request: Request
    sampler: Sampler
    cache: EncoderDecoderCache
    last: int
    read: Any = None


class PairRuntime:
    """`model` is an encoder–decoder in evaluation mode on its device."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._device = model.device
        self._rows: list[_Row] = []
        self._first = _first_token(model)
        kind = str(model.dtype).removeprefix("torch.")
        self.name = f"transformers, {kind}, {self._device.type}"

    def start(self, request: Request) -> None:
        """Take a request in."""
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        self._rows.append(_Row(request, Sampler(request, self._device), cache, self._first))

    def step(self) -> list[Stepped]:
        """One token for each request; an error ends its own request alone."""
        with torch.inference_mode():
            return [self._stepped(row) for row in list(self._rows)]

    def stop(self, request: Request) -> None:
        """Free the request's place."""
        self._rows = [row for row in self._rows if row.request is not request]

    def reset(self) -> None:
        """Drop every request."""
        self._rows = []

    def _stepped(self, row: _Row) -> Stepped:
        try:
            return Stepped(row.request, self._token(row), likely=row.sampler.likely)
        except Exception as error:  # noqa: BLE001 (told to this request alone)
            return Stepped(row.request, error=error)

    def _token(self, row: _Row) -> int:
        if row.read is None:
            prompt = torch.tensor([list(row.request.prompt)], device=self._device)
            row.read = self._model.get_encoder()(input_ids=prompt)
        given = torch.tensor([[row.last]], device=self._device)
        found = self._model(
            encoder_outputs=row.read,
            decoder_input_ids=given,
            past_key_values=row.cache,
            use_cache=True,
        )
        (row.last,) = draw_all(found.logits[:, -1], [row.sampler])
        return row.last


def _first_token(model: PreTrainedModel) -> int:
    """What an answer of this model begins after."""
    config = model.generation_config or model.config
    named = config.decoder_start_token_id
    if named is None:
        named = model.config.decoder_start_token_id
    return int(named if named is not None else model.config.pad_token_id or 0)
