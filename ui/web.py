"""Puts the browser's door together: FastAPI, Gradio's pages, our static files, the guard.

`create_app` wires; `serve` listens. Nothing here knows what a page shows. Importing this module
imports Gradio, which is most of a server's start; torch and the model come after the first page.
"""

import asyncio
import os
import socket
import sys
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, SettingsInvalid
from chatbot.monitoring import spans
from chatbot.openid import open_provider
from ui import bindings, login, logs, oidc, quick, routes
from ui.api import programs
from ui.guard import Guard, People, names_of
from ui.pages import (
    account,
    admin,
    admin_files,
    chat,
    desk,
    frame,
    knowledge,
    models,
    models_files,
    monitor,
    monitor_files,
    prompts,
    review,
    review_files,
)
from ui.pages.chat_stream import ChatStream
from ui.pages.commands import NOT_UNDERSTOOD
from ui.refusal import Refusal
from ui.stopping import GRACE, Server

QUEUE = 1000
"""Listeners' calls that may wait; beyond it a page is told that the server is busy."""
WARM_UP_AFTER = 3.0
"""Seconds after which the model is loaded even if nobody has opened a page."""
NO_STREAM = "Nothing is running in this page any more. Reload it."
NO_PAGES = ("/gradio_api", "/assets", "/ui", *routes.PLAIN)
"""Where no page of Gradio's lies."""


def create_app(product: Product) -> FastAPI:
    """The whole application, ready for an ASGI server."""
    warm, settings = _Warmth(product), product.settings
    blocks, streams, works = pages_of(product)
    people = None
    if settings.auth == "accounts":
        people = People(product, bindings.Bindings(_Held(blocks)))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        quick.take_turns()
        await asyncio.to_thread(product.recover)
        product.wire.begin()
        product.sandbox.start()
        keeping = [asyncio.create_task(work) for work in product.duties()]
        keeping.append(asyncio.create_task(quick.keep_collecting(lambda: _writes(product))))
        timer = asyncio.get_running_loop().call_later(WARM_UP_AFTER, warm.up)
        yield
        timer.cancel()
        for task in keeping:
            task.cancel()
        works.close()
        await product.testing.close()
        await product.chat.close()
        await product.completions.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.streams = streams
    # With a CORS policy of its own here, Gradio does not add one that lets other origins in.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(_Shell, warm=warm)
    app.add_middleware(_Streams, held=_Held(blocks))
    names = names_of(settings.hosts, settings.host)
    app.add_middleware(Guard, names=names, people=people, https=settings.https)
    app.mount(frame.static_path(), _Forever(directory=frame.STATIC))
    _add_health(app, product)
    if people is not None:
        provider = open_provider(settings)
        doors = login.add(app, product, provider.name if provider else "")
        oidc.add(app, product, provider, doors)
    admin_files.add(app, product)
    review_files.add(app, product)
    models_files.add(app, product)
    monitor_files.add(app, product)
    programs.add(app, product)
    _mount(app, blocks)
    for mounted in app.routes:
        if isinstance(mounted, Mount) and isinstance(mounted.app, FastAPI):
            mounted.app.add_exception_handler(RequestValidationError, _not_understood)
            mounted.app.add_exception_handler(KeyError, _no_such_part)
    return app


def _mount(app: FastAPI, blocks: gr.Blocks) -> None:
    with warnings.catch_warnings():
        # Gradio says that several pages are not rendered on the server, which we do not ask for.
        warnings.filterwarnings("ignore", "SSR mode is not supported")
        gr.mount_gradio_app(
            app,
            blocks,
            "/",
            theme=frame.theme(),
            show_error=False,
            run_history=False,
            enable_monitoring=False,
            footer_links=[],
            ssr_mode=False,
            mcp_server=False,
            pwa=False,
            max_file_size="5mb",
        )


async def _not_understood(_: Request, _error: Exception) -> JSONResponse:
    """In the place of FastAPI's answer, which repeats what was sent (and fails at an infinity)."""
    return JSONResponse({"detail": NOT_UNDERSTOOD}, 422)


