"""Two products on one database, as two processes: each shows and stops the answers of the other."""

import asyncio

import pytest

from chatbot import elsewhere, saving
from chatbot.bootstrap import build
from chatbot.errors import Busy, NotFound
from chatbot.turn import Turn
from tests.support.stored import person

LONG = "!tokens 5000 !rate 100 word"


@pytest.fixture
def other(product):
    """Another process with the same database and home."""
    settings = product.settings
    made = build(settings)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(elsewhere, "LOOK", 0.02)
    monkeypatch.setattr(saving, "SAVE_EVERY", 0.05)


async def begun(product, text=LONG, key="k"):
    turn = await product.chat.start_turn(product.person(), None, text, key)
    while not turn.text:
        await asyncio.sleep(0.01)
    return turn


def seen_from(other, turn):
    mine = Turn(turn.user_id, turn.conversation, turn.question, turn.reply)
    return other.chat.elsewhere.follow(mine)


def test_an_answer_is_followed_as_it_is_saved_and_to_its_end(product, other, play):
    async def scene():
        turn = await begun(product)
        shown = seen_from(other, turn)
        assert seen_from(other, turn) is shown, "tabs share what is followed"
        while len(shown.text) < 40:
            await asyncio.sleep(0.01)
        assert turn.text.startswith(shown.text)
        await product.chat.stop(product.person(), turn.reply)
        await shown.finished()
        return turn, shown

    turn, shown = play(scene())
    assert (shown.status, shown.text) == ("stopped", turn.text)


def test_an_answer_is_stopped_from_another_process(product, other, database, play):
    stranger = person(database, "Bo")

    async def scene():
        turn = await begun(product)
        with pytest.raises(NotFound):
            await other.chat.stop(stranger, turn.reply)
        assert await product.standing.check() == 0
        await other.chat.stop(other.person(), turn.reply)
        assert await product.standing.check() == 1
        return await turn.finished()

    turn = play(scene())
    assert turn.status == "stopped"
    view = other.conversations.open(other.person(), turn.conversation)
    assert (view.messages[-1].status, view.messages[-1].text) == ("stopped", turn.text)


def test_saving_heeds_it_too_where_nobody_looks(product, other, play):
    async def scene():
        turn = await begun(product)
        await other.chat.stop(other.person(), turn.reply)
        return await turn.finished()

    assert play(scene()).status == "stopped"


def test_one_answer_at_a_time_wherever_it_is_written(product, other, play):
    async def scene():
        turn = await begun(product)
        assert await asyncio.to_thread(other.recover) == 0, "a start leaves it alone"
        me = other.person()
        with pytest.raises(Busy):
            await other.chat.start_turn(me, turn.conversation, "!say me too", "k2")
        again = await other.chat.start_turn(me, turn.conversation, LONG, "k")
        assert (again.reply, again.done) == (turn.reply, False), "the same key is the same turn"
        await product.chat.stop(product.person(), turn.reply)
        after = await other.chat.start_turn(me, turn.conversation, "!say and now", "k3")
        return await after.finished()

    assert play(scene()).text == "and now"
