"""Deliveries → their addresses, again and again until each is taken or three days old.

An attempt is written down before it begins: a process that dies in the middle lets its delivery go
after a minute, and two processes never send the same one at a time. Whoever answers with an error
is left alone for a while, longer each time. Blocking: called from threads of its own.
"""

import logging
import time
from datetime import UTC, datetime, timedelta

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.net import AddressRefused, Answer, NotReached, Poster
from chatbot.webhooks.signing import body_of, headers_of
from store import webhooks
from store.webhooks import Delivery, Hook

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
"""Before the second attempt; four times as long before each further one, up to the longest."""
LONGEST_REST = timedelta(minutes=5)
"""How long an address that fails is left alone, at most, whatever else is to be sent to it."""
GIVE_UP = timedelta(days=3)
AT_A_TIME = 100
"""Deliveries to one address before others have their turn."""
CLAIM_S = 60.0
"""Seconds that an attempt takes at most: looking up a name, and the request."""
GONE = "It answered that it is gone for good (status 410), so it is told nothing any more."


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts that failed."""
    longer: int = 4 ** min(attempts - 1, 10)
    return min(FIRST_WAIT * longer, LONGEST_WAIT)


class Sending:
    """Sends what is due."""

    def __init__(self, archive: Archive, audit: Audit, poster: Poster) -> None:
        self._main = archive.main
        self._audit = audit
        self._poster = poster
        self._failures: dict[int, int] = {}
        self._rests: dict[int, float] = {}

    def due(self) -> list[int]:
        """Addresses (internal ids) that are to be told something now. Raises StoreUnavailable."""
        with self._main.reading() as session:
            waiting = webhooks.due(session)
        now = time.monotonic()
        return [each for each in waiting if self._rests.get(each, 0.0) <= now]

    def run(self, hook_id: int) -> int:
        """Send what is due to an address, until it fails; how much was taken. Raises NotFound."""
        taken = 0
        for _ in range(AT_A_TIME):
            with self._main.writing() as session:
                hook = webhooks.by_id(session, hook_id)  # it may be switched off by now
                found = webhooks.claim(session, hook_id, CLAIM_S) if hook.active else None
            if found is None or not self.attempt(hook, found):
                break
            taken += 1
        return taken

    def attempt(self, hook: Hook, found: Delivery, *, again: bool = True) -> bool:
        """Send once what was claimed; whether it was taken. `again`: try later if it was not."""
        status, error, wait = self._sent(hook, found)
        now = datetime.now(UTC)
        if error is None:
            self._failures.pop(hook.id, None)
            self._rests.pop(hook.id, None)
            again = False
        elif again:
            failures = self._failures[hook.id] = self._failures.get(hook.id, 0) + 1
            wait = max(wait, wait_after(max(failures, found.attempts)))
            rest = min(wait, LONGEST_REST).total_seconds()
            self._rests[hook.id] = time.monotonic() + rest
            again = status != 410 and now - found.created_at < GIVE_UP
        with self._main.writing() as session:
            due = now + wait if again else None
            webhooks.end_attempt(session, found, status=status, error=error, again_at=due)
            if status == 410:
                webhooks.switch(session, hook.id, active=False)
                self._audit.note_in(session, None, "webhook_gone", "webhook", hook.public_id)
        return error is None

    def _sent(self, hook: Hook, found: Delivery) -> tuple[int | None, str | None, timedelta]:
        """The status that came back, what went wrong, and how long the other side asks to wait."""
        body = body_of(found.kind, found.created_at, found.data)
        headers = headers_of(hook.secret, found.public_id, int(time.time()), body)
        try:
            answer = self._poster.post(hook.url, headers, body)
        except (AddressRefused, NotReached) as error:
            return None, str(error), timedelta()
        wait = min(timedelta(seconds=answer.retry_after or 0), LONGEST_WAIT)
        return answer.status, _problem(answer), wait


def _problem(answer: Answer) -> str | None:
    status = answer.status
    if 200 <= status < 300:
        return None
    if status == 410:
        return GONE
    if 300 <= status < 400:
        return f"It answered with a redirect (status {status}), and none is followed."
    return f"It answered with status {status}."
