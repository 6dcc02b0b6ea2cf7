"""Errors in OpenAI's shape and with its statuses. Knows no route.

    {"error": {"message": …, "type": …, "param": …, "code": …}}

Every refusal under /v1 and /api has it, whoever refuses: a handler or a service (`worded`), or the
guard in front (ui/refusal.py).
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from chatbot.errors import ChatbotError, Refused
from ui.refusal import Refusal, program_error

Handler = Callable[[Request], Awaitable[Response]]

BROKEN = "Something went wrong on the server. Try again."

CODES = {
    "unknown_model": "model_not_found",
    "context_too_small": "context_length_exceeded",
    "quota": "insufficient_quota",
    "rate_limited": "rate_limit_exceeded",
    "too_many_turns": "rate_limit_exceeded",
    "key_limit": "rate_limit_exceeded",
    "key_unknown": "invalid_api_key",
    "not_signed_in": "invalid_api_key",
}
"""What OpenAI calls what we call otherwise."""
STATUSES = {"context_too_small": 400, "quota": 429}
"""Where OpenAI's status is another than ours; 422 is 400 everywhere."""
PARAMS = {"unknown_model": "model", "model_not_allowed": "model", "context_too_small": "messages"}
LONGEST_WAIT = 60.0
"""Seconds. OpenAI's own client does not wait longer, so it is told not to try again."""

log = logging.getLogger(__name__)


class BadField(Refused):
    """A field of the request is wrong, missing or not supported; `param` is its path."""

    code = "invalid_value"

    def __init__(self, sentence: str, param: str | None = None, code: str = "") -> None:
        super().__init__(sentence)
        self.param = param
        self.code = code or self.code


def status_of(error: ChatbotError) -> int:
    """The HTTP status that OpenAI gives for this."""
    status = STATUSES.get(error.code, error.status)
    return 400 if status == 422 else status


def body_of(error: ChatbotError) -> dict[str, Any]:
    """The whole JSON of an error."""
    code = CODES.get(error.code, error.code)
    param = getattr(error, "param", None) or PARAMS.get(error.code)
    return program_error(status_of(error), _sentence(error), code, param)


def headers_of(error: ChatbotError) -> dict[str, str]:
    """Retry-After where another try may succeed, and whether a client should try by itself."""
    after = getattr(error, "retry_after", None)
    status = status_of(error)
    if after is None and status == 503:
        after = 5.0
    headers = {"cache-control": "no-store"}
    if after is not None:
        headers["retry-after"] = str(max(1, round(after)))
    if error.code == "quota" or (after or 0) > LONGEST_WAIT:
        headers["x-should-retry"] = "false"
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return headers


def answer_of(error: ChatbotError, more: Mapping[str, str] | None = None) -> Response:
    """The whole answer."""
    return json_answer(body_of(error), status_of(error), {**headers_of(error), **(more or {})})


def json_answer(
    given: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON that nobody keeps."""
    text = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair can stand in a sentence that quotes the request; UTF-8 has none.
    data = text.encode("utf-8", "replace")
    told = {"cache-control": "no-store", **(headers or {})}
    return Response(data, status, told, media_type="application/json")


def worded(handler: Handler) -> Handler:
    """A handler whose errors are answers of this shape, whatever breaks."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except ChatbotError as error:
            return answer_of(error)
        except Refusal:
            raise  # the guard tells it, in this shape too
        except Exception as error:  # noqa: BLE001  whatever broke, the other requests go on
            # The exception's text may quote the conversation, so only its type is logged.
            log.error("a call broke: %s", type(error).__name__)  # noqa: TRY400
            return json_answer(program_error(500, BROKEN, "error"), 500)

    return answered


def _sentence(error: ChatbotError) -> str:
    """What happened; of a prompt that cannot be rendered, also its first problem."""
    problems = getattr(error, "problems", ())
    return " ".join([str(error), *(str(one.message) for one in problems[:1])])
