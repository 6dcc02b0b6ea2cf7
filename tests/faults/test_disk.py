"""The disk is full: nothing is called saved that is not, and all goes on when there is room."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.bootstrap import build
from chatbot.errors import StoreUnavailable
from chatbot.settings import Settings
from tests.support.scenes import ask, texts
from tests.support.small_disk import filled, mounted

LONG = "word " * 15_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The folder of a disk of 4 MB."""
    with mounted(tmp_path / "disk", 4) as folder:
        yield folder


@pytest.fixture
def product(small_disk):
    product = build(Settings(home=small_disk, model="scripted"))
    yield product
    product.close()


async def asks_on(product, conversation):
    for n in range(100):
        await ask(product, LONG, conversation, f"full {n}")


def test_full_disk_refuses_a_question_and_works_again(product, small_disk):
    async def scene():
        turn = await ask(product, "!say first", key="k1")
        with filled(small_disk), pytest.raises(StoreUnavailable, match="disk is full") as caught:
            await asks_on(product, turn.conversation)
        assert caught.value.status == 503
        return (await ask(product, "!say second", turn.conversation, "k2")).conversation

    conversation = asyncio.run(scene())
    told = texts(product, conversation)
    assert told[-1] == ("assistant", "second", "complete")
    assert {status for _, _, status in told} <= {"complete", "failed"}


def test_answer_that_finds_no_room_is_kept_and_saved_again(product, small_disk):
    person = product.person()

    async def scene():
        turn = await product.chat.start_turn(
            person, None, "!delay 0.5 !tokens 6000 !rate 9999 x", "k1"
        )
        while turn.state != "writing":
            await asyncio.sleep(0.01)
        with filled(small_disk):
            await turn.finished()
            unsaved = (turn.saved, turn.error, turn.text)
            with pytest.raises(StoreUnavailable):
                await product.chat.save_again(person, turn.reply)
        await product.chat.save_again(person, turn.reply)
        return turn, unsaved

    turn, unsaved = asyncio.run(scene())
    assert unsaved[:2] == (False, "Not saved. Keep this page open and choose Save again.")
    assert len(unsaved[2]) > 10_000
    assert texts(product, turn.conversation)[1] == ("assistant", unsaved[2], "complete")


def test_export_that_finds_no_room_is_refused_and_leaves_nothing(product, small_disk):
    me = product.person()
    asyncio.run(ask(product, "!say kept"))
    with filled(small_disk), pytest.raises(StoreUnavailable) as caught:
        product.privacy.export_mine(me)
    assert caught.value.status == 503
    assert list(small_disk.glob("exports/*/*")) == []
    assert product.privacy.export_mine(me).stat().st_size > 100


TALK = """
import asyncio, logging, sys
from pathlib import Path
from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support.scenes import ask

product = build(Settings(home=Path(sys.argv[1]), model="scripted"))
for n in range(3):
    logging.getLogger("chatbot").error("this finds no room")
    turn = asyncio.run(ask(product, f"!say still here {n}", key=f"k{n}"))
    print(turn.text, turn.status, turn.saved, flush=True)
product.close()
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_of_the_log_stops_no_answer(tmp_path):
    with Path("/dev/full").open("wb", buffering=0) as full:
        done = subprocess.run(
            [sys.executable, "-c", TALK, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
        )
    assert done.stdout.splitlines() == [f"still here {n} complete True" for n in range(3)]
