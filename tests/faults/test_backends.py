"""A hosted model goes wrong in every way there is: the person is told, and the question is kept.

The model is configured as a user would (CHATBOT_HOSTED); a real server on loopback
misbehaves on command. What is stored, shown and logged is looked at afterwards.
"""

import asyncio
import json
import logging
import re
import shutil
import socket

import pytest

from chatbot import settings
from chatbot.bootstrap import build
from tests.support.scenes import ask, texts
from tests.support.scripted_server import ScriptedServer

KEY = "sk-secret-of-the-tests"
CANARY = "quokka-7731"
PATIENT = {"first_token_timeout": 60, "gap_timeout": 60}
HASTY = {
    "!hang": {"first_token_timeout": 0.5},
    "!delay 5": {"first_token_timeout": 0.5},
    "!hang-after 2": {"gap_timeout": 1},
}


@pytest.fixture
def server():
    with ScriptedServer(key=KEY) as server:
        yield server


@pytest.fixture
def configured(tmp_path, sqlite_template, monkeypatch, caplog):
    """A function from models as a user writes them to a product; what is logged stays clean."""
    made = []
    caplog.set_level(logging.DEBUG)
    shutil.copy(sqlite_template, tmp_path / "chatbot.db")

    def make(*models, **environment):
        given = {"HOME": str(tmp_path), "MODEL": models[0]["name"], "HOSTED": json.dumps(models)}
        for name, value in (given | environment).items():
            monkeypatch.setenv(f"CHATBOT_{name}", value)
        made.append(build(settings.load()))
        return made[-1]

    yield make
    for product in made:
        product.close()
    assert "Traceback" not in caplog.text
    assert KEY not in caplog.text
    assert CANARY not in caplog.text


def big(server, **more):
    """A record in CHATBOT_HOSTED."""
    record = {"name": "big", "model": "scripted", "base_url": server.url, "api_key": KEY}
    return record | PATIENT | {"retries": 1} | more


def played(product, scene):
    """What a scene returns; its connections belong to its event loop and are closed before it."""

    async def whole():
        async with asyncio.timeout(60):
            result = await scene
        for model in product.registry.list():
            await product.registry.open(model.label).release()
        return result

    return asyncio.run(whole())


def asked(product, text):
    """One turn, and what is stored of it."""
    turn = played(product, ask(product, text))
    return turn, texts(product, turn.conversation)


WRONG = [
    ("!429", "failed", "", "busy. Try again in a moment"),
    ("!429 90", "failed", "", "busy. Try again in a moment"),
    ("!500", "failed", "", r"127\.0\.0\.1:\d+ failed \(500\). Try again"),
    ("!quota", "failed", "", "quota is used up. Choose another model"),
    ("!garbage", "failed", "", "connection to the model broke off. Try again"),
    ("!hang", "failed", "", "did not answer in time. Try again"),
    ("!delay 5", "failed", "", "did not answer in time. Try again"),
    ("!hang-after 2", "failed", "Thank you.", "did not answer in time. Try again"),
    ("!break 0", "failed", "", "connection to the model broke off. Try again"),
    ("!break 2", "failed", "Thank you.", "connection to the model broke off. Try again"),
    ("!no-end", "truncated", f"Thank you. You wrote: {CANARY}", "Continue, or answer again"),
    ("!length", "truncated", "Thank you.", "reached its longest length"),
    ("!tokens 0", "failed", "", "gave no answer. Try again"),
]


@pytest.mark.parametrize(("command", "status", "kept", "sentence"), WRONG)
def test_fault_is_told_and_question_kept(configured, server, command, status, kept, sentence):
    product = configured(big(server, **HASTY.get(command, {})))
    question = f"{command} {CANARY}"
    turn, stored = asked(product, question)
    assert (turn.status, turn.text, turn.saved) == (status, kept, True)
    assert stored == [("user", question, "complete"), ("assistant", kept, status)]
    [_, answer] = product.conversations.open(product.person(), turn.conversation).messages
    assert re.search(sentence, answer.note)


def test_a_wrong_key_is_told(configured, server):
    turn, stored = asked(configured(big(server, api_key="wrong")), CANARY)
    assert turn.error.endswith("does not accept the key of big. Check its key.")
    assert [text for _, text, _ in stored] == [CANARY, ""]
    assert server.requests == []


