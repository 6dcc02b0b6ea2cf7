"""POST /api/drafts: a ticket's thread in, a draft with its sources out, for helpdesks.

Takes and gives what `chatbot draft` does (ui/drafting.py); a body of plain text is one message. In
`accounts` it needs a login; the guard in front refuses other sites. Nothing is sent to a customer.
A program that goes away before the draft is done stops it.
"""

import asyncio
from contextlib import suppress

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, EmptyText, Refused
from ui import drafting
from ui.guard import caller

PATH = "/api/drafts"
NOT_TEXT = "The body is not UTF-8."
_LOOK_EVERY = 0.5
"""Seconds between two looks whether the caller is still there."""


def add(app: FastAPI, product: Product) -> None:
    """Add the route to an application."""

    async def drafts(request: Request) -> JSONResponse:
        try:
            person = await asyncio.to_thread(caller, product, request)
            asked = await _asked(request)
            cancel = CancelToken()
            leaving = asyncio.create_task(_watched(request, cancel))
            try:
                draft = await drafting.drafted(product, person, asked, cancel)
            finally:
                leaving.cancel()
                with suppress(asyncio.CancelledError):
                    await leaving
            await asyncio.to_thread(drafting.keep, product, person, asked)
        except ChatbotError as error:
            return _refused(error)
        return JSONResponse(drafting.as_json(draft), headers={"cache-control": "no-store"})

    app.add_api_route(PATH, drafts, methods=["POST"], include_in_schema=False)


async def _asked(request: Request) -> drafting.Asked:
    """What the body asks for. Raises Refused, EmptyText."""
    try:
        text = (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(NOT_TEXT) from None
    if not text.strip():
        raise EmptyText
    plain = request.headers.get("content-type", "").startswith("text/plain")
    return drafting.of_message(text) if plain else drafting.read(text)


async def _watched(request: Request, cancel: CancelToken) -> None:
    """Stop the draft when its caller has gone."""
    while not await request.is_disconnected():  # noqa: ASYNC110  a request rings no bell
        await asyncio.sleep(_LOOK_EVERY)
    cancel.cancel()


def _refused(error: ChatbotError) -> JSONResponse:
    after = getattr(error, "retry_after", None)
    headers = {"cache-control": "no-store"}
    if after is not None:
        headers["retry-after"] = str(max(1, round(after)))
    return JSONResponse({"error": str(error), "code": error.code}, error.status, headers)
