"""Words of a text for heads that name things: where they stand, how they are written, their tags.

Knows characters and numbers, no tensors.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]

_WORD = re.compile(r"[@#]?\w+(?:['’.-]\w+)*|[^\w\s]")
SHAPES = 12
"""Numbers that `shape_of` says about a word."""

OUTSIDE = "O"
NEVER = -1e9


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text and where it stands."""

    text: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The words and signs of a text, in order."""
    return [Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text)]


def shape_of(word: str) -> tuple[float, ...]:
    """How a word is written, which a lower-cased encoder cannot see: `SHAPES` numbers, 0 or 1."""
    bare = word.lstrip("@#")
    letters = [char for char in bare if char.isalpha()]
    capital = bool(letters) and letters[0].isupper() and bare[:1].isalpha()
    shouted = len(letters) > 1 and all(char.isupper() for char in letters)
    digits = sum(char.isdigit() for char in bare)
    return (
        float(capital and not shouted),
        float(shouted),
        float(len(letters) == 1 and letters[0].isupper()),
        float(not capital and any(char.isupper() for char in bare[1:])),
        float(bool(letters) and all(char.islower() for char in letters)),
        float(0 < digits < len(bare)),
        float(digits == len(bare) > 0),
        float(not letters and not digits),
        float(word.startswith("@")),
        float(word.startswith("#")),
        float("." in bare or "/" in bare),
        float("-" in bare or "'" in bare or "’" in bare),
    )


def shapes_of(words: Sequence[Word]) -> Rows:
    """How each word is written: of shape (words, SHAPES)."""
    rows = [shape_of(word.text) for word in words]
    return np.asarray(rows, np.float32).reshape(len(rows), SHAPES)


def places(words: Sequence[Word], offsets: Sequence[tuple[int, int]]) -> Rows:
    """Which tokens make a word: rows that average them, of shape (words, tokens).

    The row of a word without a token (behind what was read) is zero.
    """
    rows = np.zeros((len(words), len(offsets)), np.float32)
    number = 0
    for token, (start, end) in enumerate(offsets):
        if start == end:
            continue
        while number < len(words) and words[number].end <= start:
            number += 1
        if number < len(words) and words[number].start < end:
            rows[number, token] = 1.0
    averaged: Rows = rows / np.maximum(rows.sum(1, keepdims=True), 1.0)
    return averaged


def tags_of(labels: Sequence[str]) -> tuple[str, ...]:
    """The tags of some labels: O, and for each label its beginning and its inside."""
    return (OUTSIDE, *(f"{part}-{label}" for label in labels for part in "BI"))


def decode(rows: Rows, tags: Sequence[str]) -> list[tuple[int, int, str, float]]:
    """The most likely run of tags in which an inside follows its own beginning or inside.

    Viterbi 1967. Returns first word, word behind the last, label, and how sure from 0 to 1 (the
    mean probability of the run's tags).
    """
    if not len(rows):
        return []
    likely = rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)
    may = _may_follow(tags)
    best = likely[0] + np.where([tag.startswith("I-") for tag in tags], NEVER, 0.0)
    came = np.zeros((len(rows), len(tags)), np.int64)
    for number in range(1, len(rows)):
        steps = best[:, None] + may
        came[number] = steps.argmax(0)
        best = steps.max(0) + likely[number]
    path = [int(best.argmax())]
    for number in range(len(rows) - 1, 0, -1):
        path.append(int(came[number, path[-1]]))
    path.reverse()
    return _runs(path, tags, np.exp(likely))


def _may_follow(tags: Sequence[str]) -> Rows:
    """0 where the second tag may stand behind the first, else `NEVER`."""
    rows = np.zeros((len(tags), len(tags)), np.float32)
    for second, tag in enumerate(tags):
        if tag.startswith("I-"):
            own = {tag, f"B-{tag[2:]}"}
            rows[[first not in own for first in tags], second] = NEVER
    return rows


def _runs(
    path: Sequence[int], tags: Sequence[str], sure: Rows
) -> list[tuple[int, int, str, float]]:
    found = []
    number = 0
    while number < len(path):
        tag, start = tags[path[number]], number
        number += 1
        if tag == OUTSIDE:
            continue
        while number < len(path) and tags[path[number]] == f"I-{tag[2:]}":
            number += 1
        chances = [float(sure[at, path[at]]) for at in range(start, number)]
        found.append((start, number, tag[2:], sum(chances) / len(chances)))
    return found
