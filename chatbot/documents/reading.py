"""Read a file or a folder into articles; a bad file is named with its reason and the rest goes on.

Only what lies in the folder is read: links that lead out of it are not followed.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from chatbot.documents.apart import read_apart
from chatbot.documents.blocks import Block, one_line, sections_of, title_of
from chatbot.documents.decoding import clean, decoded
from chatbot.documents.markdown import parse_text
from chatbot.documents.parsed import (
    LARGEST,
    MOST_SOURCE,
    Bad,
    Parsed,
    Tell,
    Unreadable,
    quiet,
)
from chatbot.documents.tables import parse_csv
from chatbot.documents.web import parse_html

SUFFIXES = (".md", ".markdown", ".html", ".htm", ".pdf", ".docx", ".txt", ".csv")

MISSING = "There is no such file."
EMPTY = "It is empty."
NO_FILE = "It is no file."
FOREIGN = "It is a link to a place outside of the folder, and was not followed."
LINKED = "It is a link to a folder, and was not followed."
CLOSED = "It could not be opened: {reason}."
UNKNOWN = f"Files of this kind are not read. Known are {', '.join(SUFFIXES)}."
TOO_LARGE = f"It has {{size:,.0f}} MB; {LARGEST // 1_000_000} MB are read at most. Split it."
NAME_TOO_LONG = f"Its path has over {MOST_SOURCE} characters. Shorten it."
_MOST_HEADLINE = 120
_ROOM_FOR_ROW = 110
"""Characters that "#" and the id of a row may add to a path."""


def read(path: Path, *, tell: Tell = quiet, source: str = "") -> Iterator[Parsed | Bad]:
    """The articles of a file, by its suffix; a CSV file has many. Never raises for a bad file.

    Args:
        tell: told (done, of) while a long file is read.
        source: what the file is called, where that is not the path's own name.
    """
    yield from _read(path, _written(source or path.name), tell)


def read_folder(path: Path) -> Iterator[Parsed | Bad]:
    """The articles of every file under a folder, by name; hidden files and folders are left out.

    Sources are relative to the folder.
    """
    top = path.resolve()
    for folder, folders, names in os.walk(top, onerror=None, followlinks=False):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names + [one for one in folders if Path(folder, one).is_symlink()]):
            if name.startswith("."):
                continue
            file = Path(folder, name)
            source = _written(file.relative_to(top).as_posix())
            if file.is_symlink() and not file.resolve().is_relative_to(top):
                yield Bad(source, FOREIGN)
            elif file.is_dir():
                yield Bad(source, LINKED)
            else:
                yield from _read(file, source, quiet)


def _written(name: str) -> str:
    """A file's name as text that can be stored, also where it is no UTF-8."""
    return " ".join(clean(name).split())


def _read(path: Path, source: str, tell: Tell) -> Iterator[Parsed | Bad]:
    try:
        _examine(path, source)
        suffix = path.suffix.lower()
        if suffix in (".pdf", ".docx"):
            yield read_apart(path, source, tell)
        elif suffix == ".csv":
            yield from parse_csv(_bytes(path), source, tell)
        elif suffix in (".html", ".htm"):
            yield parse_html(_bytes(path), source)
        elif suffix == ".txt":
            yield _plain(decoded(_bytes(path)), source)
        else:
            yield parse_text(decoded(_bytes(path)), source)
    except Unreadable as error:
        yield Bad(source, str(error))
    except OSError as error:
        yield Bad(source, CLOSED.format(reason=(error.strerror or "unknown").lower()))


def _examine(path: Path, source: str) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise Unreadable(UNKNOWN)
    if len(source) > MOST_SOURCE - _ROOM_FOR_ROW:
        raise Unreadable(NAME_TOO_LONG)
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise Unreadable(MISSING) from None
    if not stat.S_ISREG(state.st_mode):
        raise Unreadable(NO_FILE)
    if state.st_size > LARGEST:
        raise Unreadable(TOO_LARGE.format(size=state.st_size / 1e6))
    if state.st_size == 0:
        raise Unreadable(EMPTY)


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Unreadable(TOO_LARGE.format(size=len(data) / 1e6))
    return data


def _plain(text: str, source: str) -> Parsed:
    """Plain text: its first line is the title where an empty line follows it."""
    text = clean(text)
    first, _, rest = text.partition("\n")
    is_title = rest.startswith("\n") and 0 < len(first.strip()) <= _MOST_HEADLINE
    title = one_line(first) if is_title and not first.rstrip().endswith((".", ":", ",")) else ""
    named, sections = sections_of([Block(0, rest if title else text)], title)
    return replace(Parsed(named or title_of(source), sections), source=source)
