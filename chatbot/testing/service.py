"""Test runs of people's: begun, followed, stopped, stored as they come, told as reports.

Authors and administrators only; every method looks their role up. A run belongs to the process that
began it: that one stops it, while everybody sees how far it is. A process that dies leaves its runs
`interrupted` at the next start.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.authoring.access import require_author
from chatbot.backends.cancel import CancelToken
from chatbot.errors import Busy, Conflict
from chatbot.replicas import Replicas
from chatbot.testing.matrix import Cell, Column, Progress, Tell
from chatbot.testing.planning import Plan, Planning
from chatbot.testing.running import Runner
from chatbot.testing.views import (
    RunView,
    Standing,
    Suite,
    as_json,
    as_junit,
    run_view,
)
from store import prompts as rows
from store import replicas as leases
from store import test_cells, testing
from store.engine import Session
from store.records import Person, RunStatus, TestResult, TestRun
from store.test_cells import Cell as Result

log = logging.getLogger(__name__)

MOST_RUNS = 4
"""Runs that go on at once in a process."""
EARLIER = 20
"""Runs back in which a cell's earlier result is looked for."""

BUSY = "Several test runs go on just now. Wait for one of them, or stop it."
ELSEWHERE = "This run is not in this process. It stops with the process that began it."


@dataclass(slots=True)
class _Running:
    """A run that goes on here."""

    progress: Progress
    cancel: CancelToken
    task: asyncio.Task[None] | None = None


