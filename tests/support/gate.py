"""A place whose next transaction is held after its commit, or fails: to put two things in order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from chatbot.archive import Place
from store.engine import Session


class Gate(Place):
    """Stands in for `archive.main`. `hold` and `fail` concern the next transaction alone."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.database, lasting=place.lasting)
        self.committed = threading.Event()
        self._opened = threading.Event()
        self._held = False
        self._failure: Exception | None = None

    def hold(self) -> None:
        """The next writer is told of its commit only once `open` was called."""
        self._held = True

    def fail(self, failure: Exception) -> None:
        """The next writer gets this error and nothing is written."""
        self._failure = failure

    def open(self) -> None:
        """Let the held writer go on."""
        self._opened.set()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """As `Place.writing`."""
        held, self._held = self._held, False
        failure, self._failure = self._failure, None
        with super().writing() as session:
            yield session
            if failure:
                raise failure
        if held:
            self.committed.set()
            self._opened.wait(30)
