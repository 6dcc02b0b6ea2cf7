"""From headings and paragraphs in a row to sections; the same for every format."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from chatbot.documents.decoding import clean
from chatbot.documents.parsed import (
    MOST_TEXT,
    MOST_TITLE,
    NO_TEXT,
    SEPARATOR,
    TOO_LONG,
    Section,
    Unreadable,
)

DEEPEST = 5
"""Headings of a path at most: Markdown has six levels, and the title is the first."""
_WRAPPED = 55
"""Characters from which a line that ends without a full stop was broken by its width."""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading of a level from 1 to 6, or a paragraph (level 0)."""

    level: int
    text: str


def one_line(text: str) -> str:
    """A title or heading: one line, cut at its longest."""
    return " ".join(clean(text).split())[:MOST_TITLE].strip()


def title_of(source: str) -> str:
    """A title out of a file's name: "care_of-linen.md" is "care of linen"."""
    stem = PurePosixPath(source).stem
    return one_line(re.sub(r"[_\-]+", " ", stem)) or one_line(source) or "Untitled"


def sections_of(blocks: Iterable[Block], title: str = "") -> tuple[str, tuple[Section, ...]]:
    """The title (that given, else a first heading over everything) and the sections.

    Raises Unreadable where there is no text, or too much of it.
    """
    rows = [Block(one.level, text) for one in blocks if (text := _kept(one))]
    if rows and rows[0].level == 1 and title in ("", rows[0].text):
        title, rows = rows[0].text, rows[1:]
    sections, open_headings = list[Section](), list[Block]()
    paragraphs: list[str] = []

    def close() -> None:
        if paragraphs:
            path = [one.text for one in open_headings]
            if len(path) > DEEPEST:
                path[DEEPEST - 1 :] = [SEPARATOR.join(path[DEEPEST - 1 :])]
            sections.append(Section(tuple(path), "\n\n".join(paragraphs)))
            paragraphs.clear()

    for row in rows:
        if row.level == 0:
            paragraphs.append(row.text)
            continue
        close()
        while open_headings and open_headings[-1].level >= row.level:
            open_headings.pop()
        open_headings.append(row)
    close()
    check(sections)
    return title, tuple(sections)


def check(sections: Iterable[Section]) -> None:
    """Raise Unreadable where there is no text, or too much of it."""
    length = sum(len(one.text) for one in sections)
    if not length:
        raise Unreadable(NO_TEXT)
    if length > MOST_TEXT:
        raise Unreadable(TOO_LONG)


def unwrapped(text: str) -> str:
    """Paragraphs whose lines were broken by the width of a page, joined again."""
    text = re.sub(r"(?<=[^\W\d_])-\n(?=[a-zà-öø-ÿ])", "", text)
    lines = text.split("\n")
    joined = lines[:1]
    for line in lines[1:]:
        joined[-1:] = _with_next(joined[-1], line)
    return "\n".join(joined)


def _with_next(line: str, following: str) -> list[str]:
    broken = len(line) - line.rfind("\n") > _WRAPPED and not line.rstrip().endswith((".", ":", "!"))
    starts = re.match(r"\s*([-*•–]|\d+[.)])\s|\s*$|[|#>`]", following)
    return [f"{line} {following.lstrip()}"] if broken and not starts else [line, following]


def _kept(block: Block) -> str:
    return one_line(block.text) if block.level else clean(block.text)
