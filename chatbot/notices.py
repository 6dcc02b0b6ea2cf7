"""Tells listeners that a conversation changed. Carries ids only: a listener reads the database.

Knows nothing of pages or transports; `forward` hands on what other servers are to hear. Lossless
by being small: a slow listener finds the set of conversations that changed meanwhile, never a
growing queue.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable


class _Listener:
    """One open ear: the ids that changed since it last looked."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.changed: set[str] = set()
        self.wake = asyncio.Event()

    def tell(self, conversation: str) -> None:
        self.changed.add(conversation)
        self.wake.set()


class Notices:
    """Changes by person. `tell` may be called from any thread, `listen` from an event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[int, set[_Listener]] = defaultdict(set)
        self.forward: Callable[[int, str], None] | None = None

    def tell(self, user_id: int, conversation: str) -> None:
        """Say that this person's conversation (public id) changed."""
        self.hear(user_id, conversation)
        if self.forward is not None:
            self.forward(user_id, conversation)

    def look_again(self) -> None:
        """Wake every listener: changes may have been missed. They are told of no conversation."""
        with self._lock:
            people = list(self._listeners)
        for user_id in people:
            self.hear(user_id, "")

    def hear(self, user_id: int, conversation: str) -> None:
        """The same of another server: it is told to listeners here alone."""
        with self._lock:
            listeners = list(self._listeners.get(user_id, ()))
        for listener in listeners:
            if not listener.loop.is_closed():
                listener.loop.call_soon_threadsafe(listener.tell, conversation)

    async def listen(self, user_id: int) -> AsyncGenerator[frozenset[str], None]:
        """Sets of conversations (public ids) of this person as they change, until closed."""
        listener = _Listener()
        with self._lock:
            self._listeners[user_id].add(listener)
        try:
            while True:
                await listener.wake.wait()
                listener.wake.clear()
                changed, listener.changed = frozenset(listener.changed), set()
                yield changed
        finally:
            with self._lock:
                self._listeners[user_id].discard(listener)
                if not self._listeners[user_id]:
                    del self._listeners[user_id]
