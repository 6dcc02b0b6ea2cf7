"""What no client should send: 4xx in one shape. Readers that are slow or leave: nothing hangs."""

import json
import socket
import time

import httpx
import pytest

from ui.api import calls, events

HELLO = [{"role": "user", "content": "!say Hi"}]
CHAT = "/v1/chat/completions"
POSTS = (CHAT, "/v1/completions", "/v1/responses", "/v1/embeddings")


def shape(answer):
    """The error of an answer, which has OpenAI's shape and is neither HTML nor 422."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.status_code != 422
    [(name, error)] = answer.json().items()
    assert (name, set(error)) == ("error", {"message", "type", "param", "code"})
    assert isinstance(error["message"], str)
    return error


JUNK = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"model":',
    b'{"model": NaN}',
    b'{"a": ' + b"[" * 100_000,
    b'{"model": "scripted", "messages": [{"role": "user", "content": "\\ud800"}]}',
    b"<html></html>",
    b"\x00" * 1000,
)


@pytest.mark.parametrize(
    ("path", "kind"), [(CHAT, "text/html"), *((path, "application/json") for path in POSTS)]
)
def test_junk(http, path, kind):
    for body in JUNK:
        answer = http.post(path, content=body, headers={"content-type": kind})
        assert answer.status_code == 400
        assert shape(answer)["type"] == "invalid_request_error"


WRONG = [
    ({}, "model", "missing_required_parameter"),
    ({"messages": "Hi"}, "messages", "invalid_type"),
    ({"messages": []}, "messages", "invalid_value"),
    ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role", "invalid_value"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "invalid_value"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_value"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]},
        "messages[0].content[0].type",
        "unsupported_value",
    ),
    ({"messages": HELLO * 10_000}, "messages", "array_above_max_length"),
    ({"temperature": "1"}, "temperature", "invalid_type"),
    ({"temperature": 3}, "temperature", "invalid_value"),
    ({"n": 0}, "n", "invalid_value"),
    ({"n": True}, "n", "invalid_type"),
    ({"n": 10**30}, "n", "invalid_value"),
    ({"max_tokens": -1}, "max_tokens", "invalid_value"),
    ({"stop": ["a"] * 5}, "stop", "array_above_max_length"),
    ({"stream": "yes"}, "stream", "invalid_type"),
    ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
    ({"stream": True, "stream_options": {"x": 1}}, "stream_options.x", "unsupported_parameter"),
    ({"tools": []}, "tools", "unsupported_parameter"),
    ({"frequency_penalty": 0.5}, "frequency_penalty", "invalid_value"),
    ({"top_logprobs": 2}, "top_logprobs", "invalid_value"),
    ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
    ({"response_format": {"type": "json_schema"}}, "response_format", "invalid_value"),
    ({"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
    ({"model": 5}, "model", "invalid_type"),
]


@pytest.mark.parametrize(("given", "param", "code"), WRONG)
def test_what_is_wrong_is_named(http, given, param, code):
    body = {"model": "scripted", "messages": HELLO} | given if given else {"messages": HELLO}
    answer = http.post(CHAT, json=body)
    assert answer.status_code == 400
    error = shape(answer)
    assert (error["param"], error["code"]) == (param, code)


@pytest.mark.parametrize("model", ["nosuch", "prompt:nosuch", "../etc/passwd", "a" * 200, "\x00"])
def test_unknown_models(http, model):
    answer = http.post(CHAT, json={"model": model, "messages": HELLO})
    assert answer.status_code == 404
    assert (shape(answer)["param"], shape(answer)["code"]) == ("model", "model_not_found")


def test_large_bodies(http):
    answer = http.post(CHAT, content=b"x" * 10_000_000)
    assert answer.status_code == 413
    assert shape(answer)["code"] == "too_large"


def test_a_body_without_a_length(http):
    answer = http.post(CHAT, content=iter([b"{}"]))
    assert answer.status_code == 411
    shape(answer)


def test_paths_and_methods_that_are_not_there(http):
    assert http.get("/v1/engines").status_code == 404
    shape(http.get("/v1/engines", headers={"accept": "text/html"}))
    answer = http.put(CHAT, json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    shape(answer)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer cb-" + "x" * 43},
        {"authorization": "Basic YTpi"},
        {"authorization": "Bearer " + "é" * 50},
        {"api-key": "cb-x"},
        {"cookie": "chatbot_session=x"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/models", "/api/conversations"])
def test_no_key(server, headers, path):
    raw = {name: value.encode() for name, value in headers.items()}
    with httpx.Client(base_url=server.address) as client:
        answer = client.get(path, headers=raw)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert shape(answer)["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_strangers_names_and_sites(http, headers):
    answer = http.post(CHAT, json={"model": "scripted", "messages": HELLO}, headers=headers)
    assert answer.status_code == 403
    shape(answer)


def test_forwarded_headers_change_nothing(http):
    headers = {"x-forwarded-host": "evil.example", "x-forwarded-for": "203.0.113.9"}
    assert http.get("/v1/models", headers=headers).status_code == 200


def test_a_server_that_stops_says_when_to_come_back(server, http, monkeypatch):
    monkeypatch.setattr(server.product.completions, "closing", True)
    answer = http.post(CHAT, json={"model": "scripted", "messages": HELLO})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert shape(answer)["type"] == "server_error"


# Readers -----------------------------------------------------------------------------------------


def spent(server, name):
    """Tokens that were counted for a key; they are when its answer has ended."""
    [view] = [one for one in server.product.keys.all(server.product.person()) if one.name == name]
    return view.usage.month_tokens


def wait_for(found):
    while not found():  # pytest's own limit ends what never comes
        time.sleep(0.05)


def post(port, key, body):
    """A request on a socket of its own, with little room for the answer."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    data = json.dumps(body).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
    sock.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
    return sock


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_stops_the_answer(server, stream):
    """An answer of ten thousand seconds ends when nobody waits for it any more."""
    name = f"leaver {stream}"
    asked = [{"role": "user", "content": "!tokens 100000 !rate 10"}]
    body = {"model": "scripted", "messages": asked, "stream": stream}
    sock = post(server.port, server.key(name=name), body)
    if stream:
        sock.recv(2000)
    else:
        time.sleep(0.3)
    sock.close()
    wait_for(lambda: spent(server, name))


