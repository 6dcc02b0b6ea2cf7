"""All rows as lines of JSON in a gzip file: a backup that any database can take.

The search index is left out and made again. The last line counts the rows, so a file that was cut
off is noticed. Each table says what its columns hold, so an older dump fits the older tables.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Date, TableClause, column, func, insert, select, table
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from store import models
from store.columns import PlainJson, PublicId, UtcTime, now
from store.errors import StoreError
from store.rows import is_sqlite

FORMAT = "chatbot-backup/1"
_KINDS: dict[str, TypeEngine[Any]] = {
    "time": UtcTime(),
    "json": PlainJson(),
    "id": PublicId(),
    "date": Date(),
}
_BATCH = 500
_OF_THE_INDEX = {"search_counters", "message_words", "title_words"} | {
    "passage_words",
    "passage_stems",
    "passage_vectors",
    "article_vectors",
    "review_bits",
    "review_gone",
    "hours",
    "days",
    "readings",
    "stale_moments",
}  # made again

Line = dict[str, Any]


class DamagedBackup(StoreError):
    """The file is no backup of ours, or not a whole one."""

    def __init__(self) -> None:
        super().__init__("This file is no backup of this program, or it is damaged. Use another.")


def lines(session: Session, revision: str) -> Iterator[Line]:
    """The whole database as the session sees it: a heading, tables with their rows, a count."""
    yield {"format": FORMAT, "revision": revision, "written_at": now().isoformat()}
    count = 0
    for each in models.Base.metadata.sorted_tables:
        if each.name in _OF_THE_INDEX:
            continue
        names = [found.name for found in each.columns]
        yield {"table": each.name, "columns": {c.name: _kind(c.type) for c in each.columns}}
        ordered = select(each).order_by(*each.primary_key)
        for row in session.execute(ordered.execution_options(yield_per=_BATCH)):
            count += 1
            yield {"row": [_plain(row._mapping[name]) for name in names]}  # noqa: SLF001
    yield {"rows": count}


def write(path: Path, content: Iterable[Line]) -> None:
    """Write lines to a file."""
    with gzip.open(path, "wt", encoding="utf-8", newline="\n") as file:
        for line in content:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def read(path: Path) -> Iterator[Line]:
    """The lines of a file. Raises `DamagedBackup`, also at its end when that is missing."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            yield from _checked(file)
    except (EOFError, ValueError, zlib.error, gzip.BadGzipFile):
        raise DamagedBackup from None


def load(session: Session, content: Iterable[Line]) -> None:
    """Insert all rows into empty tables of the same version."""
    filled: dict[str, TableClause] = {}
    for target, rows in _batches(content):
        session.execute(insert(target), rows)
        filled[target.name] = target
    if not is_sqlite(session):
        _continue_numbers(session, filled.values())


def _checked(file: TextIO) -> Iterator[Line]:
    heading = json.loads(file.readline())
    if not isinstance(heading, dict) or heading.get("format") != FORMAT:
        raise DamagedBackup
    yield heading
    count, expected = 0, None
    for written in file:
        line = json.loads(written)
        count += "row" in line
        expected = line.get("rows")
        yield line
    if count != expected:
        raise DamagedBackup


def _batches(content: Iterable[Line]) -> Iterator[tuple[TableClause, list[dict[str, Any]]]]:
    target = table("")
    kinds: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    for line in content:
        if "row" in line:
            held = zip(kinds.items(), line["row"], strict=True)
            rows.append({name: _value(kind, value) for (name, kind), value in held})
        if rows and (len(rows) == _BATCH or "row" not in line):
            yield target, rows
            rows = []
        if "table" in line:
            kinds = line["columns"]
            columns = [column(name, _KINDS.get(kind)) for name, kind in kinds.items()]
            target = table(line["table"], *columns)


def _kind(held: TypeEngine[Any]) -> str:
    return next((name for name, each in _KINDS.items() if type(held) is type(each)), "plain")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _value(kind: str, value: Any) -> Any:
    if value is None or kind not in ("time", "date"):
        return value
    return (datetime if kind == "time" else date).fromisoformat(value)


def _continue_numbers(session: Session, filled: Iterable[TableClause]) -> None:
    """Let PostgreSQL's counters go on after the ids that were inserted."""
    for each in filled:
        if "id" in each.columns:
            highest = select(func.coalesce(func.max(each.c.id), 0) + 1).scalar_subquery()
            counter = func.pg_get_serial_sequence(each.name, "id")
            session.execute(select(func.setval(counter, highest, False)))
