"""Finds whole address blocks: a line with a house number, flats and boxes, then town and postcode.

For privacy, where one line too many is better than one too few: a rule for callers that ask for it
(`own` of `find`), which begins where `places` finds a street and where a number, capitals and a
number stand together. Looks nothing up.
"""

import re
from collections.abc import Iterator

from chatbot.values.english import BEFORE_NAMES, ORDINARY, TIMES
from chatbot.values.places import streets
from chatbot.values.plain import compact
from chatbot.values.scan import at_digits
from chatbot.values.types import Found
from chatbot.values.units import AFTER

_CAPITAL = r"(?!Suite|Apt)[^\W\d_a-zß-öø-ÿ][^\W\d_]{0,30}(?:['.-][^\W\d_]{1,30}){0,2}\.?"
_SMALL = r"(?:de|del|della|der|den|di|do|da|dos|du|des|la|le|les|of|van|von|zu|am|an|im|ul\.)"
_WORDS = rf"(?:{_SMALL} )?{_CAPITAL}(?: (?:{_SMALL} )?{_CAPITAL}){{0,4}}"
_NUMBER = r"[0-9]{1,5}[A-Za-z]?(?![\w%])(?![.,:][0-9])"
_ROOM = (
    r"(?:(?:Suite|Ste\.|Apt\.?|Apartment|Unit|Flat|P\. ?O\. ?Box|PO Box|PMB|PSC|Postfach)"
    r" ?#?[0-9]{1,6}[A-Za-z]?(?: Box [0-9]{1,6})?)(?![\w%])"
)
_UNIT = f"(?i:{_ROOM})"
"""After a street in any case; by itself "a flat 20 % fee" is none."""

_MILITARY = r"(?:DPO|APO|FPO),? A[AEP],? [0-9]{5}(?!\w)"
_BETWEEN = re.compile(rf"(?<![\w.,/+-])[0-9]{{1,5}}[A-Za-z]?,? {_WORDS},? {_NUMBER}")
_LED = re.compile(rf"(?<![\w.,/+-])[0-9]{{1,5}} (?=[0-9]{{1,5}} {_CAPITAL}){_NUMBER} {_WORDS}")
_COMPOUND = re.compile(
    r"(?<![\w-])(?:[0-9]{1,5} (?:[^\W\d_]{1,30} ){0,2}?)?[^\W\d_]{2,24}(?:gatan|vägen|veien|vegen"
    r"|gade|katu|steenweg|plaats|straat|straße|strasse|gasse|plein|utca)"
    rf" {_NUMBER}",
    re.IGNORECASE,
)
_ALONE = re.compile(rf"(?<!\w)(?:{_ROOM}|{_MILITARY})")
_BREAK = r"(?:,?[ \t]{0,4}\r?\n[ \t?\r\n]{0,8}(?:,[ \t])?|,[ \t]|[ \t])"
_LINE = re.compile(
    rf"{_BREAK}(?:{_UNIT}|{_MILITARY}"
    rf"|(?P<town>{_WORDS}(?:, ?[A-Z]{{2}})?)?(?:[ \t]|\r?\n[ \t?]{{0,8}})?"
    r"(?:[0-9]{4,6}(?:-[0-9]{4})?)?)"
    r"(?=[ \t]*(?:[\r\n,.;!?)]|\Z| (?:Suite|Apt)))"
)
_BEFORE = re.compile(r"[^\W\d_]\w*[ \u00a0]$")
_WINDOW = 24
_MOST_LINES = 5


def blocks(text: str) -> Iterator[Found]:
    """Yield address blocks, each as one value."""
    done = 0
    for start, end in sorted({*_begun(text)}):
        if start >= done:
            done = _whole(text, end)
            yield Found(start, done, "street", compact(text[start:done]))


def _begun(text: str) -> Iterator[tuple[int, int]]:
    """Yield the lines with which a block begins."""
    for found in streets(text):
        yield found.start, found.end
    for pattern in (_BETWEEN, _LED):
        for match in at_digits(pattern, text):
            counts = _is_counting(match[0]) or AFTER.match(text, match.end())
            if not counts and not _is_named(text, match.start()):
                yield match.span()
    for pattern in (_COMPOUND, _ALONE):
        for match in pattern.finditer(text):
            yield match.span()


def _whole(text: str, end: int) -> int:
    """Return where the block ends that begins with a line up to `end`."""
    for _ in range(_MOST_LINES):
        match = _LINE.match(text, end)
        if match is None or match.end() == end or not match[0].strip(" \t\r\n,?"):
            break
        if match["town"] and _is_plain(match["town"]):
            break
        end = match.end()
    return end


def _is_counting(line: str) -> bool:
    """Whether the words between the numbers are a date's or the sentence's: "3 May 2025"."""
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", line)}
    return bool(words & TIMES) or words <= BEFORE_NAMES | ORDINARY


def _is_named(text: str, start: int) -> bool:
    """Whether the first number belongs to a name before it: "iPhone 12 Pro Max 256"."""
    before = _BEFORE.search(text, max(0, start - _WINDOW), start)
    return before is not None and any(char.isupper() for char in before[0])


def _is_plain(town: str) -> bool:
    return all(word.lower() in BEFORE_NAMES | ORDINARY for word in re.findall(r"[^\W\d_]+", town))
