"""Which routes are answered and who may call them: one line each. Knows no handlers.

What does not stand here is 404, as are most of Gradio's sixty routes. docs/security.md has the same
table for readers, with the closed ones, and a test compares both with the routes that the running
application really has: a new route without a decision fails there.

A page that needs a role is open to everyone signed in, and empty: its handlers check the role.
"""

import functools
import re
from dataclasses import dataclass
from typing import Literal

from starlette.routing import compile_path

BODY_LIMIT = 8 * 2**20
"""Largest request, in bytes; a larger one is not read. Messages have their own, lower limit."""
FORM_LIMIT = 16 * 2**10
"""The same for those who are not known yet."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route that is answered.

    Args:
        path: as FastAPI writes it.
        methods: in capital letters.
        who: `open` to everybody, to those `signed in`, to programs with a `key`, or to either. A
            key is checked by the handler (see ui/api/keyed.py), which also knows what it may use.
        page: what a person opens in the address line: without a login they are sent to it.
        hash_in: where the request carries the name of a Gradio session.
        limit: largest body, in bytes.
    """

    path: str
    methods: tuple[str, ...] = ("GET",)
    who: Literal["open", "signed in", "key", "key or login"] = "signed in"
    page: bool = False
    hash_in: Literal["", "path", "query", "body"] = ""
    limit: int = BODY_LIMIT

    @property
    def pattern(self) -> re.Pattern[str]:
        """What the path matches, with its parameters by name."""
        return _pattern(self.path)


@functools.cache
def _pattern(path: str) -> re.Pattern[str]:
    return compile_path(path)[0]


PLAIN = ("/login", "/link/", "/oidc/")
"""Where pages lie that are not Gradio's."""

_POST = ("POST",)

ROUTES: tuple[Route, ...] = (
    # Pages
    Route("/", ("GET", "HEAD"), page=True),
    Route("/desk", page=True),
    Route("/prompts", page=True),
    Route("/knowledge", page=True),
    Route("/review", page=True),
    Route("/models", page=True),
    Route("/monitor", page=True),
    Route("/admin", page=True),
    Route("/account", page=True),
    # Files: what is known of a person, what was done by whom
    Route("/account/export", _POST, limit=FORM_LIMIT),
    Route("/admin/people/{whom}/export", _POST, limit=FORM_LIMIT),
    Route("/admin/keys/{key}/export", _POST, limit=FORM_LIMIT),
    Route("/admin/record/export", _POST, limit=FORM_LIMIT),
    Route("/models/export/{file}", _POST, limit=FORM_LIMIT),
    Route("/monitor/export", _POST, limit=FORM_LIMIT),
    Route("/review/export", _POST, limit=FORM_LIMIT),
    # For programs
    Route("/openapi.json", who="open"),
    Route("/v1/models", who="key"),
    Route("/v1/models/{name:path}", who="key"),
    Route("/v1/chat/completions", _POST, "key"),
    Route("/v1/completions", _POST, "key"),
    Route("/v1/responses", _POST, "key"),
    Route("/v1/embeddings", _POST, "key"),
    Route("/api/conversations", who="key"),
    Route("/api/conversations/{conversation}", ("GET", "DELETE"), "key"),
    Route("/api/drafts", _POST, "key or login"),
    # Files without anybody's data
    Route("/ui/static/{path:path}", ("GET", "HEAD"), "open"),
    Route("/static/{path:path}", who="open"),
    Route("/assets/{path:path}", who="open"),
    Route("/theme.css", who="open"),
    Route("/favicon.ico", who="open"),
    Route("/manifest.json", who="open"),
    Route("/robots.txt", who="open"),
    # Whether the server is well
    Route("/healthz", who="open"),
    Route("/readyz", who="open"),
    Route("/metrics", who="open"),  # its handler asks for a key, see ui/api/metrics.py
    # What Gradio's page asks for
    Route("/config"),
    Route("/gradio_api/app_id"),
    Route("/gradio_api/info"),
    Route("/gradio_api/startup-events"),
    Route("/gradio_api/queue/join", _POST, hash_in="body"),
    Route("/gradio_api/queue/data", hash_in="query"),
    Route("/gradio_api/heartbeat/{session_hash}", hash_in="path"),
    Route("/gradio_api/component_server", _POST, hash_in="body"),
    Route("/gradio_api/cancel", _POST, hash_in="body"),
    Route("/gradio_api/reset", _POST),
)
"""Answered always."""

LOGIN_ROUTES: tuple[Route, ...] = (
    Route("/login", ("GET", "POST"), "open", page=True, limit=FORM_LIMIT),
    Route("/link/{token}", ("GET", "POST"), "open", page=True, limit=FORM_LIMIT),
    Route("/oidc/start", who="open", page=True),
    Route("/oidc/back", who="open", page=True),
    Route("/session"),
    Route("/logout", _POST, "open", limit=FORM_LIMIT),
    Route("/logout/everywhere", _POST, limit=FORM_LIMIT),
)
"""Answered in `accounts` only."""


def find(routes: tuple[Route, ...], method: str, path: str) -> Route | None:
    """The route of a request, or None. A slash at the end makes no difference."""
    bare = path.rstrip("/") or "/"
    for route in routes:
        if method in route.methods and route.pattern.fullmatch(bare):
            return route
    return None


def methods(routes: tuple[Route, ...], path: str) -> tuple[str, ...]:
    """The methods that a path takes; none where nothing is served there."""
    bare = path.rstrip("/") or "/"
    fitting = [route.methods for route in routes if route.pattern.fullmatch(bare)]
    return tuple(dict.fromkeys(method for each in fitting for method in each))
