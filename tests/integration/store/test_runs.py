"""Runs in the database: whose turn it is, what a process may still write, how a run ends."""

import threading

import pytest

from store import runs
from store.errors import Conflict, NotFound
from store.models import Dataset
from store.runs import Point


@pytest.fixture
def known(database):
    """The database with a dataset."""
    with database.transaction() as session:
        session.add(
            Dataset(
                name="d1", sha="a" * 64, first_sha="a" * 64, settings={}, card={}, rows=3, actor="A"
            )
        )
    return database


def queue(database, name="tuned", taken=()):
    with database.transaction() as session:
        return runs.add(
            session,
            name=name,
            taken=taken,
            base="starter@1",
            dataset="d1",
            method="full",
            settings={"epochs": 1.0},
            facts={},
            actor="Anna",
        )


def claim(database, host="here"):
    with database.transaction() as session:
        return runs.claim(session, host)


def begin(database, process=7):
    run = claim(database)
    with database.transaction() as session:
        return runs.take(session, run.public_id, "here", process)


def read(database, run):
    with database.reading() as session:
        return runs.get(session, run.public_id, points=True)


def test_versions_count_on_from_files_and_from_other_runs(known):
    assert queue(known).model == "tuned@1"
    assert queue(known, taken=("7", "0.1", "old")).model == "tuned@8"
    assert queue(known).model == "tuned@9"
    assert queue(known, name="tuned2").model == "tuned2@1"
    with known.transaction() as session, pytest.raises(NotFound):
        runs.add(
            session,
            name="x",
            taken=(),
            base="",
            dataset="none",
            method="full",
            settings={},
            facts={},
            actor="",
        )


def test_one_goes_and_the_others_wait_in_their_order(known):
    first, second = queue(known), queue(known)
    assert claim(known).public_id == first.public_id
    assert claim(known) is None
    with known.transaction() as session:
        run = runs.take(session, first.public_id, "here", 7)
        assert runs.end(session, run, "complete", "Well.", {"step": 5})
    assert claim(known).public_id == second.public_id
    assert read(known, first).step == 5
    assert claim(known) is None


def test_of_many_that_ask_at_once_one_gets_the_run(known):
    queue(known), queue(known)
    got, gate = [], threading.Barrier(6)

    def ask(number):
        gate.wait()
        got.append(claim(known, f"host {number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len([run for run in got if run is not None]) == 1


def test_a_process_takes_what_was_claimed_for_its_machine_once(known):
    run = queue(known)
    with known.transaction() as session, pytest.raises(Conflict):
        runs.take(session, run.public_id, "here", 7)
    claim(known)
    for host, process in (("elsewhere", 7),):
        with known.transaction() as session, pytest.raises(Conflict):
            runs.take(session, run.public_id, host, process)
    with known.transaction() as session:
        assert runs.take(session, run.public_id, "here", 7).process == 7
    with known.transaction() as session, pytest.raises(Conflict):
        runs.take(session, run.public_id, "here", 8)


def test_progress_and_points_are_kept(known):
    queue(known)
    run = begin(known)
    with known.transaction() as session:
        assert runs.tell(session, run, {"step": 3, "tokens_s": 5.5}) == "running"
        runs.add_points(session, run.id, [Point(1, 2.5, None), Point(2, 2.4, 2.6)])
        runs.add_points(session, run.id, [Point(2, 2.3, None), Point(3, None, None)])
    found = read(known, run)
    assert (found.step, found.tokens_s, found.heard_at > run.heard_at) == (3, 5.5, True)
    assert found.points == (Point(1, 2.5, None), Point(2, 2.3, 2.6))


def test_a_process_that_was_given_up_writes_nothing_more(known):
    queue(known)
    run = begin(known)
    with known.transaction() as session:
        assert runs.interrupt(session, run, "Gone.")
    with known.transaction() as session:
        assert runs.tell(session, run, {"step": 9}) is None
        assert not runs.end(session, run, "complete", "Well.", {})
    found = read(known, run)
    assert (found.state, found.said, found.step) == ("interrupted", "Gone.", 0)


def test_who_was_heard_of_meanwhile_is_not_given_up(known):
    queue(known)
    run = begin(known)
    with known.transaction() as session:
        runs.tell(session, run, {})
    with known.transaction() as session:
        assert not runs.interrupt(session, run, "Gone.")


def test_stop_ends_a_waiting_run_and_asks_a_running_one(known):
    first, second = queue(known), queue(known)
    run = begin(known)
    with known.transaction() as session:
        assert runs.ask_stop(session, second.public_id).state == "stopped"
        assert runs.ask_stop(session, first.public_id).state == "stopping"
        assert runs.tell(session, run, {}) == "stopping"
        assert runs.end(session, run, "stopped", "Kept.", {"facts": {"kept": run.model}})
    for each in (first, second):
        with known.transaction() as session, pytest.raises(Conflict):
            runs.ask_stop(session, each.public_id)
    with known.transaction() as session, pytest.raises(Conflict, match=r"tuned@1\."):
        runs.requeue(session, first.public_id)
    with known.transaction() as session:
        assert runs.requeue(session, second.public_id).state == "queued"


def test_lists_and_what_does_not_exist(known):
    made = [queue(known) for _ in range(3)]
    with known.reading() as session:
        assert [run.id for run in runs.runs(session, limit=2)] == [made[2].id, made[1].id]
        assert [run.id for run in runs.runs(session, before=made[1].id)] == [made[0].id]
        assert runs.of_model(session, "tuned@2").id == made[1].id
        assert runs.of_model(session, "tuned@9") is None
        assert runs.dataset_sha(session, made[0]) == "a" * 64
        for wrong in ("nonsense", "00000000-0000-7000-8000-000000000000"):
            with pytest.raises(NotFound):
                runs.get(session, wrong)
