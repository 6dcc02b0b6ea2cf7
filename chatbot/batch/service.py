"""The way of a batch: rows that are done are passed over, the others worked on, results added."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chatbot.batch import files, pool, spread
from chatbot.batch.files import Line, Results, encoded
from chatbot.batch.working import Making, Row, is_failed, may_befall_all
from chatbot.errors import ChatbotError, Refused

On = Literal["local", "ray"]
Tell = Callable[[int, int], None]
"""Called with how many rows have their result, and how many lines there are."""

FAILING = 20
"""Rows in a row that the model or the database failed, after which the rest is left for later."""


@dataclass(frozen=True, slots=True)
class Job:
    """A batch. `options`: what makes its results what they are; results of others are refused.

    `make` opens what the work needs. `at_once`: rows worked on together, in each process.
    `processes`: on Ray, how many there are at most.
    """

    source: Path
    out: Path
    make: Making
    options: Mapping[str, Any]
    at_once: int = 8
    on: On = "local"
    processes: int = 2


@dataclass(frozen=True, slots=True)
class Summary:
    """How it ended: rows with a result, those that had one before, those worked on now that failed.

    `why`: the sentence of the first failure.
    """

    rows: int
    before: int
    failed: int
    why: str = ""


def run(job: Job, tell: Tell) -> Summary:
    """Work until every row has its result. May take days; a kill loses the rows begun, no more.

    Raises:
        Refused: a file cannot be used, or the results are those of other rows or options.
        ChatbotError: nothing answers: rows are left for the same command to go on with.
    """
    if job.out.absolute() == job.source.absolute():
        raise Refused("The rows and the results are the same file. Name another one with --out.")
    of = files.count(job.source)
    with Results(job.out) as results:
        rows = files.lines(job.source, job.options)
        before = results.pass_over(rows)
        tell(before, of)
        return asyncio.run(_worked(job, rows, results, before, lambda done: tell(done, of)))


async def _worked(
    job: Job, rows: Iterator[Line], results: Results, before: int, tell: Callable[[int], None]
) -> Summary:
    done, failed, why = before, 0, ""
    held: list[bytes] = []
    async with aclosing(_pieces(job, rows)) as pieces:
        async for line, result in pieces:
            if is_failed(result):
                failed, why = failed + 1, why or result["error"]["message"]
            held.append(encoded(line, result))
            if may_befall_all(result):
                if len(held) >= FAILING:
                    raise ChatbotError(_gave_up(done, result))
                continue
            results.add(b"".join(held))
            done, held = done + len(held), []
            tell(done)
    results.add(b"".join(held))
    tell(done + len(held))
    return Summary(done + len(held), before, failed, why)


def _gave_up(done: int, result: Row) -> str:
    reason = result["error"]["message"].rstrip(".")
    return (
        f"{FAILING} rows in a row failed, the last because: {reason}. {done} rows have their "
        "result; the same command goes on behind them."
    )


async def _pieces(job: Job, rows: Iterator[Line]) -> AsyncGenerator[tuple[Line, Row], None]:
    if job.on == "ray":
        spreading = spread.Spreading(job.source, job.options, job.make, job.at_once)
        pieces = spread.worked(rows, spreading, job.processes)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece
        return
    async with job.make() as work, aclosing(pool.worked(rows, work, job.at_once)) as pieces:
        async for piece in pieces:
            yield piece
