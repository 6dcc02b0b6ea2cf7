"""Everything a provider can do wrong, as one typed error each, and whether to try again.

Sentences name the model and the host, never a key, a request or an answer: what a provider writes
into its errors may quote the conversation.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from chatbot.errors import (
    BackendBroken,
    BackendQuota,
    BackendRateLimited,
    BackendRefused,
    BackendTimeout,
    ChatbotError,
    ContextTooSmall,
    ModelUnavailable,
)

_QUOTA = ("insufficient_quota", "billing", "quota_exceeded", "credit")
_CONTEXT = ("context_length", "context window", "prompt is too long", "maximum context")
_NAME = re.compile(r"[a-z0-9_.-]{1,40}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What went wrong. `again`: whether the same request may succeed a little later."""

    error: ChatbotError
    again: bool = False


def classify(error: BaseException, model: str, host: str) -> Wrong:
    """The typed error for whatever came out of a provider's library."""
    if isinstance(error, ChatbotError):
        return Wrong(error, again=isinstance(error, BackendBroken))
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _by_status(error, status, model, host)
    kinds = {kind.__name__ for kind in _chain(error)}
    if kinds & {"ConnectError", "ConnectTimeout", "UnsupportedProtocol", "InvalidURL"}:
        unreachable = f"{host} does not answer. Check that the server runs and its base URL."
        return Wrong(BackendRefused(unreachable), again="ConnectError" in kinds)
    if kinds & {"APITimeoutError", "TimeoutException", "TimeoutError"}:
        return Wrong(BackendTimeout())
    said = _said(error)
    if said:
        return _by_words(said)
    return Wrong(BackendBroken(), again=True)


def _by_status(error: BaseException, status: int, model: str, host: str) -> Wrong:
    said, after = _said(error), retry_after(error)
    if status == 402 or (status == 429 and any(word in said for word in _QUOTA)):
        return Wrong(BackendQuota())
    if status == 429:
        return Wrong(BackendRateLimited(retry_after=after), again=True)
    if status in (401, 403):
        return Wrong(BackendRefused(f"{host} does not accept the key of {model}. Check its key."))
    if 300 <= status < 400:
        return Wrong(BackendRefused(f"{host} sends requests on elsewhere. Check its base URL."))
    if status == 404:
        return Wrong(
            BackendRefused(f"{host} knows no such model or path. Check {model} and its base URL.")
        )
    if status == 413 or any(words in said for words in _CONTEXT):
        return Wrong(ContextTooSmall())
    if status == 408:
        return Wrong(BackendTimeout(), again=True)
    if status in (503, 529):
        overloaded = ModelUnavailable(f"{host} is overloaded or starting. Try again in a moment.")
        return Wrong(overloaded, again=True)
    if status >= 500:
        return Wrong(BackendBroken(f"{host} failed ({status}). Try again."), again=True)
    return Wrong(BackendRefused(f"{host} refused the request ({_reason(error, status)})."))


def _by_words(said: str) -> Wrong:
    """For an error that came inside a stream that had begun well."""
    if any(word in said for word in _QUOTA):
        return Wrong(BackendQuota())
    if any(words in said for words in _CONTEXT):
        return Wrong(ContextTooSmall())
    if "rate_limit" in said or "slow_down" in said:
        return Wrong(BackendRateLimited(), again=True)
    return Wrong(BackendBroken(), again=True)


def retry_after(error: BaseException) -> float | None:
    """Seconds that the provider asks to wait: a number, or a date in HTTP's form."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    value = str(headers.get("retry-after", "")).strip()
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return math.nan
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _chain(error: BaseException) -> list[type]:
    """The kinds of the error and of what caused it."""
    kinds: list[type] = []
    current: BaseException | None = error
    while current is not None and len(kinds) < 50:
        kinds += type(current).__mro__
        current = current.__cause__ or current.__context__
    return kinds


def _said(error: BaseException) -> str:
    """The provider's code, type and message, to look for words in; never shown."""
    body: Any = getattr(error, "body", None)
    if not isinstance(body, dict):
        return ""
    return " ".join(str(body.get(key, "")) for key in ("code", "type", "message")).lower()


def _reason(error: BaseException, status: int) -> str:
    """The status, and the provider's code where it is a mere name."""
    code = str(getattr(error, "code", None) or "")
    return f"{status}, {code}" if _NAME.fullmatch(code) else str(status)
