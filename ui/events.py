"""GET /ui/events: tells a browser's tabs which of the caller's conversations changed.

Server-sent events that carry ids only; a tab then asks for what it shows. Bounded: a slow reader
finds the set of what changed, and one person holds at most STREAMS connections.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from chatbot.bootstrap import Product
from ui.guard import caller

STREAMS = 24
"""Open tabs of one person that are told; further ones refresh when they are looked at."""
PING = 15.0
"""Seconds between two signs of life, which also find closed tabs."""


def add_events(app: FastAPI, product: Product, closing: asyncio.Event) -> None:
    """Add the route; streams end when `closing` is set."""
    open_streams: Counter[int] = Counter()

    @app.get("/ui/events", include_in_schema=False)
    async def events(request: Request) -> Response:
        person = await asyncio.to_thread(caller, product, request)
        if open_streams[person.id] >= STREAMS:
            return PlainTextResponse("Too many tabs are listening.", 429)

        async def counted() -> AsyncIterator[str]:
            open_streams[person.id] += 1
            try:
                async for line in _lines(product, person.id, closing):
                    yield line
            finally:
                open_streams[person.id] -= 1

        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(counted(), media_type="text/event-stream", headers=headers)


async def _lines(product: Product, user_id: int, closing: asyncio.Event) -> AsyncIterator[str]:
    """The stream's text: a greeting, changes as they come, and pings."""
    yield "event: hello\ndata: {}\n\n"
    async with aclosing(product.notices.listen(user_id)) as changes:
        end = asyncio.ensure_future(closing.wait())
        change = asyncio.ensure_future(anext(changes))
        try:
            while not end.done():
                await asyncio.wait({end, change}, timeout=PING, return_when=asyncio.FIRST_COMPLETED)
                if change.done():
                    yield f"data: {json.dumps(sorted(change.result()))}\n\n"
                    change = asyncio.ensure_future(anext(changes))
                elif not end.done():
                    yield ": ping\n\n"
        finally:
            for waiting in (end, change):
                waiting.cancel()
                with suppress(asyncio.CancelledError):
                    await waiting
