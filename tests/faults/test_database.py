"""The database fails around a turn: the person is told the truth and the text is kept."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chatbot.bootstrap import Product, build
from chatbot.errors import StoreUnavailable
from chatbot.settings import Settings
from tests.support.scenes import ask, texts


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    product = build(Settings(home=tmp_path, model="scripted", database_wait=0.2))
    yield product
    product.close()


@contextmanager
def locked(product: Product) -> Iterator[None]:
    """Another program holds the database file."""
    with closing(sqlite3.connect(product.database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_refuses_a_question_and_works_again(product):
    async def scene() -> str:
        turn = await ask(product, "!say first", key="k1")
        with locked(product), pytest.raises(StoreUnavailable, match="try again"):
            await product.chat.start_turn(product.person(), turn.conversation, "second", "k2")
        return (await ask(product, "!say second", turn.conversation, "k2")).conversation

    conversation = asyncio.run(scene())

    assert len(texts(product, conversation)) == 4


def test_an_answer_that_cannot_be_saved_is_kept_and_saved_again(product):
    person = product.person()

    async def scene() -> tuple:
        turn = await product.chat.start_turn(person, None, "!delay 0.5 !say kept", "k1")
        while turn.state != "writing":
            await asyncio.sleep(0.01)
        with locked(product):
            await turn.finished()
            unsaved = (turn.saved, turn.error, turn.text)
            with pytest.raises(StoreUnavailable):
                await product.chat.save_again(person, turn.reply)
        await product.chat.save_again(person, turn.reply)
        return turn, unsaved, turn.saved

    turn, unsaved, saved = asyncio.run(scene())

    assert unsaved == (False, "Not saved. Keep this page open and choose Save again.", "kept")
    assert saved
    [_, answer] = product.conversations.open(person, turn.conversation).messages
    assert (answer.text, answer.status, answer.note) == ("kept", "complete", None)


def test_other_answers_go_on_while_one_is_unsaved(product):
    person = product.person()

    async def scene() -> str:
        turn = await product.chat.start_turn(person, None, "!delay 0.5 !say a", "k1")
        while turn.state != "writing":
            await asyncio.sleep(0.01)
        with locked(product):
            await turn.finished()
        other = await ask(product, "!say b", key="k2")
        assert product.chat.turn(person, turn.reply) is turn
        return other.text

    assert asyncio.run(scene()) == "b"
