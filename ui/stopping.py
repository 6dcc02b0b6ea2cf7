"""How the server stops.

    first signal   new turns are refused with 503; running answers go on, and pages show them;
                   where other servers are there, no new connection is taken: a proxy goes to those
    then           all have ended or `drain_seconds` are over: the rest is marked `interrupted`,
                   the pages' streams end so that they come back to the next server, and we leave
    second signal  the process ends at once, as if killed: what was saved is kept, and the next
                   start marks the rest `interrupted`

Knows no route and no page.
"""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn

from chatbot.bootstrap import Product

log = logging.getLogger(__name__)

GRACE = 5
"""Seconds that open connections have to end, once no answer runs any more."""
LINGER = 0.5
"""Seconds after the last new connection in which what came over it is still taken."""
LINGER_MOST = 5.0
"""The same, at most, while a request is there of which no answer has begun."""
LEAVE_WITHIN = 20.0
"""Seconds after the last answer in which the process ends, whatever a thread still does."""


class Server(uvicorn.Server):
    """Serves until a signal, then drains. `end_streams` ends what open pages listen to."""

    def __init__(
        self, config: uvicorn.Config, product: Product, end_streams: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._product = product
        self._end_streams = end_streams
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None
        self._told = False
        self._listening: list[socket.socket] = []
        self._accepting: list[asyncio.Task[Any]] = []

    async def startup(self, sockets: Any = None) -> None:
        """As uvicorn's; from here on a signal drains."""
        self._loop = asyncio.get_running_loop()
        self._listening = list(sockets or ())
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ARG002  the signature is uvicorn's
        """Begin to stop; end at once the second time."""
        if self._told:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self._told = True
        if self._loop is None:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._draining = asyncio.create_task(self._drain(), name="drain")

    async def _drain(self) -> None:
        try:
            if await asyncio.to_thread(self._product.replicas.has_others):
                await self._take_no_more()
            grace = self._product.settings.drain_seconds
            rooms = self._product.chat, self._product.completions
            await asyncio.gather(*(room.close(grace) for room in rooms))
        except Exception as error:  # noqa: BLE001  whatever broke, we stop
            log.error("an answer was not ended: %s", type(error).__name__)  # noqa: TRY400
        finally:
            self._product.privacy.close()
            self._end_streams()
            self.should_exit = True
            _leave_for_sure()

    async def _take_no_more(self) -> None:
        """Refuse connections from here on; what has come in by then is still taken."""
        loop = asyncio.get_running_loop()
        for listener in self._listening:
            # Who waits to be accepted would be cut off by the closing, with what they have sent.
            with suppress(BlockingIOError, OSError):
                while True:
                    waiting, _ = listener.accept()
                    waiting.setblocking(False)
                    self._accepting.append(
                        loop.create_task(loop.connect_accepted_socket(self._protocol, waiting))
                    )
        for server in self.servers:
            server.close()
        end = loop.time() + LINGER_MOST
        await asyncio.sleep(LINGER)
        while self._has_unanswered() and loop.time() < end:  # noqa: ASYNC110  uvicorn tells nobody
            await asyncio.sleep(LINGER / 10)

    def _protocol(self) -> asyncio.Protocol:
        """What speaks HTTP on a connection, as uvicorn makes it."""
        kind: Any = self.config.http_protocol_class
        made: asyncio.Protocol = kind(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    def _has_unanswered(self) -> bool:
        """Whether a request has come in of which no answer has begun."""
        cycles = [getattr(one, "cycle", None) for one in self.server_state.connections]
        return any(one is not None and not one.response_started for one in cycles)


def _leave_for_sure() -> None:
    """End the process later if a thread that nothing can stop still keeps it then."""
    timer = threading.Timer(LEAVE_WITHIN, os._exit, [1])
    timer.daemon = True
    timer.start()
