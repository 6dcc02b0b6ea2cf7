"""The two files of a batch: rows that are read one after another, results that are only added to.

A result names the line of its row and a hash of that row and of what was asked for, so that going
on with another file, or with other wishes, is refused rather than mixed.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from filelock import FileLock, Timeout

from chatbot.errors import Refused

LONGEST = 8 << 20
"""Bytes of a row."""
_PIECE = 1 << 20
_BEGINNING = re.compile(rb'\{"line": (\d+), "of": "([0-9a-f]{16})"')

OTHER = (
    "{out} holds results of another file, or of other options: line {line} differs. "
    "Name another file with --out."
)
BUSY = "Another process is writing to {out}. Wait for it, or name another file with --out."


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it stands in its file: line, place in bytes, how it is known again, its bytes."""

    number: int
    start: int
    of: str
    text: bytes


def count(file: Path) -> int:
    """How many lines a file has. Raises Refused."""
    with _opened(file) as source:
        whole, last = 0, b""
        while piece := source.read(_PIECE):
            whole, last = whole + piece.count(b"\n"), piece
        return whole + (last[-1:] not in (b"", b"\n"))


def lines(
    file: Path, options: Mapping[str, Any], *, start: int = 0, before: int = 0
) -> Iterator[Line]:
    """The rows, one after another; an empty line is none.

    `start`: the byte to begin at, which `before` lines stand before. Raises Refused: there is no
    file, or a line is too long.
    """
    wishes = json.dumps(options, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
    with _opened(file) as source:
        source.seek(start)
        number = before
        while text := source.readline(LONGEST + 1):
            number += 1
            if len(text) > LONGEST:
                raise Refused(f"Line {number} of {file} has more than {LONGEST >> 20} MiB.")
            if text.strip():
                told = hashlib.sha256(text.strip() + b"\x1f" + wishes).hexdigest()
                yield Line(number, start, told[:16], text)
            start += len(text)


def encoded(line: Line, result: Mapping[str, Any]) -> bytes:
    """A result as it stands in the file of results."""
    whole = {"line": line.number, "of": line.of, **result}
    return json.dumps(whole, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


class Results:
    """The file of results, held by one process at a time. Made where it is not there."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = FileLock(f"{file}.lock")

    def __enter__(self) -> Self:
        if not self._file.parent.is_dir():
            raise Refused(f"{self._file} cannot be written: there is no such folder.")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise Refused(BUSY.format(out=self._file)) from None
        except OSError as error:
            raise Refused(f"{self._file} cannot be written: {error.strerror}.") from None
        try:
            self._out: BinaryIO = self._file.open("r+b" if self._file.exists() else "x+b")
        except OSError as error:
            self._release()
            raise Refused(f"{self._file} cannot be written: {error.strerror}.") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()
        self._release()

    def pass_over(self, rows: Iterator[Line]) -> int:
        """Take from `rows` those that have their result; how many there are.

        What a kill left of a last line is cut off. Raises Refused: they are results of other rows.
        """
        done, good = 0, 0
        for line in iter(self._out.readline, b""):
            if not line.endswith(b"\n"):
                break
            row, begun = next(rows, None), _BEGINNING.match(line)
            known = None if begun is None else (int(begun[1]), begun[2].decode("ascii"))
            if row is None or known != (row.number, row.of):
                number = row.number if row is not None else done + 1
                raise Refused(OTHER.format(out=self._file, line=number))
            done, good = done + 1, good + len(line)
        self._out.truncate(good)
        self._out.seek(good)
        return done

    def add(self, results: bytes) -> None:
        """Write whole results; they outlive this process from then on. Raises Refused."""
        try:
            self._out.write(results)
            self._out.flush()
        except OSError as error:
            reason = f"{self._file} takes no more: {error.strerror}."
            raise Refused(f"{reason} The same command goes on later.") from None

    def _release(self) -> None:
        with contextlib.suppress(OSError):
            Path(self._lock.lock_file).unlink()
        self._lock.release()


def stored(file: Path) -> Iterator[dict[str, Any]]:
    """The results of a file, one after another."""
    with _opened(file) as source:
        yield from map(json.loads, source)


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from None
