"""Two texts side by side: which lines went and came, and the words that changed in them.

Pure: texts in, values out. Knows no prompts.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

LONG = 2_000
"""A line with more characters is marked as a whole."""
MOST_PAIRS = 100_000
"""Where more pairs of pieces are equal, none are matched: that would take too long."""
LIKE = 0.3
"""How like each other two lines must be for their words to be compared; 1 is the same."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of a line. `changed`: it is not in the other text."""

    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of either text. `old`, `new`: its number there, from 1."""

    kind: Literal["same", "removed", "added"]
    old: int | None
    new: int | None
    marks: tuple[Mark, ...]


def lines(old: str, new: str) -> tuple[Line, ...]:
    """Every line of both texts, in order."""
    return tuple(_lines(old.splitlines(), new.splitlines()))


def words(old: str, new: str) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """The pieces of two lines; those that are in one of them alone are marked."""
    if max(len(old), len(new)) > LONG:
        return (Mark(old, changed=True),), (Mark(new, changed=True),)
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    steps = list(_steps(before, after))
    alike = sum(b - a for same, a, b, _, _ in steps if same)
    if 2 * alike < LIKE * (len(before) + len(after)):
        return (Mark(old, changed=True),), (Mark(new, changed=True),)
    left: list[Mark] = []
    right: list[Mark] = []
    for same, a, b, c, d in steps:
        _add(left, "".join(before[a:b]), changed=not same)
        _add(right, "".join(after[c:d]), changed=not same)
    return _joined(left), _joined(right)


def _joined(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Marks with those that are alike put together; a blank between two changes is one too."""
    found: list[Mark] = []
    for n, mark in enumerate(marks):
        follows = n + 1 < len(marks) and marks[n + 1].changed
        blank = not mark.text.strip() and bool(found) and found[-1].changed and follows
        _add(found, mark.text, changed=mark.changed or blank)
    return tuple(found)


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    for same, a, b, c, d in _steps(old, new):
        if same:
            for n, text in enumerate(old[a:b]):
                yield Line("same", a + n + 1, c + n + 1, (Mark(text),))
            continue
        pairs = [_pair(left, right) for left, right in zip_longest(old[a:b], new[c:d])]
        for n, (left, _) in enumerate(pairs[: b - a]):
            yield Line("removed", a + n + 1, None, left)
        for n, (_, right) in enumerate(pairs[: d - c]):
            yield Line("added", None, c + n + 1, right)


def _steps(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Whether `old[a:b]` and `new[c:d]` are the same, piece after piece: `(same, a, b, c, d)`."""
    first = _alike(old, new)
    last = _alike(old[first:][::-1], new[first:][::-1])
    old_end, new_end = len(old) - last, len(new) - last
    if first:
        yield True, 0, first, 0, first
    left, right = old[first:old_end], new[first:new_end]
    counts = Counter(right)
    if sum(counts[piece] for piece in left) > MOST_PAIRS:
        yield False, first, old_end, first, new_end
    else:
        for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            yield tag == "equal", first + a, first + b, first + c, first + d
    if last:
        yield True, old_end, len(old), new_end, len(new)


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many pieces are the same at the beginning of both."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((n for n, (left, right) in pairs if left != right), min(len(old), len(new)))


def _pair(old: str | None, new: str | None) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    if old is None or new is None:
        return (Mark(old or "", changed=True),), (Mark(new or "", changed=True),)
    return words(old, new)


def _add(marks: list[Mark], text: str, *, changed: bool) -> None:
    if marks and marks[-1].changed == changed:
        text = marks.pop().text + text
    if text:
        marks.append(Mark(text, changed))