def test_what_was_cut_off_is_not_kept_as_the_answer(server):
    """Whoever left in the middle of a named call gets a whole answer when they send it again."""
    headers = {"authorization": f"Bearer {server.key()}", "idempotency-key": "order"}
    asked = [{"role": "user", "content": "!tokens 1000 !rate 10"}]
    body = {"model": "scripted", "messages": asked, "stream": True}

    def sent():
        with httpx.stream("POST", f"{server.address}{CHAT}", json=body, headers=headers) as answer:
            if answer.is_success:
                next(answer.iter_lines())
            return answer

    assert sent().is_success
    while (again := sent()).status_code == 409:
        time.sleep(0.05)
    assert again.is_success
    assert "idempotent-replayed" not in again.headers


def test_a_reader_that_takes_nothing_is_left(server, monkeypatch):
    monkeypatch.setattr(events, "SLOWEST", 0.2)
    asked = [{"role": "user", "content": "!tokens 100000"}]
    body = {"model": "scripted", "messages": asked, "stream": True}
    with post(server.port, server.key(name="slow reader"), body):
        wait_for(lambda: spent(server, "slow reader"))


def test_too_many_at_once(server, monkeypatch):
    """A key that has as many calls open as it may is told to wait; others are not."""

    def status(key):
        body = {"model": "scripted", "messages": HELLO}
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx.post(f"{server.address}{CHAT}", json=body, headers=headers, timeout=60)
        return answer.status_code

    monkeypatch.setattr(calls, "CALLS", 1)
    asked = [{"role": "user", "content": "!tokens 100000 !rate 10"}]
    key = server.key()
    with post(server.port, key, {"model": "scripted", "messages": asked, "stream": True}) as sock:
        sock.recv(100)
        assert status(key) == 429
        assert status(server.key()) == 200
    wait_for(lambda: status(key) == 200)


def test_a_revoked_key_ends_its_answer(server):
    keys, person = server.product.keys, server.product.person()
    made = keys.add(person, name="revoked", requests_minute=0)
    body = {
        "model": "scripted",
        "messages": [{"role": "user", "content": "!tokens 100000 !rate 10"}],
        "stream": True,
    }
    headers = {"authorization": f"Bearer {made.token}"}
    with httpx.Client(base_url=server.address, headers=headers, timeout=60) as client:
        with client.stream("POST", CHAT, json=body) as answer:
            lines = answer.iter_lines()
            next(lines)
            keys.revoke(person, made.key.public_id)
            last = [line for line in lines if line][-1]
        assert "invalid_api_key" in last
        assert client.post(CHAT, json=body).status_code == 401
