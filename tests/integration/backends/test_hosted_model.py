"""A hosted model against a real server on loopback that misbehaves on command."""

import asyncio
import logging
import socket

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from chatbot import errors
from chatbot.backends.cancel import CancelToken
from chatbot.backends.hosted import HostedChat
from chatbot.backends.registry import Registry
from chatbot.settings import HostedModel
from tests.support.scripted_server import ScriptedServer

KEY = "sk-secret-of-the-tests"


@pytest.fixture(scope="module")
def server():
    with ScriptedServer(key=KEY) as server:
        yield server


@pytest.fixture
def fresh():
    """A server that nobody has left before."""
    with ScriptedServer(key=KEY) as server:
        yield server


@pytest.fixture
def model(server):
    return hosted(server.url)


def hosted(url, **fields):
    given = {"first_token_timeout": 30, "gap_timeout": 30, "api_key": KEY} | fields
    return HostedChat.of(HostedModel(name="big", model="scripted", base_url=url, **given))


async def collect(model, text, into, **options):
    try:
        async for chunk in model.astream([HumanMessage(text)], **options):
            into.append(chunk)
    finally:
        await model.release()


def ask(model, text, **options):
    seen = []
    asyncio.run(collect(model, text, seen, **options))
    return seen


def text_of(chunks):
    return "".join(chunk.content for chunk in chunks)


def reason(chunks):
    return next((c.response_metadata["finish_reason"] for c in chunks if c.response_metadata), None)


def test_streams_with_usage_and_the_reason(model):
    chunks = ask(model, "!say hello there, friend")
    assert text_of(chunks) == "hello there, friend"
    assert reason(chunks) == "stop"
    assert chunks[-1].usage_metadata == {
        "input_tokens": 7,
        "output_tokens": 3,
        "total_tokens": 10,
    }
    assert chunks[-1].response_metadata["model_name"] == "big@scripted"


def test_sends_roles_limits_and_options(model, server):
    talk = [SystemMessage("Be kind."), HumanMessage("a"), AIMessage("b"), HumanMessage("!say c")]
    assert model.invoke(talk, temperature=0.25, top_p=0.5, seed=3, stop=["X"]).content == "c"
    sent = server.requests[-1]
    roles = [message["role"] for message in sent["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert (sent["temperature"], sent["top_p"], sent["seed"], sent["stop"]) == (0.25, 0.5, 3, ["X"])
    assert sent["max_tokens"] == 1024


def test_own_limit_is_kept_below_the_record_s(model, server):
    chunks = ask(model, "!tokens 50", max_tokens=4)
    assert (reason(chunks), chunks[-1].usage_metadata["output_tokens"]) == ("length", 4)
    ask(hosted(server.url, max_tokens=9), "!say x", max_tokens=100)
    assert server.requests[-1]["max_tokens"] == 9


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("!429", errors.BackendRateLimited),
        ("!500", errors.BackendBroken),
        ("!quota", errors.BackendQuota),
        ("!garbage", errors.BackendBroken),
        ("!break 0", errors.BackendBroken),
        ("!hang", errors.BackendTimeout),
    ],
)
def test_faults_before_the_first_token(server, message, error):
    model = hosted(server.url, retries=0, first_token_timeout=0.2 if message == "!hang" else 30)
    with pytest.raises(error) as caught:
        ask(model, message)
    assert caught.value.__cause__ is None
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("message", "error"),
    [("!break 3", errors.BackendBroken), ("!hang-after 3", errors.BackendTimeout)],
)
def test_faults_in_mid_stream_keep_the_text_and_are_not_retried(server, message, error):
    gap = 0.5 if "hang" in message else 30
    model, seen, before = hosted(server.url, gap_timeout=gap), [], len(server.requests)
    with pytest.raises(error):
        asyncio.run(collect(model, message, seen))
    assert text_of(seen) == "Thank you. You"
    assert len(server.requests) == before + 1


def test_missing_end_has_no_reason(model):
    chunks = ask(model, "!no-end !say half an answer")
    assert text_of(chunks) == "half an answer"
    assert reason(chunks) is None


@pytest.mark.parametrize("fault", ["!429 0.05", "!500", "!garbage", "!break 0"])
def test_a_passing_fault_is_tried_again(model, server, fault):
    before = len(server.requests)
    assert text_of(ask(model, f"{fault} !once !say better")) == "better"
    assert len(server.requests) == before + 2


def test_retries_end(server):
    before = len(server.requests)
    with pytest.raises(errors.BackendBroken):
        ask(hosted(server.url, retries=1), "!500")
    assert len(server.requests) == before + 2


@pytest.mark.parametrize(
    ("message", "error"),
    [("!quota", errors.BackendQuota), ("!429 60", errors.BackendRateLimited)],
)
def test_what_waiting_does_not_help_is_told_at_once(model, server, message, error):
    before = len(server.requests)
    with pytest.raises(error) as caught:
        ask(model, message)
    assert len(server.requests) == before + 1
    assert getattr(caught.value, "retry_after", 60) == 60


