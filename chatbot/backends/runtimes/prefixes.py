"""Caches of ended requests, kept by their tokens: the next turn computes only what is new.

Knows nothing of models. A bounded number of bytes; the least recently used goes first.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

Kept = list[tuple[Any, Any]]
"""Keys and values of one row, a pair of torch or numpy arrays for each layer, of shape
(1, heads, tokens, size of a head)."""


class Prefixes:
    """Finds the longest computed beginning of a prompt. `most` is in bytes; 0 keeps nothing."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[bytes, tuple[np.ndarray, Kept, int]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, tokens: Sequence[int], row: Kept) -> None:
        """Keep the cache of these tokens. Entries that are a beginning of it are dropped."""
        ids = np.asarray(tokens, dtype=np.int32)
        size = sum(part.nbytes for pair in row for part in pair)
        if size > self._most:
            return
        for key, (other, _, _) in list(self._entries.items()):
            if _common(other, ids) == len(other):
                self._drop(key)
        self._entries[ids.tobytes()] = (ids, row, size)
        self.size += size
        while self.size > self._most:
            self._drop(next(iter(self._entries)))

    def longest(self, tokens: Sequence[int]) -> tuple[int, Kept]:
        """How many first tokens are computed, and their cache (views; copy before writing)."""
        ids = np.asarray(tokens, dtype=np.int32)
        best, found = 0, b""
        for key, (other, _, _) in self._entries.items():
            common = _common(other, ids)
            if common > best:
                best, found = common, key
        if not best:
            return 0, []
        self._entries.move_to_end(found)
        row = self._entries[found][1]
        return best, [(keys[:, :, :best], values[:, :, :best]) for keys, values in row]

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
        self.size = 0

    def _drop(self, key: bytes) -> None:
        self.size -= self._entries.pop(key)[2]


def _common(one: np.ndarray, other: np.ndarray) -> int:
    """The length of the common beginning."""
    length = min(len(one), len(other))
    differ = np.flatnonzero(one[:length] != other[:length])
    return int(differ[0]) if len(differ) else length