def test_an_absent_server_is_told(configured, server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        turn, stored = asked(configured(big(server, base_url=nobody)), CANARY)
    assert re.search(r"127\.0\.0\.1:\d+ does not answer. Check that the server runs", turn.error)
    assert [status for _, _, status in stored] == ["complete", "failed"]


@pytest.mark.parametrize("fault", ["!429 0.01", "!500", "!garbage", "!break 0"])
def test_a_passing_fault_is_tried_again_unseen(configured, server, fault):
    turn, stored = asked(configured(big(server)), f"{fault} !once {CANARY}")
    assert (turn.status, turn.error) == ("complete", None)
    assert stored[1][1] == f"Thank you. You wrote: {CANARY}"
    assert len(server.requests) == 2


def test_a_fault_in_the_middle_is_not_tried_again(configured, server):
    turn, _ = asked(configured(big(server, retries=3)), f"!break 2 !once {CANARY}")
    assert (turn.status, turn.text) == ("failed", "Thank you.")
    assert len(server.requests) == 1


def test_the_next_turn_leaves_the_failed_one_out(configured, server):
    product = configured(big(server))
    failed, _ = asked(product, f"!500 {CANARY}")
    turn = played(product, ask(product, "!say better", failed.conversation, "key 2"))
    assert turn.text == "better"
    said = [one["content"] for one in server.requests[-1]["messages"] if one["role"] != "system"]
    assert said == ["!say better"]


class TestFallback:
    """Another model answers where the first does not begin, and only there."""

    @pytest.mark.parametrize("fault", ["!500", "!429 90", "!quota", "!hang", "!garbage"])
    def test_another_model_begins_instead(self, configured, server, fault):
        with ScriptedServer(key=KEY) as other:
            other.once.script(f"{fault} !once {CANARY}")  # seen before: it answers at once
            spare = big(other) | {"name": "spare"}
            first = big(server, retries=0, **HASTY.get(fault, {}))
            product = configured(first, spare, FALLBACK='["spare"]')
            turn, stored = asked(product, f"{fault} !once {CANARY}")
        assert (turn.status, turn.model) == ("complete", "spare@scripted")
        assert stored[1][1] == f"Thank you. You wrote: {CANARY}"
        [note] = product.traces.of(product.person(), turn.reply).notes
        assert note.startswith("big@scripted did not begin: ")

    def test_a_begun_answer_stays_with_its_model(self, configured, server):
        product = configured(big(server), FALLBACK='["scripted"]', SCRIPTED="true")
        turn, _ = asked(product, f"!break 2 {CANARY}")
        assert (turn.status, turn.text, turn.model) == ("failed", "Thank you.", "big@scripted")

    def test_the_last_error_is_told_when_all_fail(self, configured, server):
        with ScriptedServer(key="another") as other:
            spare = big(other) | {"name": "spare"}
            product = configured(big(server, retries=0), spare, FALLBACK='["spare"]')
            turn, _ = asked(product, f"!500 {CANARY}")
        assert turn.status == "failed"
        assert turn.error.endswith("does not accept the key of spare. Check its key.")


@pytest.mark.parametrize(
    ("command", "kept"), [("!tokens 4000 !rate 50", "Thank you."), ("!hang-after 2", "Thank you.")]
)
def test_stop_frees_the_connection(configured, server, command, kept):
    product = configured(big(server))

    async def scene():
        turn = await product.chat.start_turn(product.person(), None, f"{command} {CANARY}", "k")
        async for look in turn.follow():
            if look.text.startswith(kept):
                break
        await product.chat.stop(product.person(), turn.reply)
        return turn, await asyncio.to_thread(server.left.acquire, timeout=20)

    turn, left = played(product, scene())
    assert left
    assert (turn.status, turn.error) == ("stopped", None)
    assert texts(product, turn.conversation)[1][2] == "stopped"


@pytest.mark.parametrize("command", ["!hang", "!429 15"])
def test_stop_before_the_first_token(configured, server, command):
    product = configured(big(server, retries=3))

    async def scene():
        turn = await product.chat.start_turn(product.person(), None, f"{command} {CANARY}", "k")
        while not server.requests:
            await asyncio.sleep(0.01)
        await product.chat.stop(product.person(), turn.reply)
        return turn

    turn = played(product, scene())
    assert (turn.status, turn.text, turn.error) == ("stopped", "", None)
    assert texts(product, turn.conversation)[1] == ("assistant", "", "stopped")
    assert len(server.requests) == 1


def test_other_answers_go_on_beside_a_hanging_one(configured, server):
    product = configured(big(server))
    person = product.person()

    async def scene():
        hanging = await product.chat.start_turn(person, None, "!hang", "k1")
        others = await asyncio.gather(
            *(ask(product, f"!say {n}", key=f"key {n}") for n in range(8))
        )
        going_on = hanging.done
        await product.chat.stop(person, hanging.reply)
        return [turn.text for turn in others], going_on

    assert played(product, scene()) == ([str(n) for n in range(8)], False)
