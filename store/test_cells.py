"""The newest result of each cell of a prompt's matrix, without its outputs, and of one with them.

A cell is a case under a version and a model. Results of a part of the cases count too, so a cell's
run may be another one than its neighbour's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from store.errors import NotFound
from store.models import TestResult as ResultRow
from store.models import TestRun as RunRow
from store.records import TestResult
from store.rows import columns_of

_RESULT = columns_of(ResultRow, TestResult)


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of a cell, and in which run (public id)."""

    run: str
    version: str
    model: str
    case_no: int
    name: str
    repeats: int
    passes: int
    status: str


def newest_cells(
    session: Session,
    *,
    prompt: str,
    suite: str,
    tests_sha: str,
    columns: Sequence[tuple[str, str]],
) -> list[Cell]:
    """The newest result of each cell with these tests. `columns`: a version and a model, each."""
    if not columns:
        return []
    wanted = or_(
        *(
            and_(ResultRow.version == version, ResultRow.model == model)
            for version, model in columns
        )
    )
    newest = (
        select(func.max(ResultRow.id))
        .join(RunRow, RunRow.id == ResultRow.run_id)
        .where(
            RunRow.prompt == prompt, RunRow.suite == suite, RunRow.tests_sha == tests_sha, wanted
        )
        .group_by(ResultRow.version, ResultRow.model, ResultRow.case_no)
    )
    return _cells(session, ResultRow.id.in_(newest))


def cells_of(session: Session, run_id: int) -> list[Cell]:
    """The results of one run so far."""
    return _cells(session, ResultRow.run_id == run_id)


def cell(session: Session, run_id: int, *, version: str, model: str, case_no: int) -> TestResult:
    """One result with its outputs. Raises NotFound."""
    query = select(*_RESULT).where(
        ResultRow.run_id == run_id,
        ResultRow.version == version,
        ResultRow.model == model,
        ResultRow.case_no == case_no,
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("This result")
    return TestResult(*found)


def _cells(session: Session, wanted: object) -> list[Cell]:
    query = (
        select(
            RunRow.public_id,
            ResultRow.version,
            ResultRow.model,
            ResultRow.case_no,
            ResultRow.name,
            ResultRow.repeats,
            ResultRow.passes,
            ResultRow.status,
        )
        .join(RunRow, RunRow.id == ResultRow.run_id)
        .where(wanted)  # type: ignore[arg-type]
        .order_by(ResultRow.case_no)
    )
    return [Cell(*row) for row in session.execute(query)]
