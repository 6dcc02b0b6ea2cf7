"""Packs encoded documents into windows of one length; knows ids, not words.

Documents in one window do not see each other: each has its own segment number,
and its positions count from zero.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Encoded = tuple[list[int], list[bool]]
Array = np.ndarray[Any, np.dtype[Any]]
OPEN_WINDOWS = 24


@dataclass(frozen=True, slots=True)
class Windows:
    """Packed rows, each array of shape (rows, window); segment 0 is padding."""

    ids: Array
    learn: Array
    segments: Array
    positions: Array

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, index: Array) -> "Windows":
        """Return the rows at `index`."""
        return Windows(
            self.ids[index], self.learn[index], self.segments[index], self.positions[index]
        )

    def beside(self, more: "Windows") -> "Windows":
        """Return these rows and, after them, those of `more`, which have the same window."""
        return Windows(
            np.concatenate([self.ids, more.ids]),
            np.concatenate([self.learn, more.learn]),
            np.concatenate([self.segments, more.segments]),
            np.concatenate([self.positions, more.positions]),
        )


def pieces(document: Encoded, window: int) -> Iterator[Encoded]:
    """Cut a document that is longer than the window; a short one comes back whole."""
    ids, learn = document
    for start in range(0, len(ids), window):
        yield ids[start : start + window], learn[start : start + window]


def pack(documents: Iterable[Encoded], window: int, pad: int) -> Windows:
    """Pack by first fit over a few open windows, in the order given.

    Raises ValueError when nothing is there to pack.
    """
    closed: list[list[Encoded]] = []
    rows: list[tuple[int, list[Encoded]]] = []
    for document in documents:
        for piece in pieces(document, window):
            size = len(piece[0])
            for i, (left, row) in enumerate(rows):
                if size <= left:
                    row.append(piece)
                    rows[i] = (left - size, row)
                    break
            else:
                rows.append((window - size, [piece]))
            if len(rows) > OPEN_WINDOWS:
                fullest = min(range(len(rows)), key=lambda i: rows[i][0])
                closed.append(rows.pop(fullest)[1])
    closed += [row for _, row in rows]
    if not closed:
        raise ValueError("There is no text to pack: the chosen data is empty.")
    return _arrays(closed, window, pad)


def _arrays(rows: list[list[Encoded]], window: int, pad: int) -> Windows:
    shape = (len(rows), window)
    ids = np.full(shape, pad, dtype=np.int32)
    learn = np.zeros(shape, dtype=bool)
    segments = np.zeros(shape, dtype=np.int16)
    positions = np.zeros(shape, dtype=np.int32)
    for r, row in enumerate(rows):
        at = 0
        for number, (piece, wanted) in enumerate(row, 1):
            end = at + len(piece)
            ids[r, at:end] = piece
            learn[r, at:end] = wanted
            segments[r, at:end] = number
            positions[r, at:end] = np.arange(len(piece))
            at = end
    return Windows(ids, learn, segments, positions)
