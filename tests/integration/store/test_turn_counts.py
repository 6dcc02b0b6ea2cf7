"""Turns are counted by minute and day in one row a person; unfinished answers are found fast."""

from datetime import timedelta

from sqlalchemy import text

from store import messages, turns
from store.columns import now
from tests.support.stored import person, started, turn


def counted(database, owner, at):
    with database.transaction() as session:
        found = turns.count(session, owner.id, at)
    return found.minute_turns, found.day_turns


def test_turns_count_up_until_their_minute_and_day_are_over(database):
    ada, at = person(database), now()
    ahead = (0, 59, 60, 90, 24 * 3600 - 1, 24 * 3600)
    found = [counted(database, ada, at + timedelta(seconds=each)) for each in ahead]
    assert found == [(1, 1), (2, 2), (1, 3), (2, 4), (1, 5), (2, 1)]


def test_each_person_has_a_count_of_their_own(database):
    ada, bob, at = person(database), person(database, "Bob"), now()
    assert counted(database, ada, at) == (1, 1)
    assert counted(database, bob, at) == (1, 1)
    assert counted(database, ada, at) == (2, 2)


def test_what_is_rolled_back_is_not_counted(database):
    ada, at = person(database), now()
    with database.transaction() as session:
        turns.count(session, ada.id, at)
        session.rollback()
    assert counted(database, ada, at) == (1, 1)


def test_clocks_that_differ_a_little_count_together(database):
    ada, at = person(database), now()
    assert counted(database, ada, at) == (1, 1)
    assert counted(database, ada, at - timedelta(seconds=2)) == (2, 2)


def test_a_clock_that_was_put_back_locks_nobody_out(database):
    ada, at = person(database), now()
    assert counted(database, ada, at) == (1, 1)
    assert counted(database, ada, at - timedelta(days=2)) == (1, 1)


def test_only_ones_own_unfinished_answers_are_found(database):
    ada, bob = person(database), person(database, "Bob")
    own, other = started(database, ada), started(database, bob)
    turn(database, own)
    begun = []
    for talk in (own, other):
        with database.transaction() as session:
            _, reply = messages.add_turn(session, talk.id, parent_id=None, text="a", key="k")
            begun.append(reply)
    with database.reading() as session:
        assert turns.streaming(session, ada.id) == [begun[0].public_id]
    with database.transaction() as session:
        messages.finish(session, begun[0].id, content="a", status="stopped")
        assert turns.streaming(session, ada.id) == []


def test_finding_them_reads_what_is_being_written_alone(database):
    """Whatever is stored: by the index of unfinished answers, then each one's conversation."""
    made = turns.streaming_query(1)
    with database.reading() as session:
        if database.dialect == "postgresql":
            session.execute(text("SET enable_seqscan = off"))  # the tables are empty here
        explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
        sql = made.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = " ".join(str(row) for row in session.execute(text(f"{explain}{sql}")))
    assert "ix_messages_streaming" in plan
    assert "ix_conversations" not in plan
