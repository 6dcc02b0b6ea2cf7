"""Key/value caches of several requests as plain blocks of memory that a graph computes in.

One block for each part (keys or values of one layer), of shape (rows, heads, columns, size); every
row begins in column 0, so a row of any length takes the next step beside the others:

    row 0   a b c d e f . .     lengths 6, 3: the next tokens go into columns 6 and 3;
    row 1   g h i . . . . .     the first n rows are one piece of memory, whatever n is

A row joins by a copy of itself alone and leaves by one copy of the last row into its place. Knows
nothing of tokens, sampling or the graph.
"""

from collections.abc import Sequence

import numpy as np

Kept = list[tuple[np.ndarray, np.ndarray]]
"""Keys and values of one row, a pair for each layer: (1, heads, tokens, size of a head)."""

_COLUMNS = 256
"""Columns at first; more are added by half of what there is."""


class Rows:
    """Grows as needed up to `most` columns. `shapes`: heads and size of each part."""

    def __init__(self, shapes: Sequence[tuple[int, int]], most: int) -> None:
        self._shapes = shapes
        self._most = most
        self.lengths: list[int] = []
        self._empty()

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def columns(self) -> int:
        """How long a row may become before more room is made."""
        return self.mask.shape[1]

    def add(self, row: Kept, *, room: int = 0) -> None:
        """Copy what is computed in as the last row, with `room` columns for the whole of it."""
        length = row[0][0].shape[2] if row else 0
        index = len(self.lengths)
        self._make_room(index + 1, max(length + 1, room))
        for number, pair in enumerate(row):
            for part, new in zip(self.parts[2 * number :], pair, strict=False):
                part[index, :, :length] = new[0]
        self.mask[index, :length], self.mask[index, length:] = 1, 0
        self.lengths.append(length)

    def row(self, index: int) -> Kept:
        """A copy of one row."""
        return [(keys.copy(), values.copy()) for keys, values in self.view(index)]

    def view(self, index: int) -> Kept:
        """One row where it stands: good until the next change."""
        length = self.lengths[index]
        parts = [part[index : index + 1, :, :length] for part in self.parts]
        return list(zip(parts[::2], parts[1::2], strict=True))

    def remove(self, index: int) -> None:
        """Drop a row; the last row takes its index. Room for one stays, room for more goes."""
        last = len(self.lengths) - 1
        length = self.lengths[last]
        if index != last:
            for part in self.parts:
                part[index, :, :length] = part[last, :, :length]
            self.mask[index] = self.mask[last]
            self.lengths[index] = length
        self.lengths.pop()
        if not self.lengths and self.mask.shape[0] > 1:
            self._empty()

    def open_columns(self, count: int = 1) -> None:
        """Before a step that writes `count` tokens into every row: see that there is room."""
        self._make_room(len(self.lengths), max(self.lengths) + count)
        for index, length in enumerate(self.lengths):
            self.mask[index, length : length + count] = 1

    def close_columns(self, count: int = 1) -> None:
        """After the step: what it wrote belongs to the rows."""
        self.lengths = [length + count for length in self.lengths]

    def _empty(self) -> None:
        self.lengths = []
        self.parts = [np.zeros((0, heads, 0, size), np.float32) for heads, size in self._shapes]
        self.mask = np.zeros((0, 0), np.int64)

    def _make_room(self, rows: int, columns: int) -> None:
        """New blocks when these are too small. Zeroed memory takes no room until it is written."""
        old_rows, old_columns = self.mask.shape
        if rows <= old_rows and columns <= old_columns:
            return
        live = len(self.lengths)
        new_rows = max(old_rows, 1 << (rows - 1).bit_length())
        new_columns = old_columns
        if columns > old_columns:
            new_columns = min(self._most, max(columns, _COLUMNS, old_columns * 3 // 2))
        used = max(self.lengths, default=0)
        for number, (heads, size) in enumerate(self._shapes):
            block = np.zeros((new_rows, heads, new_columns, size), np.float32)
            block[:live, :, :used] = self.parts[number][:live, :, :used]
            self.parts[number] = block
        mask = np.zeros((new_rows, new_columns), np.int64)
        mask[:live, :old_columns] = self.mask[:live]
        self.mask = mask
