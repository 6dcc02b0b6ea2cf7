"""Running answers are kept together while they are written."""

import asyncio

import pytest
from sqlalchemy import event

from chatbot import saving
from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support.scenes import texts


@pytest.fixture
def product(tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "SAVE_EVERY", 0.1)
    product = build(Settings(home=tmp_path, model="scripted"))
    yield product
    product.close()


def kept(product, turn):
    """The answer as it is stored now."""
    return texts(product, turn.conversation)[1]


def test_what_is_written_is_kept_before_the_end(product):
    async def scene():
        start = product.chat.start_turn
        turns = [
            await start(product.person(), None, f"!tokens 60 !rate 30 n{number}", f"key {number}")
            for number in range(5)
        ]
        while not all(kept(product, turn)[1] for turn in turns):
            await asyncio.sleep(0.02)
        early = [(turn.done, kept(product, turn)) for turn in turns]
        await asyncio.gather(*(turn.finished() for turn in turns))
        return turns, early

    turns, early = asyncio.run(asyncio.wait_for(scene(), 60))

    for turn, (done, (role, text, status)) in zip(turns, early, strict=True):
        assert (done, role, status) == (False, "assistant", "streaming")
        assert turn.text.startswith(text)
        assert kept(product, turn) == ("assistant", turn.text, "complete")


def test_all_are_kept_in_one_transaction(product):
    commits = []

    async def scene():
        start = product.chat.start_turn
        turns = [
            await start(product.person(), None, f"!tokens 80 !rate 40 n{number}", f"key {number}")
            for number in range(8)
        ]
        while not all(turn.text for turn in turns):
            await asyncio.sleep(0.01)
        event.listen(product.database._engine, "commit", lambda _: commits.append(1))
        await asyncio.sleep(1)
        written = len(commits)
        assert not any(turn.done for turn in turns)
        await asyncio.gather(*(turn.finished() for turn in turns))
        return written

    written = asyncio.run(asyncio.wait_for(scene(), 60))
    assert 1 <= written <= 15  # ten rounds in that second, not ten for each of eight
