"""The one door of mail, and the task that keeps it going while the server runs."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chatbot.archive import Archive
from chatbot.desk import Desk
from chatbot.errors import NotAllowed
from chatbot.mail import imap_server, smtp_server
from chatbot.mailbox import Mailbox
from chatbot.mailroom.fetching import Fetching
from chatbot.mailroom.sending import Sending
from chatbot.settings import Settings
from store import accounts, mail
from store.records import Person

log = logging.getLogger(__name__)

SEND_EVERY = 2.0
"""Seconds between two looks for replies to send."""
_MAY = ("agent", "admin")


@dataclass(frozen=True, slots=True)
class MailState:
    """How mail goes. Without a mailbox in the settings `address` is empty.

    `left_out` counts mails that made no ticket, automatic ones mostly; the errors are sentences,
    empty when the last try of this process went well.
    """

    address: str
    read_at: datetime | None
    in_error: str
    out_error: str
    queued: int
    sending: int
    failed: int
    unsure: int
    left_out: int


class Mailroom:
    """Fetches and sends while the server runs; without a mailbox it does nothing."""

    def __init__(self, archive: Archive, desk: Desk, settings: Settings) -> None:
        self._main = archive.main
        self._mailbox = box = settings.mailbox
        self._known = False
        self._fetching: Fetching | None = None
        self._sending: Sending | None = None
        if box is not None:
            imap, smtp = imap_server(box), smtp_server(box)
            if imap is not None:
                self._fetching = Fetching(archive, desk, box, imap)
            self._sending = Sending(archive, box, smtp, imap)

    async def keep(self) -> None:
        """Fetch new mails and send those that are due, until cancelled. For the server only."""
        if self._mailbox is None:
            return
        async with asyncio.TaskGroup() as both:
            both.create_task(_again_and_again(self.fetch, self._mailbox.poll_seconds))
            both.create_task(_again_and_again(self.send, SEND_EVERY))

    def fetch(self) -> int:
        """Take new mails in now; how many were looked at. Blocking. Raises StoreUnavailable.

        Also finds out what became of mails that are unsure, where sent mails are kept.
        """
        count = 0 if self._fetching is None else self._fetching.run()
        if self._sending is not None:
            self._sending.look_for_unsure()
        return count

    def send(self) -> int:
        """Send what is due now; how many mails went out. Blocking. Raises StoreUnavailable."""
        if self._mailbox is not None and not self._known:
            self._know(self._mailbox)
        return 0 if self._sending is None else self._sending.run()

    def _know(self, mailbox: Mailbox) -> None:
        """Let the database know the address, whose domain stands in Message-IDs from now on."""
        name = self._fetching.folder if self._fetching else mailbox.address
        with self._main.writing() as session:
            mail.know_folder(session, name, mailbox.address)
        self._known = True

    def settle(self, person: Person, reply: str, *, again: bool) -> None:
        """Decide about a mail that is unsure or failed: it arrived, or it is sent `again`.

        `reply`: public id. For agents and administrators. Raises NotAllowed, NotFound, Conflict.
        """
        with self._main.writing() as session:
            if not accounts.has_role(session, person.id, _MAY):
                raise NotAllowed
            mail.settle(session, reply, again=again)

    def state(self) -> MailState:
        """How mail goes now, for pages and for whoever looks after the server."""
        with self._main.reading() as session:
            counts = mail.counts(session)
            folder = mail.folder(session, self._fetching.folder) if self._fetching else None
        return MailState(
            address=self._mailbox.address if self._mailbox else "",
            read_at=folder.read_at if folder else None,
            in_error=self._fetching.problem if self._fetching else "",
            out_error=self._sending.problem if self._sending else "",
            queued=counts.get("queued", 0),
            sending=counts.get("sending", 0),
            failed=counts.get("failed", 0),
            unsure=counts.get("unsure", 0),
            left_out=folder.left_out if folder else 0,
        )


async def _again_and_again(work: Callable[[], int], every: float) -> None:
    while True:
        try:
            await asyncio.to_thread(work)
        except Exception as error:  # noqa: BLE001  the next look may succeed
            log.warning("mail was not looked after: %s", type(error).__name__)
        await asyncio.sleep(every)