@pytest.mark.parametrize("message", ["!hang", "!hang-after 2", "!rate 20 !tokens 1000"])
def test_cancel_closes_the_connection(fresh, message):
    cancel, seen = CancelToken(), []

    async def cancel_once_asked():
        while not fresh.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        cancel.cancel()

    async def main():
        answer = collect(hosted(fresh.url), message, seen, cancel=cancel)
        await asyncio.gather(answer, cancel_once_asked())

    asyncio.run(main())
    assert reason(seen) == "cancelled"
    assert fresh.left.acquire(timeout=10)


def test_cancel_while_waiting_to_try_again(model):
    cancel, seen = CancelToken(), []

    async def main():
        asyncio.get_running_loop().call_later(0.2, cancel.cancel)
        await collect(model, "!429 15", seen, cancel=cancel)

    asyncio.run(main())
    assert reason(seen) == "cancelled"


def test_reader_that_leaves_closes_the_connection(fresh):
    async def main():
        model = hosted(fresh.url)
        stream = model.astream([HumanMessage("!rate 20 !tokens 1000")])
        await anext(stream)
        await stream.aclose()
        left = await asyncio.to_thread(fresh.left.acquire, timeout=10)
        await model.release()
        return left

    assert asyncio.run(main())


def test_wrong_key_is_refused_and_not_shown(server):
    with pytest.raises(errors.BackendRefused) as caught:
        ask(hosted(server.url, api_key="sk-wrong-one"), "hello")
    assert "key" in str(caught.value)
    assert "sk-wrong" not in str(caught.value)


def test_wrong_path_is_refused(server):
    with pytest.raises(errors.BackendRefused, match="base URL"):
        ask(hosted(server.url + "/nowhere"), "hello")


def test_nobody_there_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(errors.BackendRefused, match=f"127.0.0.1:{port}"):
            ask(hosted(f"http://127.0.0.1:{port}/v1", retries=1), "hello")


def test_a_server_that_speaks_something_else():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        async def main():
            def reply():
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")

            model = hosted(f"http://127.0.0.1:{port}/v1", retries=0)
            await asyncio.gather(asyncio.to_thread(reply), collect(model, "hello", []))

        with pytest.raises(errors.BackendBroken):
            asyncio.run(main())


def test_key_is_nowhere_to_be_seen(server, caplog):
    caplog.set_level(logging.DEBUG)
    model = hosted(server.url)
    ask(model, "!say a text of a person")
    for shown in (repr(model), str(model.model_dump()), caplog.text):
        assert KEY not in shown
    assert "text of a person" not in caplog.text


@pytest.mark.parametrize("key", ["two words", "ключ", "line\nbreak"])
def test_keys_that_cannot_be_keys(key):
    with pytest.raises(errors.ModelUnavailable) as caught:
        hosted("http://127.0.0.1:1/v1", api_key=key)
    assert key not in str(caught.value)


def test_many_at_once_on_one_model(model):
    async def main():
        talks = [[] for _ in range(20)]
        await asyncio.gather(
            *(collect_one(model, f"!say answer {number}", talks[number]) for number in range(20))
        )
        await model.release()
        return talks

    async def collect_one(model, text, into):
        async for chunk in model.astream([HumanMessage(text)]):
            into.append(chunk)

    talks = asyncio.run(main())
    assert [text_of(chunks) for chunks in talks] == [f"answer {number}" for number in range(20)]


def test_unknown_provider_says_what_to_install():
    record = HostedModel(name="other", model="x", provider="nobody")
    with pytest.raises(errors.ModelUnavailable, match="nobody"):
        HostedChat.of(record)


def test_registry_opens_it_by_its_label(server, tmp_path):
    record = HostedModel(name="big", model="scripted", base_url=server.url, api_key=KEY)
    registry = Registry(tmp_path, [record], default="big")
    model = registry.open("big@scripted")
    assert model.invoke("!say yes").content == "yes"
    assert (model.label, model.where, model.context) == ("big@scripted", "hosted", 8192)
    registry.close()


CUT_OFF = [HumanMessage("!say one two three"), AIMessage("one two")]


def test_a_server_without_prefill_is_asked_to_go_on(model, server):
    asyncio.run(collect_all(model, CUT_OFF, continue_final=True))

    sent = server.requests[-1]["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]
    assert "Go on exactly where it ended" in sent[-1]["content"]
    assert sent[-1]["content"] in model.on_continuing


def test_a_server_with_prefill_goes_on_by_itself(server):
    model = hosted(server.url, prefill=True)
    pieces = asyncio.run(collect_all(model, CUT_OFF, continue_final=True))

    assert "".join(pieces) == " three"
    assert server.requests[-1]["continue_final_message"] is True
    assert len(server.requests[-1]["messages"]) == 2


async def collect_all(model, messages, **options):
    try:
        return [chunk.text async for chunk in model.astream(messages, **options)]
    finally:
        await model.release()
