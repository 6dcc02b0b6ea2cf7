"""Text → the stems that a passage is found by, the same on every database.

Words are stemmed by the language that the text is in (Snowball), then folded as `folding` does, so
that upper case and accents make no difference. A language without a stemmer, and a text of no known
language, keep their words whole; scripts without spaces become pairs of characters.
"""

import hashlib
import threading
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from typing import Any

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

from store import folding

STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Snowball's stemmers by ISO 639-1."""

COUNTED = np.dtype([("stem", "<i8"), ("times", "u1")])
"""How the stems of a passage are kept for scoring: hash and count, nine bytes each."""

_lock = threading.Lock()


def stems(text: str, language: str) -> list[str]:
    """The stems of a text in their order, repeated as they stand; `language`: ISO 639-1 or ""."""
    lowered = unicodedata.normalize("NFKC", text[: folding.INDEXED_CHARACTERS]).lower()
    found: list[str] = []
    for run in folding.runs(lowered):
        if folding.is_unspaced(run):
            found.extend(folding.fold(piece) for piece in folding.pieces(run))
        else:
            found.append(_stem(run, language))
    return [stem for stem in found if stem]


def key(stem: str) -> int:
    """A stem as a number of 64 bits with a sign."""
    return int.from_bytes(
        hashlib.blake2b(stem.encode(), digest_size=8).digest(), "little", signed=True
    )


def counted(found: list[str]) -> NDArray[Any]:
    """Stems with their counts (255 at most), as `COUNTED`, sorted by hash."""
    times = Counter(found)
    rows = np.array([(_key(stem), min(n, 255)) for stem, n in times.items()], COUNTED)
    rows.sort(order="stem")
    return rows


@lru_cache(maxsize=1 << 16)
def _stem(word: str, language: str) -> str:
    with _lock:  # a stemmer holds the word it works on
        stemmer = _stemmer(language)
        stem = word if stemmer is None else str(stemmer.stemWord(word))
    # What folding takes apart (½ → 1⁄2) is joined: a stem is one word on every database.
    return "".join(folding.runs(folding.fold(stem)))[: folding.LONGEST_WORD]


@cache
def _stemmer(language: str) -> Any:
    name = STEMMERS.get(language)
    return None if name is None else snowballstemmer.stemmer(name)


_key = lru_cache(maxsize=1 << 16)(key)
