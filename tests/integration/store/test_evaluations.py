"""Evaluations and their replies: written as they come, ended once, gone with their rows."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from store import evaluations
from store.columns import now
from store.errors import NotFound
from store.learning_tables import DatasetRow
from tests.support.learned import LINE, dataset_of

REPLY = evaluations.Reply(
    1, None, "own", "same", 0.0, {"right": True}, {"right": True}, "q", "e", "b", "t"
)


def dataset(database, count=6):
    """The id of a dataset whose every second row is held out."""
    splits = {f"t{n}": "test" if n % 2 else "train" for n in range(1, count + 1)}
    return dataset_of(database, splits)


def begun(database, tuned="tuned@1"):
    with database.transaction() as session:
        return evaluations.begin(
            session,
            base="starter@1",
            tuned=tuned,
            tuned_sha="a" * 64,
            dataset="own",
            dataset_sha="b" * 64,
            settings={"seed": 0},
            actor="Ada",
        )


def ended(database, found, state="complete", **more):
    with database.transaction() as session:
        return evaluations.end(session, found.id, state, **more)


def test_a_sample_is_drawn_of_the_rows_that_are_held_out(database):
    made = dataset(database, 40)
    with database.reading() as session:
        every = evaluations.held_out(session, made, 100, 0)
        some = evaluations.held_out(session, made, 5, 0)
        assert [row.number for row in every] == list(range(1, 40, 2))
        assert len(some) == 5
        assert some == evaluations.held_out(session, made, 5, 0) != every[:5]
        assert some != evaluations.held_out(session, made, 5, 1)
        assert (some[0].messages, some[0].reply) == (LINE.messages, LINE.reply)


def test_it_is_heard_of_until_it_has_ended_once(database):
    found = begun(database)
    with database.transaction() as session:
        assert evaluations.hear(session, found.id, said="own data", done=3, total=9)
    assert ended(database, found, report={"parts": []}, passed=False)
    assert not ended(database, found, "stopped")
    with database.transaction() as session:
        assert not evaluations.hear(session, found.id, said="", done=4, total=9)
        now_ = evaluations.get(session, found.public_id)
    assert (now_.state, now_.done, now_.passed, now_.report) == (
        "complete",
        3,
        False,
        {"parts": []},
    )
    assert now_.ended_at is not None
    with database.reading() as session, pytest.raises(NotFound):
        evaluations.get(session, "0" * 32)


def test_one_that_is_silent_was_interrupted(database):
    found, other = begun(database), begun(database)
    ended(database, other)
    with database.transaction() as session:
        assert evaluations.interrupt(session, now() - timedelta(minutes=1), "gone") == 0
        assert evaluations.interrupt(session, now() + timedelta(minutes=1), "gone") == 1
        assert evaluations.get(session, found.public_id).state == "interrupted"


def test_the_newest_complete_one_of_a_model_is_found(database):
    first, second, third = begun(database), begun(database), begun(database, "other@1")
    ended(database, first)
    ended(database, third)
    with database.reading() as session:
        assert evaluations.newest(session, "tuned@1").public_id == first.public_id
        assert evaluations.newest(session, "nobody@1") is None
        assert [one.id for one in evaluations.evaluations(session, 2)] == [third.id, second.id]


def test_replies_come_in_order_of_change_and_leave_with_their_rows(database):
    made, found = dataset(database), begun(database)
    with database.transaction() as session:
        rows = evaluations.held_out(session, made, 9, 0)
        gone = rows[0].id + 10_000
        replies = [
            replace(REPLY, number=1, row_id=rows[0].id, change="better", gain=0.5),
            replace(REPLY, number=2, row_id=rows[1].id, change="better", gain=2.0),
            replace(REPLY, number=3, row_id=rows[2].id, change="worse", gain=-1.0),
            replace(REPLY, number=4, row_id=gone, change="worse", gain=-2.0),
            replace(REPLY, number=5, part="general", change="worse", gain=-3.0),
        ]
        evaluations.add_replies(session, found.id, replies)

    def numbers(session, change=None, **more):
        return [r.number for r in evaluations.replies(session, found.id, change=change, **more)]

    with database.reading() as session:
        assert numbers(session) == [1, 2, 3]
        assert numbers(session, "better") == [2, 1]
        assert numbers(session, "better", limit=1, after=1) == [1]
        assert numbers(session, "worse", part=None) == [5, 3]
        assert evaluations.changes(session, found.id, "own") == {"better": 2, "worse": 1, "same": 0}
    with database.transaction() as session:
        session.execute(delete(DatasetRow).where(DatasetRow.id == rows[1].id))
    with database.reading() as session:
        assert numbers(session, "better") == [1]
