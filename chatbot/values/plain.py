"""A text's plain twin: character for character as long, with one set of digits, dashes and spaces.

Patterns read the twin and stay small; offsets are those of the text itself. Knows no values.
"""

import unicodedata

HARD_SPACE = "\u00a0"
"""Every space that does not break a line, as typographers set it inside numbers."""

BARRIER = "\0"
"""Stands where a value was already found; no pattern reads over it."""

_HARD_SPACES = "\u00a0\u2007\u2009\u200a\u202f"
_TWINS = {
    "−": "-",
    "～": "-",
    "⁄": "/",
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "٪": "%",
    "٫": ".",
    "٬": ",",
    "،": ",",
    "￠": "¢",
    "￡": "£",
    "￥": "¥",
    "￦": "₩",
}
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_FULL_WIDTH_OFFSET = 0xFEE0


class _Table(dict[int, str]):
    """Answers `str.translate` and remembers: only characters that are met cost anything."""

    def __missing__(self, code: int) -> str:
        twin = self[code] = _twin(chr(code))
        return twin


def _twin(char: str) -> str:
    if char in _TWINS:
        return _TWINS[char]
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if ord(char) in _FULL_WIDTH:
        return chr(ord(char) - _FULL_WIDTH_OFFSET)
    if category == "Pd":
        return "-"
    if category == "Zs":
        return HARD_SPACE if char in _HARD_SPACES else " "
    return char


_table = _Table()


def plain(text: str) -> str:
    """Return the twin of `text`; the same length, so offsets fit both."""
    return text if text.isascii() else text.translate(_table)


def mask(text: str, spans: list[tuple[int, int]]) -> str:
    """Return `text` with barriers over `spans`, which are sorted and do not overlap."""
    pieces, done = [], 0
    for start, end in spans:
        pieces += [text[done:start], BARRIER * (end - start)]
        done = end
    return "".join([*pieces, text[done:]])


def compact(text: str) -> str:
    """Return letters and digits alone, in capitals: an identifier in all its spellings."""
    return "".join(char for char in text.upper() if char.isalnum())
