"""A token that says "stop": one per turn, passed down to whatever is computing.

It knows nothing of turns or models. A door, a page or a time limit calls `cancel`; a runtime asks
`cancelled` between two tokens, or leaves a function that frees what it holds.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class CancelToken:
    """Set once, never unset. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._waiting: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask to stop. Calling again does nothing."""
        with self._lock:
            self._cancelled = True
            waiting, self._waiting = self._waiting, []
        for function in waiting:
            function()

    def on_cancel(self, function: Callable[[], None]) -> Callable[[], None]:
        """Call `function` once on `cancel`, or now when that was before.

        It runs in the thread that cancels, so it must be quick. Returns a function that forgets it.
        """
        with self._lock:
            if not self._cancelled:
                self._waiting.append(function)
                return lambda: self._forget(function)
        function()
        return lambda: None

    @contextmanager
    def event(self) -> Iterator[asyncio.Event]:
        """The same as an event of the running loop, for as long as the block lasts."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(event.set)

        forget = self.on_cancel(wake)
        try:
            yield event
        finally:
            forget()

    def _forget(self, function: Callable[[], None]) -> None:
        with self._lock:
            if function in self._waiting:
                self._waiting.remove(function)
