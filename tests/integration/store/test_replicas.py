"""Who is there, whose work it is, whose answers nobody writes: on both databases."""

from datetime import timedelta

import pytest

from store import messages, replicas
from tests.support.stored import person, started

LONG = timedelta(seconds=30)


@pytest.fixture
def talk(database):
    return started(database, person(database))


def write(database, function, *arguments, **named):
    with database.transaction() as session:
        return function(session, *arguments, **named)


def read(database, function, *arguments):
    with database.reading() as session:
        return function(session, *arguments)


def register(database, pid=1, host="here", address="here:1"):
    return write(database, replicas.register, host=host, pid=pid, address=address)


def streaming(database, talk, key, writer):
    made = {"parent_id": None, "text": "hello", "key": key, "writer": writer}
    return write(database, messages.add_turn, talk.id, **made)[1]


def status(database, talk, reply):
    [found] = read(database, messages.by_ids, talk.id, [reply.id])
    return found.status


def test_numbers_are_never_used_again(database):
    first = register(database)
    write(database, replicas.leave, first)
    second = register(database)
    assert second > first
    [there] = read(database, replicas.there)
    assert (there.id, there.host, there.pid, there.address) == (second, "here", 1, "here:1")


def test_a_beat_brings_back_who_was_taken_for_gone(database):
    mine = register(database)
    [before] = read(database, replicas.there)
    write(database, replicas.strike, [mine])
    assert read(database, replicas.there) == []
    write(database, replicas.beat, mine, host="here", pid=1, address="here:1")
    [after] = read(database, replicas.there)
    assert (after.id, after.seen_at >= before.seen_at) == (mine, True)
    assert abs(read(database, replicas.moment) - after.seen_at) < LONG


def test_work_is_one_replicas_until_it_lets_go_or_leaves(database):
    first, second = register(database, 1), register(database, 2)
    assert write(database, replicas.take, "mail", first, LONG)
    assert write(database, replicas.take, "mail", first, LONG), "it may be renewed"
    assert not write(database, replicas.take, "mail", second, LONG)
    assert write(database, replicas.take, "drafts", second, LONG), "other work is free"
    assert read(database, replicas.held, ["mail", "drafts", "runs"]) == {"mail", "drafts"}

    write(database, replicas.let_go, ["mail"], second)
    assert not write(database, replicas.take, "mail", second, LONG), "it was not theirs to give"
    write(database, replicas.let_go, ["mail"], first)
    assert write(database, replicas.take, "mail", second, LONG)

    write(database, replicas.strike, [second])
    assert read(database, replicas.held, ["mail"]) == set()
    assert write(database, replicas.take, "mail", first, LONG)


def test_work_that_is_not_renewed_is_free(database):
    first, second = register(database, 1), register(database, 2)
    assert write(database, replicas.take, "mail", first, -LONG)
    assert write(database, replicas.take, "mail", second, LONG)
    assert not write(database, replicas.take, "mail", first, LONG)


def test_only_answers_of_those_who_are_gone_are_interrupted(database, talk):
    here, gone = register(database, 1), register(database, 2)
    other = started(database, person(database, "Bo"))
    mine, theirs = streaming(database, talk, "a", here), streaming(database, other, "b", gone)
    assert read(database, replicas.writers) == {here, gone}
    assert write(database, messages.interrupt_streaming) == []

    write(database, replicas.strike, [gone])
    [left] = write(database, messages.interrupt_streaming)
    assert (left.user_id, left.conversation) == (other.user_id, other.public_id)
    assert status(database, talk, mine) == "streaming"
    assert status(database, other, theirs) == "interrupted"
    assert read(database, replicas.writers) == {here}


def test_an_answer_is_taken_over_from_who_is_gone_alone(database, talk):
    here, gone = register(database, 1), register(database, 2)
    reply = streaming(database, talk, "a", gone)
    assert not write(database, messages.sign, reply.id, here)
    write(database, replicas.strike, [gone])
    assert write(database, messages.sign, reply.id, here)
    assert read(database, replicas.writers) == {here}
    write(database, messages.finish, reply.id, content="done", status="complete")
    assert not write(database, messages.sign, reply.id, here), "it has ended"


def test_another_process_stops_an_answer_and_no_ended_one(database, talk):
    reply = streaming(database, talk, "a", register(database))
    write(database, messages.save_partials, {reply.id: "half"})
    assert read(database, messages.streaming_in, talk.id) == [reply.public_id]
    assert read(database, messages.stopped, [reply.id]) == set()
    assert write(database, messages.stop_streaming, reply.id)
    assert read(database, messages.stopped, [reply.id]) == {reply.id}
    assert read(database, messages.streaming_in, talk.id) == []
    assert not write(database, messages.stop_streaming, reply.id)
    write(database, messages.finish, reply.id, content="half of it", status="stopped")
    [kept] = read(database, messages.by_ids, talk.id, [reply.id])
    assert (kept.content, kept.status) == ("half of it", "stopped")
