"""Draws the next token of each request in numpy, by the rules of transformers' processors.

The same order and meaning: bans, repetition penalty (Keskar et al. 2019, arXiv:1909.05858),
temperature, top-k, top-p (Holtzman et al. 2019, arXiv:1904.09751). A seed gives the same answer
again in this runtime; other runtimes draw other numbers from it. Knows nothing of caches or graphs.
"""

from collections.abc import Collection, Sequence

import numpy as np

from chatbot.backends.chances import Likely, likely
from chatbot.backends.runtimes.base import Next, Request

_FEW = 64
"""How many of the likeliest tokens are sorted first: they nearly always hold the mass of top-p."""


class Drawing:
    """The drawing state of one request. Raises IndexError for a ban outside the vocabulary."""

    def __init__(self, request: Request, vocabulary: int) -> None:
        self._sampling = sampling = request.sampling
        seed = None if sampling.seed is None else sampling.seed % 2**64
        self._random = np.random.default_rng(seed)
        self._banned = np.fromiter(sorted(request.banned), np.int64, len(request.banned))
        if len(self._banned) and not 0 <= self._banned[0] <= self._banned[-1] < vocabulary:
            raise IndexError("a banned token is not in the vocabulary")
        self._guide = request.guide
        self._seen: np.ndarray | None = None
        if sampling.repetition_penalty != 1.0:
            self._seen = np.zeros(vocabulary, bool)
            self._seen[np.asarray(request.prompt, np.int64)] = True
        self.tokens = list(request.prompt)
        self.logprobs = request.logprobs
        self.likely: Likely | None = None

    @property
    def plain(self) -> bool:
        """Whether the likeliest token is all that is asked: a whole batch is then taken at once."""
        return self._sampling.temperature <= 0 and self._seen is None

    def ban(self, logits: np.ndarray) -> None:
        """Make what this request may not draw impossible, in its own row of logits."""
        now = self._guide.next() if self._guide is not None else Next()
        if now.allowed is not None:
            kept = _numbers(now.allowed)
            scores = logits[kept]
            logits[:] = -np.inf
            logits[kept] = scores
            return
        if len(self._banned):
            logits[self._banned] = -np.inf
        if now.banned:
            logits[_numbers(now.banned)] = -np.inf

    def draw(self, logits: np.ndarray) -> int:
        """The next token from logits of shape (vocabulary,), which are changed."""
        sampling = self._sampling
        if self._seen is not None:
            told = logits[self._seen]
            penalty = np.float32(sampling.repetition_penalty)
            logits[self._seen] = np.where(told < 0, told * penalty, told / penalty)
        if sampling.temperature <= 0:
            return int(logits.argmax())
        ids, chances = candidates(logits, sampling.temperature, sampling.top_k, sampling.top_p)
        ladder = np.cumsum(chances)
        step = np.searchsorted(ladder, self._random.random() * ladder[-1], side="right")
        return int(ids[min(int(step), len(ids) - 1)])

    def take(self, token: int) -> None:
        """Remember what was drawn."""
        self.tokens.append(token)
        if self._seen is not None:
            self._seen[token] = True
        if self._guide is not None:
            self._guide.take(token)


def draw_all(logits: np.ndarray, drawings: Sequence[Drawing]) -> list[int]:
    """One token for each row of (rows, vocabulary), remembered; the logits are changed."""
    told = {row: logits[row].copy() for row, one in enumerate(drawings) if one.logprobs is not None}
    for row, drawing in enumerate(drawings):
        drawing.ban(logits[row])
    likeliest: list[int] = logits.argmax(axis=-1).tolist()
    drawn = [
        likeliest[row] if drawing.plain else drawing.draw(logits[row])
        for row, drawing in enumerate(drawings)
    ]
    for drawing, token in zip(drawings, drawn, strict=True):
        drawing.take(token)
    for row, untouched in told.items():
        drawings[row].likely = likely(untouched, drawn[row], drawings[row].logprobs or 0)
    return drawn


def _numbers(ids: Collection[int]) -> np.ndarray:
    """The ids as an index; an array is one already, however many they are."""
    return ids if isinstance(ids, np.ndarray) else np.fromiter(ids, np.int64, len(ids))


def candidates(
    logits: np.ndarray, temperature: float, top_k: int, top_p: float
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens that may be drawn, the likeliest first, and their chances up to a common factor.

    `logits` has the shape (vocabulary,). Ties at the rank `top_k` all stay, as in transformers.
    """
    scores = logits.astype(np.float64)
    scores -= scores.max()
    weights = np.exp(scores / temperature)
    ids = None
    if 0 < top_k < len(weights):
        least = np.partition(scores, -top_k)[-top_k]
        ids = np.flatnonzero(scores >= least)
    if top_p >= 1.0:
        ids = np.arange(len(weights)) if ids is None else ids
        return ids, weights[ids]
    return _nucleus(weights, ids, top_p)


def _nucleus(
    weights: np.ndarray, ids: np.ndarray | None, top_p: float
) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest tokens that together reach `top_p` of the mass, never less than one."""
    if ids is None:
        few = np.argpartition(weights, -_FEW)[-_FEW:] if len(weights) > _FEW else None
        total = weights.sum()
        if few is None or weights[few].sum() < top_p * total:
            few = np.arange(len(weights))
    else:
        few, total = ids, weights[ids].sum()
    few = few[np.argsort(-weights[few], kind="stable")]
    mass = np.cumsum(weights[few])
    count = int(np.searchsorted(mass, top_p * total, side="left")) + 1
    return few[:count], weights[few[:count]]
