"""Where rules may begin: at a run of digits, or at a word. Saves trying every character.

A pattern given here begins with what is scanned for and looks behind for its own edge.
"""

import re
from collections.abc import Container, Iterator
from functools import lru_cache

_DIGITS = re.compile("[0-9]+")
_WORD = re.compile(r"[^\W\d_]{2,20}+")


def at_digits(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield matches of `pattern` that begin with a run of digits; they do not overlap."""
    done = 0
    for start in _runs(text):
        if start >= done:
            match = pattern.match(text, start)
            if match:
                done = match.end()
                yield match


def at_words(pattern: re.Pattern[str], text: str, words: Container[str]) -> Iterator[re.Match[str]]:
    """Yield matches of `pattern` that begin with one of `words`."""
    done = 0
    for start, word in _words(text):
        if start >= done and word in words:
            match = pattern.match(text, start)
            if match:
                done = match.end()
                yield match


@lru_cache(maxsize=1)
def _runs(text: str) -> tuple[int, ...]:
    """Where runs of digits begin: dozens of rules read the same text one after another."""
    return tuple(run.start() for run in _DIGITS.finditer(text))


@lru_cache(maxsize=1)
def _words(text: str) -> tuple[tuple[int, str], ...]:
    """The words, and where they begin."""
    return tuple((word.start(), word[0]) for word in _WORD.finditer(text))
