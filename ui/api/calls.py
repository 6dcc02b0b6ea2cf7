"""What every call of a model has around it: who calls, the body once, its end, its tokens counted.

A call stops when its caller leaves or its key ends (ui/api/keyed.py). What was written until then
is counted. Knows no shape of an answer.
"""

import asyncio
import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import Product
from chatbot.completions import Ask, Ended, Once, Piece
from chatbot.errors import BackendBroken, ChatbotError, TooManyTurns
from chatbot.keys import Caller, KeyUnknown
from ui.api.errors import BadField
from ui.api.events import Events, end
from ui.api.keyed import ENDED, attended, begun, limits_headers

ONCE = "idempotency-key"
NAME = r"^[!-~]([ -~]{0,253}[!-~])?$"
BAD_NAME = "An Idempotency-Key has 1 to 255 letters, digits and signs of ASCII."
NOT_STORED = "This key stores nothing. Leave `store` out, or use a key that stores."
CALLS = 256
"""Calls of one key in one process that are being answered."""
BYTES = 64 * 2**20
"""Bytes of their bodies."""
TOO_MANY = (
    "This key has too many calls running at once. Wait for some of them, then send this again."
)
LEFT = "Whoever asked has left, so the answer was stopped."
JSON, EVENTS = "application/json", "text/event-stream"

Part = TypeVar("Part")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was let in and counted."""

    product: Product
    request: Request
    caller: Caller
    body: bytes
    headers: dict[str, str]
    """What its answer says of limits."""

    def pieces(self, ask: Ask) -> AsyncGenerator[Piece | Ended, None]:
        """The answer as it is written. Raises what `Completions.run` raises, KeyUnknown."""
        return _pieces(self, ask)

    async def charge(self, tokens: int) -> None:
        """Count the tokens of an answer that went out."""
        try:
            await asyncio.to_thread(self.product.keys.charge, self.caller, tokens)
        except ChatbotError as error:  # the answer is there: it is not taken back for a count
            log.warning("tokens of a key were not counted: %s", error.code)


class Load:
    """How much the programs of one process have open, by key. For the event loop."""

    def __init__(self) -> None:
        self._calls: Counter[int] = Counter()
        self._bytes: Counter[int] = Counter()

    def enter(self, key: int, size: int) -> Callable[[], None]:
        """Count a call with a body of `size` bytes until the returned function is called.

        Raises TooManyTurns.
        """
        if self._calls[key] >= CALLS or (size and self._bytes[key] + size > BYTES):
            raise TooManyTurns(TOO_MANY, retry_after=1)
        self._calls[key] += 1
        self._bytes[key] += size

        def leave() -> None:
            self._calls[key] -= 1
            self._bytes[key] -= size

        return leave


def answering(
    product: Product, load: Load, answer: Callable[[Call], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """A handler that lets a call in, answers it once, and counts it until its end.

    It raises what `answer` raises, KeyUnknown, KeyLimit, TooManyTurns, Conflict.
    """

    async def handler(request: Request) -> Response:
        caller, left = await begun(product, request)
        leave = load.enter(caller.key_id, int(request.headers.get("content-length") or 0))
        try:
            body = await request.body()
            call = Call(product, request, caller, body, limits_headers(left))
            response = await once(call, lambda: answer(call))
        except BaseException:
            leave()
            raise
        if isinstance(response, Events):
            response.leave = leave
        else:
            leave()
        return response

    return handler


async def _pieces(call: Call, ask: Ask) -> AsyncGenerator[Piece | Ended, None]:
    cancel, written, ended, finished = CancelToken(), 0, False, 0
    run = call.product.completions.run(call.caller, ask, cancel)
    try:
        async with attended(call.product, call.request, call.caller, cancel) as seen, aclosing(run):
            async for one in run:
                if isinstance(one, Ended):
                    written, ended = one.prompt_tokens + one.reply_tokens, True
                else:
                    written += not ended
                    finished += one.finish is not None
                yield one
            if seen.ended:
                raise KeyUnknown(ENDED)
            if seen.gone and finished < ask.n:
                raise ChatbotError(LEFT)  # so that a part of an answer is not kept as the whole
    finally:
        if written:
            await asyncio.shield(call.charge(written))


async def once(call: Call, answer: Callable[[], Awaitable[Response]]) -> Response:
    """The answer, made at most once for each Idempotency-Key of a key.

    Raises BadField, Conflict: it runs just now, or had another body. What fails may be sent again.
    """
    name = call.request.headers.get(ONCE)
    if name is None:
        return await answer()
    if re.fullmatch(NAME, name) is None:
        raise BadField(BAD_NAME)
    what = call.request.url.path.encode() + b"\n" + call.body
    begun_once = await asyncio.to_thread(call.product.completions.once, call.caller, name, what)
    if begun_once.answer is not None:
        status, text = begun_once.answer
        kind = EVENTS if text.startswith(("data:", "event:")) else JSON
        headers = {**call.headers, "idempotent-replayed": "true", "cache-control": "no-store"}
        return Response(text, status, headers, media_type=kind)
    return await _kept(begun_once, answer)


async def _kept(begun_once: Once, answer: Callable[[], Awaitable[Response]]) -> Response:
    try:
        response = await answer()
    except BaseException:
        await asyncio.shield(asyncio.to_thread(end, begun_once, None))
        raise
    if isinstance(response, Events):
        response.keep = begun_once
    else:
        await asyncio.to_thread(end, begun_once, bytes(response.body).decode())
    return response


def storing(call: Call, store: bool | None) -> Call:  # noqa: FBT001  a field of the request
    """The call with what it says of storing. Raises BadField: its key does not store."""
    if store is None or store == call.caller.stores:
        return call
    if store:
        raise BadField(NOT_STORED, "store", "unsupported_value")
    return replace(call, caller=replace(call.caller, stores=False))


async def first_of(parts: AsyncGenerator[Part, None]) -> AsyncGenerator[Part, None]:
    """The same parts, with the first one there already: what fails before it has a status.

    Raises what they raise, BackendBroken: there are none.
    """
    try:
        first = await anext(parts)
    except StopAsyncIteration:
        raise BackendBroken from None
    return _with(first, parts)


async def _with(first: Part, parts: AsyncGenerator[Part, None]) -> AsyncGenerator[Part, None]:
    async with aclosing(parts):
        yield first
        async for one in parts:
            yield one


def new_id(kind: str) -> str:
    """An id such as OpenAI's answers have."""
    return f"{kind}-{secrets.token_hex(12)}"


def now() -> int:
    """Unix seconds."""
    return int(time.time())
