"""Doors, ends and shutdowns that cross each other: a turn is never lost, doubled or left open."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot import saving
from chatbot.bootstrap import Product, build
from chatbot.errors import NotFound, StoreUnavailable
from chatbot.settings import Settings
from chatbot.turn import Turn
from tests.faults.test_database import locked
from tests.support.gate import Gate
from tests.support.scenes import ask, texts


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    product = build(Settings(home=tmp_path, model="scripted", database_wait=0.2))
    yield product
    product.close()


@pytest.fixture
def gate(product: Product) -> Gate:
    product.archive.main = Gate(product.archive.main)
    return product.archive.main


async def until(passed: Gate) -> None:
    while not passed.committed.is_set():
        await asyncio.sleep(0.01)


async def writing(product: Product, text: str, key: str = "k1") -> Turn:
    turn = await product.chat.start_turn(product.person(), None, text, key)
    while turn.state != "writing":
        await asyncio.sleep(0.01)
    return turn


def test_a_retry_that_crosses_the_end_does_not_answer_twice(product, gate):
    async def scene():
        turn = await writing(product, "!delay 0.5 !say once", "same")
        gate.hold()
        retry = asyncio.create_task(
            product.chat.start_turn(product.person(), None, "!delay 0.5 !say once", "same")
        )
        await until(gate)
        await turn.finished()
        await asyncio.sleep(0.05)
        gate.open()
        return await retry

    again = asyncio.run(scene())

    assert (again.state, again.status, again.text) == ("done", "complete", "once")


def test_a_question_whose_sender_left_is_answered(product, gate):
    async def scene():
        gate.hold()
        sending = asyncio.create_task(
            product.chat.start_turn(product.person(), None, "!say here", "k1")
        )
        await until(gate)
        sending.cancel()
        gate.open()
        await asyncio.wait({sending})
        [saved] = await asyncio.to_thread(product.conversations.recent, product.person())
        await product.chat.close()
        return saved.id

    assert texts(product, asyncio.run(scene())) == [
        ("user", "!say here", "complete"),
        ("assistant", "here", "complete"),
    ]


def test_closing_waits_for_a_turn_that_is_about_to_begin(product, gate):
    async def scene():
        gate.hold()
        sending = asyncio.create_task(
            product.chat.start_turn(product.person(), None, "!say last", "k1")
        )
        await until(gate)
        closing = asyncio.create_task(product.chat.close())
        await asyncio.sleep(0.05)
        gate.open()
        await closing
        return (await sending).done

    assert asyncio.run(scene())


def test_closing_refuses_every_door(product):
    async def scene():
        turn = await ask(product, "!say x")
        await product.chat.close()
        person, chat = product.person(), product.chat
        for call in (
            chat.start_turn(person, turn.conversation, "hello", "k2"),
            chat.answer_again(person, turn.reply, "k3"),
            chat.continue_answer(person, turn.reply, "k4"),
            chat.edit(person, turn.question, "other", "k5", rerun=True),
        ):
            with pytest.raises(StoreUnavailable, match="shutting down"):
                await call
        return turn

    assert len(texts(product, asyncio.run(scene()).conversation)) == 2


def test_closing_lets_an_answer_be_saved(product, gate):
    async def scene():
        turn = await writing(product, "!delay 0.3 !say whole")
        gate.hold()
        await until(gate)
        closing = asyncio.create_task(product.chat.close(grace=0.01))
        _, waiting = await asyncio.wait({closing}, timeout=0.2)
        gate.open()
        await closing
        return turn, bool(waiting)

    turn, waited = asyncio.run(scene())

    assert waited
    assert (turn.state, turn.status, turn.text) == ("done", "complete", "whole")


def test_whatever_breaks_while_saving_is_told_and_can_be_saved_again(product, gate):
    async def scene():
        turn = await writing(product, "!delay 0.3 !say kept")
        gate.fail(RuntimeError("cannot schedule new futures after shutdown"))
        await turn.finished()
        told = (turn.saved, turn.error)
        await product.chat.save_again(product.person(), turn.reply)
        return turn, told

    turn, told = asyncio.run(scene())

    assert told == (False, "Not saved. Keep this page open and choose Save again.")
    assert turn.saved
    assert texts(product, turn.conversation)[1] == ("assistant", "kept", "complete")


def test_two_tabs_may_save_again_at_once(product):
    async def scene():
        turn = await writing(product, "!delay 0.5 !say kept")
        with locked(product):
            await turn.finished()
        person, chat = product.person(), product.chat
        await asyncio.gather(*(chat.save_again(person, turn.reply) for _ in range(3)))
        await chat.save_again(person, turn.reply)
        return turn

    turn = asyncio.run(scene())

    assert texts(product, turn.conversation)[1] == ("assistant", "kept", "complete")
    assert product.chat.turn(product.person(), turn.reply) is None


def test_saving_again_what_was_deleted_is_not_found(product):
    async def scene():
        turn = await writing(product, "!delay 0.5 !say kept")
        with locked(product):
            await turn.finished()
        product.conversations.erase(product.person(), turn.conversation)
        with pytest.raises(NotFound):
            await product.chat.save_again(product.person(), turn.reply)
        return turn

    assert product.chat.turn(product.person(), asyncio.run(scene()).reply) is None


def test_many_who_wait_for_a_model_leave_threads_for_the_database(product):
    loading, registry = threading.Event(), product.registry
    load = registry._load

    def slow(info):
        loading.wait(60)
        return load(info)

    registry._load = slow

    async def scene():
        person, start, turns = product.person(), product.chat.start_turn, []
        try:
            async with asyncio.timeout(30):
                while len(turns) < 40:
                    n = len(turns)
                    turns.append(await start(person, None, f"!say {n}", f"key {n}"))
                saved = await asyncio.to_thread(texts, product, turns[0].conversation)
        finally:
            loading.set()
            await asyncio.gather(*(turn.finished() for turn in turns))
        return saved, turns

    saved, turns = asyncio.run(scene())

    assert saved[0] == ("user", "!say 0", "complete")
    assert [turn.text for turn in turns] == [str(n) for n in range(40)]


def test_what_is_deleted_is_answered_no_further(product, monkeypatch):
    monkeypatch.setattr(saving, "SAVE_EVERY", 0.01)

    async def scene():
        first = await writing(product, "!tokens 100000 !rate 100 x")
        person, start = product.person(), product.chat.start_turn
        second = await start(person, first.conversation, "!say never", "k2")
        await asyncio.to_thread(product.conversations.delete_version, person, first.question)
        await asyncio.gather(first.finished(), second.finished())
        return first, second, await ask(product, "!say new", first.conversation, "k3")

    first, second, new = asyncio.run(asyncio.wait_for(scene(), 60))

    assert first.status == "stopped"
    assert (second.text, second.model) == ("", None)
    assert texts(product, new.conversation)[1] == ("assistant", "new", "complete")
