"""What stands before every page: who calls, which routes are open, how much is let in.

`caller` is the one place that says who asks; every handler calls it and passes the person down.
`admit` is the one place that compares roles; every handler of a page for some roles calls it.
`Guard` is ASGI middleware around the whole application. It knows nothing of conversations.

* Only the routes of ui/routes.py are answered.
* A request must use a name of this server, and one that changes something must come from a page of
  ours. That stops a foreign site, also one whose name it points here.
* `solo` has no login: the address is the lock, and there is one person.
* In `accounts` a route that is not open needs a login, and a Gradio session belongs to the person
  who began it (see ui/bindings.py).
* A route for programs needs a key, which its handler checks (see ui/api/keyed.py): here it is only
  kept apart from logins. A request with a key is nobody's login, whatever cookies it brings.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping
from contextlib import ExitStack
from typing import Any, Protocol
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, NotAllowed, NotSignedIn
from chatbot.views import Person
from ui.answer import HEADERS as HEADERS
from ui.answer import Answer
from ui.bindings import Bindings
from ui.cookies import Cookies
from ui.refusal import Message, Refusal, Send, is_program
from ui.routes import BODY_LIMIT as BODY_LIMIT
from ui.routes import LOGIN_ROUTES, ROUTES, Route, find, methods

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BROKEN = "Something went wrong on the server. Try again."
NOT_SERVED = (
    "This address is not served. Open the chat by the address it printed, "
    "or add this name to CHATBOT_HOSTS."
)
NO_KEY = 'A key is needed: send it as "Authorization: Bearer cb-…".'
OTHER_SITE = "Requests from other sites are refused."
NOT_UNDERSTOOD = "The page sent something that the server does not understand. Reload the page."

log = logging.getLogger(__name__)

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})

STEERING = frozenset({b"x-forwarded-host", b"x-gradio-server"})
"""Headers by which Gradio would write another server's address into a page. A proxy passes Host."""


class Asks(Protocol):
    """A request: Gradio's or Starlette's."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers."""


def caller(product: Product, request: Asks) -> Person:
    """The person who makes this request, with the roles that the database gives them now.

    Raises NotSignedIn: only in `accounts`; in `solo` there is one person.
    """
    settings = product.settings
    if settings.auth == "solo":
        return product.person()
    token = Cookies(secure=settings.https).session(request.headers)
    if not token:
        raise NotSignedIn
    return product.accounts.of_token(token)


def bearer(headers: Mapping[str, str]) -> str:
    """The key that a request brings as `Authorization: Bearer KEY`; empty where there is none."""
    scheme, _, key = headers.get("authorization", "").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def admit(person: Person, roles: Collection[str]) -> None:
    """Let a person pass who has one of the roles; anybody where none is named.

    Raises NotAllowed.
    """
    if roles and not set(roles) & set(person.roles):
        raise NotAllowed


def names_of(hosts: Iterable[str], listening: str) -> frozenset[str]:
    """The host names that requests may use: this machine's, where it listens, and those set."""
    everywhere = listening in ("0.0.0.0", "::", "")  # noqa: S104  compared, not listened on
    at = () if everywhere else (listening, f"[{listening}]")
    return LOCAL_NAMES | {name.lower() for name in (*hosts, *at)}


class People:
    """Who may use what, in `accounts`: logins, and whose each Gradio session is."""

    def __init__(self, product: Product, bindings: Bindings) -> None:
        self._product = product
        self.bindings = bindings
        self.cookies = Cookies(secure=product.settings.https)

    async def of(self, request: Asks) -> Person:
        """Who makes this request. Raises NotSignedIn."""
        return await asyncio.to_thread(caller, self._product, request)