class Testing:
    """Runs tests; `run`, `begin`, `stop` and `close` are for one event loop."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        runner: Runner,
        planning: Planning,
        replicas: Replicas,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._runner = runner
        self._planning = planning
        self._replicas = replicas
        self._running: dict[str, _Running] = {}

    # Running -------------------------------------------------------------------------------------

    async def run(
        self,
        person: Person,
        prompt: str,
        columns: Sequence[Column] = (),
        *,
        repeat: int | None = None,
        cases: Sequence[int] | None = None,
        suite: Suite = "tests",
        tell: Tell | None = None,
        cancel: CancelToken | None = None,
    ) -> str:
        """Run cases (by number from 0; None: all) under columns, to the end; the run's public id.

        For a loop that ends with it: what the models hold for the loop is freed.

        A column's version is a number, a hash or its beginning; its model a name or a label. No
        columns: what production serves and the newest version, under the default model. `repeat`
        None: as each case says.

        Raises:
            NotFound, NotAllowed, UnknownModel, PromptInvalid, Refused, Busy: nothing was begun.
            StoreUnavailable: a result could not be kept; the run has failed.
        """
        plan = await asyncio.to_thread(
            self._planning.plan, person, prompt, columns, repeat, cases, suite
        )
        run, running = await self._begun(person, plan, cancel or CancelToken())
        try:
            await self._execute(run, plan, running, tell)
        finally:
            await self._runner.release(plan.work.models)
        return run.public_id

    async def begin(
        self,
        person: Person,
        prompt: str,
        columns: Sequence[Column] = (),
        *,
        repeat: int | None = None,
        cases: Sequence[int] | None = None,
        suite: Suite = "tests",
    ) -> str:
        """The same in the background of this loop; the run's public id at once."""
        plan = await asyncio.to_thread(
            self._planning.plan, person, prompt, columns, repeat, cases, suite
        )
        run, running = await self._begun(person, plan, CancelToken())
        running.task = asyncio.create_task(self._in_background(run, plan, running))
        return run.public_id

    async def stop(self, person: Person, run: str) -> None:
        """End a run early; what is done stays. One that has ended stays as it is.

        Raises NotFound, NotAllowed, Conflict: it runs in another process.
        """
        found = await asyncio.to_thread(self._run, person, run)
        running = self._running.get(run)
        if running is not None:
            running.cancel.cancel()
        elif found.status == "running":
            raise Conflict(ELSEWHERE)

    async def close(self) -> None:
        """Stop what runs in the background, and wait until that is stored."""
        tasks = [one.task for one in self._running.values() if one.task is not None]
        for running in self._running.values():
            running.cancel.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def recover(self) -> int:
        """Mark the runs that a crash left; how many. For the server's start only.

        What another process is at is let be.
        """
        with self._archive.main.reading() as session:
            going = {work_of(run): run for run in testing.running(session)}
            held = leases.held(session, going)
        with self._archive.main.writing() as session:
            return testing.interrupt_runs(session, [going[work] for work in held])

    # Reading -------------------------------------------------------------------------------------

    def columns(
        self, person: Person, prompt: str, versions: Sequence[str], models: Sequence[str]
    ) -> list[Column]:
        """Every version under every model, by name; those that matter now where none are named.

        Raises NotFound, NotAllowed, UnknownModel.
        """
        with self._archive.main.reading() as session:
            require_author(session, person)
            rows.row(session, prompt)
            return self._planning.columns(session, prompt, versions, models)

    def progress(self, person: Person, run: str) -> Standing:
        """How far a run is. Raises NotFound, NotAllowed."""
        found = self._run(person, run)
        running = self._running.get(run)
        if running is None or found.status != "running":
            return Standing(found.status, found.done, found.total)
        at = running.progress
        return Standing("running", at.done, at.total, at.answers, at.of, at.passed)

    def view(self, person: Person, run: str) -> RunView:
        """A run with its results so far, and what each cell was before.

        Raises NotFound, NotAllowed.
        """
        found = self._run(person, run)
        with self._archive.main.reading() as session:
            return self._viewed(session, found)

    def report(self, person: Person, run: str, form: Literal["json", "junit"]) -> str:
        """A run as the text of a file. Raises NotFound, NotAllowed."""
        view = self.view(person, run)
        return as_json(view) if form == "json" else as_junit(view)

    # Inside --------------------------------------------------------------------------------------

    def _viewed(self, session: Session, run: TestRun) -> RunView:
        results = testing.results(session, run.id)
        lines = rows.lines(session, {version for version, _ in run.columns})
        numbers = {sha: one.seq for sha, one in lines.items()}
        return run_view(run, results, numbers, _before(session, run))

    def _run(self, person: Person, run: str) -> TestRun:
        with self._archive.main.reading() as session:
            require_author(session, person)
            return testing.get_run(session, run)

    async def _begun(
        self, person: Person, plan: Plan, cancel: CancelToken
    ) -> tuple[TestRun, _Running]:
        if len(self._running) >= MOST_RUNS:
            raise Busy(BUSY)
        running = _Running(Progress(0, plan.work.cells, 0, plan.work.answers, 0), cancel)
        run = await asyncio.to_thread(self._begin_row, person, plan)
        self._running[run.public_id] = running
        return run, running

    def _begin_row(self, person: Person, plan: Plan) -> TestRun:
        work = plan.work
        with self._archive.main.writing() as session:
            require_author(session, person)
            run = testing.begin_run(
                session,
                prompt=plan.prompt,
                suite=plan.suite,
                tests_sha=plan.tests_sha,
                grader=work.grader.key if work.grader else "",
                repeat=work.repeat,
                columns=[[one.version, one.model] for one in work.columns],
                total=work.cells,
                actor=person.name,
            )
            self._audit.note_in(
                session,
                person,
                "prompt_tested",
                "prompt",
                plan.prompt,
                run=run.public_id,
                suite=plan.suite,
                answers=work.answers,
            )
            return run

    async def _in_background(self, run: TestRun, plan: Plan, running: _Running) -> None:
        try:
            await self._execute(run, plan, running, None)
        except Exception as error:  # noqa: BLE001  the run's status tells the person
            # The exception's text may quote an answer, so only its type is logged.
            log.error("a test run broke: %s", type(error).__name__)  # noqa: TRY400

    async def _execute(
        self, run: TestRun, plan: Plan, running: _Running, tell: Tell | None
    ) -> None:
        """Run it and give its row a true end, whatever happens."""

        def told(progress: Progress) -> None:
            running.progress = progress
            if tell is not None:
                tell(progress)

        async def keep(cell: Cell) -> None:
            await asyncio.to_thread(self._keep, run, cell)

        status: RunStatus = "failed"
        await self._replicas.holds_now(work_of(run.public_id))
        try:
            finished = await self._runner.run(plan.work, keep, told, running.cancel)
            status = "complete" if finished else "stopped"
        except asyncio.CancelledError:
            status = "stopped" if running.cancel.cancelled else "interrupted"
            raise
        finally:
            running.cancel.cancel()  # nothing goes on asking
            self._running.pop(run.public_id, None)
            await asyncio.shield(asyncio.to_thread(self._end_row, run, status))

    def _keep(self, run: TestRun, cell: Cell) -> None:
        self._replicas.holds(work_of(run.public_id))
        with self._archive.main.writing() as session:
            testing.save_result(session, run.id, result_of(cell))

    def _end_row(self, run: TestRun, status: RunStatus) -> None:
        try:
            with self._archive.main.writing() as session:
                testing.end_run(session, run.id, status)
            self._replicas.let_go(work_of(run.public_id))
        except Conflict:
            log.warning("a server that started meanwhile took a test run for one of a crash")


def work_of(run: str) -> str:
    """What a process that is at a run (public id) holds meanwhile; see chatbot.replicas."""
    return f"tests {run}"


def result_of(cell: Cell) -> TestResult:
    """A cell as it is stored."""
    return TestResult(
        version=cell.column.version,
        model=cell.column.model,
        case_no=cell.number,
        name=cell.case.description,
        critical=cell.case.critical,
        repeats=len(cell.attempts),
        passes=cell.passes,
        status=cell.status,
        outputs=[attempt.as_json(cell.case) for attempt in cell.attempts],
    )


def _before(session: Session, run: TestRun) -> list[Result]:
    """Earlier results of the same columns, the newest of each cell first."""
    wanted = {(version, model) for version, model in run.columns}
    earlier = testing.runs(session, run.prompt, suite=run.suite, before=run.id, limit=EARLIER)
    return [
        cell
        for one in earlier
        if one.status == "complete" and wanted & {(v, m) for v, m in one.columns}
        for cell in test_cells.cells_of(session, one.id)
        if (cell.version, cell.model) in wanted
    ]
