"""GET /api/conversations: what a key's calls stored, page by page; DELETE takes one out.

A page's `next` is where the following one begins; it holds when conversations are added or deleted
meanwhile. Other people's conversations are not found.
"""

import asyncio
import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import NotRequired

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from chatbot.bootstrap import Product
from chatbot.views import Item, MessageView, Place, View
from ui.api.errors import BadField, json_answer, worded
from ui.api.keyed import begun, limits_headers

PATH = "/api/conversations"
ONE = PATH + "/{conversation}"
MOST = 200
USUAL = 50
NO_CURSOR = "cursor: send the `next` of a page as it came."


class ConversationLine(TypedDict):
    """A conversation in the list; times in ISO 8601."""

    id: str
    object: str
    title: str
    updated_at: str


class ConversationList(TypedDict):
    """A page of them, the last used first. `next` is None on the last page."""

    object: str
    data: list[ConversationLine]
    has_more: bool
    next: str | None


class MessageLine(TypedDict):
    """A message of the current branch; `model` and `tokens` of an answer."""

    id: str
    object: str
    role: str
    content: str
    status: str
    model: NotRequired[str]
    tokens: NotRequired[int | None]


class ConversationPage(TypedDict):
    """A conversation with its newest messages, the oldest first; `next` leads to older ones."""

    id: str
    object: str
    title: str
    model: str
    prompt: str
    channel: str
    created_at: str
    messages: list[MessageLine]
    has_more: bool
    next: str | None


class Deleted(TypedDict):
    """The answer to DELETE."""

    id: str
    object: str
    deleted: bool


def add(app: FastAPI, product: Product) -> None:
    """Add the routes to an application."""

    async def listed(request: Request) -> Response:
        caller, left = await begun(product, request)
        _known(request)
        limit, after = _limit(request), _place(request.query_params.get("cursor"))
        rows, place = await asyncio.to_thread(
            product.conversations.page, caller.person, limit=limit, after=after
        )
        told: ConversationList = {
            "object": "list",
            "data": [_line(one) for one in rows],
            "has_more": place is not None,
            "next": _cursor(place) if place else None,
        }
        return json_answer(told, headers=limits_headers(left))

    async def shown(request: Request) -> Response:
        caller, left = await begun(product, request)
        _known(request)
        before = request.query_params.get("cursor")
        view = await asyncio.to_thread(
            product.conversations.open,
            caller.person,
            request.path_params["conversation"],
            before=before,
            limit=_limit(request),
        )
        return json_answer(_page(view), headers=limits_headers(left))

    async def removed(request: Request) -> Response:
        caller, left = await begun(product, request)
        name = request.path_params["conversation"]
        await asyncio.to_thread(product.conversations.erase, caller.person, name)
        told: Deleted = {"id": name, "object": "conversation.deleted", "deleted": True}
        return json_answer(told, headers=limits_headers(left))

    app.add_api_route(PATH, worded(listed), methods=["GET"], include_in_schema=False)
    app.add_api_route(ONE, worded(shown), methods=["GET"], include_in_schema=False)
    app.add_api_route(ONE, worded(removed), methods=["DELETE"], include_in_schema=False)


def _known(request: Request) -> None:
    """Raises BadField: a parameter that this route does not have."""
    for name in request.query_params:
        if name not in ("limit", "cursor"):
            sentence = f"The parameter {name!r:.100} is not supported here. Leave it out."
            raise BadField(sentence, name[:100], "unsupported_parameter")


def _limit(request: Request) -> int:
    given = request.query_params.get("limit", str(USUAL))
    short = given.isascii() and given.isdecimal() and len(given) <= len(str(MOST))
    if not (short and 1 <= int(given) <= MOST):
        raise BadField(f"limit: a whole number from 1 to {MOST}.", "limit")
    return int(given)


def _cursor(place: Place) -> str:
    told = f"{place.updated_at.astimezone(UTC).isoformat()} {place.conversation}"
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _place(given: str | None) -> Place | None:
    if given is None:
        return None
    try:
        told = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode("ascii")
        moment, _, conversation = told.partition(" ")
        updated_at = datetime.fromisoformat(moment)
    except (ValueError, binascii.Error):
        raise BadField(NO_CURSOR, "cursor") from None
    # Ours are in UTC; another may lie beyond the first or the last day of it.
    if updated_at.utcoffset() != timedelta() or not conversation:
        raise BadField(NO_CURSOR, "cursor")
    return Place(updated_at, conversation)


def _line(item: Item) -> ConversationLine:
    return {
        "id": item.id,
        "object": "conversation",
        "title": item.title,
        "updated_at": item.updated_at.isoformat(),
    }


def _page(view: View) -> ConversationPage:
    return {
        "id": view.id,
        "object": "conversation",
        "title": view.title,
        "model": view.model,
        "prompt": view.prompt,
        "channel": view.channel,
        "created_at": view.created_at.isoformat(),
        "messages": [_message(one) for one in view.messages],
        "has_more": view.has_earlier,
        "next": view.messages[0].id if view.has_earlier else None,
    }


def _message(view: MessageView) -> MessageLine:
    line: MessageLine = {
        "id": view.id,
        "object": "message",
        "role": view.role,
        "content": view.text,
        "status": view.status,
    }
    if view.meta is not None:
        line["model"], line["tokens"] = view.meta.model, view.meta.tokens
    return line
