"""The rows of a run's files: where they stand, what is wrong with them. Knows no model.

A file is read once to check it; afterwards one row at a time, so that its size costs no memory.
"""

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import Refused

TRAIN, VALIDATION = "train.jsonl", "validation.jsonl"
ROLES = ("system", "user", "assistant")
LONGEST_LINE = 4 * 2**20
"""Bytes; a longer line is no conversation."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is left out: its file, its line from 1, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


class Rows:
    """The good rows of one file, in its order. `bad` names the others. Raises Refused.

    With `pairs`, a row without a rejected answer is a bad one.
    """

    def __init__(self, path: Path, *, pairs: bool = False) -> None:
        self.name, self._path = path.name, path
        self.bad: list[Bad] = []
        self._starts, self._lines = array("q"), array("q")
        try:
            with path.open("rb") as file:
                start = 0
                for number, line in enumerate(file, 1):
                    if line.strip():
                        self._look(line, number, start, pairs=pairs)
                    start += len(line)
        except OSError as error:
            raise Refused(f"{path} cannot be read. Write the dataset again.") from error

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> Row:
        with self._path.open("rb") as file:
            file.seek(self._starts[index])
            row: Row = json.loads(file.readline())
        return row

    def line(self, index: int) -> int:
        """On which line a row stands, from 1."""
        return self._lines[index]

    def leave_out(self, found: dict[int, str]) -> None:
        """Turn rows into bad ones, by index and reason."""
        self.bad += [Bad(self.name, self.line(n), reason) for n, reason in sorted(found.items())]
        kept = [n for n in range(len(self)) if n not in found]
        self._starts = array("q", (self._starts[n] for n in kept))
        self._lines = array("q", (self._lines[n] for n in kept))

    def _look(self, line: bytes, number: int, start: int, *, pairs: bool) -> None:
        wrong = next(_wrongs(line, pairs=pairs), None)
        if wrong is not None:
            self.bad.append(Bad(self.name, number, wrong))
            return
        self._starts.append(start)
        self._lines.append(number)


def _wrongs(line: bytes, *, pairs: bool) -> Iterator[str]:
    """Yield what is wrong with a line; the first is enough."""
    if len(line) > LONGEST_LINE:
        yield "it is longer than a conversation can be"
        return
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        yield "it is not JSON"
        return
    if not isinstance(row, dict):
        yield "it is not an object"
        return
    messages, reply = row.get("messages"), row.get("reply")
    if not isinstance(messages, list) or not messages:
        yield "it has no messages"
        return
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            yield "one of its messages has no text"
        elif message.get("role") not in ROLES:
            yield f"there is no role {message.get('role')!r:.40}"
    if not isinstance(reply, str) or not reply.strip():
        yield "its answer is empty"
    rejected = row.get("rejected")
    if pairs and (not isinstance(rejected, str) or not rejected.strip() or rejected == reply):
        yield "it has no second, worse answer to learn the difference from"
