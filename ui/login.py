"""The doors of `accounts`: log in, log out, open a one-time link. Plain HTML, no Gradio.

Works without JavaScript. Each form carries a word made from a cookie (see ui/cookies.py), so no
other site can fill it in. What is wrong is said in one sentence beside the form, which keeps what
was typed, passwords excepted. Knows nothing of how passwords are kept: chatbot/accounts.py does.
"""

import asyncio
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from string import Template
from typing import TypeVar
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from chatbot.accounts import LinkView, SignedIn
from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, NotFound, NotSignedIn, TooManyTries
from chatbot.views import Person
from ui.cookies import Cookies, fits, form_token, new_secret
from ui.guard import caller
from ui.pages.frame import TEMPLATES, static_path
from ui.routes import PLAIN

AT_ONCE = 2
"""Passwords that are checked at once: each takes 64 MiB and most of a core."""
WAITING = 50
"""Logins that may wait for that; more are told to come back."""

FORM_TOO_OLD = "This page was open for too long. Try again."
NO_LINK = "This link was used already, or it is too old. Ask an administrator for a new one."
BUSY = "Many people log in just now. Wait a moment, then try again."

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Words:
    """What the page of a link says, by the link's kind."""

    title: str
    about: str
    button: str


_LINKS = {
    "invite": _Words("Welcome", "Choose the password that you will log in with.", "Begin"),
    "first": _Words("First start", "Make the account of the administrator.", "Begin"),
    "reset": _Words("New password", "It takes the place of the old one.", "Save and log in"),
}


def add(app: FastAPI, product: Product, other_way: str = "") -> "Doors":
    """Add the routes to an application. `other_way`: what to call OpenID Connect, if it is there.

    Returns what another way to log in goes on with.
    """
    doors = Doors(product, other_way)
    for path, method, door in (
        ("/login", "GET", doors.login),
        ("/login", "POST", doors.log_in),
        ("/link/{token}", "GET", doors.link),
        ("/link/{token}", "POST", doors.use_link),
        ("/session", "GET", doors.session),
        ("/logout", "POST", doors.log_out),
        ("/logout/everywhere", "POST", doors.log_out_everywhere),
    ):
        app.add_api_route(path, door, methods=[method], include_in_schema=False)
    app.add_exception_handler(ChatbotError, _told)
    return doors


def local_path(wanted: str) -> str:
    """Where to go after the login: `wanted` when it is a path of this server, else the chat.

    Browsers read a backslash as a slash and skip control characters, so neither may stand in it.
    """
    parts = urlsplit(wanted) if re.fullmatch(r"/[!-\[\]-~]*", wanted) else None
    if parts is None or parts.netloc or wanted.startswith("//"):
        return "/"
    if parts.path.startswith((*PLAIN, "/logout", "/session")):
        return "/"
    return wanted


