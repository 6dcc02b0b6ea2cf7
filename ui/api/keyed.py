"""Who calls a route for programs: `Authorization: Bearer KEY`, and nothing else opens one.

A login's cookie is never read here. Where a key ends in mid-answer, the answer ends.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

from fastapi import Request

from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError
from chatbot.keys import Caller, KeyUnknown, Left, RoleMissing
from ui.guard import NO_KEY, bearer

ENDED = "This key was revoked or has expired meanwhile. Ask an administrator for a new one."
_LOOK_EVERY = 0.5
"""Seconds between two looks whether the caller is still there."""
_ASK_EVERY = 4
"""Looks between two questions whether the key still holds."""


async def keyed(product: Product, request: Request, roles: Collection[str] = ()) -> Caller:
    """Who calls, with the roles that the database gives them now.

    Raises KeyUnknown (401), RoleMissing (403), StoreUnavailable.
    """
    token = bearer(request.headers)
    if not token:
        raise KeyUnknown(NO_KEY)
    caller = await asyncio.to_thread(product.keys.of_token, token)
    if roles and not set(roles) & set(caller.person.roles):
        raise RoleMissing(f"This key has none of the roles that this needs: {', '.join(roles)}.")
    return caller


async def begun(
    product: Product, request: Request, roles: Collection[str] = ()
) -> tuple[Caller, Left]:
    """Who calls, after the request was counted. Raises KeyLimit (429), and as `keyed`."""
    caller = await keyed(product, request, roles)
    return caller, await asyncio.to_thread(product.keys.begin, caller)


def limits_headers(left: Left) -> dict[str, str]:
    """What OpenAI's clients read of limits. Seconds as they spell them: `12s`."""
    found: dict[str, str] = {}
    for name, limit, rest in (
        ("requests", left.requests_limit, left.requests_left),
        ("tokens", left.tokens_limit, left.tokens_left),
    ):
        if limit is not None and rest is not None:
            found[f"x-ratelimit-limit-{name}"] = str(limit)
            found[f"x-ratelimit-remaining-{name}"] = str(max(rest, 0))
            found[f"x-ratelimit-reset-{name}"] = f"{max(1, round(left.reset))}s"
    return found


class Attended:
    """What became of a caller while an answer was written."""

    def __init__(self) -> None:
        self.gone = False
        """They closed the connection."""
        self.ended = False
        """Their key was revoked or has expired."""


@asynccontextmanager
async def attended(
    product: Product, request: Request, caller: Caller | None, cancel: CancelToken
) -> AsyncIterator[Attended]:
    """Stop an answer whose caller goes away, or whose key ends. Without a key only the first."""
    seen = Attended()
    looking = asyncio.create_task(_look(product, request, caller, cancel, seen))
    try:
        yield seen
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _look(
    product: Product,
    request: Request,
    caller: Caller | None,
    cancel: CancelToken,
    seen: Attended,
) -> None:
    looks = 0
    while not (seen.gone or seen.ended):
        await asyncio.sleep(_LOOK_EVERY)
        looks += 1
        seen.gone = await request.is_disconnected()
        if caller is not None and looks % _ASK_EVERY == 0:
            with suppress(ChatbotError):  # a database that does not answer ends nothing
                seen.ended = not await asyncio.to_thread(product.keys.holds, caller)
    cancel.cancel()
