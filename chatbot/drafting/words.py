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
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, first, last, begin, end in matcher.get_opcodes():
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
    if not one or not other:
        return float(one != other)
    row = list(range(len(other) + 1))
    for at, word in enumerate(one, 1):
        left = row[0]
        row[0] = at
        for to, against in enumerate(other, 1):
            left, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, left + (word != against))
    return row[-1] / max(len(one), len(other))
