"""What reading a file yields: articles in sections under their headings, or why there are none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Visibility = Literal["public", "internal"]
Tell = Callable[[int, int], None]
"""Told (done, of) while a long file is read: pages of a PDF, rows of a CSV file."""

LARGEST = 50_000_000
"""Bytes of a file that is read at most."""
MOST_TEXT = 2_000_000
"""Characters of one article at most; about 800 printed pages."""
MOST_TITLE = 300
"""Characters of a title or heading; what is longer is cut."""
MOST_SOURCE = 500
"""Characters of the name by which an article is known again."""
SEPARATOR = " › "

TOO_LONG = "Its text is over 2,000,000 characters. Split it into several files."
NO_TEXT = "There is no text in it."


@dataclass(frozen=True, slots=True)
class Section:
    """Text under a path of headings, outermost first. Without the headings themselves."""

    heading: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """One article out of a file. `source`: its relative name, with "#row" for a row of a table.

    `language`, `visibility`, `owner` and dates are what the file itself says, else empty or None.
    """

    title: str
    sections: tuple[Section, ...]
    tags: tuple[str, ...] = ()
    language: str = ""
    visibility: Visibility | None = None
    owner: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Bad:
    """A file or row that was not read, and a sentence for people that says why."""

    source: str
    reason: str


class Unreadable(ValueError):
    """A file cannot be read; its text is the sentence for people."""


def quiet(done: int, of: int) -> None:
    """Tell nobody."""
