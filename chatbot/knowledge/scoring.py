"""How alike a question and passages are: by words (BM25), by meaning (cosine), and by both.

Pure arithmetic over arrays. The weight was chosen on one half of each of two benchmarks and checked
on the other halves; docs/quality.md has the figures and the command.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.knowledge.views import Hit

Scores = NDArray[np.float32]
Ids = NDArray[np.int64]

K1, B = 1.6, 0.75
"""BM25's two constants (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework")."""

MOST, MIDDLE, SPREAD = 0.14, 20, 3
"""What words weigh against meaning: at most, the question's length (different words) at which it is
half of that, and how quickly it grows about there.
"""

LEAST = 0.05
"""What they weigh at least where turns came before: names and numbers of a thread are words."""

ALONE = 0.016
"""What they weigh without meaning, for each root of the question's length."""

FITTING, FITTING_WORDS = 0.5, 0.12
"""Score of the best hit from which it is taken to be about the question; without an encoder."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's stems by hash, sorted, each with how rare it is (0 to about 1).

    `words`: how many different ones the question has.
    """

    stems: Ids
    rarity: Scores
    words: int


def asked(frequencies: Mapping[int, int], passages: int, words: int) -> Asked:
    """What a question asks of so many passages; `frequencies`: in how many each stem stands.

    The rarity of a stem is BM25's inverse document frequency, divided by that of a stem in no
    passage at all (about ln N), so that scores mean the same in small and large collections.
    """
    stems = np.array(sorted(frequencies), np.int64)
    within = np.array([frequencies[stem] for stem in stems.tolist()], np.float64)
    rarity = np.log1p((passages - within + 0.5).clip(0.5) / (within + 0.5))
    return Asked(stems, (rarity / np.log1p(passages)).astype(np.float32), words)


def by_words(
    question: Asked, sizes: Ids, counted: NDArray[Any], lengths: Ids, mean_length: float
) -> Scores:
    """BM25 of each passage. `sizes`: its different stems, which stand in `counted` in a row."""
    if not len(question.stems) or not len(sizes):
        return np.zeros(len(sizes), np.float32)
    found = np.ascontiguousarray(counted["stem"])
    at = np.minimum(np.searchsorted(question.stems, found), len(question.stems) - 1)
    hits = np.flatnonzero(question.stems[at] == found)
    rows = np.repeat(np.arange(len(sizes)), sizes)[hits]
    times = counted["times"][hits].astype(np.float32)
    room = K1 * (1 - B + B * lengths / max(mean_length, 1.0))
    parts = question.rarity[at[hits]] * times * (K1 + 1) / (times + room[rows])
    return np.bincount(rows, parts, len(sizes)).astype(np.float32)


def weight(question: Asked, *, alone: bool = False, later: bool = False) -> float:
    """What BM25 is multiplied with before it is added to the meaning's cosine.

    Grows with the question's length: many words, as of several turns, are sure by themselves, and
    blur the meaning. `alone`: there is no meaning to add it to. `later`: turns came before.
    """
    if alone:
        return float(ALONE * np.sqrt(question.words))
    least = LEAST if later else 0.0
    return float(least + (MOST - least) / (1 + np.exp((MIDDLE - question.words) / SPREAD)))


def fits(hits: Sequence[Hit]) -> bool:
    """Whether the best hit is likely about the question that it was found for."""
    if not hits:
        return False
    best = hits[0]
    return best.score >= (FITTING if best.meaning_rank is not None else FITTING_WORDS)
