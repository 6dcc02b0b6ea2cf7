"""Test cases of prompts, runs of them, and a result for each cell.

Cases are only ever added: the newest text of a prompt counts. A run's results are written as they
come, so that a process which dies keeps what was done. Knows nothing of what a case asserts.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from store import models
from store.columns import now
from store.errors import Conflict, NotFound
from store.models import PromptTests as TestsRow
from store.models import TestResult as ResultRow
from store.models import TestRun as RunRow
from store.records import PromptTests, RunStatus, TestResult, TestRun
from store.rows import columns_of, upserting

_TESTS = columns_of(TestsRow, PromptTests)
_RUN = columns_of(RunRow, TestRun)
_RESULT = columns_of(ResultRow, TestResult)

_CURRENT = TestsRow.id == models.Prompt.tests_id
"""Every prompt with its current test cases, however many there were before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the tests of a version went in one complete run: `passed` of `total` cells."""

    version: str
    run: str
    tests_sha: str
    at: datetime
    passed: int
    total: int


def save_tests(
    session: Session, *, prompt: str, sha: str, source: str, cases: int, author: str
) -> PromptTests:
    """Make these the test cases of a prompt from now on; those it has now are kept once.

    Raises `NotFound` for a prompt that has no version, `UnstorableText`.
    """
    named = models.Prompt.name == prompt
    # Changes nothing, and lets the second of two authors wait and see what the first one wrote.
    held = update(models.Prompt).where(named).values(versions=models.Prompt.versions)
    if session.execute(held.returning(models.Prompt.name)).one_or_none() is None:
        raise NotFound("This prompt")
    known = current_tests(session, prompt)
    if known is not None and known.source == source:
        return known
    row = TestsRow(prompt=prompt, sha=sha, source=source, cases=cases, author=author)
    session.add(row)
    session.flush()
    session.execute(update(models.Prompt).where(named).values(tests_id=row.id))
    return get_tests(session, prompt, sha)


def current_tests(session: Session, prompt: str) -> PromptTests | None:
    """The newest test cases of a prompt, or None when it has none."""
    query = select(*_TESTS).join(models.Prompt, _CURRENT).where(models.Prompt.name == prompt)
    found = session.execute(query).one_or_none()
    return None if found is None else PromptTests(*found)


def get_tests(session: Session, prompt: str, sha: str) -> PromptTests:
    """The test cases of this hash. Raises `NotFound`."""
    query = select(*_TESTS).where(TestsRow.prompt == prompt, TestsRow.sha == sha)
    found = session.execute(query.order_by(TestsRow.id.desc()).limit(1)).one_or_none()
    if found is None:
        raise NotFound("These tests")
    return PromptTests(*found)


def tests_states(session: Session) -> dict[str, PromptTests]:
    """The newest test cases of every prompt that has some, by the prompt's name."""
    rows = session.execute(select(*_TESTS).join(models.Prompt, _CURRENT))
    return {row.prompt: PromptTests(*row) for row in rows}


def begin_run(
    session: Session,
    *,
    prompt: str,
    suite: Literal["tests", "injection"],
    tests_sha: str,
    grader: str,
    repeat: int | None,
    columns: list[list[str]],
    total: int,
    actor: str,
) -> TestRun:
    """A run that begins now. `columns`: `[version, model]`, each; `total` counts its cells."""
    row = RunRow(
        prompt=prompt,
        suite=suite,
        tests_sha=tests_sha,
        grader=grader,
        repeat=repeat,
        columns=columns,
        status="running",
        total=total,
        actor=actor,
    )
    session.add(row)
    session.flush()
    return get_run(session, row.public_id)


def save_result(session: Session, run_id: int, result: TestResult) -> None:
    """Keep the result of one cell; one that was there already takes its place.

    Raises `UnstorableText`: an output holds what no database keeps.
    """
    values = {name: getattr(result, name) for name in result.__dataclass_fields__}
    cell = ["run_id", "version", "model", "case_no"]
    changes = {name: value for name, value in values.items() if name not in cell}
    session.execute(upserting(session, ResultRow, values | {"run_id": run_id}, cell, changes))
    done = select(func.count()).where(ResultRow.run_id == run_id).scalar_subquery()
    session.execute(update(RunRow).where(RunRow.id == run_id).values(done=done))


