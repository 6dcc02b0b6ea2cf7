"""Something the database says, believed for a moment before it is asked again.

So a change that another process made is seen soon, and what asks at every turn costs a look at a
clock. Knows nothing of what is said.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from chatbot.errors import ChatbotError

T = TypeVar("T")


class Believed(Generic[T]):
    """What `ask` returned, at most `seconds` old. Safe to share between threads.

    While `ask` raises ChatbotError it is what it was, at first `unknown`.
    """

    def __init__(
        self,
        ask: Callable[[], T],
        unknown: T,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._said = unknown
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._changes = 0

    def get(self) -> T:
        """What is believed now."""
        if self._clock() >= self._until:
            self._renew()
        return self._said

    def forget(self) -> None:
        """Ask at the next call: this process changed it."""
        with self._lock:
            self._changes += 1
            self._until = float("-inf")

    def _renew(self) -> None:
        """Ask, without the lock: who waited for it here might keep from us what we ask for."""
        changes, said, told = self._changes, self._said, False
        with suppress(ChatbotError):
            said, told = self._ask(), True
        with self._lock:
            if changes != self._changes:
                return  # it was changed meanwhile: what was said may be old
            if told:
                self._said = said
            self._until = self._clock() + self._seconds
