"""Finds what is left of letters mixed with digits ("XR500", "COVID-19", "308-63-0237", "2.3.1").

Takes words apart at their joints and decides which joints hold: "A4-sized" is the code "A4"
and "30-day" the number 30. Runs when every particular kind of value has been taken.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from chatbot.values.numerals import NUMBER
from chatbot.values.plain import compact
from chatbot.values.types import Found
from chatbot.values.units import AFTER

_COMPOUND = re.compile(r"[A-Za-z0-9_]++(?:[-/.][A-Za-z0-9_]++)*+")
_PART = re.compile(r"(?P<joint>[-/.]?)(?P<body>[A-Za-z0-9_]++)")
_DIGIT = re.compile("[0-9]")
_COUNTED = re.compile(
    r"[0-9]+(?:x|st|nd|rd|th|er|re)|[0-9]{1,2}e|(?:[0-9]{2}){1,2}s", re.IGNORECASE
)
_FIGURE = re.compile(NUMBER)
_VERSION = re.compile(r"[vV]?[0-9]+(?:\.[0-9]+)+")
_LONGEST_PREFIX = 6
_LONG = 5
_FEW_DIGITS = 3


class _Part(NamedTuple):
    start: int
    end: int
    joint: str
    sort: str
    """digits, mixed, capitals, counted (a number with its unit or ending), or word"""


def tokens(text: str) -> Iterator[Found]:
    """Yield codes of no particular kind."""
    for match in _COMPOUND.finditer(text):
        if _DIGIT.search(match[0]):
            yield from _codes(text, _parts(text, *match.span()))


def _parts(text: str, start: int, end: int) -> list[_Part]:
    parts: list[_Part] = []
    for match in _PART.finditer(text, start, end):
        first, last = match.span("body")
        previous = parts[-1] if parts else None
        parts.append(_Part(first, last, match["joint"], _sort(text, first, last, previous)))
    return parts


def _sort(text: str, start: int, end: int, previous: _Part | None) -> str:
    body = text[start:end]
    if body.isdecimal():
        return "digits"
    if _DIGIT.search(body):
        return "counted" if _is_counted(text, start, end) else "mixed"
    if previous and previous.sort == "digits" and _reaches(AFTER.match(text, previous.end), end):
        return "word"
    return "capitals" if body.isupper() and len(body) <= _LONGEST_PREFIX else "word"


def _is_counted(text: str, start: int, end: int) -> bool:
    if _COUNTED.fullmatch(text, start, end):
        return True
    digits = re.compile("[0-9]+").match(text, start, end)
    return digits is not None and _reaches(AFTER.match(text, digits.end()), end)


def _reaches(unit: re.Match[str] | None, end: int) -> bool:
    return unit is not None and unit.end() >= end


def _codes(text: str, parts: list[_Part]) -> Iterator[Found]:
    for group in _groups(parts):
        start, end = group[0].start, group[-1].end
        if _is_code(text[start:end], group):
            if _VERSION.fullmatch(text, start, end):
                yield Found(start, end, "version", text[start:end].lstrip("vV"))
            else:
                yield Found(start, end, "code", compact(text[start:end]))


def _groups(parts: list[_Part]) -> Iterator[list[_Part]]:
    """Yield runs of parts whose joints may hold a code together."""
    group: list[_Part] = []
    for part in parts:
        holds = part.sort in {"digits", "mixed", "capitals"}
        dotted = part.joint == "." and group and "capitals" in {part.sort, group[-1].sort}
        if group and (not holds or dotted):
            yield group
            group = []
        if holds:
            group.append(part)
    if group:
        yield group


def _is_code(body: str, group: list[_Part]) -> bool:
    sorts = [part.sort for part in group]
    if "mixed" in sorts:
        return True
    if "digits" not in sorts:
        return False
    if "capitals" in sorts:
        return not _is_counting(body, sorts)
    return _is_odd(body)


def _is_counting(body: str, sorts: list[str]) -> bool:
    """Whether capitals only shout what is counted: "5-STAR"."""
    digits, _, word = re.sub("[/.]", "-", body).partition("-")
    few = len(digits) <= _FEW_DIGITS <= len(word)
    return sorts == ["digits", "capitals"] and few


def _is_odd(digits: str) -> bool:
    """Whether joined digits are neither one number nor numbers in a row: "308-63-0237"."""
    pieces = re.split("[-/]", digits)
    if not all(_FIGURE.fullmatch(piece) for piece in pieces):
        return True
    if len(pieces) == len(("from", "to")):
        first, last = pieces
        ascends = (len(first), first) < (len(last), last) and len(last) <= _LONG + 1
        return not ascends and max(map(len, pieces)) >= _LONG
    return len(pieces) > len(("from", "to"))
