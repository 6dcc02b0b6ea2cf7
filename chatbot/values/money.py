"""Finds amounts of money: a number beside a currency's sign, code or name ("€5", "1.200 EUR").

Reads both decimal customs, and sizes ("$1.2 million"); converts nothing.
"""

import re
from collections.abc import Iterable, Iterator

from chatbot.values import currencies
from chatbot.values.numerals import SUM, decimal, shifted
from chatbot.values.scan import at_digits
from chatbot.values.types import Found

_SPACE = r"[ \u00a0]"


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_SIGN = (
    rf"(?:(?<!\w)(?i:{_any(currencies.DOLLARS)})"
    rf"|[{re.escape(''.join(currencies.SIGNS))}{currencies.OTHER_SIGNS}])"
)
_BEFORE = re.compile(
    rf"(?P<before>{_SIGN}|(?<!\w)(?:{_any(currencies.CODES | currencies.SMALL_CODES)}"
    rf"|{_any(currencies.LETTERS_BEFORE)})){_SPACE}?$"
)
_LONGEST_BEFORE = 6
_NUMBER = re.compile(rf"(?<![0-9][.,]){SUM}")
_LONG_SIZES = _any(size for size in currencies.SIZES if len(size) > 1)
_SIZE = rf"(?:,-)?(?:{_SPACE}?(?P<size>(?i:{_LONG_SIZES})(?!\w)|[kKmM](?!\w)))?"
_WORDS = (
    rf"(?:{_any(currencies.CODES_BEHIND | currencies.SMALL_CODES)})(?!\w)"
    rf"|(?i:(?:US |Canadian |Australian |Swiss |Indian )?(?:{_any(currencies.NAMES)})(?!\w))"
    rf"|(?:{_any(currencies.LETTERS_BEHIND)})(?!\w)"
)
_BEHIND = re.compile(rf"{_SIZE}\.?{_SPACE}?(?P<behind>{_SIGN}(?![0-9])|{_WORDS})")
_BEHIND_SIGN = re.compile(rf"{_SIZE}(?:\.?{_SPACE}?(?P<behind>{_WORDS}))?")
_LETTERS = {**currencies.LETTERS_BEHIND, **currencies.LETTERS_BEFORE}
_CODE_OF = {**currencies.SIGNS, **currencies.DOLLARS, **currencies.NAMES}


def amounts(text: str) -> Iterator[Found]:
    """Yield amounts with their currency; what is spelled out behind says most ("$5 CAD")."""
    done = 0
    for number in at_digits(_NUMBER, text):
        start, end = number.span()
        before = _BEFORE.search(text, max(done, start - _LONGEST_BEFORE), start)
        behind = (_BEHIND_SIGN if before else _BEHIND).match(text, end)
        if behind is None:
            continue
        start = before.start() if before else start
        done = behind.end()
        figure = shifted(decimal(number[0]), currencies.SIZES[(behind["size"] or "one").lower()])
        currency = currency_code(behind["behind"] or text[start : number.start()].strip(" \u00a0"))
        yield Found(start, done, "amount", f"{figure} {currency}")


def currency_code(written: str) -> str:
    """Return one code for every way to write a currency; an unknown sign stands for itself."""
    if written in _LETTERS:
        return _LETTERS[written]
    word = written.lower()
    return _CODE_OF.get(word) or _CODE_OF.get(word.rpartition(" ")[2]) or written.upper()
