"""Draws the next token of each request, with transformers' own logits processors.

Knows nothing of caches or models: it sees logits and the tokens so far.
"""

from collections.abc import Collection

import numpy as np
import torch
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from chatbot.backends.chances import Likely, likely
from chatbot.backends.runtimes.base import Next, Request, Sampling


class Sampler:
    """The drawing state of one request: its bans, its processors, its generator, its tokens."""

    def __init__(self, request: Request, device: torch.device) -> None:
        sampling = request.sampling
        self._greedy = sampling.temperature <= 0
        self._processors = _processors(sampling)
        self._generator = torch.Generator(device)
        if sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(sampling.seed)
        self._banned = _numbers(request.banned, device)
        self._guide = request.guide
        self._needs_tokens = sampling.repetition_penalty != 1.0
        self.tokens = list(request.prompt)
        self.logprobs = request.logprobs
        self.likely: Likely | None = None

    @property
    def plain(self) -> bool:
        """Whether the likeliest token is all that is asked: a whole batch is then taken at once."""
        return self._greedy and not self._needs_tokens

    def ban(self, logits: torch.Tensor) -> None:
        """Make what this request may not draw impossible, in its own row of logits."""
        now = self._guide.next() if self._guide is not None else Next()
        if now.allowed is not None:
            kept = _numbers(now.allowed, logits.device)
            others = torch.ones_like(logits, dtype=torch.bool).index_fill_(-1, kept, value=False)
            logits.masked_fill_(others, -torch.inf)
            return
        for banned in (self._banned, _numbers(now.banned, logits.device)):
            if banned is not None:
                logits.index_fill_(-1, banned, -torch.inf)

    def take(self, token: int) -> None:
        """Remember what was drawn."""
        self.tokens.append(token)
        if self._guide is not None:
            self._guide.take(token)

    def draw(self, logits: torch.Tensor) -> int:
        """The next token from logits of shape (1, vocabulary)."""
        seen = self.tokens if self._needs_tokens else []
        ids = torch.tensor([seen], dtype=torch.long, device=logits.device)
        scores = self._processors(ids, logits.float())
        if self._greedy:
            return int(scores.argmax())
        chances = torch.softmax(scores, dim=-1)
        return int(torch.multinomial(chances, 1, generator=self._generator))


def draw_all(logits: torch.Tensor, samplers: list[Sampler]) -> list[int]:
    """One token for each row of (rows, vocabulary), remembered by its sampler.

    Bans are written into `logits` itself. Raises IndexError for a banned id that the
    vocabulary lacks.
    """
    told = {
        row: logits[row].float().cpu().numpy().copy()
        for row, one in enumerate(samplers)
        if one.logprobs is not None
    }
    for row, sampler in enumerate(samplers):
        sampler.ban(logits[row])
    likeliest: list[int] = logits.argmax(dim=-1).tolist()
    drawn = [
        likeliest[row] if sampler.plain else sampler.draw(logits[row : row + 1])
        for row, sampler in enumerate(samplers)
    ]
    for sampler, token in zip(samplers, drawn, strict=True):
        sampler.take(token)
    for row, untouched in told.items():
        samplers[row].likely = likely(untouched, drawn[row], samplers[row].logprobs or 0)
    return drawn


def _numbers(ids: Collection[int], device: torch.device) -> torch.Tensor | None:
    """The ids as an index, made once for all steps; None where nothing is to be done."""
    if isinstance(ids, np.ndarray):  # however many they are: no loop over them
        return torch.from_numpy(ids).to(device)
    return torch.tensor(sorted(ids), dtype=torch.long, device=device) if ids else None


def _processors(sampling: Sampling) -> LogitsProcessorList:
    processors = LogitsProcessorList()
    if sampling.repetition_penalty != 1.0:
        processors.append(RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
    if sampling.temperature > 0:
        if sampling.temperature != 1.0:
            processors.append(TemperatureLogitsWarper(sampling.temperature))
        if sampling.top_k > 0:
            processors.append(TopKLogitsWarper(sampling.top_k))
        if sampling.top_p < 1.0:
            processors.append(TopPLogitsWarper(sampling.top_p))
    return processors
