"""How like two texts are, by their signs and words alone. Knows no test and no model."""

import re


def common_words(text: str, other: str) -> float:
    """Dice's share of the words that both have, counted once: what is left without an encoder."""
    mine, theirs = (set(words_of(said)) for said in (text, other))
    return 2 * len(mine & theirs) / (len(mine) + len(theirs)) if mine or theirs else 1.0


def distance(text: str, other: str) -> int:
    """Edits (a character put in, taken out or changed) from one text to the other."""
    if len(text) < len(other):
        text, other = other, text
    row = list(range(len(other) + 1))
    for at, sign in enumerate(text, 1):
        before, row[0] = row[0], at
        for to, wanted in enumerate(other, 1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (sign != wanted))
    return row[-1]


def words_of(text: str) -> list[str]:
    """The words of a text in small letters, without signs."""
    return re.findall(r"\w+", text.casefold())


def runs(words: list[str], length: int) -> list[tuple[str, ...]]:
    """Every so many words in a row."""
    return [tuple(words[at : at + length]) for at in range(len(words) - length + 1)]
