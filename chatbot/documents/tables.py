"""CSV: an article a row, by the names of the columns. A bad row is named, the others are read."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chatbot.documents.blocks import one_line
from chatbot.documents.decoding import clean, decoded
from chatbot.documents.fields import known
from chatbot.documents.markdown import parse_text
from chatbot.documents.parsed import Bad, Parsed, Tell, Unreadable

MOST_ROWS = 200_000
EVERY = 200
"""Rows between two reports."""

_NAMES = {
    "title": ("title", "question", "subject", "headline"),
    "text": ("text", "answer", "body", "content", "article"),
    "id": ("id", "external_id"),
    "tags": ("tags", "category", "topic"),
    "language": ("language", "lang"),
    "visibility": ("visibility",),
    "owner": ("owner",),
    "valid_from": ("valid_from",),
    "valid_until": ("valid_until",),
}
NO_COLUMNS = (
    "Its first line must name the columns; one called title and one called text are needed."
)


def parse_csv(data: bytes, source: str, tell: Tell) -> Iterator[Parsed | Bad]:
    """The articles of a table; each source is the file's with "#" and the row's id or number.

    Raises Unreadable where the file as a whole is no such table.
    """
    text = decoded(data).removeprefix("\ufeff")
    if not text.strip():
        raise Unreadable("It is empty.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    columns = _columns(next(reader, []))
    of, seen = text.count("\n"), set[str]()
    for number, line, row in _rows(reader):
        if number % EVERY == 0:
            tell(min(line, of), of)
        if number > MOST_ROWS:
            yield Bad(f"{source}#{number}", f"Only the first {MOST_ROWS:,} rows are read.")
            return
        if isinstance(row, list) and not any(cell.strip() for cell in row):
            continue
        yield _one(row, columns, source, number, seen)
    tell(of, of)


def _delimiter(text: str) -> str:
    head = text.split("\n", 1)[0]
    return max(",;\t|", key=head.count)


def _columns(head: list[str]) -> dict[str, int]:
    names = [name.strip().lower().replace(" ", "_") for name in head]
    columns = {
        field: next(names.index(name) for name in known_as if name in names)
        for field, known_as in _NAMES.items()
        if not set(known_as).isdisjoint(names)
    }
    if "title" not in columns or "text" not in columns:
        raise Unreadable(NO_COLUMNS)
    return columns | {"": len(names)}


def _rows(reader: Any) -> Iterator[tuple[int, int, list[str] | str]]:
    """(number, line, cells) of every row; a sentence in the place of cells that cannot be read."""
    number = 0
    while True:
        number, first = number + 1, reader.line_num + 1
        try:
            yield number, reader.line_num, next(reader)
        except StopIteration:
            return
        except csv.Error:
            lines = f"Line {first}" if reader.line_num <= first else f"Line {first} and following"
            yield number, reader.line_num, f"{lines}: a quotation mark is not closed."


def _one(
    row: list[str] | str, columns: dict[str, int], source: str, number: int, seen: set[str]
) -> Parsed | Bad:
    named = f"{source}#{number}"
    if isinstance(row, str):
        return Bad(named, row)
    if len(row) != columns[""]:
        return Bad(named, f"It has {len(row)} cells, the first line has {columns['']}.")
    values = {field: row[place].strip() for field, place in columns.items() if field}
    if key := one_line(values.pop("id", ""))[:100]:
        named = f"{source}#{key}"
    if named in seen:
        return Bad(named, "Another row has the same id.")
    seen.add(named)
    if not values["title"]:
        return Bad(named, "It has no title.")
    try:
        fields = known(values)
        body = parse_text("\n" + clean(values.pop("text")), named, title=fields["title"])
        return replace(body, **fields)
    except Unreadable as error:
        return Bad(named, str(error))
