"""Stored turns are found for who may see them, whole for their owner and masked for a reviewer."""

import pytest

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.errors import NotFound
from chatbot.options import Options
from chatbot.releases import Releases
from chatbot.replay import GLANCE, Replay
from store import accounts, audit, conversations, messages
from tests.support.stored import started, turn

PRIVATE = "My address is jo@halden.example. Is it open?"


@pytest.fixture
def archive(database):
    return Archive(database)


@pytest.fixture
def replay(archive):
    noted = Audit(archive)
    return Replay(archive, Releases(archive), noted, Options(archive, noted), "Halden")


def added(database, name, *roles):
    with database.transaction() as session:
        return accounts.add_person(session, name, roles)


@pytest.fixture
def owner(database):
    return added(database, "Eve", "chatter")


@pytest.fixture
def reviewer(database):
    return added(database, "Rita", "reviewer")


@pytest.fixture
def talk(database, owner):
    """A conversation of two turns, the newer one with something personal in it."""
    found = started(database, owner)
    _, first = turn(database, found, "Hello?", "Good day.")
    _, second = turn(database, found, PRIVATE, "Yes, jo@halden.example.", parent_id=first.id)
    return found, first, second


def rate(database, owner, reply):
    with database.transaction() as session:
        messages.set_feedback(session, reply.id, owner.id, 1, (), None)


def seen(database, action):
    with database.reading() as session:
        return audit.entries(session, before=None, limit=10, action=action)


def test_own_turns_are_found_newest_first_with_what_they_were_made_of(replay, owner, talk):
    _, first, second = talk
    found = replay.turns(owner)
    assert [one.message for one in found] == [second.public_id, first.public_id]
    assert all(one.own and one.rating is None for one in found)
    assert [one.message for one in replay.turns(owner, "GOOD day")] == [first.public_id]
    assert replay.turns(owner, "nothing of the kind") == []
    whole = replay.of(owner, second.public_id)
    assert (whole.question, whole.said) == (PRIVATE, "Yes, jo@halden.example.")
    assert whole.history == [
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": "Good day."},
    ]
    assert replay.of(owner, first.public_id).history == []


def test_what_is_long_is_cut_in_the_choice_alone(replay, database, owner):
    _, reply = turn(database, started(database, owner), "long " * 500, "answer\n" * 500)
    [glance] = replay.turns(owner)
    assert len(glance.question) == len(glance.answer) == GLANCE
    assert replay.of(owner, reply.public_id).question == "long " * 500


def test_nobody_sees_what_is_anothers_and_was_not_judged(replay, owner, reviewer, talk, database):
    for person in (reviewer, added(database, "Ada", "author", "admin")):
        assert replay.turns(person) == []
        for message in (talk[2].public_id, "no-such-message"):
            with pytest.raises(NotFound):
                replay.of(person, message)
    assert seen(database, "rated_turn_seen") == []


def test_reviewer_sees_a_judged_turn_masked_and_it_is_noted(
    replay, owner, reviewer, talk, database
):
    rate(database, owner, talk[2])
    [glance] = replay.turns(reviewer)
    assert (glance.own, glance.rating) == (False, 1)
    whole = replay.of(reviewer, talk[2].public_id)
    assert "jo@" not in str(glance) + str(whole)
    assert whole.question == "My address is ⟨email 1⟩. Is it open?"
    assert whole.said == "Yes, ⟨email 1⟩."
    assert len(whole.history) == 2
    [entry] = seen(database, "rated_turn_seen")
    assert (entry.actor, entry.subject) == ("Rita", talk[2].public_id)
    assert len(seen(database, "rated_turns_listed")) == 1
    with pytest.raises(NotFound):
        replay.of(added(database, "Ada", "author"), talk[2].public_id)


def test_deleted_conversations_are_gone(replay, owner, reviewer, talk, database):
    rate(database, owner, talk[2])
    with database.transaction() as session:
        conversations.mark_deleted(session, owner.id, talk[0].public_id)
    assert replay.turns(owner) == replay.turns(reviewer) == []
    for person in (owner, reviewer):
        with pytest.raises(NotFound):
            replay.of(person, talk[2].public_id)
