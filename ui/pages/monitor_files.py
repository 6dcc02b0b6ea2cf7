"""The table by version as a file that leaves by the browser.

A plain route and a POST, as the other files of the pages: it may be larger than what a command
answers, and no other site's link can start one. It holds counts and names of versions alone.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, Refused
from chatbot.monitoring.views import Group, Period
from ui.guard import admit, caller
from ui.pages.commands import NOT_UNDERSTOOD
from ui.pages.frame import MONITOR
from ui.pages.search_commands import Name

PATH = "/monitor/export"


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    period: Period = "7d"
    group: Group = "prompt"
    channel: Name = ""


def add(app: FastAPI, product: Product) -> None:
    """Add the route to an application."""

    async def export(request: Request) -> Response:
        try:
            person = await asyncio.to_thread(caller, product, request)
            admit(person, MONITOR.roles)
            asked = _asked(dict(request.query_params)).model_dump()
            lines = product.monitoring.csv(person, **asked)
            text = await asyncio.to_thread("".join, lines)
        except ChatbotError as error:
            return JSONResponse({"error": str(error), "code": error.code}, error.status)
        name = f"versions-{asked['period']}-{datetime.now(UTC):%Y%m%d-%H%M%S}.csv"
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
        }
        return Response(text, media_type="text/csv", headers=headers)

    app.add_api_route(PATH, export, methods=["POST"], include_in_schema=False)


def _asked(given: dict[str, Any]) -> _Asked:
    """What the address asks for. Raises Refused."""
    try:
        return _Asked.model_validate(given)
    except ValidationError:
        raise Refused(NOT_UNDERSTOOD) from None
