"""The filtered set of the review as a file that leaves by the browser.

A plain route, because a file may be larger than what a page's command may answer; a POST, because
the record notes it: no other site's link can start one. Everything in it is masked.
"""

import asyncio
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import ValidationError
from starlette.background import BackgroundTask

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, Refused
from chatbot.review import Filters, Shape
from chatbot.views import Person
from ui.guard import admit, caller
from ui.pages.commands import NOT_UNDERSTOOD
from ui.pages.frame import REVIEW
from ui.pages.review_commands import FilterForm

PATH = "/review/export"
LONGEST = 2000
"""Longest text of the filters in the address, in characters."""
KINDS: dict[str, tuple[str, str]] = {
    "openai": ("jsonl", "application/x-ndjson"),
    "sharegpt": ("jsonl", "application/x-ndjson"),
    "preference": ("jsonl", "application/x-ndjson"),
    "csv": ("csv", "text/csv"),
    "parquet": ("parquet", "application/vnd.apache.parquet"),
}
"""How the file of each shape ends, and what it is."""


def add(app: FastAPI, product: Product) -> None:
    """Add the route to an application."""

    async def export(request: Request) -> Response:
        try:
            person = await asyncio.to_thread(caller, product, request)
            admit(person, REVIEW.roles)
            shape = _shape(request.query_params.get("shape", ""))
            filters = _filters(request.query_params.get("filters", "{}"))
            file = await asyncio.to_thread(_written, product, person, filters, shape)
        except ChatbotError as error:
            return JSONResponse({"error": str(error), "code": error.code}, error.status)
        ending, kind = KINDS[shape]
        name = f"review-{shape}-{datetime.now(UTC):%Y%m%d-%H%M%S}.{ending}"
        return FileResponse(
            file,
            media_type=kind,
            filename=name,
            headers={"cache-control": "no-store"},
            background=BackgroundTask(file.unlink, missing_ok=True),
        )

    app.add_api_route(PATH, export, methods=["POST"], include_in_schema=False)


def _written(product: Product, person: Person, filters: Filters, shape: Shape) -> Path:
    """The file, in a place of its own; nothing stays where it could not be written."""
    handle, name = tempfile.mkstemp(prefix="review-")
    file = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            product.review.export(person, filters, shape, out)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return file


def _shape(text: str) -> Shape:
    shapes: tuple[Shape, ...] = get_args(Shape)
    for one in shapes:
        if one == text:
            return one
    raise Refused(f"There is no such form of a file. Choose one of {', '.join(shapes)}.")


def _filters(text: str) -> Filters:
    if len(text) > LONGEST:
        raise Refused("The filters are too long. Choose fewer.")
    try:
        return FilterForm.model_validate_json(text).filters()
    except ValidationError:
        raise Refused(NOT_UNDERSTOOD) from None
