"""An exported conversation holds everything that was said, and no internal number."""

import json

import pytest

from store import conversations, export, messages
from store.records import Trace
from tests.support.stored import another_answer, person, started, turn


@pytest.fixture
def owner(database):
    return person(database)


@pytest.fixture
def talk(database, owner):
    return started(database, owner, title="Two\nlines")


def exported(database, function, owner, talk):
    with database.reading() as session:
        return function(session, owner.id, talk.public_id)


def test_tree_is_complete(database, owner, talk):
    question, first = turn(database, talk, "q", "a1")
    second = another_answer(database, talk, question, "a2")
    tree = exported(database, export.conversation, owner, talk)
    assert [(m["role"], m["content"]) for m in tree["messages"]] == [
        ("user", "q"),
        ("assistant", "a1"),
        ("assistant", "a2"),
    ]
    assert [m["parent"] for m in tree["messages"]] == [None, *[question.public_id] * 2]
    assert tree["head"] == second.public_id
    assert first.public_id in [m["id"] for m in tree["messages"]]


def test_traces_and_feedback_are_in_it(database, owner, talk):
    question, reply = turn(database, talk)
    with database.transaction() as session:
        messages.add_trace(
            session,
            Trace(reply.id, 1, "p", "v", 4, "m", {}, {"x": 1}, "h", [question.id, 10**9]),
        )
        messages.set_feedback(session, reply.id, owner.id, -1, ["short"], "longer")
    plain, judged = exported(database, export.conversation, owner, talk)["messages"]
    assert (plain["trace"], plain["feedback"]) == (None, None)
    assert judged["feedback"] == {"rating": -1, "reasons": ["short"], "better": "longer"}
    assert judged["trace"]["history"] == [question.public_id]
    assert judged["trace"]["inputs"] == {"x": 1}


def test_export_is_plain_json_without_numbers(database, owner, talk):
    turn(database, talk)
    tree = exported(database, export.conversation, owner, talk)
    assert json.loads(json.dumps(tree)) == tree
    assert not {"user_id", "conversation_id", "message_id"} & set(str(tree).split("'"))


def test_markdown_shows_the_branch(database, owner, talk):
    question, _ = turn(database, talk, "q", "a1")
    another_answer(database, talk, question, "**a2**\n\n- x")
    written = exported(database, export.markdown, owner, talk)
    assert written == "# Two lines\n\n## You\n\nq\n\n## Assistant\n\n**a2**\n\n- x\n"


def test_markdown_tells_what_is_unfinished(database, owner, talk):
    with database.transaction() as session:
        _, reply = messages.add_turn(session, talk.id, parent_id=None, text="q", key="k")
        messages.finish(session, reply.id, content="half", status="stopped")
    assert "## Assistant (stopped)" in exported(database, export.markdown, owner, talk)


def test_empty_conversation_is_exported(database, owner, talk):
    with database.transaction() as session:
        conversations.rename(session, owner.id, talk.public_id, "")
    assert exported(database, export.markdown, owner, talk) == "# Conversation\n"
    assert exported(database, export.conversation, owner, talk)["messages"] == []
