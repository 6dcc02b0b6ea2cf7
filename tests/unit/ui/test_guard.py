"""The guard answers what our pages ask for, from this machine, and nothing else."""

import asyncio
import json
import re

import pytest

from ui.guard import BODY_LIMIT, Guard, names_of

PAGE = b"<head><script>a()</script><script type='module' src='/x.js'></script></head>"


async def app(scope, receive, send):
    """Answers a page, in two pieces, to everything that gets through."""
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"3")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE[:20], "more_body": True})
    await send({"type": "http.response.body", "body": PAGE[20:]})


def breaking(*before):
    """An application that sends these messages, then breaks with words of a conversation."""

    async def app(scope, receive, send):
        for message in before:
            await send(message)
        raise ValueError("what somebody said")

    return app


def ask(path, method="GET", names=("localhost",), app=app, https=False, **headers):
    """Status, headers and body of one request through the guard."""
    given = {"host": "localhost:7860"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(app, names, https=https)(scope, None, send))
    body = b"".join(message.get("body", b"") for message in sent)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, body


def test_scripts_of_a_page_carry_the_nonce_of_its_policy():
    status, headers, body = ask("/")
    nonce = re.search(r"'nonce-([\w-]+)'", headers["content-security-policy"])[1]
    assert status == 200
    assert body.count(f'<script nonce="{nonce}"'.encode()) == 2
    assert int(headers["content-length"]) == len(body)
    assert ask("/")[1]["content-security-policy"] != headers["content-security-policy"]


def test_policy_lets_nothing_in_from_elsewhere():
    policy = ask("/")[1]["content-security-policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == parts["connect-src"] == "'self'"
    assert parts["img-src"] == "'self' data:"
    assert parts["object-src"] == parts["frame-ancestors"] == "'none'"
    assert "unsafe-inline" not in parts["script-src"]
    assert "http" not in policy


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1", ""])
def test_other_names_are_refused(host):
    assert ask("/", host=host)[0] == 403
    assert ask("/", host=host, names=None)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_posts_from_other_sites_are_refused(headers):
    assert ask("/gradio_api/queue/join", "POST", **headers)[0] == 403


def test_post_of_our_page_gets_through():
    headers = {"origin": "http://localhost:7860", "sec_fetch_site": "same-origin"}
    assert ask("/gradio_api/queue/join", "POST", **headers)[0] == 200


def test_where_https_is_set_a_page_without_it_is_another_site():
    """Somebody in between can write such a page, under our name."""
    path = "/gradio_api/queue/join"
    assert ask(path, "POST", https=True, origin="http://localhost:7860")[0] == 403
    assert ask(path, "POST", https=True, origin="https://localhost:7860")[0] == 200
    assert ask(path, "POST", origin="https://localhost:7860")[0] == 200  # behind a proxy


@pytest.mark.parametrize("path", ["/config", "/gradio_api/queue/data", "/gradio_api/info"])
def test_what_is_for_one_person_is_kept_by_no_cache(path):
    assert ask(path, app=plain())[1]["cache-control"] == "no-store"
    assert ask(path, app=plain((b"cache-control", b"no-cache")))[1]["cache-control"] == "no-cache"
    assert "cache-control" not in ask("/assets/x.js", app=plain())[1]


def plain(*headers):
    """An application that answers with a text."""

    async def app(scope, receive, send):
        told = [(b"content-type", b"text/plain"), *headers]
        await send({"type": "http.response.start", "status": 200, "headers": told})
        await send({"type": "http.response.body", "body": b"x"})

    return app


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://evil.example/x",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=http://169.254.169.254/",
        "/gradio_api/upload",
        "/gradio_api/vibe-code/",
        "/gradio_api/process_recording",
        "/gradio_api/run/predict",
        "/gradio_api/deep_link",
        "/gradio_api/openapi.json",
        "/gradio_api/queue/join/../upload",
        "/monitoring/summary",
        "/custom_component/1/client/component/x",
    ],
)
def test_routes_that_no_page_uses_are_closed(path):
    assert ask(path)[0] == 404


def test_large_or_endless_requests_are_refused():
    limit = str(BODY_LIMIT + 1)
    assert ask("/gradio_api/queue/join", "POST", content_length=limit)[0] == 413
    assert ask("/gradio_api/queue/join", "POST", transfer_encoding="chunked")[0] == 411


def test_calls_must_be_json():
    path = "/gradio_api/component_server"
    assert ask(path, "POST", content_type="multipart/form-data; boundary=x")[0] == 415
    assert ask(path, "POST", content_type="application/json")[0] == 200


@pytest.mark.parametrize("kind", [b"text/html", None])
def test_a_broken_request_is_told_and_logged_without_words(caplog, kind):
    begun = [{"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]}]
    status, headers, body = ask("/", app=breaking(*begun if kind else ()))
    assert status == 500
    assert body == b"Something went wrong on the server. Try again."
    assert headers["x-frame-options"] == "DENY"
    assert caplog.messages == ["a request broke: ValueError"]


def test_an_answer_that_breaks_in_the_middle_is_not_begun_again(caplog):
    start = {"type": "http.response.start", "status": 200, "headers": []}
    piece = {"type": "http.response.body", "body": b"half", "more_body": True}
    status, _, body = ask("/", app=breaking(start, piece))
    assert (status, body) == (200, b"half")
    assert "said" not in caplog.text


@pytest.mark.parametrize(
    ("hosts", "listening", "served", "refused"),
    [
        ((), "127.0.0.1", "localhost", "chat.example.org"),
        ((), "10.0.0.5", "10.0.0.5", "10.0.0.6"),
        ((), "0.0.0.0", "127.0.0.1", "0.0.0.0"),
        (("Chat.Example.org",), "0.0.0.0", "chat.example.org", "example.org"),
        ((), "fd00::5", "[fd00::5]", "[fd00::6]"),
    ],
)
def test_names_of_the_server(hosts, listening, served, refused):
    names = names_of(hosts, listening)
    assert ask("/", names=names, host=f"{served}:7860")[0] == 200
    assert ask("/", names=names, host=refused)[0] == 403


def test_scripts_get_a_refusal_in_json_and_people_a_sentence():
    _, headers, body = ask("/gradio_api/upload", "POST")
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"error": "Not found.", "code": "not_found", "detail": "Not found."}
    _, headers, body = ask("/nothing", accept="text/html,*/*")
    assert headers["content-type"].startswith("text/plain")
    assert body == b"Not found."


def test_https_is_asked_for_where_it_is_set():
    assert "strict-transport-security" not in ask("/")[1]
    assert "max-age" in ask("/", https=True)[1]["strict-transport-security"]
