"""Real servers of models, connected as a person connects them: `transformers serve`, llama.cpp's.

Each runs as a process of its own with a tiny model that never ends by itself.
"""

import asyncio
import json

import pytest

from chatbot import connecting, doctor
from chatbot.answering import LENGTH
from chatbot.bootstrap import build
from chatbot.errors import BackendBroken, Refused
from tests.integration.chatbot.conftest import settings_for
from tests.support.model_servers import CONTEXT, KINDS, endless, skip_without, started
from tests.support.scenes import ask, texts
from tests.support.shell import Shell

pytestmark = pytest.mark.slow
UNENDING = CONTEXT // 2
"""Tokens of an answer that takes minutes."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return endless(tmp_path_factory.mktemp("models") / "endless")


@pytest.fixture(scope="module", params=KINDS)
def server(request, checkpoint, tmp_path_factory):
    skip_without(request.param)
    with started(request.param, checkpoint, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def dialect():
    """A server of models is no affair of a database."""
    return "sqlite"


@pytest.fixture
def settings(database, tmp_path):
    return settings_for(database, tmp_path / "home")


@pytest.fixture
def product(settings):
    product = build(settings)
    yield product
    product.close()


@pytest.fixture
def play(product):
    """Run a scene in an event loop of its own; an answer that nothing ends would outlast it."""

    def run(scene):
        async def bounded():
            try:
                return await asyncio.wait_for(scene, 90)
            finally:  # the connections end with the loop
                for record in product.connecting.records():
                    await product.registry.open(record.label).release()

        return asyncio.run(bounded())

    return run


def form_of(server, **changes):
    """What a person fills in to connect the server as `big`."""
    given = {"name": "big", "address": server.address, "model": server.model, "key": server.key}
    return connecting.read(**{**given, "max_tokens": UNENDING, "context": CONTEXT} | changes)


async def begun(product, server, **changes):
    """The turn of an answer that has text already and would go on for minutes."""
    me = product.person()
    await product.connecting.connect(me, form_of(server, **changes))
    turn = await product.chat.start_turn(me, None, "Tell me everything", "k1", model="big")
    async for snapshot in turn.follow(0):
        if len(snapshot.text) > 20 or snapshot.done:
            break
    assert (turn.status, turn.error) == ("streaming", None)
    return turn


def test_button_says_what_it_found(product, server, play):
    found = play(product.connecting.probe(product.person(), form_of(server, context=0)))

    assert (found.answers, found.wrong, found.unlisted) == (True, None, "")
    if server.kind == "transformers":  # it lists what lies in the cache, and there is nothing
        assert (found.models, found.model) == ((), server.model)
        with pytest.raises(Refused, match=r"Say which model .* It lists none"):
            play(product.connecting.connect(product.person(), form_of(server, model="")))
    else:
        [listed] = found.models
        assert (listed.name, listed.context) == (found.model, CONTEXT)


def test_answer_is_streamed_and_continued(product, server, play):
    async def scene():
        me = product.person()
        await product.connecting.connect(me, form_of(server, max_tokens=40))
        turn = await product.chat.start_turn(me, None, "Hello", "k1", model="big")
        seen = [snapshot.text async for snapshot in turn.follow(0)]
        first = turn.text, turn.status, turn.error
        more = await product.chat.continue_answer(me, turn.reply, "k2")
        return seen, first, await more.finished()

    seen, (text, status, error), more = play(scene())

    assert (status, error) == ("truncated", LENGTH)
    assert len({*seen}) > 2
    assert all(text.startswith(one) for one in seen)
    assert texts(product, more.conversation)[1] == ("assistant", more.text, "truncated")
    assert more.text.startswith(text)
    assert len(more.text) > len(text)


def test_stop_ends_what_the_server_writes(product, server, play):
    async def scene():
        turn = await begun(product, server)
        await product.chat.stop(product.person(), turn.reply)
        # Both have one place for an answer, so a token of another shows that it is free again.
        return turn, await product.connecting.probe(product.person(), form_of(server))

    turn, found = play(scene())

    assert (turn.status, turn.error) == ("stopped", None)
    assert texts(product, turn.conversation)[1] == ("assistant", turn.text, "stopped")
    assert (found.answers, found.wrong) == (True, None)


def test_wrong_key_is_told_in_a_sentence(product, server, play):
    if not server.key:
        pytest.skip(f"{server.kind} knows no keys")
    host = server.address.split("/")[2]
    told = f"{host} does not accept the key of big. Check its key."

    found = play(product.connecting.probe(product.person(), form_of(server, key="another")))
    assert (found.models, found.unlisted) == (None, told)
    named = form_of(server, key="another", model="tiny")
    assert str(play(product.connecting.probe(product.person(), named)).wrong) == told

    async def asked():
        await product.connecting.connect(product.person(), named)
        return await ask(product, "Hello", model="big")

    turn = play(asked())
    assert (turn.status, turn.error, turn.text) == ("failed", told, "")


def test_command_connects_and_says_so(server, tmp_path):
    shell = Shell(tmp_path / "home")
    given = ["models", "connect", "big", server.address, "--model", server.model]
    key = ["--key"] if server.key else []

    done = shell.run(*given, *key, stdin=server.key)

    assert done.code == 0, done
    assert done.out.startswith("Connected: big@")
    assert "answers; the first token took" in done.err
    assert f"Context: {8192 if server.kind == 'transformers' else CONTEXT} tokens." in done.err
    if key:
        wrong = shell.run(*given, *key, stdin="another")
        assert (wrong.code, wrong.out, wrong.err.count("\n")) == (1, "", 1)
        assert "does not accept the key of big" in wrong.err
    looked = json.loads(shell.run("doctor", "--json").out)
    assert f"{done.out.removeprefix('Connected: ').strip()} answers" in str(looked)


@pytest.mark.parametrize("kind", KINDS)
def test_server_that_dies_leaves_what_it_wrote(kind, checkpoint, product, settings, play, tmp_path):
    skip_without(kind)
    with started(kind, checkpoint, tmp_path / "server") as server:

        async def scene():
            turn = await begun(product, server, model=server.model or "tiny")
            server.kill()
            await turn.finished()
            return turn, await ask(product, "And now?", turn.conversation, "k2")

        turn, after = play(scene())

    assert (turn.status, turn.error) == ("failed", BackendBroken.sentence)
    assert len(turn.text) > 20
    assert texts(product, turn.conversation)[1] == ("assistant", turn.text, "failed")
    gone = "does not answer. Check that the server runs and its base URL."
    assert (after.status, after.text) == ("failed", "")
    assert after.error == f"{server.address.split('/')[2]} {gone}"
    [finding] = doctor.look("servers", settings)
    assert (finding.level, gone in finding.found) == ("warn", True), finding
    assert "models connect" in finding.advice
