"""Finds what numbers are left: percentages, durations, quantities, ordinals, plain numbers.

Runs last, on what no other rule took, and leaves no digit behind. The value is the number
alone; the unit beside it stays a word of the sentence and part of the canonical form.
"""

import re
from collections.abc import Iterator

from chatbot.values.numerals import NUMBER, decimal
from chatbot.values.types import Found
from chatbot.values.units import AFTER, unit_of

_NUMBER = re.compile(NUMBER)
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|re|ère|e|º|ª)(?!\w)", re.IGNORECASE)
_IDENTIFIER_LENGTH = 7
_RANGE = re.compile(
    r"[ \u00a0]?(?:-|to|or|and|bis|und|oder|à|ou|a|y|o|×|x|/)[ \u00a0]?", re.IGNORECASE
)
_SHARED = frozenset({"duration", "quantity", "percent"})


def numbers(text: str) -> Iterator[Found]:
    """Yield every number of `text`."""
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        figure = decimal(match[0])
        unit = AFTER.match(text, end)
        ordinal = _ORDINAL.match(text, end)
        if unit:
            kind, name = unit_of(unit)
            yield Found(start, end, kind, f"{figure} {name}")
        elif ordinal:
            yield Found(start, ordinal.end(), "ordinal", figure)
        elif match[0].isdecimal() and _is_identifier(match[0]):
            yield Found(start, end, "code", match[0])
        else:
            yield Found(start, end, "number", figure)


def _is_identifier(digits: str) -> bool:
    """Nobody counts with a leading zero, or to ten million without a comma."""
    return len(digits) >= _IDENTIFIER_LENGTH or (digits[0] == "0" and len(digits) > len("007"))


def with_shared_units(text: str, found: list[Found]) -> list[Found]:
    """Return `found` where in "3-5 days" the 3 counts days too, and in "$5-10" the 10 dollars.

    `found` is sorted and stands in `text`, the plain twin.
    """
    shared = list(found)
    for index in range(len(found) - 1):
        first, last = shared[index], shared[index + 1]
        if not _RANGE.fullmatch(text, first.end, last.start):
            continue
        if first.kind == "number" and last.kind in _SHARED | {"amount"}:
            shared[index] = _like(first, last)
        elif last.kind == "number" and first.kind == "amount":
            shared[index + 1] = _like(last, first)
    return shared


def _like(bare: Found, full: Found) -> Found:
    unit = full.canonical.partition(" ")[2]
    return bare._replace(kind=full.kind, canonical=f"{bare.canonical} {unit}")
