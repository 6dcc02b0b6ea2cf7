"""Where rules may begin: at a run of digits, or at a word. Saves trying every character.

A pattern given here begins with what is scanned for and looks behind for its own edge.
"""

import re
from collections.abc import Container, Iterator

_DIGITS = re.compile("[0-9]+")
_WORD = re.compile(r"[^\W\d_]{2,20}+")


def at_digits(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield matches of `pattern` that begin with a run of digits; they do not overlap."""
    done = 0
    for run in _DIGITS.finditer(text):
        if run.start() >= done:
            match = pattern.match(text, run.start())
            if match:
                done = match.end()
                yield match


def at_words(pattern: re.Pattern[str], text: str, words: Container[str]) -> Iterator[re.Match[str]]:
    """Yield matches of `pattern` that begin with one of `words`."""
    done = 0
    for word in _WORD.finditer(text):
        if word.start() >= done and word[0] in words:
            match = pattern.match(text, word.start())
            if match:
                done = match.end()
                yield match
