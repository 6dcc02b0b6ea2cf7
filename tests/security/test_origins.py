"""Other sites in the same browser, and secrets that come with the program: neither opens anything.

A browser says where a request comes from (`Origin`, `Sec-Fetch-Site`); what changes something must
come from a page of ours. Missing headers are for programs, which carry no cookie of a browser.
"""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from chatbot.bootstrap import build
from chatbot.settings import HostedModel, Settings
from tests.support.raw import exchange
from tests.support.scenes import ask

CHANGES = ("queue/join", "component_server", "cancel", "reset")
FOREIGN = (
    "http://evil.example",
    "https://evil.example:{port}",
    "null",
    "NULL",
    "",
    "file://",
    "http://",
    "http://localhost",
    "http://localhost:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://127.0.0.1:{port}1",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1:{port}@evil.example",
    "http://evil.example@127.0.0.1:{port}",
    "http://127.0.0.1.evil.example:{port}",
    "http://evil.example/127.0.0.1:{port}",
    "http://evil.example#127.0.0.1:{port}",
    "http://evil.example\\@127.0.0.1:{port}",
    "http://127.0.0.1:{port} http://evil.example",
    "http://127.0.0.1:{port},http://evil.example",
    "http://[::1]:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
    "http://[x",
    "http://2130706433:{port}",
    "http://127.1:{port}",
    "chrome-extension://abcdefgh",
    "127.0.0.1:{port}",
    "*",
)


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site.address, timeout=30) as client:
        yield client


@pytest.mark.parametrize("origin", FOREIGN)
def test_foreign_origins_change_nothing(client, site, origin):
    given = origin.format(port=urlsplit(site.address).port)
    before = len(site.log)
    for path in CHANGES:
        answer = client.post(f"/gradio_api/{path}", json={}, headers={"origin": given})
        assert answer.status_code == 403, path
    assert site.log[before:] == ""


@pytest.mark.parametrize("kind", ["cross-site", "same-site"])
def test_what_the_browser_calls_foreign_changes_nothing(client, site, kind):
    """Also where the origin looks like ours: a page can be served at this address by another."""
    headers = {"sec-fetch-site": kind, "origin": site.address}
    assert client.post("/gradio_api/cancel", json={}, headers=headers).status_code == 403


def test_our_own_page_may(client, site):
    headers = {"origin": site.address, "sec-fetch-site": "same-origin"}
    assert client.post("/gradio_api/cancel", json={}, headers=headers).status_code == 422


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY"])
def test_no_method_slips_past(client, method):
    headers = {"origin": "http://evil.example"}
    for path in ("/", "/config", "/gradio_api/queue/join"):
        assert client.request(method, path, headers=headers).status_code in (403, 404, 405)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_forms_of_other_sites_are_no_commands(client, kind):
    """What a page may send elsewhere without asking first is never taken for JSON."""
    body = json.dumps({"data": {"do": "start"}, "fn_name": "call", "component_id": 1})
    headers = {"content-type": kind} if kind else {}
    answer = client.post("/gradio_api/component_server", content=body, headers=headers)
    assert answer.status_code in (403, 415, 422)


def test_several_host_headers_are_refused(site):
    address = urlsplit(site.address)
    for hosts in (
        f"Host: {address.netloc}\r\nHost: evil.example",
        f"Host: evil.example\r\nHost: {address.netloc}",
        "Host: evil.example",
        "Host:",
        f"Host: {address.netloc}\r\nX-Forwarded-Host: evil.example",
    ):
        said = exchange(site.address, f"GET / HTTP/1.1\r\n{hosts}\r\nConnection: close\r\n\r\n")
        assert b"evil.example" not in said.split(b"\r\n\r\n", 1)[-1]
        if "X-Forwarded" not in hosts:
            assert said.split(b" ", 2)[1] in (b"400", b"403"), hosts


def secrets_in(model):
    """The values of secret settings, nested ones too."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, SecretStr):
            yield name, value.get_secret_value()


def test_no_secret_comes_with_the_program():
    ours = [*secrets_in(Settings()), *secrets_in(HostedModel(name="x", model="y"))]
    assert [(name, value) for name, value in ours if value] == []
    assert "@" not in Settings().database


class Baker(BaseHTTPRequestHandler):
    """A hosted model that hands a cookie to whoever asks, and looks for it."""

    brought: list[str | None] = []  # noqa: RUF012  of this test's one server

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.brought.append(self.headers.get("cookie"))
        choice = {"index": 0, "delta": {"content": "yes"}, "finish_reason": "stop"}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        body = f"data: {json.dumps(chunk | {'choices': [choice]})}\n\ndata: [DONE]\n\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "session=of-somebody; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing."""


def test_people_share_no_cookie_at_a_hosted_model(tmp_path):
    """One connection serves everybody: what it was given for one must not be shown for another."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Baker)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    at = f"http://127.0.0.1:{server.server_port}/v1"
    product = build(
        Settings(
            home=tmp_path, model="big", hosted=(HostedModel(name="big", model="m", base_url=at),)
        )
    )

    async def scene():
        for number in range(2):
            turn = await ask(product, "hello", key=f"cookie {number}")
            assert turn.text == "yes"
        await product.registry.open("big").release()

    try:
        asyncio.run(asyncio.wait_for(scene(), 60))
    finally:
        product.close()
        server.shutdown()
        server.server_close()
    assert Baker.brought == [None, None]
