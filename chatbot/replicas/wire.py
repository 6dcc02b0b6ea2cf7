"""What changed in one server is told to the tabs on the others. PostgreSQL alone can.

Two threads: one hears, one tells, so no turn waits for either. A message may be lost while the
database does not answer; afterwards every tab looks again. Knows ids alone.
"""

import logging
import queue
import threading

from chatbot.archive import Archive, told
from chatbot.errors import ChatbotError
from chatbot.notices import Notices
from chatbot.replicas.service import Replicas
from store import wire
from store.wire import Told

AT_ONCE = 200
"""Most changes that are told together."""
WAIT = 0.3
"""Seconds of a look for messages, after which the thread sees whether it is to end."""
AGAIN = 2.0
"""Seconds before the next try where the database does not answer."""

log = logging.getLogger(__name__)

Change = tuple[int, str]


class Wire:
    """Between the notices of this process and those of the others."""

    def __init__(self, archive: Archive, notices: Notices, replicas: Replicas) -> None:
        self._main = archive.main
        self._notices = notices
        self._replicas = replicas
        self._outbox: queue.SimpleQueue[Change | None] = queue.SimpleQueue()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Hear and tell from now on; nothing where the database cannot."""
        if self._main.database.dialect != "postgresql":
            return
        self._notices.forward = lambda *changed: self._outbox.put(changed)
        for work in (self._keep_hearing, self._keep_telling):
            thread = threading.Thread(target=work, name=work.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End both threads, within a moment."""
        self._notices.forward = None
        self._over.set()
        self._outbox.put(None)
        for thread in self._threads:
            thread.join(2 * WAIT)  # one that waits for a lost database is left to the process's end

    def _keep_hearing(self) -> None:
        while not self._over.is_set():
            try:
                with told(), wire.listening(self._main.database) as ear:
                    self._notices.look_again()  # what was told until now was not heard
                    while not self._over.is_set():
                        self._take(ear.hear(WAIT))
            except ChatbotError as error:
                log.warning("the other servers are not heard: %s", type(error).__name__)
                self._over.wait(AGAIN)

    def _take(self, heard: list[Told]) -> None:
        for replica, person, conversation in heard:
            if replica != self._replicas.id:
                self._notices.hear(person, conversation)

    def _keep_telling(self) -> None:
        while (first := self._outbox.get()) is not None:
            changed = {first}
            while len(changed) < AT_ONCE and not self._outbox.empty():
                following = self._outbox.get()
                if following is None:
                    return
                changed.add(following)
            try:
                mine = self._replicas.writer()
                with self._main.writing() as session:
                    wire.tell(session, mine, sorted(changed))
            except ChatbotError as error:
                log.warning("the other servers were not told: %s", type(error).__name__)
