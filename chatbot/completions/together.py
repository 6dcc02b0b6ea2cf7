"""Writes of calls that come at once, in one transaction, where the database is a file.

On SQLite every commit waits for the disk, and the next writer for that; so whoever waits writes
with the next. One write that fails is undone alone. PostgreSQL joins commits itself, and rows that
several servers lock are better held for one call each: there every write has its own transaction.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from chatbot.archive import Place, told
from chatbot.errors import StoreUnavailable
from store.engine import Session
from store.faults import translated

MOST = 32
"""Writes of one transaction."""

Made = TypeVar("Made")
Work = Callable[[Session], Any]


class Together:
    """The writes of one event loop to one place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def write(self, work: Callable[[Session], Made]) -> Made:
        """What `work` made of a session, when it is committed. Raises what it or a commit raises.

        A caller that leaves does not undo it.
        """
        if self._place.database.dialect != "sqlite":
            return await asyncio.to_thread(_alone, self._place, work)
        made = asyncio.get_running_loop().create_future()
        self._waiting.append((work, made))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        result: Made = await asyncio.shield(made)
        return result

    async def _flush(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                told = await asyncio.to_thread(_joined, self._place, [work for work, _ in some])
                for (_, made), one in zip(some, told, strict=True):
                    if made.cancelled():
                        continue
                    if isinstance(one, Exception):
                        made.set_exception(one)
                    else:
                        made.set_result(one)
        finally:
            self._flushing = None


def _alone(place: Place, work: Callable[[Session], Made]) -> Made:
    with place.writing() as session:
        return work(session)


def _joined(place: Place, works: Sequence[Work]) -> list[Any]:
    """What each made, or the error that ended it alone; that of the database ends them all."""
    if len(works) == 1:
        try:
            return [_alone(place, works[0])]
        except Exception as error:  # noqa: BLE001  told to whoever asked
            return [error]
    made: list[Any] = []
    try:
        with place.writing() as session:
            for work in works:
                try:
                    with told(), translated(), session.begin_nested():
                        made.append(work(session))
                except StoreUnavailable:  # SQLite may have undone what the others wrote
                    raise
                except Exception as error:  # noqa: BLE001  as above
                    made.append(error)
    except Exception as error:  # noqa: BLE001  as above
        return [error] * len(works)
    return made
