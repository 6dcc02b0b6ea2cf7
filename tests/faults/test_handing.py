"""The database or the search fails around a hand-over: nothing is half done, nothing is lost."""

import asyncio
import sqlite3
from contextlib import closing, contextmanager

import pytest

from chatbot.bootstrap import build
from chatbot.errors import StoreUnavailable
from chatbot.settings import Settings
from chatbot.sourcing import BROKEN
from tests.support.scenes import ask, texts
from tests.support.shelf import shelve


@pytest.fixture
def product(tmp_path):
    settings = {"model": "scripted", "encoder": "none", "prompt": "support", "undo_seconds": 0}
    product = build(Settings(home=tmp_path, database_wait=0.2, **settings))
    yield product
    product.close()


@contextmanager
def locked(product):
    """Another program holds the database file."""
    with closing(sqlite3.connect(product.database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_hands_nothing_over_by_half(product):
    me = product.person()

    async def scene():
        turn = await ask(product, "!say first", key="k1")
        conversation = turn.conversation
        with locked(product), pytest.raises(StoreUnavailable, match="try again"):
            await asyncio.to_thread(product.desk.hand_over, me, conversation)
        assert product.desk.queue(me).rows == []
        answered = await ask(product, "!say second", conversation, "k2")
        await asyncio.to_thread(product.desk.hand_over, me, conversation)
        with locked(product), pytest.raises(StoreUnavailable, match="try again"):
            await product.chat.start_turn(me, conversation, "third", "k3")
        kept = await ask(product, "third", conversation, "k3")
        return answered, kept

    answered, kept = asyncio.run(scene())
    assert (answered.text, kept.reply) == ("second", "")
    assert [text for _, text, _ in texts(product, kept.conversation)] == [
        "!say first", "first", "!say second", "second", "third",
    ]  # fmt: skip


def test_a_reply_that_cannot_leave_leaves_once_later(product):
    me = product.person()
    turn = asyncio.run(ask(product, "!say first", key="k1"))
    ticket = product.desk.take(me, turn.conversation)
    product.desk.send(me, ticket, "We look into it.", draft=None, seconds=3)
    with locked(product), pytest.raises(StoreUnavailable):
        product.desk.send_due()
    assert (product.desk.send_due(), product.desk.send_due()) == (1, 0)
    said = product.conversations.open(me, turn.conversation).messages
    assert [(one.text, one.person) for one in said[2:]] == [("We look into it.", me.name)]


def test_a_knowledge_base_that_is_broken_costs_the_sources_alone(product):
    shelve(product, "Returns", "We refund within 14 days after the parcel came back.")
    with product.archive.main.writing() as session:
        session.connection().exec_driver_sql("DROP TABLE passage_words")
    turn = asyncio.run(ask(product, "!say Hello. How long does a refund take?"))
    assert turn.status == "complete"
    trace = product.traces.of(product.person(), turn.reply)
    assert (trace.notes, trace.passages) == ([BROKEN], [])
