"""Work that may take longer than one call to the server: begun, asked after, stopped.

    begin ─▶ {"work": id}
    follow ─▶ {"running": {"stage", "done", "of"}}, again and again, then {"result": …} or the error
    stop  ─▶ it ends as soon as it can

Works belong to a person and wait in one line, or in a few. They know no page; their results are
forgotten once told, or after a while.
"""

import asyncio
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from chatbot.errors import Busy, NotFound
from chatbot.learning.inside.views import Work
from chatbot.views import Person

Json = dict[str, Any]

LOOK = 0.4
"""Seconds that one `follow` waits for the end before it tells how far the work is."""
KEPT = 120.0
"""Seconds without a `follow` after which a work is stopped and forgotten: its page is gone."""
MOST = 8
"""Works that run or wait at once, and results that wait to be fetched."""
MOST_OF_ONE = 3
"""Of these, works of one person: others get their turn."""


@dataclass(slots=True)
class _Entry:
    person: int
    work: Work
    task: "asyncio.Future[Json]"
    seen: float = field(default_factory=time.monotonic)


class Works:
    """The works of one page, `at_once` of them at a time, in the order in which they came.

    `begin` and `follow` are for the event loop.
    """

    def __init__(self, at_once: int = 1) -> None:
        self._entries: dict[str, _Entry] = {}
        self._line = ThreadPoolExecutor(at_once, "works")

    def begin(
        self,
        person: Person,
        run: Callable[[Work], Json],
        after: Callable[[], None] | None = None,
    ) -> Json:
        """Put work in the line. `run` may block; it gets the work to tell how far it is.

        `after` runs when it ended, and when it was given up before it ran. Raises Busy.
        """
        self._forget()
        self._let(person)
        if len(self._entries) >= MOST:
            raise Busy("Several people wait for this just now. Try again in a moment.")
        work, name = Work(), uuid.uuid4().hex
        running = self._line.submit(run, work)
        if after is not None:
            running.add_done_callback(lambda _: after())
        task = asyncio.wrap_future(running)
        task.add_done_callback(_retrieve)
        self._entries[name] = _Entry(person.id, work, task)
        return {"work": name}

    async def follow(self, person: Person, name: str) -> Json:
        """How far the work is, or what it gave. Raises NotFound, and what the work raised."""
        entry = self._of(person, name)
        entry.seen = time.monotonic()
        done, _ = await asyncio.wait({entry.task}, timeout=LOOK)
        if not done:
            work = entry.work
            return {"running": {"stage": work.stage, "done": work.done, "of": work.of}}
        self._entries.pop(name, None)
        return {"result": entry.task.result()}

    def stop(self, person: Person, name: str) -> None:
        """Ask the work to end; `follow` tells what it has until then. Raises NotFound."""
        self._of(person, name).work.cancel.cancel()

    def close(self) -> None:
        """Stop all: the server ends."""
        for entry in self._entries.values():
            entry.work.cancel.cancel()
        self._line.shutdown(wait=False, cancel_futures=True)

    def _of(self, person: Person, name: str) -> _Entry:
        entry = self._entries.get(name)
        if entry is None or entry.person != person.id:
            raise NotFound("That was too long ago, or the server was started again. Run it again.")
        return entry

    def _let(self, person: Person) -> None:
        """Make room among a person's own works, where they stopped one. Raises Busy."""
        own = [name for name, entry in self._entries.items() if entry.person == person.id]
        if len(own) < MOST_OF_ONE:
            return
        stopped = next((name for name in own if self._entries[name].work.cancel.cancelled), None)
        if stopped is None:
            raise Busy(
                f"{MOST_OF_ONE} things that you began go on or wait already. Let one of them end, "
                "or stop it; then begin again."
            )
        self._entries.pop(stopped).task.cancel()

    def _forget(self) -> None:
        late = time.monotonic() - KEPT
        for name, entry in list(self._entries.items()):
            if entry.seen < late:
                entry.work.cancel.cancel()
                entry.task.cancel()
                del self._entries[name]


def _retrieve(task: "asyncio.Future[Json]") -> None:
    """Look at the error of a work that nobody follows, so that nobody is warned of it."""
    if not task.cancelled():
        task.exception()
