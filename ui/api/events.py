"""Server-sent events as OpenAI sends them, to readers that may be slow or gone. Knows no route.

The server waits for a reader, so what is not read is not written either; one that takes nothing for
`SLOWEST` seconds is left, and the model is free for others.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chatbot.errors import ChatbotError
from ui.api.errors import BROKEN, body_of
from ui.refusal import program_error

SLOWEST = 30.0
"""Seconds in which a reader takes nothing."""
DONE = "data: [DONE]\n\n"

log = logging.getLogger(__name__)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def event(given: object, name: str = "") -> str:
    """One event, with its name where there is one."""
    return f"event: {name}\ndata: {_encode(given)}\n\n" if name else f"data: {_encode(given)}\n\n"


class Kept(Protocol):
    """Keeps what was sent under an Idempotency-Key."""

    def keep(self, status: int, text: str) -> None:
        """The whole answer."""

    def forget(self) -> None:
        """There is no whole answer."""


class Events(Response):
    """A stream of events.

    An error after its begin is an event with the error, and the end: no `[DONE]` follows. `keep`
    gets a whole stream's text; `leave` is called at the end, however it comes.
    """

    keep: Kept | None = None
    leave: Callable[[], None] = staticmethod(lambda: None)

    def __init__(
        self,
        parts: AsyncGenerator[str, None],
        headers: Mapping[str, str] | None = None,
        *,
        done: bool = True,
        named: bool = False,
    ) -> None:
        told = {"cache-control": "no-store", "x-accel-buffering": "no", **(headers or {})}
        super().__init__(None, 200, told, media_type="text/event-stream")
        del self.headers["content-length"]
        self._parts, self._done, self._named = parts, done, named

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it all."""
        try:
            await self._stream(send)
        finally:
            self.leave()

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        sent: list[str] = []
        whole = False
        try:
            async with aclosing(self._parts) as parts:
                whole = await self._send(parts, send, sent)
        except TimeoutError:
            log.info("a reader of a stream took nothing for %.0f seconds", SLOWEST)
            return  # without an end, so that the server closes the connection
        finally:
            if self.keep is not None:
                text = "".join(sent) if whole else None
                await asyncio.shield(asyncio.to_thread(end, self.keep, text))
        await send({"type": "http.response.body", "body": b""})

    async def _send(self, parts: AsyncGenerator[str, None], send: Send, sent: list[str]) -> bool:
        """Send every part; whether it ended well. Raises TimeoutError: nobody reads."""
        whole = True
        try:
            async for part in parts:
                await self._pass(part, send, sent)
        except TimeoutError:
            raise
        except ChatbotError as error:
            whole = False
            await self._pass(self._broken(body_of(error)), send, sent)
        except Exception as error:  # noqa: BLE001  whatever broke, the reader is told
            log.error("a stream broke: %s", type(error).__name__)  # noqa: TRY400
            whole = False
            await self._pass(self._broken(program_error(500, BROKEN, "error")), send, sent)
        if whole and self._done:
            await self._pass(DONE, send, sent)
        return whole

    def _broken(self, body: dict[str, Any]) -> str:
        if not self._named:
            return event(body)
        return event({**body["error"], "type": "error"}, "error")

    async def _pass(self, part: str, send: Send, sent: list[str]) -> None:
        data = part.encode("utf-8", "replace")
        if self.keep is not None:
            sent.append(data.decode())
        async with asyncio.timeout(SLOWEST):
            await send({"type": "http.response.body", "body": data, "more_body": True})


def end(kept: Kept, text: str | None) -> None:
    """Keep an answer under its name, or say that it came to nothing (None). Blocking."""
    try:
        if text is None:
            kept.forget()
        else:
            kept.keep(200, text)
    except ChatbotError as error:  # the answer goes out all the same
        log.warning("a named call was not kept: %s", error.code)
