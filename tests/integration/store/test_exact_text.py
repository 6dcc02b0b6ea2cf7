"""Every storable text comes back exactly, from both databases; the rest is refused by both."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import conversations, export, messages, search
from store.errors import UnstorableText
from store.records import Trace
from tests.support.stored import person, started

SLOW = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ANY = st.text(max_size=60)
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False,
        allow_infinity=False) | STORABLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STORABLE, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.fixture
def owner(database):
    return person(database)


@pytest.fixture
def talk(database, owner):
    return started(database, owner)


@pytest.fixture(scope="module")
def naughty(public_data):
    with (public_data / "blns" / "all.jsonl").open(encoding="utf-8", newline="\n") as lines:
        return [json.loads(line)["text"] for line in lines]


def stored(database, talk, content):
    """The text as it comes back after being said and answered."""
    with database.transaction() as session:
        question, reply = messages.add_turn(
            session, talk.id, parent_id=None, text=content, key=f"k{talk.id}{id(content)}"
        )
        messages.save_partials(session, {reply.id: content})
        messages.finish(session, reply.id, content=content, status="complete", error=content)
        messages.delete_version(session, talk.user_id, question.public_id)
        again = messages.add_message(session, talk.id, parent_id=None, role="user", content=content)
    with database.reading() as session:
        return messages.by_ids(session, talk.id, [again.id])[0].content


@SLOW
@given(content=ANY)
def test_text_is_exact_or_refused(database, talk, content):
    allowed = "\x00" not in content and not any("\ud800" <= c <= "\udfff" for c in content)
    if allowed:
        assert stored(database, talk, content) == content
    else:
        with pytest.raises(UnstorableText):
            stored(database, talk, content)


@SLOW
@given(title=STORABLE)
def test_titles_are_exact(database, owner, talk, title):
    with database.transaction() as session:
        conversations.rename(session, owner.id, talk.public_id, title)
    with database.reading() as session:
        assert conversations.get(session, owner.id, talk.public_id).title == title


@SLOW
@given(inputs=st.dictionaries(STORABLE, PLAIN, max_size=3), notes=st.lists(STORABLE, max_size=2))
def test_traces_are_exact(database, talk, inputs, notes):
    with database.transaction() as session:
        message = messages.add_message(
            session, talk.id, parent_id=None, role="assistant", content="a"
        )
        trace = Trace(message.id, 1, "p", None, None, "m", {"t": 0.1}, inputs, "h", notes=notes)
        messages.add_trace(session, trace)
    with database.reading() as session:
        kept = messages.traces(session, [message.id])[message.id]
    assert kept == trace
    assert json.dumps(kept.inputs) == json.dumps(inputs)


def test_naughty_strings_come_back(database, owner, talk, naughty):
    with database.transaction() as session:
        made = [
            messages.add_message(session, talk.id, parent_id=None, role="user", content=each)
            for each in naughty
        ]
    with database.reading() as session:
        kept = messages.by_ids(session, talk.id, [each.id for each in made])
        assert [each.content for each in kept] == naughty
        tree = export.conversation(session, owner.id, talk.public_id)
    assert [each["content"] for each in json.loads(json.dumps(tree))["messages"]] == naughty


def test_naughty_strings_are_titles_and_queries(database, owner, naughty):
    for each in naughty[::5]:
        talk = started(database, owner, title=each)
        with database.reading() as session:
            assert conversations.get(session, owner.id, talk.public_id).title == each
            search.find(session, owner.id, each)
            assert export.markdown(session, owner.id, talk.public_id).startswith("# ")


@pytest.mark.parametrize(
    "bad", [{"a": "\x00"}, {"\ud800": 1}, {"a": [{"b": "\udfff"}]}, {"a": float("nan")}]
)
def test_unstorable_values_are_refused(database, talk, bad):
    with database.transaction() as session:
        message = messages.add_message(
            session, talk.id, parent_id=None, role="assistant", content="a"
        )
    with pytest.raises(UnstorableText), database.transaction() as session:
        messages.add_trace(session, Trace(message.id, 1, "p", None, None, "m", {}, bad, "h"))
    with database.reading() as session:
        assert messages.traces(session, [message.id]) == {}
