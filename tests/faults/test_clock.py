"""The machine's clock jumps by an hour, either way: nothing is reordered, nobody stays for ever."""

import asyncio
from datetime import datetime, timedelta

import pytest

from chatbot import conversations as reading
from chatbot import privacy
from chatbot.bootstrap import build
from chatbot.errors import NotSignedIn
from chatbot.options import Retention
from chatbot.settings import Settings
from store import columns
from tests.support.scenes import ask, texts

HOUR = timedelta(hours=1)
PASSWORD = "a phrase that is long enough"


class Clock(datetime):
    """The machine's clock, which can be moved."""

    moved = timedelta()

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + cls.moved


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(Clock, "moved", timedelta())
    for module in (columns, reading, privacy):
        monkeypatch.setattr(module, "datetime", Clock)
    return Clock


@pytest.fixture
def product(database, tmp_path, clock):
    url = database.url.render_as_string(hide_password=False)
    product = build(Settings(home=tmp_path, database_url=url, model="scripted"))
    yield product
    product.close()


@pytest.mark.parametrize("jumps", [(-HOUR, HOUR), (HOUR, -HOUR), (-HOUR, -2 * HOUR)])
def test_messages_stay_in_the_order_they_were_said(product, clock, jumps):
    async def scene():
        turn = await ask(product, "!say one", key="k0")
        for n, jump in enumerate(jumps):
            clock.moved = jump
            await ask(product, f"!say more {n}", turn.conversation, f"k{n + 1}")
        return turn.conversation

    conversation = asyncio.run(scene())
    said = [text for role, text, _ in texts(product, conversation) if role == "assistant"]
    assert said == ["one", "more 0", "more 1"]


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_answer_goes_on_while_the_clock_jumps(product, clock, jump):
    async def scene():
        turn = await product.chat.start_turn(
            product.person(), None, "!tokens 20 !rate 50 word", "k"
        )
        while turn.first_at is None:
            await asyncio.sleep(0.01)
        clock.moved = jump
        return await turn.finished()

    turn = asyncio.run(asyncio.wait_for(scene(), 60))
    assert (turn.status, turn.saved) == ("complete", True)
    trace = product.traces.of(product.person(), turn.reply)
    assert 0 <= trace.first_s <= trace.total_s < 60


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_no_login_outlives_its_time_by_more_than_the_jump(product, clock, jump):
    signed = {"address": "192.0.2.7", "agent": "a browser"}
    product.accounts.add(
        product.person(), login="ada", name="Ada", roles=["chatter"], password=PASSWORD
    )
    clock.moved = jump
    token = product.accounts.sign_in("ada", PASSWORD, **signed).token
    clock.moved = timedelta()
    assert product.accounts.of_token(token).name == "Ada"
    clock.moved = HOUR + timedelta(minutes=product.settings.session_idle_minutes)
    with pytest.raises(NotSignedIn):
        product.accounts.of_token(token)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_retention_of_days_does_not_feel_an_hour(product, clock, jump):
    product.options.set(product.person(), Retention(chat_days=1, audit_days=30), 0)
    turn = asyncio.run(ask(product, "!say kept"))
    clock.moved = jump
    assert sum(product.privacy.run_retention(None).values()) == 0
    assert len(texts(product, turn.conversation)) == 2
