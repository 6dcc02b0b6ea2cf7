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
import threading
from collections.abc import Callable
from typing import Any

import uvicorn

from chatbot.bootstrap import Product

log = logging.getLogger(__name__)

GRACE = 5
"""Seconds that open connections have to end, once no answer runs any more."""
LINGER = 0.5
"""Seconds after the last new connection in which what came over it is still taken."""
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

    async def startup(self, sockets: Any = None) -> None:
        """As uvicorn's; from here on a signal drains."""
        self._loop = asyncio.get_running_loop()
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
                for listener in self.servers:
                    listener.close()
                await asyncio.sleep(LINGER)
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


def _leave_for_sure() -> None:
    """End the process later if a thread that nothing can stop still keeps it then."""
    timer = threading.Timer(LEAVE_WITHIN, os._exit, [1])
    timer.daemon = True
    timer.start()
