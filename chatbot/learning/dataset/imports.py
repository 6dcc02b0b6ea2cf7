"""Files of one's own → turns. Each line stands for itself: a bad one is named, the rest is read.

    JSON Lines   ours                {"messages": […], "reply": "…", "rejected": "…" or null, …}
                 OpenAI chat         {"messages": […, {"role": "assistant", …}]}
                 ShareGPT            {"conversations": [{"from": "human", "value": "…"}, …]}
                 preference          {"prompt" or "messages", "chosen", "rejected"}
                 question, answer    {"question": "…", "answer": "…", "context": "…", "label": "…"}
    CSV          question, answer [, context, label, rejected, talk]

shapes.py knows how each looks; here are lines, bytes and limits. Of a conversation with several
answers each becomes a turn, and all of them have the same `talk`.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from chatbot.errors import Refused
from chatbot.learning.dataset.shapes import Ask, Wrong, turns_of
from chatbot.learning.dataset.turns import Turn
from chatbot.learning.dataset.views import Bad

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes of one line."""
TABLES = (".csv", ".tsv")
OBJECTS = (".jsonl", ".json", ".ndjson")

_NEEDED = ("question", "answer")
_NAMES = {
    "question": ("question", "instruction", "prompt", "input", "user"),
    "answer": ("answer", "response", "reply", "output", "chosen", "assistant"),
    "context": ("context", "passage", "source"),
    "label": ("label", "intent", "topic", "category"),
    "rejected": ("rejected",),
    "talk": ("talk", "conversation", "conversation_id"),
}
"""Columns by the names that they have in files."""


def read(path: Path, ask: Ask) -> Iterator[Turn | Bad]:
    """Every turn of a file and every line that is none, in order.

    Raises Refused: the file is not there, cannot be opened, or has no column that is needed.
    """
    if path.is_dir():
        raise Refused(f"{path} is a folder. Name a JSON Lines or CSV file.")
    try:
        with path.open("rb") as file:
            lines = _table(file, path) if _is_table(file, path) else _objects(file)
            for number, found in lines:
                yield from _turns(path.name, number, found, ask)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error


def _is_table(file: IO[bytes], path: Path) -> bool:
    """By its name, and where that does not say it, by how it begins."""
    suffix = path.suffix.lower()
    if suffix in TABLES or suffix in OBJECTS:
        return suffix in TABLES
    begins = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    file.seek(0)
    return not begins.startswith((b"{", b"["))


def _turns(
    name: str, number: int, found: Mapping[str, Any] | str, ask: Ask
) -> Iterator[Turn | Bad]:
    if isinstance(found, str):
        yield Bad(number, name, found)
        return
    try:
        turns = turns_of(found, ask)
    except Wrong as error:
        yield Bad(number, name, str(error))
        return
    for turn in turns:
        turn.file, turn.line = name, number
        yield turn


def _objects(file: IO[bytes]) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """The objects of a JSON Lines file by line, or what is wrong with the line."""
    for number, raw in enumerate(_lines(file), 1):
        if raw is None:
            yield number, f"the line is longer than {LONGEST_LINE // 2**20} MB"
            continue
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            yield number, "the line is not written in UTF-8"
            continue
        if text.strip():
            yield number, _object(text)


def _object(text: str) -> Mapping[str, Any] | str:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        return f"the line is no JSON: {error.msg} at character {error.colno}"
    except (RecursionError, ValueError):
        return "the line is no JSON that can be read"
    return found if isinstance(found, dict) else "the line is no JSON object"


def _lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Lines; None for one that is too long, which is passed over without keeping it."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) <= LONGEST_LINE:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)
        yield None


def _table(file: IO[bytes], path: Path) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """The rows of a CSV file by the line on which each ends. Raises Refused."""
    first = (next(_lines(file), b"") or b"").decode("utf-8-sig", "replace")
    comma = max(",;\t", key=first.count)
    head = [_named(cell) for cell in next(csv.reader([first], delimiter=comma), [])]
    lacking = [name for name in _NEEDED if name not in head]
    if lacking:
        raise Refused(
            f"{path.name} has no column {' and no column '.join(lacking)}. Its first line must "
            "name the columns question and answer."
        )
    text = (
        "" if line is None else line.decode("utf-8", "surrogateescape") for line in _lines(file)
    )
    rows = csv.reader(text, delimiter=comma)
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield rows.line_num + 1, f"the CSV is broken here ({error})"
            continue
        if cells:
            yield rows.line_num + 1, _row(head, cells)


def _row(head: list[str], cells: list[str]) -> Mapping[str, Any] | str:
    if len(cells) != len(head):
        return f"the row has {len(cells)} cells, the first line names {len(head)}"
    if any("\udc80" <= sign <= "\udcff" for cell in cells for sign in cell):
        return "the row is not written in UTF-8"
    return {name: cell for name, cell in zip(head, cells, strict=True) if cell.strip()} | {
        name: dict(zip(head, cells, strict=True))[name] for name in _NEEDED
    }


def _named(cell: str) -> str:
    """The column's name as we know it, else as it stands."""
    word = cell.strip().casefold()
    return next((name for name, known in _NAMES.items() if word in known), word)
