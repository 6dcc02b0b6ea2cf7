"""The three cookies, and the tokens that our forms carry. Knows no people and no database.

`session` says who is logged in. `form` lives an hour and belongs to a browser in which nobody is:
a form carries a word made from it, so that another site cannot log a browser in as somebody else.
`away` lives ten minutes: what a browser keeps while its person signs in at another server.
Behind https all are Secure and named `__Host-…`, which no other host of the domain can set.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import cookie_parser
from starlette.responses import Response

FORM_SECONDS = 3600
AWAY_SECONDS = 600


class Cookies:
    """The cookies of one server. `secure`: it is reached by https only."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._session, self._form, self._away = (
            f"{'__Host-' if secure else ''}chatbot_{name}" for name in ("session", "form", "away")
        )

    def session(self, headers: Mapping[str, str]) -> str:
        """The token of a request's login, or nothing."""
        return self._read(headers, self._session)

    def form(self, headers: Mapping[str, str]) -> str:
        """The secret that a browser without login holds for our forms, or nothing."""
        return self._read(headers, self._form)

    def away(self, headers: Mapping[str, str]) -> str:
        """What the browser kept while its person was at another server, or nothing."""
        return self._read(headers, self._away)

    def set_away(self, response: Response, kept: str) -> None:
        """Have the browser keep something while its person is at another server."""
        self._set(response, self._away, kept, AWAY_SECONDS)

    def end_away(self, response: Response) -> None:
        """The person came back."""
        self._set(response, self._away, "", 0)

    def set_session(self, response: Response, token: str, ends: datetime) -> None:
        """Log the browser in until `ends`; its secret for forms is not needed any more."""
        left = max(0, round((ends - datetime.now(UTC)).total_seconds()))
        self._set(response, self._session, token, left)
        self._set(response, self._form, "", 0)

    def set_form(self, response: Response, secret: str) -> None:
        """Give the browser a secret for our forms."""
        self._set(response, self._form, secret, FORM_SECONDS)

    def end_session(self, response: Response) -> None:
        """Log the browser out."""
        self._set(response, self._session, "", 0)

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    @staticmethod
    def _read(headers: Mapping[str, str], name: str) -> str:
        return cookie_parser(headers.get("cookie", "")).get(name, "")


def new_secret() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(32)


def form_token(secret: str) -> str:
    """The word that a form carries: made from a cookie's secret, which it does not tell."""
    return hmac.new(secret.encode(), b"form", "sha256").hexdigest()


def fits(secret: str, word: str) -> bool:
    """Whether a form's word was made from this secret."""
    return bool(secret) and hmac.compare_digest(form_token(secret).encode(), word.encode())
