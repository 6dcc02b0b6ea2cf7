"""Finds turns that say nearly the same as an earlier one, without comparing all with all.

    words ─▶ shingles (a set) ─▶ MinHash signature ─▶ bands ─▶ the few that share a band ─▶ compared

Resemblance of two sets is the share of their union that both have (Jaccard). The share of equal
minima under random permutations estimates it: Broder 1997, "On the resemblance and containment of
documents", section 3. Two sets of resemblance s share at least one of b bands of r minima with
probability 1 - (1 - s^r)^b: Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4.2; with
the bands here that is 0.9999 at s = 0.9 and 0.01 at 0.4. What shares a band is compared exactly.
The permutations are multiply-shift, whose products overflow on purpose: Thorup 2015, "High Speed
Hashing for Integers and Strings", section 3.3.

Knows texts and sets; nothing of datasets.
"""

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Shingles = NDArray[np.uint32]

WORDS = 3
"""Words of a shingle."""
ALIKE = 0.9
"""Resemblance from which on two texts say the same."""
BANDS, ROWS = 16, 8
MOST_COMPARED = 8
"""Turns of one band that a new one is compared with, the first kept ones: work stays linear."""

_WORD = re.compile(r"\w+")


def shingles(text: str) -> Shingles:
    """The runs of three words of a text as a sorted set of hashes, case and signs left out.

    A shorter text is one shingle; one without a word is told by its characters.
    """
    words = _WORD.findall(text.casefold()) or [text.strip()]
    parts = [" ".join(words[at : at + WORDS]) for at in range(max(1, len(words) - WORDS + 1))]
    return np.unique(np.fromiter((crc32(part.encode()) for part in parts), np.uint32, len(parts)))


def resemblance(one: Shingles, other: Shingles) -> float:
    """The share of the union of two sets that both have, 0 to 1."""
    both = np.intersect1d(one, other, assume_unique=True).size
    return float(both / (one.size + other.size - both))


class Alike:
    """Remembers turns (question, reply) and says which earlier one a new one repeats.

    Both texts must be alike: many questions may have one canned reply. `seed` draws the
    permutations; memory grows with the words that are kept.
    """

    def __init__(self, *, alike: float = ALIKE, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        shape = (BANDS * ROWS, 1)
        self._factors = rng.integers(1 << 64, size=shape, dtype=np.uint64, endpoint=False)
        self._shifts = rng.integers(1 << 64, size=shape, dtype=np.uint64, endpoint=False)
        self._folds = rng.integers(1 << 64, size=ROWS, dtype=np.uint64, endpoint=False)
        self._alike = alike
        self._kept: dict[int, tuple[Shingles, Shingles]] = {}
        # Nearly every key is one turn's alone, which then needs no list.
        self._bands: list[dict[int, int | list[int]]] = [{} for _ in range(BANDS)]

    def add(self, number: int, question: str, reply: str) -> int | None:
        """Keep a turn; the number of the kept one that it repeats, and then it is not kept."""
        pair = shingles(question), shingles(reply)
        keys = self._keys(np.concatenate([pair[0], pair[1] ^ np.uint32(0x9E3779B9)]))
        near = dict.fromkeys(
            kept
            for band, key in zip(self._bands, keys, strict=True)
            for kept in _members(band.get(key))
        )
        for kept in near:
            if all(
                resemblance(new, old) >= self._alike
                for new, old in zip(pair, self._kept[kept], strict=True)
            ):
                return kept
        self._kept[number] = pair
        for band, key in zip(self._bands, keys, strict=True):
            members = _members(band.get(key))
            if len(members) < MOST_COMPARED:
                band[key] = [*members, number] if members else number
        return None

    def _keys(self, hashes: Shingles) -> Sequence[int]:
        """What the bands of a set are found by: 64 bits of each band's minima."""
        permuted = hashes.astype(np.uint64) * self._factors + self._shifts
        minima = (permuted >> np.uint64(32)).min(axis=1).reshape(BANDS, ROWS)
        keys: list[int] = (minima * self._folds).sum(axis=1).tolist()
        return keys


def _members(found: int | list[int] | None) -> list[int]:
    return [] if found is None else [found] if isinstance(found, int) else found
