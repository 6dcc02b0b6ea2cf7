"""Answers that another process writes: followed by what it saves of them, and stopped.

Two servers on one database, or a server and `chatbot chat` in a terminal: each writes answers that
the other's pages show. Knows rows; runs no model.
"""

import asyncio
import logging
from collections.abc import Callable, Container

from chatbot.archive import Archive, Place
from chatbot.errors import Busy, ChatbotError, NotFound
from chatbot.turn import Turn
from store import messages
from store.engine import Session
from store.records import Conversation, Message, Person

LOOK = 0.7
"""Seconds between two looks at an answer that grows elsewhere; its writer saves every two."""
GONE = "This answer was deleted meanwhile."

log = logging.getLogger(__name__)


class Elsewhere:
    """The answers of others. Use it from one event loop."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._turns: dict[str, Turn] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, turn: Turn) -> Turn:
        """The turn of an answer that another process writes, as it is saved there.

        `turn` names it; another that is followed already is given in its place.
        """
        known = self._turns.setdefault(turn.reply, turn)
        if known is turn:
            turn.become("writing")
            task = asyncio.create_task(self._watch(turn), name=f"follow {turn.reply}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return known

    async def stop(self, person: Person, reply: str) -> None:
        """Stop an answer; its writer sees it within two seconds. One that has ended is let be.

        Raises NotFound: it is not this person's.
        """
        await asyncio.to_thread(self._stop, person, reply)

    def close(self) -> None:
        """Follow nothing any more."""
        for task in self._tasks:
            task.cancel()

    def _stop(self, person: Person, reply: str) -> None:
        place = self._archive.of(reply)
        with place.writing() as session:
            _, found = messages.get(session, person.id, reply)
            messages.stop_streaming(session, found.id)

    async def _watch(self, turn: Turn) -> None:
        try:
            while not turn.done:
                try:
                    await asyncio.to_thread(self._look, turn)
                except NotFound:
                    turn.finish("failed", GONE)
                except ChatbotError as error:  # the next look may succeed
                    log.warning("an answer was not looked at: %s", type(error).__name__)
                turn.changed()
                await asyncio.sleep(0 if turn.done else LOOK)
        finally:
            self._turns.pop(turn.reply, None)

    def _look(self, turn: Turn) -> None:
        with self._archive.of(turn.reply).reading() as session:
            _, found = messages.get(session, turn.user_id, turn.reply)
        turn.text = found.content
        if found.status != "streaming":
            turn.finish(found.status, found.error)


def refuse(session: Session, row: Conversation, here: Container[str]) -> None:
    """Refuse (and roll back) a new answer while another process writes one in its conversation.

    `here` has the answers (public ids) that this process writes. Raises Busy.
    """
    if any(reply not in here for reply in messages.streaming_in(session, row.id)):
        raise Busy


def take_over(place: Place, reply: Message, writer: Callable[[], int]) -> bool:
    """Take an answer that its writer left; False where it is being written elsewhere."""
    mine = writer()
    with place.writing() as session:
        return messages.sign(session, reply.id, mine)
