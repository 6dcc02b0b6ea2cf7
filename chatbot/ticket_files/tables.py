"""CSV exports → threads: a row a ticket, or a row a message where rows that follow share an id."""

import csv
from collections.abc import Iterator
from datetime import datetime

from charset_normalizer import from_bytes

from chatbot.documents import Tell
from chatbot.ticket_files.fields import ID, TEXT, plain_names, thread_of
from chatbot.ticket_files.incoming import Bad, Incoming
from chatbot.ticket_files.texts import Unreadable

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SAMPLE = 200_000
_Row = tuple[int, dict[str, str]]


def text_of(raw: bytes) -> str:
    """The text of a file: by its byte order mark, as UTF-8, or in the charset that fits best.

    Raises:
        Unreadable: it is no text.
    """
    for mark, charset in _BOMS:
        if raw.startswith(mark):
            return raw.decode(charset, "replace")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        best = from_bytes(raw[:_SAMPLE]).best()
        text = raw.decode(best.encoding if best else "cp1252", "replace")
    if "\0" in text:
        raise Unreadable("It is no text file.")
    return text


def threads(
    raw: bytes, name: str, source: str, when: datetime, tell: Tell
) -> Iterator[Incoming | Bad]:
    """The tickets of a CSV file. `name` names it in `Bad`, `when` is the time of undated ones."""
    lines = text_of(raw).splitlines(keepends=True)
    group: list[_Row] = []
    for row in _rows(lines, name):
        if isinstance(row, Bad):
            yield row
            continue
        if group and not (_id(row) and _id(row) == _id(group[0])):
            yield _thread(group, name, source, when)
            group = []
            tell(row[0], len(lines))
        group.append(row)
    if group:
        yield _thread(group, name, source, when)
    tell(len(lines), len(lines))


def _rows(lines: list[str], name: str) -> Iterator[_Row | Bad]:
    """The rows by the names in the first one, each with the number of its first line.

    After a row that is none it goes on with the next line: a quote that is never closed takes one
    row with it and not the rest of the file.
    """
    feed = _Feed(lines)
    dialect = _delimiter(lines[0]) if lines else ","
    reader = csv.reader(feed, delimiter=dialect, strict=True)
    heads = [cell.strip() for cell in next(reader, [])]
    if not set(plain_names(dict.fromkeys(heads))) & {*TEXT}:
        raise Unreadable(
            "The first line names no column with the customer's words, such as text or description."
        )
    while feed.next < len(lines):
        first = feed.next
        try:
            cells = next(reader, [])
            problem = ""
        except csv.Error as error:
            cells, problem = [], f"The row cannot be read as CSV: {error}."
        if cells and len(cells) != len(heads):
            problem = f"The row has {len(cells)} columns and the first line names {len(heads)}."
        if problem:
            yield Bad(f"{name}:{first + 1}", problem, first + 1)
            feed.next = first + 1
            reader = csv.reader(feed, delimiter=dialect, strict=True)
        elif any(cell.strip() for cell in cells):
            yield first + 1, dict(zip(heads, cells, strict=True))


class _Feed(Iterator[str]):
    """Lines for csv.reader that can be gone back to."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.next = 0

    def __next__(self) -> str:
        if self.next >= len(self._lines):
            raise StopIteration
        self.next += 1
        return self._lines[self.next - 1]


def _delimiter(head: str) -> str:
    return max(",;\t", key=head.count)


def _id(row: _Row) -> str:
    names = plain_names(row[1])
    return next((str(names[name]).strip() for name in ID if names.get(name)), "")


def _thread(group: list[_Row], name: str, source: str, when: datetime) -> Incoming | Bad:
    line, first = group[0]
    record = first if len(group) == 1 else {**first, "messages": [row for _, row in group]}
    try:
        return thread_of(record, source, when)
    except Unreadable as error:
        return Bad(f"{name}:{line}", str(error), line)
