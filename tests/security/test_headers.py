"""Every route of the running server, asked over HTTP: its headers, and what is closed.

The routes are those that FastAPI and Gradio really have, so one that a new version brings fails
here until somebody has looked at it.
"""

import asyncio
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from chatbot.bootstrap import build
from chatbot.settings import Settings
from ui.guard import HEADERS
from ui.routes import ROUTES
from ui.web import create_app

OPEN = {
    (method, one.path)
    for one in ROUTES
    for method in one.methods
    if not one.path.startswith("/ui/static")  # a folder
}
"""What pages of ours ask for; test_route_table.py compares it with docs/security.md."""

CANARY = "quokka-9127"


def routes(app, prefix=""):
    """(method, path) of every route, those of mounted applications and routers included."""
    for route in getattr(app, "routes", ()):
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        path = prefix + getattr(route, "path", "")
        methods = getattr(route, "methods", None)
        if methods:
            yield from ((method, path) for method in methods)
        elif hasattr(inner, "routes"):
            yield from routes(inner, path)


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    product = build(Settings(home=tmp_path_factory.mktemp("routes"), model="scripted"))

    async def made():
        return create_app(product)

    app = asyncio.run(made())  # Gradio opens a loop of its own where none runs
    product.close()
    return {(method, path.rstrip("/") or "/") for method, path in routes(app)}


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site.address, timeout=30) as client:
        yield client


def filled(path):
    """A path that fits a route's pattern."""
    for name in ("{path:path}", "{path_or_url:path}", "{url_path:path}"):
        path = path.replace(name, "x.js")
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = f"{path[:start]}x{path[end + 1 :]}"
    return path


def raw(site, request):
    """The status of a request written by hand."""
    address = urlsplit(site.address)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(request)
        return int(connection.recv(1000).split(b" ", 2)[1])


def test_every_open_route_is_there_and_most_are_closed(known):
    assert known >= OPEN
    assert len(known - OPEN) > 30


def test_routes_that_no_page_needs_do_not_exist(client, known):
    answered = {}
    for method, path in known - OPEN:
        with client.stream(method, filled(path)) as answer:
            if answer.status_code not in (403, 404, 411):
                answered[method, path] = answer.status_code
    assert answered == {}


def test_headers_stand_on_every_answer(client, known):
    for method, path in sorted(known):
        with client.stream(method, filled(path), params={"session_hash": "x"}) as answer:
            lacking = [name for name, value in HEADERS.items() if answer.headers.get(name) != value]
            assert lacking == [], (method, path)
            policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file%3D/etc/passwd",
        "/GRADIO_API/file=/etc/passwd",
        "//gradio_api/file=/etc/passwd",
        "/gradio_api//file=/etc/passwd",
        "/./gradio_api/file=/etc/passwd",
        "/x/../gradio_api/file=/etc/passwd",
        "/gradio_api%2ffile=/etc/passwd",
        "/gradio_api/queue/data/../../file=/etc/passwd",
        "/gradio_api/heartbeat/../upload",
        "/gradio_api;x/file=/etc/passwd",
        "/static/../../../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/static//etc/passwd",
        "/gradio_api/proxy=http://127.0.0.1:1/",
        "/gradio_api/file=http://127.0.0.1:1/",
    ],
)
def test_no_spelling_reaches_a_file(site, path):
    host = urlsplit(site.address).netloc
    status = raw(site, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert status in (400, 403, 404, 405)


def test_nothing_can_be_uploaded(client):
    files = {"files": (f"{CANARY}.html", b"<script>alert(1)</script>", "text/html")}
    for path in ("/gradio_api/upload", "/gradio_api/upload?upload_id=x", "/upload"):
        assert client.post(path, files=files).status_code in (403, 404)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost.evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "[::1].evil.example"},
        {"host": "user@127.0.0.1"},
        {"host": "127.0.0.1 evil"},
        {"host": "0.0.0.0"},
    ],
)
def test_other_host_names_are_refused(client, headers):
    assert client.get("/", headers=headers).status_code in (400, 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["queue/join", "component_server", "cancel", "reset"])
def test_other_sites_can_change_nothing(client, path, headers):
    answer = client.post(f"/gradio_api/{path}", json={}, headers=headers)
    assert answer.status_code == 403


def test_no_preflight_is_granted(client):
    headers = {
        "origin": "http://evil.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    answer = client.options("/gradio_api/queue/join", headers=headers)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"data": 1e999}',
        b'{"fn_index": 10000, "data": [], "session_hash": "x"}',
        b'{"fn_index": -1, "data": [{}], "session_hash": "x"}',
        b'{"fn_index": 0, "data": "' + b"[" * 5000 + b'", "session_hash": "x"}',
        b"[" * 100_000,
        b'{"data": {"do": "start"}, "fn_name": "__init__", "component_id": 1, "session_hash": "x"}',
        b'{"data": {"do": "__init__"}, "fn_name": "call", "component_id": 1, "session_hash": "x"}',
        b'{"data": "\xff", "fn_name": "call", "component_id": 1, "session_hash": "x"}',
    ],
)
@pytest.mark.parametrize("path", ["queue/join", "component_server", "cancel", "reset"])
def test_junk_gets_an_answer_without_insides(client, site, path, body):
    headers = {"content-type": "application/json"}
    answer = client.post(f"/gradio_api/{path}", content=body, headers=headers)
    assert answer.status_code < 500 or answer.text == "Internal Server Error"
    assert not any(inside in answer.text for inside in ("Traceback", 'File "', "site-packages"))
    assert client.get("/healthz").json() == {"status": "ok"}
    assert "Traceback" not in site.log


def test_what_was_sent_is_not_repeated(client):
    answer = client.post("/gradio_api/queue/join", json={"data": CANARY, "fn_index": CANARY})
    assert answer.status_code == 422
    assert CANARY not in answer.text


def test_no_route_speaks_websocket(site):
    host = urlsplit(site.address).netloc
    for path in ("/", "/gradio_api/queue/join", "/gradio_api/queue/data"):
        upgrade = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert raw(site, upgrade.encode()) != 101
