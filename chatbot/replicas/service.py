"""This process among those that share its database: it says that it is there, and finds who left.

    begin ─▶ a row in `replicas`; answers that this process writes are signed with its number
    keep  ─▶ every few seconds: seen again, leases renewed, answers of those who left interrupted
    alone ─▶ work that one server does for all, such as fetching mail, for as long as we hold it
    end   ─▶ the row and the leases are gone

Whoever was not seen for `GONE` is gone; one of this machine whose process is not there, at once.
Knows nothing of turns: it marks rows, and tells whose they were.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

from chatbot.archive import Archive
from chatbot.errors import ChatbotError
from chatbot.replicas import process
from store import messages
from store import replicas as rows
from store.replicas import Replica

BEAT = 8.0
"""Seconds between two signs of life: each is a commit, which a laptop's disk should rarely see."""
SWEEP = 2.0
"""Seconds between two looks for those who left."""
GONE = timedelta(seconds=30)
"""After so long without a sign of life a process of another machine is gone."""
LEASE = timedelta(seconds=30)
"""How long work stays somebody's who does not renew that."""
LOOK = 5.0
"""Seconds between two looks whether work that another server does has become free."""
STILL = 1.0
"""Seconds between two looks whether work is still ours."""

log = logging.getLogger(__name__)

Tell = Callable[[int, str], None]
"""Says that a person's (id) conversation (public id) changed."""


def _until() -> float:
    """How long a lease that is taken from now on is surely ours, by our own clock."""
    return time.monotonic() + LEASE.total_seconds()


def _nobody(_user_id: int, _conversation: str) -> None:
    """Where nobody listens."""


class Replicas:
    """This process among the others. Methods may be called from any thread."""

    def __init__(self, archive: Archive, tell: Tell = _nobody) -> None:
        self._main = archive.main
        self._tell = tell
        self._host = process.host()
        self._lock = threading.Lock()
        self._held: dict[str, float] = {}
        """Work that is ours, until this moment of our own clock if nothing renews it."""
        self._beaten = 0.0
        self.address = ""
        self.id: int | None = None
        """Its number, once it is registered."""

    def begin(self, address: str = "") -> int:
        """Register this process, where it is not; its number. Raises StoreUnavailable.

        `address`: where it listens; empty for one that does not.
        """
        with self._lock:
            if self.id is None:
                self.address = address or self.address
                with self._main.writing() as session:
                    self.id = rows.register(
                        session, host=self._host, pid=os.getpid(), address=self.address
                    )
            return self.id

    def writer(self) -> int:
        """What answers of this process are signed with. Raises StoreUnavailable."""
        return self.id if self.id is not None else self.begin()

    def end(self) -> None:
        """Strike this process out; what it leaves unfinished is others' to find."""
        mine, self.id, self._held = self.id, None, {}
        if mine is None:
            return
        # Where the database does not take it, it is not seen any more, and that tells as well.
        with suppress(ChatbotError), self._main.writing() as session:
            rows.leave(session, mine)

    def others(self) -> list[Replica]:
        """The other servers that are there. Raises StoreUnavailable."""
        with self._main.reading() as session:
            there, moment = rows.there(session), rows.moment(session)
        gone = {one.id for one in there if self._is_gone(one, moment - GONE)}
        return [one for one in there if one.address and one.id not in gone | {self.id}]

    def has_others(self) -> bool:
        """Whether another server is there to go on; False while that cannot be told."""
        with suppress(ChatbotError):
            return bool(self.others())
        return False

    # Work that one does for all ------------------------------------------------------------------

    def holds(self, work: str) -> bool:
        """Take or renew a piece of work; whether it is this process's now.

        Raises StoreUnavailable.
        """
        mine, until = self.writer(), _until()
        with self._main.writing() as session:
            taken = rows.take(session, work, mine, LEASE)
        if taken:
            self._held[work] = until
        else:
            self._held.pop(work, None)
        return taken

    def let_go(self, work: str) -> None:
        """Leave a piece of work to others. Raises StoreUnavailable."""
        self._held.pop(work, None)
        if self.id is not None:
            with self._main.writing() as session:
                rows.let_go(session, [work], self.id)

    async def alone(self, work: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run something for as long as its lease is ours, until cancelled. For the server only.

        What ends by itself is not begun again; what breaks is, after a while.
        """
        ended = False
        while not ended:
            if await self.holds_now(work):
                ended = await self._while_held(work, run)
            await asyncio.sleep(0 if ended else LOOK)

    async def _while_held(self, work: str, run: Callable[[], Awaitable[None]]) -> bool:
        """Whether it ended by itself."""
        task = asyncio.ensure_future(run())
        try:
            while not task.done() and time.monotonic() < self._held.get(work, 0.0):
                await asyncio.wait({task}, timeout=STILL)
        finally:
            task.cancel()
            await asyncio.wait({task})
        if task.cancelled():
            return False
        if error := task.exception():
            log.warning("%s broke off: %s", work, type(error).__name__)
        return error is None

    async def holds_now(self, work: str) -> bool:
        """As `holds`, off the event loop; False while the database does not answer."""
        try:
            return await asyncio.to_thread(self.holds, work)
        except ChatbotError:
            return False

    # Signs of life -------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Say again and again that this process is there, and look who is not. Until cancelled.

        In a thread of its own: where all others are busy, this process is there all the same.
        """
        own = ThreadPoolExecutor(1, "replicas")
        try:
            while True:
                try:
                    await asyncio.get_running_loop().run_in_executor(own, self.look)
                except Exception as error:  # noqa: BLE001  the next look may succeed
                    log.warning("the other servers were not looked at: %s", type(error).__name__)
                await asyncio.sleep(min(BEAT, SWEEP))
        finally:
            own.shutdown(wait=False)

    def look(self) -> int:
        """Be seen and renew what is held where that is due, see who is gone.

        How many answers were interrupted. Raises StoreUnavailable.
        """
        if time.monotonic() - self._beaten >= BEAT:
            self.beat()
        return self.sweep()

    def beat(self) -> None:
        """Be seen, and renew what is held. Raises StoreUnavailable: it is held while it lasts."""
        held, until = sorted(self._held), _until()
        mine = self.writer()
        with self._main.writing() as session:
            rows.beat(session, mine, host=self._host, pid=os.getpid(), address=self.address)
            kept = rows.renew(session, held, mine, LEASE)
        self._beaten = time.monotonic()
        for work in held:
            if work not in kept:
                self._held.pop(work, None)
            elif work in self._held:  # nobody let go of it meanwhile
                self._held[work] = until

    def sweep(self) -> int:
        """Interrupt the answers of those who are gone; how many. Raises StoreUnavailable."""
        with self._main.reading() as session:
            there, writers = rows.there(session), rows.writers(session)
            late = rows.moment(session) - GONE
        gone = [one.id for one in there if self._is_gone(one, late)]
        if not gone and writers <= {one.id for one in there}:
            return 0
        with self._main.writing() as session:
            rows.strike(session, gone)
            left = messages.interrupt_streaming(session)
        for one in left:
            self._tell(one.user_id, one.conversation)
        if left:
            log.warning("%d answers were left by servers that are gone", len(left))
        return len(left)

    def _is_gone(self, one: Replica, late: datetime) -> bool:
        if one.id == self.id:
            return False
        return one.seen_at < late or (one.host == self._host and process.is_gone(one.pid))
