"""Traces and feedback: the newest attempt counts, a judgement replaces the one before."""

from dataclasses import replace

import pytest

from store import messages
from store.errors import Conflict
from store.records import Trace
from tests.support.stored import person, started, turn


@pytest.fixture
def owner(database):
    return person(database)


@pytest.fixture
def reply(database, owner):
    return turn(database, started(database, owner))[1]


@pytest.fixture
def trace(reply):
    return Trace(
        reply.id,
        1,
        "support",
        "f" * 64,
        3,
        "starter@1",
        {"temperature": 0.2, "max_tokens": 100},
        {"question": "where?", "company": "Acme"},
        "a" * 64,
        [1, 2, 3],
        [{"title": "Delivery", "n": 1}],
        120,
        12,
        0.25,
        1.5,
        None,
        ["left out 2 earlier messages"],
    )


def write(database, function, *arguments):
    with database.transaction() as session:
        return function(session, *arguments)


def read(database, function, *arguments):
    with database.reading() as session:
        return function(session, *arguments)


def test_trace_comes_back_whole(database, reply, trace):
    write(database, messages.add_trace, trace)
    assert read(database, messages.traces, [reply.id, 10**9]) == {reply.id: trace}


def test_newest_attempt_counts(database, reply, trace):
    later = replace(trace, attempt=2, model="big@1", error="timed out")
    for each in (later, trace):
        write(database, messages.add_trace, each)
    assert read(database, messages.traces, [reply.id]) == {reply.id: later}


def test_same_attempt_twice_is_kept_once(database, reply, trace):
    write(database, messages.add_trace, trace)
    write(database, messages.add_trace, replace(trace, model="other"))
    assert read(database, messages.traces, [reply.id]) == {reply.id: trace}


def test_trace_needs_its_message(database, trace):
    with pytest.raises(Conflict):
        write(database, messages.add_trace, replace(trace, message_id=10**9))


def test_judgement_replaces_the_one_before(database, owner, reply):
    write(database, messages.set_feedback, reply.id, owner.id, 1, [], None)
    write(database, messages.set_feedback, reply.id, owner.id, -1, ["wrong", "short"], "better")
    kept = read(database, messages.feedback, owner.id, [reply.id])[reply.id]
    assert (kept.rating, kept.reasons, kept.better) == (-1, ("wrong", "short"), "better")


def test_judgement_can_be_taken_back(database, owner, reply):
    write(database, messages.set_feedback, reply.id, owner.id, 1)
    write(database, messages.set_feedback, reply.id, owner.id, None)
    assert read(database, messages.feedback, owner.id, [reply.id]) == {}


def test_judgements_are_each_persons_own(database, owner, reply):
    eve = person(database, "Eve")
    write(database, messages.set_feedback, reply.id, owner.id, 1)
    write(database, messages.set_feedback, reply.id, eve.id, -1)
    assert read(database, messages.feedback, owner.id, [reply.id])[reply.id].rating == 1
    assert read(database, messages.feedback, eve.id, [reply.id])[reply.id].rating == -1


@pytest.mark.parametrize("rating", [0, 2, -5])
def test_other_ratings_are_refused(database, owner, reply, rating):
    with pytest.raises(Conflict):
        write(database, messages.set_feedback, reply.id, owner.id, rating)


def test_unknown_message_cannot_be_judged(database, owner):
    with pytest.raises(Conflict):
        write(database, messages.set_feedback, 10**9, owner.id, 1)
