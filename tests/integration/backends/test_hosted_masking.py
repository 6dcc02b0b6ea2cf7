"""The one door of a hosted model: values leave as tags and come back as values."""

import asyncio
import inspect
import json
import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from chatbot.backends import hosted
from chatbot.backends.hosted import HostedChat
from chatbot.errors import BackendError, StoreUnavailable
from chatbot.masking import Rules
from chatbot.settings import HostedModel

TEXT = "Write to wilma@quokka.org about order 48213."
QUESTION = [{"role": "user", "content": TEXT}]


class Saying(ThreadingHTTPServer):
    """Streams the same pieces to everybody, and breaks off without an end where told to."""

    daemon_threads = True

    def __init__(self, *pieces, end=True):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pieces, self.end, self.bodies = pieces, end, []

    def __enter__(self):
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.shutdown()
        self.server_close()

    def model(self, rules=Rules, **changes):
        url = f"http://127.0.0.1:{self.server_port}/v1"
        given = {"name": "big", "model": "m", "base_url": url, "retries": 0} | changes
        return HostedChat.of(HostedModel(**given), rules)


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        """Nothing: requests hold conversations."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in self.server.pieces:
            self._event({"content": piece}, None)
        if self.server.end:
            self._event({}, "stop")
            self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, delta, finish):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        self.wfile.write(b"data: " + json.dumps(chunk | {"choices": [choice]}).encode() + b"\n\n")


async def streamed(model, **more):
    try:
        return [chunk.text async for chunk in model.astream(QUESTION, **more)]
    finally:
        await model.release()


def test_tag_cut_into_letters_comes_back():
    with Saying(*"Sure: ⟨email 1⟩, [Order 1]!") as server:
        said = asyncio.run(streamed(server.model()))
    assert "".join(said) == "Sure: wilma@quokka.org, 48213!"
    assert not any("⟨" in piece for piece in said)


@pytest.mark.parametrize("entrance", ["invoke", "ainvoke", "stream", "astream"])
def test_every_entrance_is_the_same_door(entrance):
    with Saying("It is ⟨order 1⟩.") as server:
        model = server.model()

        async def asked():
            try:
                return (await model.ainvoke(QUESTION)).text
            finally:
                await model.release()

        ways = {
            "invoke": lambda: model.invoke(QUESTION).text,
            "ainvoke": lambda: asyncio.run(asked()),
            "stream": lambda: "".join(chunk.text for chunk in model.stream(QUESTION)),
            "astream": lambda: "".join(asyncio.run(streamed(model))),
        }
        assert ways[entrance]() == "It is 48213."
        [body] = server.bodies
    assert b"quokka" not in body
    assert b"48213" not in body


def test_provider_is_called_in_one_place():
    source = inspect.getsource(hosted)
    assert source.count(".astream(") == 1
    assert ".ainvoke(" not in source
    assert ".invoke(" not in source


def test_masking_can_be_off_for_a_model():
    with Saying("⟨order 1⟩") as server:
        assert asyncio.run(streamed(server.model(mask=False))) == ["⟨order 1⟩", ""]
        assert b"48213" in server.bodies[0]


def test_rules_are_asked_before_each_call():
    asked = [Rules(), Rules(groups=frozenset({"emails"}))]
    with Saying("well") as server:
        model = server.model(rules=lambda: asked.pop(0))
        for _ in range(2):
            asyncio.run(streamed(model))
        first, second = server.bodies
    assert b"48213" not in first
    assert b"48213" in second


def test_nothing_is_sent_where_the_rules_cannot_be_read():
    def broken():
        raise StoreUnavailable

    with Saying("well") as server:
        with pytest.raises(StoreUnavailable):
            asyncio.run(streamed(server.model(rules=broken)))
        assert server.bodies == []


def test_stream_without_an_end_keeps_what_was_held_back():
    with Saying("Half ⟨ord", end=False) as server:
        assert "".join(asyncio.run(streamed(server.model()))) == "Half ⟨ord"


def test_counts_are_told_and_nothing_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    told = []
    with Saying("⟨email 1⟩") as server:
        asyncio.run(streamed(server.model(), on_masked=told.append))
    assert told == [{"emails": 1, "orders": 1}]
    assert "quokka" not in caplog.text
    assert "48213" not in caplog.text


def test_continued_answer_is_masked_too():
    with Saying(" and ⟨order 1⟩") as server:
        model = server.model()

        async def go_on():
            begun = [*QUESTION, {"role": "assistant", "content": "I wrote to wilma@quokka.org"}]
            try:
                return [chunk.text async for chunk in model.astream(begun, continue_final=True)]
            finally:
                await model.release()

        assert "".join(asyncio.run(go_on())) == " and 48213"
        assert b"quokka" not in server.bodies[0]


def test_error_tells_nothing_of_the_text():
    with Saying("x") as server:
        address = server.model().record.base_url
    record = HostedModel(name="big", model="m", base_url=address, retries=0)
    with pytest.raises(BackendError) as caught:
        asyncio.run(streamed(HostedChat.of(record)))
    assert "quokka" not in str(caught.value)
