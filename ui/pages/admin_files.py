"""Files that leave by the browser: a person's own data, another's for administrators, the record.

Plain routes, because files may be larger than what a page's command may answer. They change
something (the record notes each), so they are POST: no other site's link can start one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, Refused
from chatbot.views import Person
from ui.guard import admit, caller
from ui.pages.admin_commands import filters
from ui.pages.frame import ADMIN

LONGEST = 64
"""Longest id or filter, in characters."""


def add(app: FastAPI, product: Product) -> None:
    """Add the routes to an application."""
    files = _Files(product)
    for path, file in (
        ("/account/export", files.own),
        ("/admin/people/{whom}/export", files.of_person),
        ("/admin/keys/{key}/export", files.of_key),
        ("/admin/record/export", files.record),
    ):
        app.add_api_route(path, file, methods=["POST"], include_in_schema=False)


class _Files:
    """The routes of one product."""

    def __init__(self, product: Product) -> None:
        self._product = product

    async def own(self, request: Request) -> Response:
        """Everything about the caller, as a zip file."""

        async def made(person: Person) -> Response:
            file = await asyncio.to_thread(self._product.privacy.export_mine, person)
            return FileResponse(file, media_type="application/zip", filename=file.name)

        return await self._answer(request, (), made)

    async def of_person(self, request: Request, whom: str) -> Response:
        """Everything about somebody, as a zip file."""

        async def made(person: Person) -> Response:
            other = await asyncio.to_thread(self._product.accounts.person, person, whom)
            file = await asyncio.to_thread(self._product.privacy.export_of, person, other)
            return FileResponse(file, media_type="application/zip", filename=file.name)

        return await self._answer(request, ADMIN.roles, made)

    async def of_key(self, request: Request, key: str) -> Response:
        """Everything that a key asked, as a zip file."""

        async def made(person: Person) -> Response:
            owner = await asyncio.to_thread(self._product.keys.person, person, key)
            file = await asyncio.to_thread(self._product.privacy.export_of, person, owner)
            return FileResponse(file, media_type="application/zip", filename=file.name)

        return await self._answer(request, ADMIN.roles, made)

    async def record(self, request: Request) -> Response:
        """The entries that pass the filters, as lines of JSON."""

        async def made(person: Person) -> Response:
            given = [request.query_params.get(name, "") for name in FILTERS]
            if any(len(value) > LONGEST for value in given):
                raise Refused("A filter is too long. Choose it again.")
            lines = await asyncio.to_thread(
                lambda: self._product.audit.export(person, **filters(*given))
            )
            name = f"record-{datetime.now(UTC):%Y%m%d-%H%M%S}.jsonl"
            return StreamingResponse(
                lines,
                media_type="application/x-ndjson",
                headers={"content-disposition": f'attachment; filename="{name}"'},
            )

        return await self._answer(request, ADMIN.roles, made)

    async def _answer(
        self,
        request: Request,
        roles: tuple[str, ...],
        made: Callable[[Person], Awaitable[Response]],
    ) -> Response:
        """The file, or a sentence why there is none."""
        try:
            person = await asyncio.to_thread(caller, self._product, request)
            admit(person, roles)
            response = await made(person)
        except ChatbotError as error:
            return JSONResponse({"error": str(error), "code": error.code}, error.status)
        response.headers["cache-control"] = "no-store"
        return response


FILTERS = ("about", "action", "since", "until")
"""Parameters of the record's address, in the order of `filters`."""
