"""A request that goes no further: status, sentence and code, said once by the guard.

Scripts get JSON, which also has the sentence where Gradio's page looks for it; programs get the
shape of OpenAI's errors; a person who opened an address gets the sentence alone.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

PROGRAMS = ("/v1", "/api")
"""Where the doors for programs lie."""
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def is_program(path: str) -> bool:
    """Whether a path is a door for programs, open or not."""
    return path.startswith(tuple(f"{one}/" for one in PROGRAMS)) or path in PROGRAMS


def program_error(
    status: int, sentence: str, code: str, param: str | None = None
) -> dict[str, Any]:
    """An error in OpenAI's shape."""
    kind = "server_error" if status >= 500 else TYPES.get(status, "invalid_request_error")
    if code == "insufficient_quota":
        kind = code
    return {"error": {"message": sentence, "type": kind, "param": param, "code": code}}


class Refusal(Exception):
    """`retry_after`: seconds after which another try may succeed. `allowed`: methods that are."""

    def __init__(
        self,
        status: int,
        sentence: str,
        code: str = "refused",
        retry_after: float | None = None,
        allowed: Sequence[str] = (),
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.code = code
        self.retry_after = retry_after
        self.allowed = tuple(allowed)

    async def tell(self, send: Send, *, plainly: bool, program: bool = False) -> None:
        """Send it as the answer: to a `program`, `plainly` to a person, else to a script."""
        kind = "application/json"
        if program:
            body = json.dumps(program_error(self.status, self.sentence, self.code))
        elif plainly:
            kind, body = "text/plain; charset=utf-8", self.sentence
        else:
            body = json.dumps({"error": self.sentence, "code": self.code, "detail": self.sentence})
        told = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
        if self.retry_after is not None:
            told.append((b"retry-after", str(max(1, round(self.retry_after))).encode()))
        if program and self.status == 401:
            told.append((b"www-authenticate", b"Bearer"))
        if self.allowed:
            told.append((b"allow", ", ".join(self.allowed).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": told})
        await send({"type": "http.response.body", "body": body.encode()})
