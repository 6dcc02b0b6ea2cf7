"""Rows worked on by processes of a Ray cluster, their results in the order of the rows.

Processes read their parts of the file of rows themselves, so it must be at the same place on every
machine of the cluster; results come to this process, which alone writes.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from chatbot.batch.files import Line, lines
from chatbot.batch.pool import worked as pooled
from chatbot.batch.working import Making, Row
from chatbot.cluster import mapped

PART = 32
"""Rows of a part, which is lost and worked on again when its machine dies."""
MOST_PARTS = 10_000
"""Parts of a large file are larger: each costs Ray a task."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that stand together: the byte and the lines before the first, and how many they are."""

    start: int
    before: int
    rows: int


@dataclass(frozen=True, slots=True)
class Spreading:
    """What a process needs to work on parts. Picklable, as `make` is."""

    source: Path
    options: Mapping[str, Any]
    make: Making
    at_once: int

    def __call__(self) -> "Process":
        """Open the work in a process of the cluster."""
        return Process(self)


class Process:
    """Works on parts in a process of the cluster, which opens what that needs once."""

    def __init__(self, told: Spreading) -> None:
        self._told = told
        self._runner = asyncio.Runner()
        self._opened = told.make()
        self._work = self._runner.run(self._opened.__aenter__())

    def __call__(self, part: str) -> str:
        """The results of a part, in the order of its rows; both as JSON."""
        done = self._runner.run(self._all(Part(*json.loads(part))))
        return json.dumps([_told(line, result) for line, result in done])

    async def _all(self, part: Part) -> list[tuple[Line, Row]]:
        told = self._told
        found = lines(told.source, told.options, start=part.start, before=part.before)
        rows = islice(found, part.rows)
        async with aclosing(pooled(rows, self._work, told.at_once)) as done:
            return [(line, result) async for line, result in done]


def parts(rows: Iterator[Line]) -> list[Part]:
    """The rows that are left, as parts; small ones are joined where there would be too many."""
    found: list[Part] = []
    size = PART
    for line in rows:
        if found and found[-1].rows < size:
            last = found[-1]
            found[-1] = Part(last.start, last.before, last.rows + 1)
        else:
            found.append(Part(line.start, line.number - 1, 1))
        if len(found) > MOST_PARTS:
            found, size = _joined(found), size * 2
    return found


async def worked(
    rows: Iterator[Line], spreading: Spreading, processes: int
) -> AsyncGenerator[tuple[Line, Row], None]:
    """Each row with its result, in order. At most so many processes are started."""
    cut = await asyncio.to_thread(parts, rows)
    texts = [json.dumps([one.start, one.before, one.rows]) for one in cut]
    with mapped(texts, spreading, processes) as results:
        while (found := await asyncio.to_thread(next, results, None)) is not None:
            for told in json.loads(found):
                yield _heard(told)


def _told(line: Line, result: Row) -> list[Any]:
    return [line.number, line.start, line.of, line.text.decode("latin-1"), result]


def _heard(told: list[Any]) -> tuple[Line, Row]:
    number, start, of, text, result = told
    return Line(number, start, of, text.encode("latin-1")), result


def _joined(found: list[Part]) -> list[Part]:
    """Two and two of them as one."""
    pairs = [found[at : at + 2] for at in range(0, len(found), 2)]
    return [Part(two[0].start, two[0].before, sum(one.rows for one in two)) for two in pairs]