async def _no_such_part(request: Request, error: Exception) -> JSONResponse:
    """A page asks a part that it does not have: Gradio looks it up without a care."""
    if not request.url.path.startswith("/gradio_api/component_server"):
        raise error
    return await _not_understood(request, error)


def serve(
    product: Product, host: str, port: int, *, tell: Callable[[str], None] | None = None
) -> None:
    """Listen until interrupted. Port 0 takes a free one; `tell` gets the line with the address.

    Raises:
        SettingsInvalid: the address cannot be listened on.
    """
    listener = _listen(host, port)
    at = f"[{host}]" if ":" in host else host
    say = tell or (lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    port = listener.getsockname()[1]
    product.replicas.begin(f"{at}:{port}")
    logs.configure(product.settings.log, lambda: product.replicas.id)
    spans.begin(product.settings.otel, lambda: product.replicas.id)
    say(f"The chat is at http://{at}:{port}/")
    if product.settings.auth == "accounts" and (link := product.accounts.first_link()):
        address = product.settings.address(port)
        say(f"Make the first administrator, within a day: {address}{link.path}")
    app = create_app(product)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
        # What every installation has; others, where they happen to be there, behave otherwise.
        loop="asyncio",
        http="h11",
        # Uvicorn would believe what anybody on this machine says of where they come from.
        proxy_headers=bool(product.settings.forwarded),
        forwarded_allow_ips=list(product.settings.forwarded),
    )
    try:
        Server(config, product, app.state.streams.close).run(sockets=[listener])
    finally:
        spans.end()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on: 40 ms for each request after the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # who opens the address while the pages are made waits for them
    except OSError as error:
        listener.close()
        raise SettingsInvalid(
            f"Cannot listen on {host}:{port}: {error.strerror}. "
            "Choose another port with CHATBOT_PORT, or 0 for a free one."
        ) from None
    return listener


def pages_of(product: Product) -> tuple[gr.Blocks, ChatStream, ExitStack]:
    """Every page, with what is to be closed at the end: its streams and its works."""
    works = ExitStack()
    with gr.Blocks(title=f"Chat · {product.settings.title}", analytics_enabled=False) as blocks:
        streams = chat.build(product, _Held(blocks))
    with blocks.route(frame.MODELS.title, frame.MODELS.path):
        works.callback(models.build(product).close)
    with blocks.route(frame.MONITOR.title, frame.MONITOR.path):
        monitor.build(product)
    with blocks.route(frame.DESK.title, frame.DESK.path):
        works.callback(desk.build(product).close)
    with blocks.route(frame.PROMPTS.title, frame.PROMPTS.path):
        works.callback(prompts.build(product).close)
    with blocks.route(frame.KNOWLEDGE.title, frame.KNOWLEDGE.path):
        works.callback(knowledge.build(product).close)
    with blocks.route(frame.REVIEW.title, frame.REVIEW.path):
        works.callback(review.build(product).close)
    with blocks.route(frame.ADMIN.title, frame.ADMIN.path):
        admin.build(product)
    with blocks.route(frame.ACCOUNT.title, frame.ACCOUNT.path):
        account.build(product)
    # Gradio runs at most this many listeners at once, and each open tab holds one.
    blocks.max_threads = chat.AT_ONCE
    blocks.state_session_capacity = bindings.MOST
    blocks.queue(default_concurrency_limit=chat.AT_ONCE, max_size=QUEUE)
    quick.keep_configs(blocks)
    quick.forget_matplotlib()
    return blocks, streams, works


