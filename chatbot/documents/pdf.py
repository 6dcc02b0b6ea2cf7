"""PDF: the text of its pages, under its outline's headings where it has one.

Runs in a process of its own (`apart`): a PDF can loop, or ask for any amount of memory.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatbot.documents.blocks import Block, one_line, sections_of, title_of, unwrapped
from chatbot.documents.decoding import clean
from chatbot.documents.parsed import (
    MOST_TEXT,
    NO_TEXT,
    TOO_LONG,
    Parsed,
    Tell,
    Unreadable,
)

MOST_PAGES = 3_000

BROKEN = "It is no PDF file, or it is damaged. Open it in a viewer and print it to a new file."
ENCRYPTED = "It is protected by a password. Save it without one."
TOO_MANY = f"It has more than {MOST_PAGES:,} pages. Split it."
SCANNED = "Its pages are pictures without text (scanned). Run text recognition (OCR) over it first."

_NO_TITLE = re.compile(r"^(untitled|microsoft word|powerpoint)|\.\w{2,4}$|^\W*$", re.IGNORECASE)
Outline = dict[int, list[tuple[int, str]]]


def parse_pdf(path: Path, source: str, tell: Tell) -> Parsed:
    """An article out of a PDF file. Raises Unreadable."""
    import pypdf
    from pypdf.errors import DependencyError, PyPdfError

    try:
        reader = _opened(pypdf.PdfReader(path))
        pages = _pages(reader, tell)
        title = _title(reader)
        outline = _outline(reader)
    except Unreadable:
        raise
    except DependencyError:
        raise Unreadable(ENCRYPTED) from None
    except RecursionError:
        raise Unreadable(BROKEN) from None
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError):
        raise Unreadable(BROKEN) from None
    if not any(pages):
        raise Unreadable(SCANNED if reader.pages else NO_TEXT)
    _, sections = sections_of(_blocks(pages, outline), title or title_of(source))
    return Parsed(title or title_of(source), sections, source=source)


def _opened(reader: Any) -> Any:
    """The reader, where everybody may read the file and it is not too long."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable(ENCRYPTED)
    if len(reader.pages) > MOST_PAGES:
        raise Unreadable(TOO_MANY)
    return reader


def _pages(reader: Any, tell: Tell) -> list[str]:
    pages, length = list[str](), 0
    for number, page in enumerate(reader.pages, 1):
        pages.append(clean(page.extract_text()))
        length += len(pages[-1])
        if length > MOST_TEXT:
            raise Unreadable(TOO_LONG)
        tell(number, len(reader.pages))
    return pages


def _title(reader: Any) -> str:
    try:
        title = one_line(str(reader.metadata.title or "")) if reader.metadata else ""
    except (ValueError, TypeError, AttributeError, KeyError):
        return ""
    return "" if _NO_TITLE.search(title) else title


def _outline(reader: Any) -> Outline:
    """By page the (level, heading) of the outline; empty where it has none that can be read."""
    found: Outline = defaultdict(list)
    seen = set[int]()

    def walk(rows: Any, level: int) -> None:
        for row in rows:
            if isinstance(row, list):
                walk(row, level + 1)
            elif id(row) not in seen:
                seen.add(id(row))
                page = reader.get_destination_page_number(row)
                if page is not None and page >= 0 and row.title:
                    found[page].append((min(level, 6), one_line(str(row.title))))

    try:
        walk(reader.outline, 2)
    except Exception:  # noqa: BLE001  a broken outline is none: the pages still have their text
        return {}
    return dict(found)


def _blocks(pages: list[str], outline: Outline) -> Iterator[Block]:
    for number, text in enumerate(pages):
        if not outline:
            yield Block(2, f"Page {number + 1}")
            yield from _paragraphs(text)
            continue
        for level, heading in outline.get(number, []):
            before, text = _parted(text, heading)
            yield from _paragraphs(before)
            yield Block(level, heading)
        yield from _paragraphs(text)


def _parted(text: str, heading: str) -> tuple[str, str]:
    """What stands before the heading's own line on its page, and after it."""
    words = r"\s+".join(re.escape(word) for word in heading.split())
    found = re.search(rf"^[ \t]*[\d.]*[ \t]*{words}[ \t]*$", text, re.MULTILINE)
    return (text[: found.start()], text[found.end() :]) if found else ("", text)


def _paragraphs(text: str) -> Iterator[Block]:
    for part in re.split(r"\n\s*\n", text):
        yield Block(0, unwrapped(part))
