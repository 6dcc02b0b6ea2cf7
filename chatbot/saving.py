"""Saves what running answers have written so far, all together, so that a crash keeps it.

One transaction for all of them every two seconds: with fifty answers at once, each one's own would
keep the database busy with nothing else. Knows running turns and where their rows are; their ends
are saved by chatbot.answering.
"""

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass

from chatbot.archive import Place
from chatbot.turn import Turn
from store import messages

log = logging.getLogger(__name__)

SAVE_EVERY = 2.0
"""Seconds between two savings of answers that are still being written."""


@dataclass(slots=True, eq=False)
class Running:
    """An answer that is being written: its rows' ids, its turn, and how much of it is saved."""

    place: Place
    conversation: int
    reply: int
    turn: Turn
    kept: int = 0


class Saving:
    """The running answers of one event loop."""

    def __init__(self) -> None:
        self._running: set[Running] = set()
        self._loop: asyncio.Task[None] | None = None
        self._now: asyncio.Task[None] | None = None

    def add(self, running: Running) -> None:
        """Save this answer now and then, until it is removed."""
        running.kept = len(running.turn.text)
        self._running.add(running)
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._again_and_again())

    async def remove(self, running: Running) -> None:
        """Leave it alone from now on; returns when no saving of it is under way."""
        self._running.discard(running)
        if self._now is not None and not self._now.done():
            await asyncio.wait({self._now})

    async def _again_and_again(self) -> None:
        while self._running:
            await asyncio.sleep(SAVE_EVERY)
            grown = [one for one in self._running if len(one.turn.text) > one.kept]
            if grown:
                self._now = asyncio.create_task(self._save(grown))
                await self._now
                self._now = None

    async def _save(self, grown: list[Running]) -> None:
        texts: dict[Place, list[tuple[Running, str]]] = defaultdict(list)
        for one in sorted(grown, key=lambda one: one.reply):  # rows are locked in one order
            texts[one.place].append((one, one.turn.text))
        for there in texts.values():
            try:
                await asyncio.to_thread(_write, there)
            except Exception as error:  # noqa: BLE001
                # The end of a turn saves the whole text and tells the person if it cannot.
                log.warning("partial answers were not saved: %s", type(error).__name__)


def _write(texts: list[tuple[Running, str]]) -> None:
    """Save texts of one place; an answer that was deleted or stopped meanwhile is stopped."""
    with texts[0][0].place.writing() as session:
        ended = messages.save_partials(session, {one.reply: text for one, text in texts})
        for one in (one for one, _ in texts if one.reply in ended):
            left = messages.by_ids(session, one.conversation, [one.reply])
            if not left or left[0].status == "stopped":
                one.turn.cancel.cancel()  # deleted, or stopped by another process
    for one, text in texts:
        one.kept = len(text)
