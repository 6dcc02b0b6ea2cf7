"""What stands before every page: who calls, which routes are open, what a browser may load.

`caller` is the one place that says who asks; every handler calls it and passes the person down.
`admit` is the one place that compares roles; every handler of a page for some roles calls it.
`Guard` is ASGI middleware around the whole application. It knows nothing of conversations.

* Gradio opens some sixty routes: a proxy for remote files, uploads, a code editor, an API for every
  event. Those that our pages use are listed here; the rest answer 404.
* `solo` has no login, so the address is the lock: only requests that name this machine, and come
  from its own pages, are answered. That stops a foreign site, also one whose name it points here.
* The Content-Security-Policy lets a page load from this server only. Gradio needs two things in
  it: styles in the markup, and `unsafe-eval`, because `gr.HTML` compiles its template. So no text
  of people, models or documents may stand in such a template (see pages/frame.py).
"""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from chatbot.bootstrap import Product
from chatbot.errors import NotAllowed
from chatbot.views import Person

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BROKEN = "Something went wrong on the server. Try again."

log = logging.getLogger(__name__)

BODY_LIMIT = 8 * 2**20
"""Largest request, in bytes; a larger one is not read. Messages have their own, lower limit."""

GRADIO_ROUTES = re.compile(
    r"/gradio_api/(queue/(join|data)|cancel|reset|component_server|app_id|startup-events|info"
    r"|heartbeat/[\w-]+)/?"
)
"""The routes under /gradio_api that our pages use."""
CLOSED = re.compile(
    r"/(monitoring|custom_component|svelte|login|logout|pwa_icon|openapi\.json)(/|$)"
)
"""Routes of Gradio outside /gradio_api that no page uses."""

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; media-src 'none'; frame-src 'none'; worker-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def caller(product: Product, request: object) -> Person:  # noqa: ARG001  accounts will read it
    """The person who makes this request (Gradio's or Starlette's). In `solo` there is only one."""
    return product.person()


def admit(person: Person, roles: Collection[str]) -> None:
    """Let a person pass who has one of the roles; anybody where none is named.

    Raises NotAllowed.
    """
    if roles and not set(roles) & set(person.roles):
        raise NotAllowed


class Guard:
    """Middleware: refuses what no page of ours asks for, and sets the headers of every answer.

    `names` are the host names that requests may use; None allows any (behind a proxy that checks).
    """

    def __init__(self, app: App, names: Iterable[str] | None = LOCAL_NAMES) -> None:
        self._app = app
        self._names = None if names is None else frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        refusal = self._refusal(scope)
        if refusal:
            await _plain(answer, *refusal)
            return
        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001  whatever broke, the other requests go on
            # The exception's text may quote the conversation, so only its type is logged.
            log.error("a request broke: %s", type(error).__name__)  # noqa: TRY400
            if not answer.begun:
                await _plain(_Answer(send), 500, BROKEN)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence when the request must not go further."""
        headers = Headers(scope=scope)
        path: str = scope["path"]
        if self._names is not None and _name(headers.get("host", "")) not in self._names:
            return 403, "This address is not served. Open the chat by the address it printed."
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and _foreign(headers):
            return 403, "Requests from other sites are refused."
        if CLOSED.match(path) or (
            path.startswith("/gradio_api") and not GRADIO_ROUTES.fullmatch(path)
        ):
            return 404, "Not found."
        if "transfer-encoding" in headers:
            return 411, "The length of the request must be given."
        if int(headers.get("content-length") or 0) > BODY_LIMIT:
            return 413, "The request is too large."
        if path.startswith("/gradio_api/component_server") and not _is_json(headers):
            return 415, "JSON is expected."
        return None


class _Answer:
    """Sends an answer with our headers; scripts written into a page get the nonce of the policy."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._nonce = secrets.token_urlsafe(16)
        self._start: Message | None = None
        self._page: bytearray | None = None
        self.begun = False

    async def __call__(self, message: Message) -> None:
        """Pass one message on; a page is held back until it is whole."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers["content-security-policy"] = POLICY.format(nonce=self._nonce)
            if headers.get("content-type", "").startswith("text/html"):
                self._start, self._page = message, bytearray()
                return
            self.begun = True
            await self._send(message)
        elif self._page is None:
            await self._send(message)
        else:
            self._page += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(bytes(self._page))

    async def _finish(self, page: bytes) -> None:
        assert self._start is not None  # noqa: S101  set together with _page
        page = re.sub(rb"<script(?=[\s>])", b'<script nonce="%s"' % self._nonce.encode(), page)
        headers = MutableHeaders(scope=self._start)
        headers["content-length"] = str(len(page))
        headers["cache-control"] = "no-store"
        self.begun = True
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": page})


async def _plain(send: Send, status: int, sentence: str) -> None:
    body = sentence.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _name(host: str) -> str:
    """The host name of a Host header, without the port, in small letters."""
    return re.sub(r":\d+$", "", host).lower()


def _foreign(headers: Headers) -> bool:
    """Whether a browser says that another site's page sends this."""
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def _is_json(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith("application/json")
