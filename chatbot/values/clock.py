"""Finds times of day ("2:30 pm", "14h30", "14 Uhr") and hours from one to another ("9-17 Uhr").

Knows the clock in English, German, French, Spanish and the like; no dates, no time zones.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from chatbot.values.scan import at_digits
from chatbot.values.types import Found


def _clock(name: str) -> str:
    """Return a loose pattern of one time; `_Clock` decides whether it is one."""
    return (
        rf"(?P<{name}_hour>2[0-4]|[01]?[0-9])"
        rf"(?:(?P<{name}_mark>[:.h])(?P<{name}_minute>[0-5][0-9])(?::[0-5][0-9])?)?"
        rf"(?:[ \u00a0]?(?P<{name}_word>[ap](?:\.[ ]?m\.|\.?m)|Uhr|o'clock|h))?(?!\w)(?!:[0-9])"
    )


_BEFORE = r"(?<![\w:+])(?<![0-9][.,/-])"
_AFTER = r"(?![.,/-][0-9])"
_JOIN = (
    r"(?:[ \u00a0]{0,2}-[ \u00a0]{0,2}|[ \u00a0]{1,2}(?:to|until|till?|bis|à|a|al|alle|tot|"
    r"(?P<and>and|und|et|y|e|en))[ \u00a0]{1,2})"
)
_HOURS = re.compile(f"{_BEFORE}{_clock('first')}{_JOIN}{_clock('last')}{_AFTER}", re.IGNORECASE)
_TIME = re.compile(f"{_BEFORE}{_clock('only')}{_AFTER}", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:between|zwischen|entre|tra|tussen)[ \u00a0]{1,2}$", re.IGNORECASE)
_ALWAYS = re.compile(r"(?<![\w/.,-])24[ ]?[/x][ ]?7(?:[ ]?[/x][ ]?365)?(?![\w/]|[.,-][0-9])")
_WINDOW = 12
_NOON = 12


class _Clock(NamedTuple):
    hour: int
    minute: int
    mark: str
    word: str

    @classmethod
    def read(cls, match: re.Match[str], name: str) -> "_Clock":
        word = (match[f"{name}_word"] or "").lower().replace(".", "").replace(" ", "")
        minute = int(match[f"{name}_minute"] or 0)
        return cls(int(match[f"{name}_hour"]), minute, (match[f"{name}_mark"] or "").lower(), word)

    @property
    def sure(self) -> bool:
        """Whether this is a time by itself; "14h" alone is as likely fourteen hours."""
        return self.word not in {"", "h"} or self.mark in {":", "h"}

    @property
    def half(self) -> str:
        return self.word if self.word in {"am", "pm"} else ""

    def at(self, half: str) -> str:
        hour = self.hour
        if half and hour <= _NOON:
            hour = hour % _NOON + (_NOON if half == "pm" else 0)
        return f"{hour:02}:{self.minute:02}"


def hours(text: str) -> Iterator[Found]:
    """Yield spans of hours, "9 am to 6 pm", and the idiom "24/7"."""
    for match in at_digits(_HOURS, text):
        first, last = _Clock.read(match, "first"), _Clock.read(match, "last")
        if match["and"] and (first.sure or not _is_between(text, match.start())):
            continue  # "between 9 am and 6 pm" is two times, each with words around it
        if _is_span(first, last):
            opening, closing = first.at(first.half or _first_half(first, last)), last.at(last.half)
            yield Found(match.start(), match.end(), "hours", f"{opening}/{closing}")
    for match in at_digits(_ALWAYS, text):
        yield Found(match.start(), match.end(), "always", "24/7")


def times(text: str) -> Iterator[Found]:
    """Yield times of day."""
    for match in at_digits(_TIME, text):
        time = _Clock.read(match, "only")
        if time.sure and not (time.half and time.hour > _NOON and not time.mark):
            yield Found(match.start(), match.end(), "time", time.at(time.half))


def _is_between(text: str, start: int) -> bool:
    return _BETWEEN.search(text, max(0, start - _WINDOW), start) is not None


def _is_span(first: _Clock, last: _Clock) -> bool:
    if last.sure:
        return first.sure or first.word == last.word or not first.mark or bool(last.word)
    french = last.word == "h" in {first.word, first.mark}
    return french and first.hour < last.hour >= _NOON


def _first_half(first: _Clock, last: _Clock) -> str:
    """Return the half of the day that "9" has in "9 to 6 pm": the one that makes it earlier."""
    if not last.half:
        return ""
    earlier = (first.hour % _NOON, first.minute) < (last.hour % _NOON, last.minute)
    return last.half if earlier else {"am": "pm", "pm": "am"}[last.half]
