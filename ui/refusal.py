"""A request that goes no further: status, sentence and code, said once by the guard.

Scripts get JSON, which also has the sentence where Gradio's page looks for it; a person who opened
an address gets the sentence alone.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class Refusal(Exception):
    """`retry_after`: seconds after which another try may succeed."""

    def __init__(
        self, status: int, sentence: str, code: str = "refused", retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.code = code
        self.retry_after = retry_after

    async def tell(self, send: Send, *, plainly: bool) -> None:
        """Send it as the answer; `plainly` to a person, else to a script."""
        if plainly:
            kind, body = "text/plain; charset=utf-8", self.sentence
        else:
            kind = "application/json"
            body = json.dumps({"error": self.sentence, "code": self.code, "detail": self.sentence})
        told = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
        if self.retry_after is not None:
            told.append((b"retry-after", str(max(1, round(self.retry_after))).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": told})
        await send({"type": "http.response.body", "body": body.encode()})
