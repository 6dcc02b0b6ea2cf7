"""The doors for programs on a real socket: guard, routes and server, without the pages.

with ApiServer(product) as server:
    server.url        what OpenAI's clients take as their base URL
    server.key()      a new key
"""

import asyncio
import contextlib
import itertools
import socket
import threading

import uvicorn
from fastapi import FastAPI

from ui.api import programs
from ui.guard import Guard

_names = itertools.count(1)


class ApiServer:
    """Listens on loopback, in a thread, until its `with` block ends."""

    def __init__(self, product):
        self.product = product
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        programs.add(app, product)
        # As `chatbot serve` sets them.
        config = uvicorn.Config(
            Guard(app),
            log_level="error",
            access_log=False,
            loop="asyncio",
            http="h11",
            lifespan="off",
        )
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self.port = self._socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.address}/v1"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._server.should_exit = True
        self._thread.join(30)
        self._socket.close()

    def key(self, **given):
        """A key that may do all and has no limit, unless told otherwise."""
        free = {"name": f"key {next(_names)}", "requests_minute": 0, "stores": False}
        return self.product.keys.add(self.product.person(), **(free | given)).token
