"""The one door of webhooks, and the task that sends while the server runs.

Administrators say which addresses are told of which events. Everything they change is in the audit,
which names an address by its id and host: a path may be a secret.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from chatbot.archive import Archive
from chatbot.audit import Audit, require_admin
from chatbot.errors import Refused
from chatbot.net import NotReached, Poster
from chatbot.webhooks import views
from chatbot.webhooks.sending import CLAIM_S, Sending
from chatbot.webhooks.signing import new_secret
from store import webhooks
from store.base import new_id
from store.engine import Session
from store.records import Person
from store.webhooks import KINDS as KINDS

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for what is to be sent."""
AT_ONCE = 4
"""Addresses that are told at the same time."""
MOST_HOOKS = 50
KEPT = timedelta(days=30)
"""How long deliveries are kept."""
TIDY_EVERY = 3600
"""Looks between two removals of old deliveries: about an hour."""


class Webhooks:
    """Adds and removes addresses, for administrators; tells them while the server runs."""

    def __init__(self, archive: Archive, audit: Audit, poster: Poster) -> None:
        self._main = archive.main
        self._audit = audit
        self._poster = poster
        self._sending = Sending(archive, audit, poster)

    # For administrators --------------------------------------------------------------------------

    def add(self, by: Person, *, url: str, events: Sequence[str] = ()) -> views.NewHook:
        """Add an address that is told of `events`, of all without any.

        Raises NotAllowed, AddressRefused (a private one, or none), Refused (an event that is none).
        """
        chosen = _events(events)
        with self._main.reading() as session:
            require_admin(session, by)
        url = url.strip()
        target = self._poster.target(url)
        try:
            self._poster.addresses(target)
        except NotReached as error:
            raise Refused(str(error)) from None
        secret = new_secret()
        with self._main.writing() as session:
            require_admin(session, by)
            if len(webhooks.every(session)) >= MOST_HOOKS:
                raise Refused(f"There are {MOST_HOOKS} webhooks, which is the most. Remove one.")
            made = webhooks.add(session, url=url, secret=secret, events=chosen, by=by.id)
            self._note(session, by, "webhook_added", made, events=" ".join(chosen))
            shown = _hook(session, made)
        return views.NewHook(secret, shown)

    def all(self, by: Person) -> list[views.Hook]:
        """Every address, the oldest first. Raises NotAllowed."""
        with self._main.reading() as session:
            require_admin(session, by)
            return [_hook(session, each) for each in webhooks.every(session)]

    def test(self, by: Person, hook: str) -> views.Delivery:
        """Send an event that says nothing, once and now; what came of it.

        Blocking, for some seconds at most. Raises NotAllowed, NotFound.
        """
        with self._main.writing() as session:
            found = self._found(session, by, hook)
            name = f"{webhooks.TEST}:{new_id()}"
            queued = webhooks.queue(session, found.id, webhooks.TEST, name, {"webhook": hook})
            assert queued is not None  # noqa: S101  the name was made for it
            delivery = webhooks.take(session, queued, CLAIM_S)
            self._note(session, by, "webhook_tested", found)
        self._sending.attempt(found, delivery, again=False)
        with self._main.reading() as session:
            return _delivery(webhooks.delivery(session, delivery.id))

    def switch(self, by: Person, hook: str, *, active: bool) -> views.Hook:
        """Tell an address from now on, or no longer. Raises NotAllowed, NotFound."""
        with self._main.writing() as session:
            found = self._found(session, by, hook)
            webhooks.switch(session, found.id, active=active)
            self._note(session, by, "webhook_switched", found, active=active)
            return _hook(session, webhooks.by_id(session, found.id))

    def remove(self, by: Person, hook: str) -> None:
        """Remove an address, and what was to be sent to it. Raises NotAllowed, NotFound."""
        with self._main.writing() as session:
            found = self._found(session, by, hook)
            webhooks.remove(session, found.id)
            self._note(session, by, "webhook_removed", found)

    def deliveries(self, by: Person, hook: str) -> list[views.Delivery]:
        """The last deliveries to an address, newest first. Raises NotAllowed, NotFound."""
        with self._main.reading() as session:
            found = self._found(session, by, hook)
            return [_delivery(each) for each in webhooks.deliveries(session, found.id)]

    # For the server ------------------------------------------------------------------------------

    async def keep(self, every: float = LOOK_EVERY) -> None:
        """Send what is due, until cancelled. For the server only.

        Threads of its own: addresses that are slow to answer keep nothing else from running.
        """
        pool = ThreadPoolExecutor(AT_ONCE, "webhooks")
        running: dict[int, asyncio.Future[int]] = {}
        looks = 0
        try:
            while True:
                running = {one: left for one, left in running.items() if not left.done()}
                try:
                    await self._look(pool, running, tidies=looks % TIDY_EVERY == 0)
                except Exception as error:  # noqa: BLE001  the next look may succeed
                    log.warning("no webhook was told: %s", type(error).__name__)
                looks += 1
                await asyncio.sleep(every)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    async def _look(
        self, pool: ThreadPoolExecutor, running: dict[int, "asyncio.Future[int]"], *, tidies: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        for hook_id in await asyncio.to_thread(self._sending.due):
            if hook_id not in running:
                running[hook_id] = loop.run_in_executor(pool, self._tried, hook_id)
        if tidies:
            await asyncio.to_thread(self.tidy)

    def send_due(self) -> int:
        """Send what is due now; how much was taken. Blocking. Raises StoreUnavailable."""
        return sum(self._sending.run(each) for each in self._sending.due())

    def tidy(self) -> None:
        """Remove old deliveries. Raises StoreUnavailable."""
        before = datetime.now(UTC) - KEPT
        gone = 1
        while gone:
            with self._main.writing() as session:
                gone = webhooks.purge(session, before)

    def _tried(self, hook_id: int) -> int:
        try:
            return self._sending.run(hook_id)
        except Exception as error:  # noqa: BLE001  the next look may succeed
            log.warning("a webhook was not told: %s", type(error).__name__)
            return 0

    def _found(self, session: Session, by: Person, hook: str) -> webhooks.Hook:
        require_admin(session, by)
        return webhooks.get(session, hook)

    def _note(
        self, session: Session, by: Person, action: str, hook: webhooks.Hook, **detail: str | bool
    ) -> None:
        host = urlsplit(hook.url).hostname or ""
        self._audit.note_in(session, by, action, "webhook", hook.public_id, host=host, **detail)


def _events(events: Sequence[str]) -> list[str]:
    """The events in their usual order, all without any. Raises Refused."""
    for each in events:
        if each not in KINDS:
            raise Refused(f"There is no event {each!r:.60}. There are: {', '.join(KINDS)}.")
    return [each for each in KINDS if each in events or not events]


def _hook(session: Session, found: webhooks.Hook) -> views.Hook:
    waiting, taken, failed = webhooks.counts(session, found.id)
    last = webhooks.deliveries(session, found.id, limit=1)
    return views.Hook(
        id=found.public_id,
        url=found.url,
        events=tuple(found.events),
        active=found.active,
        made_by=found.made_by or "",
        created_at=found.created_at,
        waiting=waiting,
        taken=taken,
        failed=failed,
        last=_delivery(last[0]) if last else None,
    )


def _delivery(found: webhooks.Delivery) -> views.Delivery:
    state: views.State = "waiting" if found.done_at is None else "taken"
    if found.done_at is not None and found.error is not None:
        state = "failed"
    return views.Delivery(
        id=found.public_id,
        event=found.event,
        kind=found.kind,
        state=state,
        attempts=found.attempts,
        status=found.status,
        error=found.error or "",
        created_at=found.created_at,
        due_at=found.due_at,
        done_at=found.done_at,
    )
