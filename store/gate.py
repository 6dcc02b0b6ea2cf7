"""Who may be at a SQLite file when: many readers together, or one commit alone.

With a journal that is rolled back, SQLite lets a commit wait for readers, and new readers for the
commit; both look again and again, after ever longer sleeps of up to a tenth of a second. Within a
process this gate wakes whoever is next at once. Other processes still meet SQLite's own locks.
Knows nothing of databases.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from store.errors import Unavailable

__all__ = ["Gate"]


class Gate:
    """Readers in company, a writer alone. Safe to share between threads; never entered twice."""

    def __init__(self, wait_s: float) -> None:
        """`wait_s`: seconds that somebody waits before `Unavailable` is raised."""
        self._wait_s = wait_s
        self._changed = threading.Condition()
        self._readers = 0
        self._writers = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Read, beside others who read; after a writer who waits. Raises `Unavailable`."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._writers, self._wait_s):
                raise Unavailable("locked", "readers at the gate")
            self._readers += 1
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                if not self._readers:
                    self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Write, when those who read have ended. Raises `Unavailable`.

        One writer at a time: whoever calls this holds the writers' lock.
        """
        with self._changed:
            self._writers += 1  # from here on nobody begins to read
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: not self._readers, self._wait_s):
                    raise Unavailable("locked", "writer at the gate")
            yield
        finally:
            with self._changed:
                self._writers -= 1
                self._changed.notify_all()
