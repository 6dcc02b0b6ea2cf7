"""Versions of messages: counted, chosen, deleted, copied; nothing else is touched."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from store import conversations, messages, search
from store.errors import NotFound
from store.records import Trace
from tests.support.stored import another_answer, person, started, turn


@pytest.fixture
def owner(database):
    return person(database)


@pytest.fixture
def talk(database, owner):
    return started(database, owner)


def write(database, function, *arguments, **named):
    with database.transaction() as session:
        return function(session, *arguments, **named)


def shown(database, owner, talk):
    """The texts of the branch being shown."""
    with database.reading() as session:
        head_id = conversations.get(session, owner.id, talk.public_id).head_id
        return [] if head_id is None else texts(messages.path(session, head_id, limit=99))


def texts(found):
    return [message.content for message in found]


def places(database, *asked):
    with database.reading() as session:
        found = messages.siblings(session, [each.id for each in asked])
    return [(found[each.id].index, found[each.id].count) for each in asked]


def test_versions_are_counted_from_one(database, talk):
    question, first = turn(database, talk, "q", "a1")
    second = another_answer(database, talk, question, "a2")
    third = another_answer(database, talk, question, "a3")
    assert places(database, question, first, second, third) == [(1, 1), (1, 3), (2, 3), (3, 3)]
    with database.reading() as session:
        middle = messages.siblings(session, [second.id])[second.id]
    assert (middle.previous, middle.next) == (first.public_id, third.public_id)


def test_first_messages_are_versions_of_each_other(database, owner, talk):
    first, _ = turn(database, talk, "q1")
    second, _ = turn(database, talk, "q2")
    turn(database, started(database, owner))
    assert places(database, first, second) == [(1, 2), (2, 2)]


def test_unknown_messages_have_no_place(database):
    with database.reading() as session:
        assert messages.siblings(session, [10**9]) == {}
        assert messages.siblings(session, []) == {}


def test_new_version_is_shown(database, owner, talk):
    question, _ = turn(database, talk, "q", "a1")
    another_answer(database, talk, question, "a2")
    assert shown(database, owner, talk) == ["q", "a2"]


def test_same_key_is_the_same_version(database, talk):
    question, _ = turn(database, talk)
    values = {"parent_id": question.id, "key": "again", "content": "so far"}
    first = write(database, messages.add_reply, talk.id, **values)
    assert write(database, messages.add_reply, talk.id, **values) == first
    assert (first.status, first.content) == ("streaming", "so far")


def test_choosing_shows_a_version_and_what_followed(database, owner, talk):
    question, first = turn(database, talk, "q", "a1")
    turn(database, talk, "q2", "b", first.id)
    second = another_answer(database, talk, question, "a2")
    leaf = write(database, messages.choose, owner.id, first.public_id)
    assert shown(database, owner, talk) == ["q", "a1", "q2", "b"]
    assert leaf.content == "b"
    write(database, messages.choose, owner.id, second.public_id)
    assert shown(database, owner, talk) == ["q", "a2"]


def test_choosing_returns_to_the_branch_last_used(database, owner, talk):
    question, first = turn(database, talk, "q", "a1")
    older, _ = turn(database, talk, "older", "x", first.id)
    turn(database, talk, "newer", "y", first.id)
    second = another_answer(database, talk, question, "a2")
    write(database, messages.choose, owner.id, older.public_id)
    write(database, messages.choose, owner.id, second.public_id)
    write(database, messages.choose, owner.id, first.public_id)
    assert shown(database, owner, talk) == ["q", "a1", "older", "x"]


def test_choosing_does_not_reorder_the_list(database, owner, talk):
    _, reply = turn(database, talk)
    other = started(database, owner)
    write(database, messages.choose, owner.id, reply.public_id)
    with database.reading() as session:
        assert conversations.recent(session, owner.id)[0].id == other.id


def test_deleting_a_version_shows_its_sibling(database, owner, talk):
    question, _ = turn(database, talk, "q", "a1")
    second = another_answer(database, talk, question, "a2")
    turn(database, talk, "q2", "xylophone", second.id)
    write(database, messages.delete_version, owner.id, second.public_id)
    assert shown(database, owner, talk) == ["q", "a1"]
    with database.reading() as session:
        assert search.find(session, owner.id, "xylophone") == []
        with pytest.raises(NotFound):
            messages.get(session, owner.id, second.public_id)


def test_deleting_the_only_reply_shows_the_question(database, owner, talk):
    _, reply = turn(database, talk, "q", "a")
    write(database, messages.delete_version, owner.id, reply.public_id)
    assert shown(database, owner, talk) == ["q"]


def test_deleting_the_first_message_shows_another_or_none(database, owner, talk):
    first, _ = turn(database, talk, "q1", "a1")
    second, _ = turn(database, talk, "q2", "a2")
    write(database, messages.delete_version, owner.id, second.public_id)
    assert shown(database, owner, talk) == ["q1", "a1"]
    write(database, messages.delete_version, owner.id, first.public_id)
    assert shown(database, owner, talk) == []
    turn(database, talk, "q3", "a3")
    assert shown(database, owner, talk) == ["q3", "a3"]


def test_deleting_a_hidden_version_keeps_what_is_shown(database, owner, talk):
    question, first = turn(database, talk, "q", "a1")
    another_answer(database, talk, question, "a2")
    write(database, messages.delete_version, owner.id, first.public_id)
    assert shown(database, owner, talk) == ["q", "a2"]


def test_versions_of_others_are_not_found(database, talk):
    _, reply = turn(database, talk)
    eve = person(database, "Eve")
    for function in (messages.choose, messages.delete_version):
        for public_id in (reply.public_id, "x", ""):
            with pytest.raises(NotFound):
                write(database, function, eve.id, public_id)


def test_long_branches_are_chosen_and_deleted(database, owner, talk):
    first, reply = turn(database, talk, "q", "a")
    with database.transaction() as session:  # deeper than SQLite's limit for nested triggers
        copied = "INSERT INTO messages SELECT :id, :new, conversation_id, :id - 1, :id, :id, role, "
        copied += (
            "status, NULL, created_at, finished_at, error, :id, NULL FROM messages WHERE id = :old"
        )
        deep = [{"id": reply.id + n, "new": uuid4().hex, "old": first.id} for n in range(1, 1201)]
        session.execute(text(copied), deep)
    leaf = write(database, messages.choose, owner.id, first.public_id)
    assert leaf.content == str(reply.id + 1200)
    write(database, messages.delete_version, owner.id, first.public_id)
    assert shown(database, owner, talk) == []


def test_copied_path_is_complete_and_apart(database, owner, talk):
    question, _ = turn(database, talk, "q", "a1")
    second = another_answer(database, talk, question, "a2")
    trace = Trace(second.id, 1, "p", None, None, "m", {"t": 1}, {}, "h", notes=["n"])
    write(database, messages.add_trace, trace)
    fork = started(database, owner, title="Fork")
    leaf_id = write(database, messages.copy_path, second.id, fork.id)
    assert shown(database, owner, fork) == ["q", "a2"]
    with database.reading() as session:
        assert messages.traces(session, [leaf_id])[leaf_id].notes == ["n"]
        original = messages.by_ids(session, talk.id, [second.id])[0]
        copied = messages.by_ids(session, fork.id, [leaf_id])[0]
    assert (copied.created_at, copied.status) == (original.created_at, original.status)
    write(database, messages.delete_version, owner.id, question.public_id)
    assert shown(database, owner, fork) == ["q", "a2"]


def test_copied_path_is_found(database, owner, talk):
    _, reply = turn(database, talk, "q", "xylophone")
    fork = started(database, owner, title="Fork")
    write(database, messages.copy_path, reply.id, fork.id)
    with database.reading() as session:
        found = {hit.conversation for hit in search.find(session, owner.id, "xylophone")}
    assert found == {talk.public_id, fork.public_id}


def test_reply_in_progress_is_copied_as_interrupted(database, owner, talk):
    with database.transaction() as session:
        _, reply = messages.add_turn(session, talk.id, parent_id=None, text="q", key="k")
        messages.save_partials(session, {reply.id: "half"})
    fork = started(database, owner)
    leaf_id = write(database, messages.copy_path, reply.id, fork.id)
    with database.reading() as session:
        copied = messages.by_ids(session, fork.id, [leaf_id])[0]
        original = messages.by_ids(session, talk.id, [reply.id])[0]
    assert (copied.status, copied.content) == ("interrupted", "half")
    assert original.status == "streaming"
