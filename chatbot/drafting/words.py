"""What changed between two texts, word by word, and any part of it accepted.

    tokens = changes("It costs $3.", "It costs $4 today.")
    apply(tokens, {0})      only the first change is made

Knows words and white space; nothing of drafts.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST = 9_000_000
"""Pairs of words that are looked at: between longer texts, what differs is one change."""
_WORD = re.compile(r"\s+|\w+(?:[.,:'’@/-]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Token:
    """A run of text that stayed, went or came. What went and what came at one place share `change`.

    `change` counts from 0, and is None for what stayed.
    """

    kind: Literal["same", "del", "ins"]
    text: str
    change: int | None = None


def changes(before: str, after: str) -> list[Token]:
    """The way from one text to another. Runs of `same` and `del` are `before`, to the letter."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    tokens: list[Token] = []
    number = 0
    for kind, first, last, begin, end in _way(old, new):
        went, came = "".join(old[first:last]), "".join(new[begin:end])
        if kind == "equal":
            tokens.append(Token("same", went))
            continue
        tokens += [Token("del", went, number)] if went else []
        tokens += [Token("ins", came, number)] if came else []
        number += 1
    return tokens


def apply(tokens: Sequence[Token], accepted: Collection[int]) -> str:
    """The text with these changes made and all others not."""
    return "".join(
        token.text
        for token in tokens
        if token.kind == "same" or (token.kind == "ins") == (token.change in accepted)
    )


def distance(a: str, b: str) -> float:
    """How far apart two texts are: Levenshtein's distance over words, by the longer; 0 to 1."""
    one, other = a.split(), b.split()
    longer = max(len(one), len(other))
    first, last = _ends(one, other)
    one, other = one[first : len(one) - last], other[first : len(other) - last]
    if not one or not other or len(one) * len(other) > MOST:
        return max(len(one), len(other)) / max(longer, 1)
    row = list(range(len(other) + 1))
    for at, word in enumerate(one, 1):
        left = row[0]
        row[0] = at
        for to, against in enumerate(other, 1):
            left, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, left + (word != against))
    return row[-1] / longer


def _way(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    """The steps from one list to another, as difflib tells them."""
    if len(old) * len(new) <= MOST:
        return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    first, last = _ends(old, new)
    steps = [
        ("equal", 0, first, 0, first),
        ("replace", first, len(old) - last, first, len(new) - last),
        ("equal", len(old) - last, len(old), len(new) - last, len(new)),
    ]
    return [step for step in steps if step[1] < step[2] or step[3] < step[4]]


def _ends(one: list[str], other: list[str]) -> tuple[int, int]:
    """How many words two lists share at the beginning, and at the end behind that."""
    shorter = min(len(one), len(other))
    first = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    behind = range(1, shorter - first + 1)
    return first, next((n - 1 for n in behind if one[-n] != other[-n]), shorter - first)