class Guard:
    """Middleware: refuses what no page of ours asks for, and sets the headers of every answer.

    `names` are the host names that requests may use; None allows any (behind a proxy that checks).
    Without `people` everybody is the one person of `solo`.
    """

    def __init__(
        self,
        app: App,
        names: Iterable[str] | None = LOCAL_NAMES,
        people: People | None = None,
        *,
        https: bool = False,
    ) -> None:
        self._app = app
        self._names = None if names is None else frozenset(names)
        self._people = people
        self._https = https
        self._routes = ROUTES if people is None else ROUTES + LOGIN_ROUTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await self._answer(scope, receive, Answer(send, https=self._https))

    async def _answer(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in STEERING]
        headers = Headers(scope=scope)
        plainly, program = "text/html" in headers.get("accept", ""), is_program(scope["path"])
        try:
            route = self._checked(scope, headers)
            answer.private = route.who != "open"
            plainly |= route.page
            if self._people is None or route.who == "open" or _by_key(route, headers):
                await self._app(scope, receive, answer)
            else:
                await self._as_somebody(self._people, route, scope, receive, answer)
        except Refusal as refusal:
            await refusal.tell(answer, plainly=plainly, program=program)
        except Exception as error:  # noqa: BLE001  whatever broke, the other requests go on
            # The exception's text may quote the conversation, so only its type is logged.
            log.error("a request broke: %s", type(error).__name__)  # noqa: TRY400
            if not answer.begun:
                broken = Refusal(500, BROKEN, "error")
                await broken.tell(answer, plainly=plainly, program=program)

    def _checked(self, scope: Scope, headers: Headers) -> Route:
        """The route of a request that is in order. Raises Refusal."""
        path: str = scope["path"]
        if self._names is not None and _name(headers.get("host", "")) not in self._names:
            raise Refusal(403, NOT_SERVED, "not_served")
        route = find(self._routes, scope["method"], path)
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and self._foreign(headers, route):
            raise Refusal(403, OTHER_SITE, "other_site")
        if route is None:
            raise _not_served(self._routes, path)
        if "transfer-encoding" in headers:
            raise Refusal(411, "The length of the request must be given.")
        if _length(headers) > route.limit:
            raise Refusal(413, "The request is too large.", "too_large")
        if path.startswith("/gradio_api/component_server") and not _is_json(headers):
            raise Refusal(415, "JSON is expected.")
        return route

    def _foreign(self, headers: Headers, route: Route | None) -> bool:
        """Whether another site's page may have sent this.

        A browser says where it comes from; a program with a login that says nothing might be a
        browser too old to do so. One with a key is none: no page can send a key on its own.
        """
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is None and origin is None:
            if self._people is None or (route is not None and _by_key(route, headers)):
                return False
            return bool(self._people.cookies.session(headers))
        if site in ("cross-site", "same-site"):
            return True
        host = headers.get("host")
        # Somebody in between can write a page without https under our name.
        ours = {f"https://{host}"} if self._https else {f"http://{host}", f"https://{host}"}
        return origin is not None and origin not in ours

    async def _as_somebody(
        self, people: People, route: Route, scope: Scope, receive: Receive, answer: Answer
    ) -> None:
        """Answer a request that needs a login."""
        headers = Headers(scope=scope)
        try:
            person = await people.of(_Request(headers))
        except NotSignedIn as error:
            if route.page and scope["method"] in ("GET", "HEAD"):
                await _to_login(answer, scope)
                return
            if route.who == "key or login":
                raise Refusal(error.status, NO_KEY, "invalid_api_key") from None
            raise Refusal(error.status, str(error), error.code) from None
        except ChatbotError as error:
            raise Refusal(error.status, str(error), error.code, retry_after=5) from None
        with ExitStack() as held:
            stream = route.hash_in in ("path", "query")
            if not stream:
                held.enter_context(people.bindings.calling(person.id, _length(headers)))
            if route.hash_in == "body":
                given, receive = await _read(receive)
                self._bind_body(people.bindings, person, scope["path"], given)
            elif stream:
                name = _hash_in_address(route, scope)
                people.bindings.bind(name, person.id)
                held.enter_context(people.bindings.streaming(name))
            await self._app(scope, receive, answer)

    @staticmethod
    def _bind_body(bindings: Bindings, person: Person, path: str, given: Any) -> None:
        """Check the session that a body names, and what else in it belongs to somebody."""
        name = given.get("session_hash") if isinstance(given, dict) else None
        if not isinstance(name, str):
            raise Refusal(422, NOT_UNDERSTOOD, "not_understood")
        bindings.bind(name, person.id)
        event = given.get("event_id")
        if event is not None:
            bindings.check_event(str(event), name)
        if path.startswith("/gradio_api/queue/join"):
            bindings.check_events(person.id)


def _by_key(route: Route, headers: Headers) -> bool:
    """Whether a request is a program's, whose key counts and no login."""
    return route.who == "key" or (route.who == "key or login" and bool(bearer(headers)))


class _Request:
    """The headers of a request, in the form that `caller` reads."""

    def __init__(self, headers: Headers) -> None:
        self.headers: Mapping[str, str] = headers


async def _read(receive: Receive) -> tuple[Any, Receive]:
    """The JSON of a body, and a `receive` that gives the body once more. Raises Refusal.

    Read as Gradio reads it, by `json.loads`, so that both see the same session in it.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(400, "The request broke off.")
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        given = json.loads(bytes(body))
    except (ValueError, RecursionError):
        raise Refusal(400, "JSON is expected.") from None
    rest: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return rest.pop() if rest else await receive()

    return given, again


def _hash_in_address(route: Route, scope: Scope) -> str:
    if route.hash_in == "path":
        found = route.pattern.fullmatch(scope["path"].rstrip("/"))
        return found["session_hash"] if found else ""
    given = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    names = given.get("session_hash", [])
    # Of two Gradio takes one, and this might look at the other.
    return names[0] if len(names) == 1 else ""


async def _to_login(send: Send, scope: Scope) -> None:
    """Send a person to the login, and back to this address afterwards."""
    query = scope.get("query_string", b"").decode("latin-1")
    address = scope["path"] + (f"?{query}" if query else "")
    to = f"/login?next={quote(address, safe='/')}"
    headers = [(b"location", to.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _not_served(routes: tuple[Route, ...], path: str) -> Refusal:
    """No such path; programs are also told which methods it has."""
    allowed = methods(routes, path) if is_program(path) else ()
    if allowed:
        sentence = f"This path takes {', '.join(allowed)} only."
        return Refusal(405, sentence, "method_not_allowed", allowed=allowed)
    return Refusal(404, "Not found.", "not_found")


def _name(host: str) -> str:
    """The host name of a Host header, without the port, in small letters."""
    return re.sub(r":\d+$", "", host).lower()


def _length(headers: Headers) -> int:
    return int(headers.get("content-length") or 0)


def _is_json(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith("application/json")
