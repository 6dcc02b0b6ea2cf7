"""The headers of every answer, and the nonce of a page's scripts. Knows no routes and no people.

The Content-Security-Policy lets a page load from this server only. Gradio needs two things in it:
styles in the markup, and `unsafe-eval`, because `gr.HTML` compiles its template. So no text of
people, models or documents may stand in such a template (see pages/frame.py).

The referrer policy is not `no-referrer`: with it a browser hides its own origin from a form's
target, and the guard could not tell our form from another site's.
"""

import re
import secrets

from starlette.datastructures import MutableHeaders

from ui.refusal import Message, Send

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; media-src 'none'; frame-src 'none'; worker-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
ONLY_HTTPS = "max-age=31536000"


class Answer:
    """Sends an answer with our headers; scripts written into a page get the nonce of the policy.

    `private`: it is for one person, and no cache keeps it unless it says how itself.
    """

    def __init__(self, send: Send, *, https: bool = False) -> None:
        self._send = send
        self._https = https
        self._nonce = secrets.token_urlsafe(16)
        self._start: Message | None = None
        self._page: bytearray | None = None
        self.begun = self.private = False

    async def __call__(self, message: Message) -> None:
        """Pass one message on; a page is held back until it is whole."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if self._https:
                headers["strict-transport-security"] = ONLY_HTTPS
            if self.private:
                headers.setdefault("cache-control", "no-store")
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
