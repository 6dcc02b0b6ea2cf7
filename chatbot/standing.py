"""Whether people still hold the roles with which their running answers began, and still want them.

Roles are read when a turn begins, and an answer may be written for minutes. Whoever takes a role
away, switches somebody off or forgets them may do so in another process, and so may a person who
stops an answer. So the server looks every few seconds, while something is being written. What was
written until then is kept.
"""

import asyncio
import logging
from collections.abc import Sequence

from chatbot.answering import Job
from chatbot.archive import Archive
from chatbot.chat import Chat
from store import accounts, messages

EVERY = 2.0
"""Seconds between two looks."""

log = logging.getLogger(__name__)


class Standing:
    """Stops the answers of those who lost what they began them with. For the server only."""

    def __init__(self, archive: Archive, chat: Chat) -> None:
        self._archive = archive
        self._chat = chat

    async def keep(self, every: float = EVERY) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.check()
            except Exception as error:  # noqa: BLE001  the next look may succeed
                log.warning("nobody's roles were looked at: %s", type(error).__name__)

    async def check(self) -> int:
        """Look once; return how many answers were stopped. Raises StoreUnavailable."""
        running = [job for job in self._chat.jobs if not job.turn.done]
        if not running:
            return 0
        held = await asyncio.to_thread(self._held, {job.turn.user_id for job in running})
        stopped = await asyncio.to_thread(self._stopped, running)
        had = [(job, held[job.turn.user_id], job.person.roles) for job in running]
        lost = [job.turn for job, now, then in had if job in stopped or not now.issuperset(then)]
        await self._chat.stop_these(lost)
        return len(lost)

    def _held(self, people: set[int]) -> dict[int, frozenset[str]]:
        """The roles of those who may still use the product; nothing for the others."""
        with self._archive.main.reading() as session:
            found = accounts.roles(session, people)
        return {each: found.get(each, frozenset()) for each in people}

    def _stopped(self, running: Sequence[Job]) -> list[Job]:
        """Those that another process has marked as stopped. Temporary ones are here alone."""
        lasting = [job for job in running if job.place.lasting]
        with self._archive.main.reading() as session:
            found = messages.stopped(session, [job.reply.id for job in lasting])
        return [job for job in lasting if job.reply.id in found]
