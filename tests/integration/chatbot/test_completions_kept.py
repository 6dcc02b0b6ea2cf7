"""Calls of the API as conversations, and calls that name themselves, on each kind of database."""

import asyncio
import hashlib
from datetime import timedelta

import pytest

from chatbot.errors import Conflict
from store import api_calls, replicas
from store.columns import now
from tests.support.calling import call, caller, stored


@pytest.fixture
def who(product):
    """A key that stores and may use everything."""
    return caller(product)


# Keeping -----------------------------------------------------------------------------------------


def test_a_dialog_with_one_turn_more_goes_on_in_its_conversation(product, who, play):
    one = play(call(product, who, "!say Hi"))
    two = play(call(product, who, "!say Hi", " Hi\n", "!say two"))
    assert two.ended.conversation == one.ended.conversation
    assert [text for _, text, _ in stored(product, who, one.ended.conversation)] == [
        "!say Hi",
        "Hi",
        "!say two",
        "two",
    ]
    other = play(call(product, who, "!say Hi", "Hi", "!say other"))
    assert other.ended.conversation == one.ended.conversation  # a branch from the same answer
    assert [text for _, text, _ in stored(product, who, one.ended.conversation)][2] == "!say other"
    again = play(call(product, who, "!say Hi", "Hi", "!say other"))
    view = product.conversations.open(who.person, again.ended.conversation)
    assert len(view.messages) == 4
    assert view.messages[-1].siblings.count == 2


def test_several_answers_stand_beside_each_other(product, who, play):
    came = play(call(product, who, "!say Hi", model="prompt:assistant", n=3))
    assert [came.text(n) for n in range(3)] == ["Hi"] * 3
    assert came.ended.reply_tokens == 3
    view = product.conversations.open(who.person, came.ended.conversation)
    assert [message.text for message in view.messages] == ["!say Hi", "Hi"]
    assert view.messages[-1].siblings.count == 3


def test_calls_that_come_at_once_are_all_kept(product, who, play):
    async def scene():
        return await asyncio.gather(*(call(product, who, f"!say {n}") for n in range(24)))

    found = {came.ended.conversation for came in play(scene())}
    assert len(found) == 24
    assert len(product.conversations.recent(who.person)) == 24


# Calls that repeat -------------------------------------------------------------------------------


def test_a_named_call_is_answered_as_before(product, who):
    once = product.completions.once(who, "order-1", b"body")
    assert once.answer is None
    with pytest.raises(Conflict, match="being answered"):
        product.completions.once(who, "order-1", b"body")
    once.keep(200, '{"é": "\ud83d\ude00"}'.encode("utf-16", "surrogatepass").decode("utf-16"))
    assert product.completions.once(who, "order-1", b"body").answer == (200, '{"é": "😀"}')
    with pytest.raises(Conflict, match="another request"):
        product.completions.once(who, "order-1", b"other")
    assert product.completions.once(caller(product, "b"), "order-1", b"other").answer is None


def test_a_named_call_that_failed_may_be_sent_again(product, who):
    product.completions.once(who, "order-2", b"body").forget()
    assert product.completions.once(who, "order-2", b"other").answer is None


def test_a_named_call_whose_server_is_gone_begins_anew(product, who):
    with product.database.transaction() as session:
        other = replicas.register(session, host="elsewhere", pid=7, address="")
        known = {"writer": other, "stale": now() - timedelta(minutes=15)}
        digest = hashlib.sha256(b"body").hexdigest()
        assert api_calls.begin(session, who.key_id, "order-3", digest, **known)
    with pytest.raises(Conflict, match="being answered"):
        product.completions.once(who, "order-3", b"body")
    with product.database.transaction() as session:
        replicas.leave(session, other)
    assert product.completions.once(who, "order-3", b"body").answer is None
    with pytest.raises(Conflict, match="being answered"):
        product.completions.once(who, "order-3", b"body")
