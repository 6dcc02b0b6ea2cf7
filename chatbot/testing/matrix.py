"""Versions × models × cases × repeats: asked at once, judged, and told cell by cell.

    run ─▶ one task a cell, its repeats beside each other, at most so many at a time of each model
        ─▶ ask (the path of a turn) ─▶ judge in a thread ─▶ on_cell

Knows no row and no file: what asks and what judges comes in. An answer that failed is an error in
its cell, and the others go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Literal

from chatbot.answering import storable
from chatbot.backends.cancel import CancelToken
from chatbot.errors import ChatbotError
from prompts.cases import Case
from prompts.checks import Judged, Output, Verdict

Status = Literal["passed", "failed", "error"]


@dataclass(frozen=True, slots=True)
class Column:
    """What a case is tried under: a version (hash) and a model (label)."""

    version: str
    model: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One repeat: what came back and how it was judged; `error` says why nothing did."""

    output: Output
    judged: Judged | None = None
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether it passed."""
        return self.judged is not None and self.judged.passed

    def as_json(self, case: Case) -> dict[str, Any]:
        """What is stored of it."""
        verdicts = self.judged.verdicts if self.judged else ()
        return {
            "text": self.output.text,
            "passed": self.passed,
            "score": self.judged.score if self.judged else 0.0,
            "tokens": self.output.tokens,
            "prompt_tokens": self.output.prompt_tokens,
            "latency_s": self.output.latency_s,
            "cost": self.output.cost,
            "error": self.error,
            "assertions": [
                {"type": one.name, "weight": one.weight, **_verdict(verdict)}
                for one, verdict in zip(case.assertions, verdicts, strict=False)
            ],
        }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "passed": verdict.passed,
        "score": verdict.score,
        "sentence": storable(verdict.sentence),
        "error": verdict.error,
    }


@dataclass(frozen=True, slots=True)
class Cell:
    """A case under a column, all repeats. `number` counts the cases of the suite from 0."""

    column: Column
    number: int
    case: Case
    attempts: tuple[Attempt, ...]

    @property
    def passes(self) -> int:
        """Repeats that passed."""
        return sum(attempt.passed for attempt in self.attempts)

    @property
    def status(self) -> Status:
        """Passed when enough repeats did; an error when one failed or could not be judged."""
        if any(one.error or (one.judged and one.judged.error) for one in self.attempts):
            return "error"
        return "passed" if self.case.passes(self.passes, len(self.attempts)) else "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: cells and answers that are done, of how many, and cells that passed."""

    done: int
    total: int
    answers: int
    of: int
    passed: int


Ask = Callable[[Column, int, Case], Awaitable[Output]]
Judge = Callable[[Case, Output], Judged]
OnCell = Callable[[Cell], Awaitable[None]]
Tell = Callable[[Progress], None]


@dataclass(slots=True)
class Matrix:
    """One run. `at_once`: calls to a model at a time; `threads` are those that judge.

    `repeat` None: as each case says.
    """

    columns: Sequence[Column]
    cases: Mapping[int, Case]
    ask: Ask
    judge: Judge
    on_cell: OnCell
    at_once: Callable[[str], int]
    threads: Executor
    repeat: int | None = None
    tell: Tell | None = None
    cancel: CancelToken = field(default_factory=CancelToken)
    _places: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _done: int = 0
    _answers: int = 0
    _passed: int = 0

    @property
    def total(self) -> int:
        """Cells there will be."""
        return len(self.columns) * len(self.cases)

    async def run(self) -> bool:
        """Fill every cell; whether that came to its end. Raises what storing a cell raises."""
        self._places = {
            model: asyncio.Semaphore(self.at_once(model))
            for model in {column.model for column in self.columns}
        }
        tasks = [
            asyncio.create_task(self._cell(column, number, case))
            for number, case in self.cases.items()
            for column in self.columns
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return not self.cancel.cancelled

    async def _cell(self, column: Column, number: int, case: Case) -> None:
        repeats = self.repeat or case.repeat
        attempts = await asyncio.gather(
            *(self._attempt(column, number, case) for _ in range(repeats))
        )
        if self.cancel.cancelled:  # half a cell would look like a bad one
            return
        cell = Cell(column, number, case, tuple(attempts))
        await self.on_cell(cell)
        self._done += 1
        self._passed += cell.status == "passed"
        self._told()

    async def _attempt(self, column: Column, number: int, case: Case) -> Attempt:
        async with self._places[column.model]:
            if self.cancel.cancelled:
                return Attempt(Output(""))
            try:
                output = await self.ask(column, number, case)
            except ChatbotError as error:
                self._answers += 1
                return Attempt(Output(""), error=str(error))
        loop = asyncio.get_running_loop()
        judged = await loop.run_in_executor(self.threads, self.judge, case, output)
        self._answers += 1
        self._told()
        return Attempt(output, judged)

    def _told(self) -> None:
        if self.tell is not None:
            of = len(self.columns) * sum(self.repeat or one.repeat for one in self.cases.values())
            self.tell(Progress(self._done, self.total, self._answers, of, self._passed))
