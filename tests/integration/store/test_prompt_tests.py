"""Test cases, runs and results: kept as they come, the newest found, ended once."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from store import forgetting, prompts, testing
from store.engine import Database
from store.errors import Conflict, NotFound, UnstorableText
from store.records import TestResult as Result
from tests.integration.store.test_prompt_versions import A, B, save
from tests.support.stored import person

CELL = Result(A, "m@1", 0, "greets", True, 3, 3, "passed", [{"text": "hi", "tokens": 2}])


@pytest.fixture
def support(database):
    save(database, A)
    save(database, B, parent=A)
    return database


def cases(database, source="- description: x", sha="1" * 64, author="Ada", prompt="support"):
    with database.transaction() as session:
        return testing.save_tests(
            session, prompt=prompt, sha=sha, source=source, cases=1, author=author
        )


def run(database, *cells, status="complete", tests_sha="1" * 64, suite="tests", grader=""):
    """A run with these results, ended with a status; None leaves it running."""
    with database.transaction() as session:
        made = testing.begin_run(
            session,
            prompt="support",
            suite=suite,
            tests_sha=tests_sha,
            grader=grader,
            repeat=None,
            columns=[[A, "m@1"]],
            total=2,
            actor="Ada",
        )
        for cell in cells:
            testing.save_result(session, made.id, cell)
        if status is not None:
            testing.end_run(session, made.id, status)
        return testing.get_run(session, made.public_id)


def read(database, question, *arguments, **more):
    with database.reading() as session:
        return question(session, *arguments, **more)


def test_cases_are_added_and_the_newest_count(support):
    first = cases(support)
    assert cases(support) == first
    second = cases(support, "- description: y", "2" * 64)
    assert read(support, testing.current_tests, "support") == second
    again = cases(support, first.source, first.sha)
    assert read(support, testing.current_tests, "support") == again
    assert read(support, testing.get_tests, "support", "2" * 64) == second
    assert read(support, testing.tests_states) == {"support": again}
    with pytest.raises(NotFound):
        read(support, testing.get_tests, "support", "3" * 64)
    with pytest.raises(NotFound):
        cases(support, prompt="nobody")


def test_results_come_one_by_one_and_a_repeated_cell_takes_its_place(support):
    made = run(support, CELL, status=None)
    assert (made.status, made.done, made.ended_at) == ("running", 1, None)
    other = replace(CELL, case_no=1, name="brief", status="error", passes=0, outputs=[])
    with support.transaction() as session:
        testing.save_result(session, made.id, other)
        testing.save_result(session, made.id, replace(CELL, passes=2, status="failed"))
        testing.end_run(session, made.id, "complete")
    ended = read(support, testing.get_run, made.public_id)
    assert (ended.status, ended.done) == ("complete", 2)
    assert ended.ended_at >= ended.created_at
    found = read(support, testing.results, made.id)
    assert found == [replace(CELL, passes=2, status="failed"), other]
    assert read(support, testing.results, made.id, model="other") == []


def test_run_ends_once(support):
    made = run(support)
    with pytest.raises(Conflict, match="ended already"), support.transaction() as session:
        testing.end_run(session, made.id, "stopped")
    with pytest.raises(NotFound):
        read(support, testing.get_run, "nonsense")


def test_crash_leaves_interrupted_runs_with_what_was_done(support):
    running, ended = run(support, CELL, status=None), run(support, CELL)
    with support.transaction() as session:
        assert testing.interrupt_runs(session) == 1
        assert testing.interrupt_runs(session) == 0
    found = read(support, testing.get_run, running.public_id)
    assert (found.status, found.done) == ("interrupted", 1)
    assert read(support, testing.get_run, ended.public_id).status == "complete"
    assert read(support, testing.results, running.id) == [CELL]


def test_newest_complete_run_of_exactly_this_is_found(support):
    def latest(**more):
        found = read(support, testing.latest_result, **({"version": A, "model": "m@1"} | more))
        return found and (found[0].public_id, found[1])

    assert latest() is None
    first = run(support, CELL, replace(CELL, version=B))
    second = run(support, CELL, tests_sha="2" * 64, grader="g m@1")
    run(support, CELL, status="stopped")
    run(support, CELL, status=None)
    run(support, CELL, suite="injection")
    assert latest() == (second.public_id, [CELL])
    assert latest(tests_sha="1" * 64) == (first.public_id, [CELL])
    assert latest(grader="") == (first.public_id, [CELL])
    assert latest(version=B)[0] == first.public_id
    assert latest(model="other") is None
    assert latest(tests_sha="3" * 64) is None


def test_outcomes_count_the_cells_of_the_newest_run(support):
    run(support, CELL, replace(CELL, version=B, status="failed"))
    newest = run(support, CELL, replace(CELL, model="n@1", status="failed", passes=1))
    found = {one.version: one for one in read(support, testing.newest_outcomes, [A, B])}
    assert (found[A].run, found[A].passed, found[A].total) == (newest.public_id, 1, 2)
    assert (found[B].passed, found[B].total) == (0, 1)
    assert read(support, testing.newest_outcomes, []) == []


def test_runs_page_and_narrow_down(support):
    made = [run(support) for _ in range(5)]
    attack = run(support, suite="injection")
    newest = read(support, testing.runs, "support", limit=2)
    assert [one.id for one in newest] == [attack.id, made[4].id]
    rest = read(support, testing.runs, "support", before=made[4].id)
    assert [one.id for one in rest] == [one.id for one in made[3::-1]]
    assert read(support, testing.runs, "support", suite="injection") == [attack]
    assert read(support, testing.runs, "other") == []


def test_output_that_no_database_keeps_is_refused_whole(support):
    made = run(support, status=None)
    bad = replace(CELL, outputs=[{"text": "a\x00b"}])
    with pytest.raises(UnstorableText), support.transaction() as session:
        testing.save_result(session, made.id, bad)
    assert read(support, testing.get_run, made.public_id).done == 0


def test_forgotten_author_is_named_no_more(support):
    ada = person(support, "Ada")
    cases(support)
    made = run(support)
    with support.transaction() as session:
        forgetting.erase_person(session, ada.id, keep=False)
    assert read(support, testing.current_tests, "support").author == forgetting.NOBODY
    assert read(support, testing.get_run, made.public_id).actor == forgetting.NOBODY
    assert read(support, prompts.newest, "support").author == forgetting.NOBODY


def test_older_releases_learn_what_they_follow(empty_url):
    """What version 0004 stored: each release of an environment follows the one before it there."""
    database = Database(empty_url)
    try:
        database.upgrade("0004")
        with database.transaction() as session:
            session.execute(text("INSERT INTO prompts (name, kind, versions) VALUES ('p', 'x', 1)"))
            for number, environment in enumerate(["production", "staging", "production"], 1):
                session.execute(
                    text(
                        "INSERT INTO releases (public_id, prompt, environment, weights, actor,"
                        " reason, created_at) VALUES (:id, 'p', :environment, '{}', 'Ada', '',"
                        " '2026-01-01')"
                    ),
                    {"id": f"{number:032x}", "environment": environment},
                )
        database.upgrade()
        found = read(database, prompts.releases, "p")
        assert [(one.id, one.previous, one.override) for one in found] == [
            (3, 1, ""),
            (2, None, ""),
            (1, None, ""),
        ]
        database.downgrade("0004")
        database.upgrade()
    finally:
        database.close()