def end_run(session: Session, run_id: int, status: RunStatus) -> None:
    """Give a running run its end. Raises `Conflict` when it ended before."""
    running = update(RunRow).where(RunRow.id == run_id, RunRow.status == "running")
    ended = running.values(status=status, ended_at=now()).returning(RunRow.id)
    if session.execute(ended).one_or_none() is None:
        raise Conflict("This test run has ended already.")


def running(session: Session) -> list[str]:
    """The runs (public ids) that have not ended."""
    return list(session.scalars(select(RunRow.public_id).where(RunRow.status == "running")))


def interrupt_runs(session: Session, but: Collection[str] = ()) -> int:
    """Mark the runs that a crash left running; return how many. `but` (public ids) go on."""
    running = update(RunRow).where(RunRow.status == "running", RunRow.public_id.not_in(but))
    ended = running.values(status="interrupted", ended_at=now()).returning(RunRow.id)
    return len(session.execute(ended).all())


def get_run(session: Session, public_id: str) -> TestRun:
    """Raises `NotFound`."""
    found = session.execute(select(*_RUN).where(RunRow.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound("This test run")
    return TestRun(*found)


def runs(
    session: Session,
    prompt: str,
    *,
    suite: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[TestRun]:
    """The runs of a prompt, newest first. `before`: the id of the last one already had."""
    query = select(*_RUN).where(RunRow.prompt == prompt)
    if suite is not None:
        query = query.where(RunRow.suite == suite)
    if before is not None:
        query = query.where(RunRow.id < before)
    return [TestRun(*row) for row in session.execute(query.order_by(RunRow.id.desc()).limit(limit))]


def results(
    session: Session, run_id: int, *, version: str | None = None, model: str | None = None
) -> list[TestResult]:
    """The results of a run by case, version and model; of one version or model where asked."""
    query = select(*_RESULT).where(ResultRow.run_id == run_id)
    if version is not None:
        query = query.where(ResultRow.version == version)
    if model is not None:
        query = query.where(ResultRow.model == model)
    ordered = query.order_by(ResultRow.case_no, ResultRow.version, ResultRow.model)
    return [TestResult(*row) for row in session.execute(ordered)]


def latest_result(
    session: Session,
    *,
    version: str,
    model: str,
    suite: str = "tests",
    tests_sha: str | None = None,
    grader: str | None = None,
) -> tuple[TestRun, list[TestResult]] | None:
    """The newest complete run with this column, and the results of that column alone.

    None where there is none; `tests_sha` and `grader` narrow it down.
    """
    wanted: list[Any] = [RunRow.suite == suite, RunRow.status == "complete"]
    if tests_sha is not None:
        wanted.append(RunRow.tests_sha == tests_sha)
    if grader is not None:
        wanted.append(RunRow.grader == grader)
    ran = select(ResultRow.run_id).where(ResultRow.version == version, ResultRow.model == model)
    query = select(*_RUN).where(RunRow.id.in_(ran), *wanted).order_by(RunRow.id.desc()).limit(1)
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    run = TestRun(*found)
    return run, results(session, run.id, version=version, model=model)


def newest_outcomes(session: Session, versions: Iterable[str]) -> list[Outcome]:
    """The newest complete run of the tests of each version that has one, under all its models."""
    ran = (
        select(ResultRow.version, func.max(RunRow.id).label("run_id"))
        .join(RunRow, RunRow.id == ResultRow.run_id)
        .where(
            ResultRow.version.in_(set(versions)),
            RunRow.suite == "tests",
            RunRow.status == "complete",
        )
        .group_by(ResultRow.version)
        .subquery()
    )
    passed = func.sum(case((ResultRow.status == "passed", 1), else_=0))
    same = (ResultRow.version == ran.c.version) & (ResultRow.run_id == ran.c.run_id)
    query = (
        select(
            ResultRow.version,
            RunRow.public_id,
            RunRow.tests_sha,
            RunRow.created_at,
            passed,
            func.count(),
        )
        .join(ran, same)
        .join(RunRow, RunRow.id == ResultRow.run_id)
        .group_by(ResultRow.version, RunRow.id)
    )
    return [Outcome(*row) for row in session.execute(query)]
