"""Calls that name themselves (Idempotency-Key): carried out once, answered as often as asked.

The name is a key's own and stands for a day. A call that a crash left running begins anew as soon
as its server is known to be gone. Blocking; knows bytes and hashes, nothing of what a call does.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from chatbot.archive import Archive, Place
from chatbot.errors import Conflict
from store import api_calls
from store.columns import now

KEPT = timedelta(days=1)
STALE = timedelta(minutes=15)
"""After which a call that still runs is taken for lost, whether its server is there or not."""

ANOTHER = "This Idempotency-Key was sent with another request before. Choose a new one."
RUNNING = "A request with this Idempotency-Key is being answered. Wait for it, then send it again."


class Once:
    """A call that named itself. `answer` is (status, text) where it was answered before."""

    def __init__(self, place: Place, call_id: int, answer: tuple[int, str] | None = None) -> None:
        self._place = place
        self._call_id = call_id
        self.answer = answer

    def keep(self, status: int, text: str) -> None:
        """Keep what was answered, for whoever sends it again within a day.

        Raises UnstorableText, StoreUnavailable.
        """
        with self._place.writing() as session:
            api_calls.done(session, self._call_id, status, text)

    def forget(self) -> None:
        """The call came to no answer that may be repeated: whoever sends it again is answered.

        Raises StoreUnavailable.
        """
        with self._place.writing() as session:
            api_calls.forget(session, self._call_id)


class Calls:
    """The named calls of one database. `writer`: the number of this replica, which does them."""

    def __init__(self, archive: Archive, writer: Callable[[], int]) -> None:
        self._place = archive.main
        self._writer = writer

    def once(self, key_id: int, name: str, body: bytes) -> Once:
        """Begin a call, or find it. Raises Conflict, StoreUnavailable."""
        digest = hashlib.sha256(body).hexdigest()
        writer, at = self._writer(), now()
        with self._place.writing() as session:
            begun = api_calls.begin(session, key_id, name, digest, writer=writer, stale=at - STALE)
            known = None if begun else api_calls.find(session, key_id, name)
        if begun:
            return Once(self._place, begun)
        if known is None:  # it was forgotten between the two: the next try begins it
            raise Conflict(RUNNING)
        if known.body_hash != digest:
            raise Conflict(ANOTHER)
        if known.state == "running" or known.status is None:
            raise Conflict(RUNNING)
        return Once(self._place, known.id, (known.status, known.answer or ""))

    def tidy(self) -> None:
        """Remove those that are older than a day. Raises StoreUnavailable."""
        with self._place.writing() as session:
            api_calls.purge(session, now() - KEPT)