class _Held:
    """What Gradio keeps of its sessions: the one place that looks inside."""

    def __init__(self, blocks: gr.Blocks) -> None:
        self._blocks = blocks

    def events(self) -> Mapping[str, int]:
        """Listeners that run or wait, by session."""
        return Counter(one.session_hash for one in self._events().values())

    def session_of(self, event: str) -> str | None:
        """The session of a listener that runs or waits."""
        found = self._events().get(event)
        return found.session_hash if found else None

    def unread(self, name: str) -> int:
        """Messages of a session that wait to be fetched."""
        waiting = self._blocks._queue.pending_messages_per_session.get(name)  # noqa: SLF001
        return waiting.qsize() if waiting is not None else 0

    def is_gone(self, name: str) -> bool:
        """Whether the browser of a session has closed it, or vanished, while a listener runs."""
        running = self._blocks._queue.pending_event_ids_session.get(name, ())  # noqa: SLF001
        events = self._events()
        return any(event in events and events[event].closed for event in tuple(running))

    def knows(self, name: str) -> bool:
        """Whether a session has, or had, something to fetch."""
        return name in self._blocks._queue.pending_messages_per_session  # noqa: SLF001

    def forget(self, name: str) -> None:
        """Drop all that is kept of a session."""
        queue, states = self._blocks._queue, self._blocks.state_holder  # noqa: SLF001
        queue.pending_messages_per_session.pop(name, None)
        queue.pending_event_ids_session.pop(name, None)
        states.session_data.pop(name, None)
        states.time_last_used.pop(name, None)

    def _events(self) -> dict[str, Any]:
        return dict(self._blocks._queue.event_ids_to_events)  # noqa: SLF001


def _add_health(app: FastAPI, product: Product) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        report = await asyncio.to_thread(readiness, product)
        return JSONResponse(report, 200 if report["ready"] else 503)


def readiness(product: Product) -> dict[str, Any]:
    """Whether an answer can begin at once: database, schema and model, each in a word.

    While a model that was promoted is loaded, a server that has another open stays ready.
    """
    report: dict[str, Any] = {"ready": False, "database": "ok", "schema": "ok", "model": "idle"}
    try:
        state = product.database.schema()
        report["schema"] = "ok" if state.ok else f"{state.current} is not {state.head}"
    except Exception:  # noqa: BLE001  whatever the driver raised: the database does not answer
        report |= {"database": "no answer", "schema": "unknown"}
    try:
        model = product.registry.resolve()
        report["model"] = product.registry.state(model.label).state
    except ChatbotError as error:
        report["model"] = str(error)
    fine = report["database"] == report["schema"] == "ok"
    going = report["model"] in ("idle", "ready") or bool(product.registry.opened())
    report["ready"] = fine and going and not product.chat.closing
    return report


def _writes(product: Product) -> bool:
    """Whether an answer of a chat is being written."""
    return any(not job.turn.done for job in product.chat.jobs)


class _Warmth:
    """Loads the model once, behind the first page."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._begun = False

    def up(self) -> None:
        """Begin, unless it was begun already."""
        if not self._begun:
            self._begun = True
            self._product.registry.load_in_background()


class _Streams:
    """Middleware: a stream of a session that never asked for anything is not there.

    Gradio would begin to answer, and break off.
    """

    def __init__(self, app: ASGIApp, held: _Held) -> None:
        self._app = app
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] == "http" and scope["path"].rstrip("/") == "/gradio_api/queue/data"
        if asks and not self._held.knows(Request(scope).query_params.get("session_hash", "")):
            raise Refusal(404, NO_STREAM, "not_found")
        await self._app(scope, receive, send)


class _Shell:
    """Middleware: our head goes into Gradio's pages; after the first one the model may load."""

    def __init__(self, app: ASGIApp, warm: _Warmth) -> None:
        self._app = app
        self._warm = warm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(NO_PAGES):
            await self._app(scope, receive, send)
            return
        page = False

        async def with_head(message: Message) -> None:
            nonlocal page
            if message["type"] == "http.response.start":
                kind = dict(message["headers"]).get(b"content-type", b"")
                page = kind.startswith(b"text/html")
                if page:
                    # The guard, which sees the whole page, counts its length again.
                    message["headers"] = [
                        pair for pair in message["headers"] if pair[0] != b"content-length"
                    ]
            elif page:
                message["body"] = frame.with_head(message["body"])
            await send(message)
            if page and message["type"] == "http.response.body" and not message.get("more_body"):
                self._warm.up()

        await self._app(scope, receive, with_head)


class _Forever(StaticFiles):
    """Files under a path that names their content: a browser need not ask again."""

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