def wait_words(seconds: float) -> str:
    """How long to wait: `30 seconds`, `2 minutes`."""
    whole = max(1, round(seconds))
    number, unit = (whole, "second") if whole < 100 else (-(-whole // 60), "minute")
    return f"{number} {unit}{'' if number == 1 else 's'}"


class Doors:
    """The routes of one product."""

    def __init__(self, product: Product, other_way: str) -> None:
        self._product = product
        self._other_way = other_way
        self._cookies = Cookies(secure=product.settings.https)
        self._checking = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    # Log in --------------------------------------------------------------------------------------

    async def login(self, request: Request, next: str = "/") -> Response:  # noqa: A002  the query's
        """The form; who is logged in already goes on."""
        try:
            await self.caller(request)
        except NotSignedIn:
            return self.login_form(request, 200, "", to=local_path(next))
        return RedirectResponse(local_path(next), 303)

    async def log_in(self, request: Request) -> Response:
        """Check name and password; a cookie and the wanted page, or the form once more."""
        form = await _form_of(request)
        name, to = form.get("name", ""), local_path(form.get("next", "/"))

        again = partial(self.login_form, request, to=to, name=name)
        if not self._ours(request, form):
            return again(403, FORM_TOO_OLD)
        accounts = self._product.accounts
        try:
            signed = await self._slowly(
                lambda: accounts.sign_in(name, form.get("password", ""), **sender_of(request))
            )
            await self.forget_old(request)
        except TooManyTries as error:
            return self.wait_form(request, error, to=to, name=name)
        except ChatbotError as error:
            return again(error.status, str(error))
        return self.go_on(signed, to)

    def login_form(
        self,
        request: Request,
        status: int,
        problem: str,
        *,
        to: str,
        name: str = "",
        **headers: str,
    ) -> Response:
        """The form, with what is wrong in a sentence. `to`: where to go afterwards."""
        return self._form(
            request,
            "login",
            status,
            problem=problem,
            headers=headers,
            name=name,
            next=to,
            title="Log in",
        )

    def wait_form(
        self, request: Request, error: TooManyTries, *, to: str, name: str = ""
    ) -> Response:
        """The form, which says how long to wait."""
        problem = f"Too many tries. Wait {wait_words(error.retry_after)}, then try again."
        seconds = str(max(1, round(error.retry_after)))
        return self.login_form(request, 429, problem, to=to, name=name, retry_after=seconds)

    # Log out -------------------------------------------------------------------------------------

    async def session(self, request: Request) -> Response:
        """Who is logged in in this browser: a page asks when a call of its own was refused."""
        person = await self.caller(request)
        told = {"id": person.public_id, "name": person.name, "roles": list(person.roles)}
        return JSONResponse(told)

    async def log_out(self, request: Request) -> Response:
        """End this browser's login."""
        await self.forget_old(request)
        return self._left()

    async def log_out_everywhere(self, request: Request) -> Response:
        """End every login of the person."""
        person = await self.caller(request)
        await asyncio.to_thread(self._product.accounts.sign_out_everywhere, person)
        return self._left()

    # One-time links ------------------------------------------------------------------------------

    async def link(self, request: Request, token: str) -> Response:
        """What a link is for, and its form."""
        try:
            view = await asyncio.to_thread(self._product.accounts.open_link, token)
        except NotFound:
            return self._page("gone", 404, title="Link", problem=NO_LINK)
        return self._link_form(request, view, 200, "", {})

    async def use_link(self, request: Request, token: str) -> Response:
        """Set the password, make the account where the link says so, and log in."""
        form = await _form_of(request)
        accounts = self._product.accounts
        try:
            view = await asyncio.to_thread(accounts.open_link, token)
            if not self._ours(request, form):
                return self._link_form(request, view, 403, FORM_TOO_OLD, form)
            signed = await self._slowly(
                lambda: accounts.use_link(
                    token,
                    login=form.get("login", "") or view.login or "",
                    name=form.get("name", "") or view.name or "",
                    password=form.get("password", ""),
                    adopt=form.get("adopt") == "yes" and view.kind == "first",
                    **sender_of(request),
                )
            )
            await self.forget_old(request)
        except NotFound:
            return self._page("gone", 404, title="Link", problem=NO_LINK)
        except ChatbotError as error:
            return self._link_form(request, view, error.status, str(error), form)
        return self.go_on(signed, "/")

    def _link_form(
        self, request: Request, view: LinkView, status: int, problem: str, form: Mapping[str, str]
    ) -> Response:
        words = _LINKS[view.kind]
        return self._form(
            request,
            "link",
            status,
            problem=problem,
            title=words.title,
            about=words.about,
            button=words.button,
            login=form.get("login", view.login or ""),
            name=form.get("name", view.name or ""),
            fixed="readonly" if view.login else "",
            asked="hidden" if view.kind == "reset" else "",
            only_first="" if view.kind == "first" else "hidden",
        )

    # What they share -----------------------------------------------------------------------------

    async def caller(self, request: Request) -> Person:
        """Who is logged in. Raises NotSignedIn."""
        return await asyncio.to_thread(caller, self._product, request)

    async def _slowly(self, check: Callable[[], _T]) -> _T:
        """Run what checks or makes a password, a few at once. Raises TooManyTries: many wait."""
        if self._waiting >= WAITING:
            raise TooManyTries(BUSY, 10)
        self._waiting += 1
        try:
            async with self._checking:
                return await asyncio.to_thread(check)
        finally:
            self._waiting -= 1

    async def forget_old(self, request: Request) -> None:
        """End the login that the browser had."""
        token = self._cookies.session(request.headers)
        if token:
            await asyncio.to_thread(self._product.accounts.sign_out, token)

    def go_on(self, signed: SignedIn, to: str) -> Response:
        """Log the browser in, and send it there."""
        response = RedirectResponse(to, 303)
        self._cookies.set_session(response, signed.token, signed.expires_at)
        return response

    def _left(self) -> Response:
        response = JSONResponse({})
        self._cookies.end_session(response)
        return response

    def _ours(self, request: Request, form: Mapping[str, str]) -> bool:
        """Whether a page of ours, in this browser, sent the form."""
        return fits(self._secret(request), form.get("form", ""))

    def _secret(self, request: Request) -> str:
        return self._cookies.session(request.headers) or self._cookies.form(request.headers)

    def _form(
        self,
        request: Request,
        page: str,
        status: int,
        *,
        problem: str = "",
        headers: Mapping[str, str] | None = None,
        **values: str,
    ) -> Response:
        """A page with a form; a browser without a secret for it gets one."""
        secret = self._secret(request)
        fresh = "" if secret else new_secret()
        response = self._page(
            page, status, problem=problem, form=form_token(secret or fresh), **values
        )
        for name, value in (headers or {}).items():
            response.headers[name.replace("_", "-")] = value
        if fresh:
            self._cookies.set_form(response, fresh)
        return response

    def _page(self, page: str, status: int, *, title: str, problem: str, **values: str) -> Response:
        """A template filled with escaped values, inside the frame of the plain pages."""
        workspace = self._product.settings.title
        named = values.get("login" if page == "link" else "name")
        shown = {name: html.escape(value) for name, value in values.items()}
        shown |= {
            "title": html.escape(title),
            "workspace": html.escape(workspace),
            "problem": _problem(problem),
            "other": _other(self._other_way, values.get("next", "/")),
            "invalid": 'aria-invalid="true" aria-describedby="problem"' if status == 401 else "",
            "static": static_path(),
            # Who has given a name already goes on with the password.
            "focus_name": "" if named else "autofocus",
            "focus_password": "autofocus" if named else "",
        }
        content = _template(page).substitute(shown)
        return HTMLResponse(_template("plain").substitute(shown | {"content": content}), status)


async def _told(_: Request, error: Exception) -> Response:
    """An error of ours that no page shows, for scripts."""
    assert isinstance(error, ChatbotError)  # noqa: S101  registered for these alone
    return JSONResponse({"error": str(error), "code": error.code}, error.status)


def _problem(sentence: str) -> str:
    return _template("problem").substitute(sentence=html.escape(sentence)) if sentence else ""


def _other(way: str, to: str) -> str:
    """The button of another way to log in, where there is one."""
    shown = {"way": html.escape(way), "next": quote(to, safe="")}
    return _template("other").substitute(shown) if way else ""


def _template(name: str) -> Template:
    return Template((TEMPLATES / "login" / f"{name}.html").read_text("utf-8"))


async def _form_of(request: Request) -> dict[str, str]:
    """The fields of a form; the guard has limited its size. Nothing where it is no form."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("application/x-www-form-urlencoded"):
        return {}
    body = (await request.body()).decode("utf-8", "replace")
    try:
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}


def sender_of(request: Request) -> dict[str, str]:
    """Where a login comes from, for the list of sessions."""
    return {
        "address": request.client.host if request.client else "",
        "agent": request.headers.get("user-agent", "")[:300],
    }
