"""What one forward pass takes: rows of tokens of one shape, packed, padded, or in pairs.

Knows numbers; imports no torch. Sizes are rounded up, because oneDNN makes and keeps a program for
every shape that it meets.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chatbot.learning.packing import Encoded, Windows, pack

ROUND, TRIMMED = 32, 256
"""Padded sizes, and those of packed rows, are multiples of these."""

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """Packed or padded rows, or, with `target`, rows that are read and rows that are written.

    `real` counts tokens that are no padding, `learned` those whose loss counts.
    """

    rows: Windows
    target: Windows | None = None

    @property
    def real(self) -> int:
        """Tokens, padding left out."""
        return _real(self.rows) + (_real(self.target) if self.target is not None else 0)

    @property
    def learned(self) -> int:
        """Positions whose next token is learned."""
        return int(self._written.learn[:, 1:].sum())

    @property
    def lengths(self) -> tuple[int, ...]:
        """Of the documents of a packed row, and of what is left of it."""
        segments = self.rows.segments[0]
        _, starts = np.unique(segments[segments > 0], return_index=True)
        ends = [*sorted(starts.tolist()), int((segments > 0).sum()), len(segments)]
        return tuple(size for size in np.diff(ends).tolist() if size)

    def blank(self) -> "Part":
        """The same shape with nothing to learn, for a process that has no part of its own."""
        rows = self._written
        silent = replace(rows, learn=np.zeros_like(rows.learn))
        return replace(self, rows=silent) if self.target is None else replace(self, target=silent)

    @property
    def _written(self) -> Windows:
        return self.rows if self.target is None else self.target


def packed(documents: Iterable[Encoded], window: int, pad: int) -> list[Part]:
    """Rows of `window` tokens with several documents each. Raises ValueError for none."""
    windows = pack(documents, window, pad)
    return [Part(_trimmed(windows.rows(np.array([n])))) for n in range(len(windows))]


def padded(documents: Iterable[Encoded], most: int, pad: int) -> list[Part]:
    """Rows of like length together, at most about `most` tokens a part."""
    encoded = sorted(documents, key=lambda one: -len(one[0]))
    found, row = [], 0
    while row < len(encoded):
        size = _rounded(len(encoded[row][0]))
        many = max(1, most // size)
        found.append(Part(_rows(encoded[row : row + many], size, pad)))
        row += many
    return found


def in_pairs(documents: Iterable[Encoded], most: int, pad: int, first: int) -> list[Part]:
    """What is read and what is written, of like length together; `first` begins an answer."""
    pairs = [(ids[: learn.index(True)], ids[learn.index(True) :]) for ids, learn in documents]
    ordered = sorted(pairs, key=lambda pair: (-len(pair[0]), -len(pair[1])))
    found, row = [], 0
    while row < len(ordered):
        size = _rounded(len(ordered[row][0]))
        chosen = ordered[row : row + max(1, most // size)]
        written = [([first, *answer], [False] + [True] * len(answer)) for _, answer in chosen]
        read = [(prompt, [False] * len(prompt)) for prompt, _ in chosen]
        longest = _rounded(max(len(ids) for ids, _ in written))
        found.append(Part(_rows(read, size, pad), _rows(written, longest, pad)))
        row += len(chosen)
    return found


def _trimmed(row: Windows) -> Windows:
    """Without the padding behind, as far as whole steps of `TRIMMED` go."""
    size = -(-_real(row) // TRIMMED) * TRIMMED
    return Windows(
        *(array[:, :size] for array in (row.ids, row.learn, row.segments, row.positions))
    )


def _rows(encoded: Sequence[Encoded], size: int, pad: int) -> Windows:
    """One document a row, padded behind."""
    shape = (len(encoded), size)
    ids = np.full(shape, pad, dtype=np.int32)
    learn = np.zeros(shape, dtype=bool)
    segments = np.zeros(shape, dtype=np.int16)
    for row, (tokens, wanted) in enumerate(encoded):
        ids[row, : len(tokens)] = tokens
        learn[row, : len(tokens)] = wanted
        segments[row, : len(tokens)] = 1
    positions = np.broadcast_to(np.arange(size, dtype=np.int32), shape).copy()
    return Windows(ids, learn, segments, positions)


def _rounded(size: int) -> int:
    return -(-size // ROUND) * ROUND


def _real(windows: Windows) -> int:
    return int((windows.segments > 0).sum())
