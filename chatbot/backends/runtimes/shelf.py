"""Key/value caches of several requests in one block, so that one step serves them all.

Every row is aligned at its end: the next token of each goes into the same column.

    row 0   . . . . a b c d e f   ┐ the columns start:end are what attention sees;
    row 1   . . . . . . . g h i   ┘ dots are masked

A row joins by a copy of itself alone, leaves by one copy of the last row into its place, and no
step copies what is already there (a `DynamicCache` copies everything at every token). Knows nothing
of tokens or sampling; the runtime says which row is whose.
"""

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

Kept = list[tuple[torch.Tensor, torch.Tensor]]
"""Keys and values of one row, a pair for each layer: (1, heads, tokens, size of a head)."""

_SLACK = 256
"""Columns added at once when the block is full."""


class Shelf(Cache):  # type: ignore[misc]  # transformers has no types
    """Rows of different lengths as one cache for a decode step of one token a row."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.layers: list[_Layer] = []
        self.lengths: list[int] = []
        self.start = self.end = 0
        self._rows = self._columns = 0

    def mask(self, device: torch.device) -> torch.Tensor | None:
        """(rows, columns + the new one), True where a row may look; None when all are alike."""
        width = self.end - self.start
        if all(length == width for length in self.lengths):
            return None
        lengths = torch.tensor(self.lengths, device=device).unsqueeze(1)
        return torch.arange(width, -1, -1, device=device).unsqueeze(0) <= lengths

    def add(self, row: Kept) -> None:
        """Copy a request's cache in as the last row."""
        length = row[0][0].shape[2]
        if not self.lengths:
            self.start = self.end = length
        self._make_room(len(self.lengths) + 1, length, row)
        self.start = min(self.start, self.end - length)
        self.lengths.append(length)
        for layer, (keys, values) in zip(self.layers, row, strict=True):
            place = (len(self.lengths) - 1, slice(None), slice(self.end - length, self.end))
            layer.keys[place], layer.values[place] = keys[0], values[0]

    def row(self, index: int) -> Kept:
        """A copy of one row."""
        place = (
            slice(index, index + 1),
            slice(None),
            slice(self.end - self.lengths[index], self.end),
        )
        return [(layer.keys[place].clone(), layer.values[place].clone()) for layer in self.layers]

    def remove(self, index: int) -> None:
        """Drop a row; the last row takes its index."""
        last = len(self.lengths) - 1
        if index != last:
            columns = slice(self.end - self.lengths[last], self.end)
            for layer in self.layers:
                layer.keys[index, :, columns] = layer.keys[last, :, columns]
                layer.values[index, :, columns] = layer.values[last, :, columns]
            self.lengths[index] = self.lengths[last]
        self.lengths.pop()
        self.start = self.end - max(self.lengths, default=0)
        if not self.lengths:
            self.layers, self._rows, self._columns = [], 0, 0

    def open_column(self) -> None:
        """Before a step: see that there is a column for it."""
        if self.end == self._columns:
            self._make_room(len(self.lengths), 0, None)

    def close_column(self) -> None:
        """After a step: what it wrote belongs to the rows."""
        self.end += 1
        self.lengths = [length + 1 for length in self.lengths]

    def _make_room(self, rows: int, length: int, row: Kept | None) -> None:
        if rows <= self._rows and length <= self.end < self._columns and self.layers:
            return
        width = self.end - self.start
        wanted = max(width, length)
        self._rows = max(1 << (rows - 1).bit_length(), self._rows)
        self._columns = wanted + max(_SLACK, wanted // 2)
        live = len(self.lengths)
        if row is not None and not self.layers:
            self.layers = [_Layer(self, keys, values) for keys, values in row]
        for layer in self.layers:
            layer.move(self._rows, self._columns, (live, self.start, self.end), wanted)
        self.start, self.end = wanted - width, wanted


class _Layer(CacheLayerMixin):  # type: ignore[misc]  # transformers has no types
    """One layer's block. Zeroed at first: a masked NaN would still spoil a row."""

    is_sliding = False

    def __init__(self, shelf: Shelf, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self._shelf = shelf
        self.keys, self.values = keys.new_zeros(0), values.new_zeros(0)
        self._shapes = [(part.shape[1], part.shape[3]) for part in (keys, values)]
        self.is_initialized = True

    def move(self, rows: int, columns: int, live: tuple[int, int, int], end: int) -> None:
        """Make a block of that size; what is live ends at column `end`."""
        count, old_start, old_end = live
        blocks = []
        for old, (heads, size) in zip((self.keys, self.values), self._shapes, strict=True):
            block = old.new_zeros(rows, heads, columns, size)
            if count:
                block[:count, :, end - (old_end - old_start) : end] = old[
                    :count, :, old_start:old_end
                ]
            blocks.append(block)
        self.keys, self.values = blocks

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new column and return all that the rows may see."""
        shelf, rows = self._shelf, key_states.shape[0]
        new, seen = slice(shelf.end, shelf.end + 1), slice(shelf.start, shelf.end + 1)
        self.keys[:rows, :, new] = key_states
        self.values[:rows, :, new] = value_states
        return self.keys[:rows, :, seen], self.values[:rows, :, seen]

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Nothing: the block is made when a row joins."""

    def get_seq_length(self) -> int:
        """Columns seen so far."""
        return self._shelf.end - self._shelf.start

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Columns with the new one, and where they begin."""
        return self.get_seq_length() + query_length, 0

    def get_max_length(self) -> int:
        """No limit."""
        return -1
