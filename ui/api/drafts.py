"""POST /api/drafts: a ticket's thread in, a draft with its sources out, for helpdesks.

Takes and gives what `chatbot draft` does (ui/drafting.py); a body of plain text is one message. A
program comes with the key of an agent, a person with a login; in `solo` whoever brings no key is
the one person there is. Nothing is sent to a customer. A program that goes away before the draft is
done stops it, and so does the end of its key.
"""

import asyncio
from contextlib import suppress
from typing import Literal

from fastapi import FastAPI, Request
from fastapi.responses import Response
from typing_extensions import TypedDict

from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import Product
from chatbot.drafting.service import PROMPT
from chatbot.errors import EmptyText, Refused
from chatbot.keys import Caller, KeyUnknown, ModelNotAllowed
from chatbot.views import Person
from ui import drafting
from ui.api.calls import Call, Load
from ui.api.errors import BadField, json_answer, worded
from ui.api.keyed import ENDED, attended, begun, limits_headers
from ui.guard import bearer, caller

PATH = "/api/drafts"
NOT_TEXT = "The body is not UTF-8."
NOT_STORED = "This key stores nothing. Leave `ticket` out, or use a key that stores."
CHARACTERS = 4
"""Of a thread and its draft that count as a token of a key."""


class DraftSource(TypedDict):
    """A passage, `n` as the draft cites it."""

    n: int
    title: str
    passage: str
    id: str
    article: str
    internal: bool
    score: float


class DraftMark(TypedDict):
    """What a person should look at, by its place in the text."""

    start: int
    end: int
    text: str
    kind: str
    why: str


class Drafted(TypedDict):
    """The answer to POST /api/drafts; times in seconds."""

    text: str
    sources: list[DraftSource]
    missing: list[str]
    unsupported: list[str]
    model: str
    prompt: str
    prompt_version: int
    prompt_sha: str
    language: str
    status: Literal["complete", "stopped", "truncated"]
    marks: list[DraftMark]
    notes: list[str]
    first_s: float | None
    total_s: float


def add(app: FastAPI, product: Product, load: Load) -> None:
    """Add the route to an application."""

    async def drafts(request: Request) -> Response:
        person, key, headers = await _who(product, request)
        if key is None:
            return await _drafted(product, request, person, None, headers)
        leave = load.enter(key.key_id, int(request.headers.get("content-length") or 0))
        try:
            return await _drafted(product, request, person, key, headers)
        finally:
            leave()

    app.add_api_route(PATH, worded(drafts), methods=["POST"], include_in_schema=False)


async def _drafted(
    product: Product,
    request: Request,
    person: Person,
    key: Caller | None,
    headers: dict[str, str],
) -> Response:
    asked = await _asked(request)
    if key is not None:
        if asked.ticket is not None and not key.stores:
            raise BadField(NOT_STORED, "ticket", "unsupported_value")
        await asyncio.to_thread(_admit, product, key, asked.model)
    cancel = CancelToken()
    async with attended(product, request, key, cancel) as seen:
        draft = await drafting.drafted(product, person, asked, cancel)
        if seen.ended:
            raise KeyUnknown(ENDED)
    if key is not None:
        size = sum(len(one.text) for one in asked.thread) + len(draft.text)
        await Call(product, request, key, b"", headers).charge(-(-size // CHARACTERS))
    await asyncio.to_thread(drafting.keep, product, person, asked)
    return json_answer(drafting.as_json(draft), headers=headers)


async def _who(product: Product, request: Request) -> tuple[Person, Caller | None, dict[str, str]]:
    """Who asks, with which key, and what the answer says of its limits.

    Raises NotSignedIn, KeyUnknown, KeyLimit.
    """
    if not bearer(request.headers):
        return await asyncio.to_thread(caller, product, request), None, {}
    key, left = await begun(product, request)
    return key.person, key, limits_headers(left)


def _admit(product: Product, key: Caller, model: str) -> None:
    """Let a key pass that may use the prompt of drafts, or else the model that would write.

    Raises ModelNotAllowed, UnknownModel.
    """
    if not model:
        with suppress(ModelNotAllowed):
            product.keys.may_use(key, f"prompt:{PROMPT}")
            return
    product.keys.may_use(key, product.registry.resolve(model or None).label)


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
