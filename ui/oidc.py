"""Logging in through another server (OpenID Connect): go there, and come back.

What belongs together is kept by the browser alone, in one cookie of ten minutes: a secret, when it
was made, and where to go afterwards. State, nonce and PKCE verifier are made from it, so nobody
comes back with what another browser began. Every refusal is one of our sentences on the login page;
nothing that the other server writes is shown, and no token gets here. Knows no accounts.
"""

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, NotSignedIn, SignInFailed, TooManyTries
from chatbot.openid import Vouched, missing
from ui.cookies import AWAY_SECONDS, Cookies
from ui.login import BUSY, WAITING, Doors, local_path, sender_of
from ui.refusal import Refusal

if TYPE_CHECKING:
    from chatbot.openid.provider import Provider  # imports authlib, which may be missing

BACK = "/oidc/back"
LONGEST_CODE = 4096
"""Characters of what a browser brings back."""
LONGEST_PATH = 1500
"""Characters of where to go afterwards, as the cookie has it."""

TOO_OLD = "The login took too long, or it was begun elsewhere. Try again."
WRONG = "The answer of {name} cannot be trusted. Tell an administrator."
NOT_NOW = "The login with {name} is out of order. Try again in a moment."

ERRORS = ("access_denied", "server_error", "temporarily_unavailable")
"""What a browser may bring back as it is; every other error is `refused`."""

SENTENCES = {
    "access_denied": "The login with {name} was cancelled. Try again, or use a password.",
    "server_error": NOT_NOW,
    "temporarily_unavailable": NOT_NOW,
    "silent": "The login with {name} does not answer. Try again in a moment, or use a password.",
    "refused": "The login with {name} was refused. Try again, or use a password.",
}
"""What to say, by the word of a SignInFailed; of all others, WRONG."""

Way = Callable[..., Awaitable[Response]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Away:
    """What a browser keeps while its person is at the provider.

    Args:
        secret: known to this browser and, while it asks, to us.
        since: when it was made, in seconds since 1970.
        to: where to go afterwards, a path of this server.
    """

    secret: str
    since: int
    to: str

    @property
    def cookie(self) -> str:
        """All of it, as a cookie's value."""
        return f"{self.secret}.{self.since}.{quote(self.to, safe='')}"

    def word(self, purpose: str) -> str:
        """A word made from it, which does not tell the secret: 64 hexadecimal digits."""
        return hmac.new(self.cookie.encode(), purpose.encode(), "sha256").hexdigest()

    def brought(self, state: str, now: float) -> bool:
        """Whether a browser comes back with this in time, from where it was sent."""
        fits = hmac.compare_digest(self.word("state").encode(), state.encode())
        return fits and 0 <= now - self.since <= AWAY_SECONDS


def begun(to: str, now: float) -> Away:
    """A new one; too long an address is left out."""
    fits = len(quote(to, safe="")) <= LONGEST_PATH
    return Away(secrets.token_urlsafe(32), int(now), to if fits else "/")


def read(cookie: str) -> Away | None:
    """What a cookie holds, or None."""
    secret, _, rest = cookie.partition(".")
    since, _, to = rest.partition(".")
    if not secret or not (since.isascii() and since.isdecimal() and len(since) <= 12):
        return None
    return Away(secret, int(since), local_path(unquote(to)))


def add(app: FastAPI, product: Product, provider: "Provider | None", doors: Doors) -> None:
    """Add the routes to an application; without a provider they are not found."""
    start: Way = _not_there
    back: Way = _not_there
    if provider is not None:
        ways = _Ways(product, provider, doors)
        start, back = ways.start, ways.back
    elif product.settings.oidc_issuer:
        log.warning("%s", missing(product.settings))
    for path, way in (("/oidc/start", start), (BACK, back)):
        app.add_api_route(path, way, methods=["GET"], include_in_schema=False)


async def _not_there() -> Response:
    raise Refusal(404, "Not found.", "not_found")


class _Ways:
    """To the provider and back."""

    def __init__(self, product: Product, provider: "Provider", doors: Doors) -> None:
        self._accounts = product.accounts
        self._https = product.settings.https
        self._cookies = Cookies(secure=self._https)
        self._provider = provider
        self._doors = doors
        self._under_way = 0

    async def start(self, request: Request, next: str = "/") -> Response:  # noqa: A002  the query's
        """Send the browser to the provider; who is logged in already goes on."""
        to = local_path(next)
        try:
            await self._doors.caller(request)
        except NotSignedIn:
            pass
        else:
            return RedirectResponse(to, 303)
        away = begun(to, time.time())
        try:
            address = await self._provider.address(
                self._back(request),
                state=away.word("state"),
                nonce=away.word("nonce"),
                verifier=away.word("verifier"),
            )
        except SignInFailed as error:
            return self._failed(request, error, to)
        response = RedirectResponse(address, 303)
        self._cookies.set_away(response, away.cookie)
        return response

    async def back(self, request: Request) -> Response:
        """Log in whom the provider vouches for, or say on the login page why not."""
        away = read(self._cookies.away(request.headers))
        if away is None or not away.brought(_given(request, "state"), time.time()):
            return self._doors.login_form(request, 400, TOO_OLD, to="/")
        response = await self._arrived(request, away)
        self._cookies.end_away(response)
        return response

    async def _arrived(self, request: Request, away: Away) -> Response:
        sender = sender_of(request)
        try:
            await asyncio.to_thread(self._accounts.may_try, sender["address"])
            vouched = await self._vouched(request, away)
            signed = await asyncio.to_thread(
                lambda: self._accounts.by_identity(
                    vouched.issuer,
                    vouched.subject,
                    email=vouched.email,
                    name=vouched.name,
                    **sender,
                )
            )
            await self._doors.forget_old(request)
        except TooManyTries as error:
            return self._doors.wait_form(request, error, to=away.to)
        except SignInFailed as error:
            if error.why != "silent":
                await asyncio.to_thread(
                    self._accounts.identity_refused, sender["address"], error.why
                )
            return self._failed(request, error, away.to)
        except ChatbotError as error:
            return self._doors.login_form(request, error.status, str(error), to=away.to)
        return self._doors.go_on(signed, away.to)

    async def _vouched(self, request: Request, away: Away) -> Vouched:
        """Who came back. Raises SignInFailed, TooManyTries."""
        if error := _given(request, "error"):
            raise SignInFailed(why=error if error in ERRORS else "refused")
        code = _given(request, "code")
        if not code:
            raise SignInFailed(why="no code")
        if self._under_way >= WAITING:
            raise TooManyTries(BUSY, 10)
        self._under_way += 1
        try:
            return await self._provider.vouched(
                code,
                self._back(request),
                nonce=away.word("nonce"),
                verifier=away.word("verifier"),
                issuer=_given(request, "iss"),
            )
        finally:
            self._under_way -= 1

    def _failed(self, request: Request, error: SignInFailed, to: str) -> Response:
        # The word is ours; it tells an administrator more than the page tells everybody.
        log.warning("OpenID Connect: a sign-in failed (%s)", error.why)
        said = SENTENCES.get(error.why, WRONG).format(name=self._provider.name)
        return self._doors.login_form(request, error.status, said, to=to)

    def _back(self, request: Request) -> str:
        """Where the provider sends people back to: this server, by the name they use for it.

        The guard has compared that name with those of this server.
        """
        scheme = "https" if self._https else "http"
        return f"{scheme}://{request.headers.get('host', '')}{BACK}"


def _given(request: Request, name: str) -> str:
    """A value of the query; nothing where it is too long, or there are two of them."""
    values = request.query_params.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= LONGEST_CODE else ""
