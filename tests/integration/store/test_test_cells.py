"""The newest result of each cell, over several runs."""

import pytest

from store import test_cells, testing
from store.errors import NotFound
from store.records import TestResult as Result
from tests.support.stored import saved_version

A, B = "a" * 64, "b" * 64
MODEL = "scripted@1"


@pytest.fixture
def session(database):
    with database.transaction() as session:
        for sha in (A, B):
            saved_version(session, sha, "greeting", kind="task")
        yield session


def run(session, results, suite="tests", tests_sha="t" * 64):
    """A run with results (version, model, number, passes) of three repeats."""
    made = testing.begin_run(
        session,
        prompt="greeting",
        suite=suite,
        tests_sha=tests_sha,
        grader="",
        repeat=None,
        columns=[],
        total=len(results),
        actor="Iris",
    )
    for version, model, number, passes in results:
        status = "passed" if passes == 3 else "failed"
        result = Result(
            version, model, number, f"case {number}", False, 3, passes, status, [{"text": "x"}]
        )
        testing.save_result(session, made.id, result)
    return made


def newest(session, columns, **how):
    asked = {"prompt": "greeting", "suite": "tests", "tests_sha": "t" * 64} | how
    found = test_cells.newest_cells(session, columns=columns, **asked)
    return {(one.version, one.model, one.case_no): (one.run, one.passes) for one in found}


def test_each_cell_has_its_newest_result(session):
    first = run(session, [(A, MODEL, 0, 3), (A, MODEL, 1, 3), (B, MODEL, 0, 1)])
    second = run(session, [(A, MODEL, 1, 2)])
    run(session, [(A, MODEL, 0, 0)], tests_sha="o" * 64)
    run(session, [(A, MODEL, 0, 0)], suite="injection")
    assert newest(session, [(A, MODEL)]) == {
        (A, MODEL, 0): (first.public_id, 3),
        (A, MODEL, 1): (second.public_id, 2),
    }
    assert newest(session, [(A, "other@1"), (B, MODEL)]) == {(B, MODEL, 0): (first.public_id, 1)}
    assert newest(session, []) == {}
    assert newest(session, [(A, MODEL)], prompt="other") == {}


def test_a_cell_alone_has_its_outputs(session):
    made = run(session, [(A, MODEL, 0, 3)])
    [one] = test_cells.cells_of(session, made.id)
    assert (one.run, one.name, one.repeats, one.status) == (made.public_id, "case 0", 3, "passed")
    assert test_cells.cell(session, made.id, version=A, model=MODEL, case_no=0).outputs == [
        {"text": "x"}
    ]
    with pytest.raises(NotFound):
        test_cells.cell(session, made.id, version=B, model=MODEL, case_no=0)
