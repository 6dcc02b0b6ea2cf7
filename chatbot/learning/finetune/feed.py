"""The steps of a run: which rows, in which order, with which made-up values, in which parts.

What a step holds depends on the plan's seed and its place alone, so that a run that was killed
meets the same steps when it goes on, in one process or in several. Rows are read a chunk at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from chatbot.learning.finetune.encoding import Unfit
from chatbot.learning.finetune.parts import Part
from chatbot.learning.finetune.reading import Reader
from chatbot.learning.finetune.rows import Rows
from chatbot.learning.packing import Encoded
from chatbot.learning.shuffling import dice

CHUNK = 2048
"""Rows that are in memory together."""

Share = Callable[[Sequence[int], Callable[[int], Any]], list[Any]]
"""As Crew.share."""
Parts = Callable[[list[Encoded]], list[Part]]
General = Callable[[Random, int], list[Encoded]]
"""The base's own talk, about so many tokens of them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next step is: in which pass, in which chunk of it, behind how many steps of it."""

    epoch: int = 0
    chunk: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """The parts of one step, where the one after it is, and how many its chunk has."""

    parts: list[Part]
    after: Place
    siblings: int


@dataclass(frozen=True, slots=True)
class Feed:
    """Steps without end over `rows`, `batch` tokens each, a share of `keep` of them general."""

    rows: Rows
    reader: Reader
    parts: Parts
    share: Share
    seed: int
    batch: int
    general: General | None = None
    keep: float = 0.0

    def steps(self, place: Place) -> Iterator[Step]:
        """The steps from `place` on."""
        epoch, chunks = place.epoch, self._chunks(place.epoch)
        while True:
            if place.epoch != epoch:
                epoch, chunks = place.epoch, self._chunks(place.epoch)
            batches = self._batches(place.epoch, place.chunk, chunks[place.chunk])
            following = Place(place.epoch, place.chunk + 1)
            if place.chunk + 1 == len(chunks):
                following = Place(place.epoch + 1)
            for number in range(place.step, len(batches)):
                last = number + 1 == len(batches)
                after = following if last else Place(place.epoch, place.chunk, number + 1)
                yield Step(batches[number], after, len(batches))
            place = following

    def in_an_epoch(self, tokens: int) -> float:
        """How many steps a pass takes, rows having so many tokens together."""
        return max(1.0, tokens / (1 - (self.keep if self.general else 0.0)) / self.batch)

    def _chunks(self, epoch: int) -> list[list[int]]:
        order = list(range(len(self.rows)))
        dice(self.seed, "order", epoch).shuffle(order)
        count = max(1, round(len(order) / CHUNK))
        return [part.tolist() for part in np.array_split(np.array(order), count)]

    def _batches(self, epoch: int, chunk: int, indices: list[int]) -> list[list[Part]]:
        def read(index: int) -> Encoded | None:
            try:
                return self.reader.read(self.rows, index, epoch)
            except Unfit:  # with these made-up values; with others it was fit
                return None

        rng = dice(self.seed, "chunk", epoch, chunk)
        documents = [found for found in self.share(indices, read) if found is not None]
        if self.general is not None and self.keep:
            own = sum(len(ids) for ids, _ in documents)
            documents += self.general(rng, round(own * self.keep / (1 - self.keep)))
        rng.shuffle(documents)
        parts = self.parts(documents)
        rng.shuffle(parts)
        return dealt(parts, self.batch)


def dealt(parts: list[Part], batch: int) -> list[list[Part]]:
    """The parts in steps of about `batch` tokens, none of them left over."""
    tokens = np.cumsum([part.real for part in parts])
    steps = min(len(parts), max(1, round(int(tokens[-1]) / batch)))
    numbers = np.minimum(steps - 1, (tokens - 1) * steps // int(tokens[-1]))
    dealt: list[list[Part]] = [[] for _ in range(steps)]
    for part, number in zip(parts, numbers.tolist(), strict=True):
        dealt[number].append(part)
    return [some for some in dealt if some]
