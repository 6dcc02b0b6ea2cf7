"""One row → its result: read, worked on, tried again where that may help, and never an exception.

A result that could not be made says why, as `{"error": {"code", "message"}}`: every row has exactly
one. Knows no files, and not what the work is.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from chatbot.errors import (
    BackendBroken,
    BackendQuota,
    BackendRateLimited,
    BackendRefused,
    BackendTimeout,
    ChatbotError,
    ModelCorrupt,
    ModelUnavailable,
    StoreUnavailable,
    TooManyTurns,
)

log = logging.getLogger(__name__)

Row = dict[str, Any]
Work = Callable[[Row], Awaitable[Row]]
"""What is done with a row. Raises ChatbotError."""
Making = Callable[[], AbstractAsyncContextManager[Work]]
"""Opens what the work needs, in the process that does it. Has to be picklable for Ray."""

TRIES = 3
PAUSE = 1.0
"""Seconds before the second try; twice that before the third."""
LONGEST_PAUSE = 60.0
PASSING = (
    BackendRateLimited,
    BackendTimeout,
    BackendBroken,
    ModelUnavailable,
    StoreUnavailable,
    TooManyTurns,
)
"""What may be over a little later."""
EVERY_ROW = (*PASSING, BackendQuota, BackendRefused, ModelCorrupt)
"""What is no fault of a row: where it befalls many in a row, the next will fare no better."""
_CODES = frozenset(one.code for one in EVERY_ROW)

NO_OBJECT = "This line is no JSON object."


async def result_of(text: bytes, work: Work) -> Row:
    """The result of a row; its own `id` is kept."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        return _failed("refused", NO_OBJECT)
    named = {"id": row.pop("id")} if isinstance(row.get("id"), str | int) else {}
    try:
        return named | await _tried(row, work)
    except ChatbotError as error:
        return named | _failed(error.code, str(error))
    except Exception as error:  # noqa: BLE001  one bad row must not end a million others
        # The exception's text may quote the row, so only its type is told.
        log.warning("a row of the batch broke: %s", type(error).__name__)
        return named | _failed("unexpected", f"Something broke: {type(error).__name__}.")


def is_failed(result: Row) -> bool:
    """Whether a result says why there is none."""
    return "error" in result


def may_befall_all(result: Row) -> bool:
    """Whether what went wrong lies with the model or the database, and not with the row."""
    return is_failed(result) and result["error"]["code"] in _CODES


async def _tried(row: Row, work: Work) -> Row:
    for tried in range(1, TRIES):
        try:
            return await work(dict(row))
        except PASSING as error:
            asked = getattr(error, "retry_after", None) or 0
            await asyncio.sleep(min(max(asked, PAUSE * tried), LONGEST_PAUSE))
    return await work(dict(row))


def _failed(code: str, message: str) -> Row:
    return {"error": {"code": code, "message": message}}
