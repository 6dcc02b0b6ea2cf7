"""Mail ↔ tickets: new mails come to the desk, replies go out once. Speaks no protocol itself."""

from dataclasses import dataclass
from datetime import datetime

from chatbot.archive import Archive
from chatbot.desk import Desk
from chatbot.settings import Settings


@dataclass(frozen=True, slots=True)
class MailState:
    """How mail goes. Without a mailbox in the settings `address` is empty.

    `left_out` counts automatic mails that made no ticket; the errors are sentences, empty when the
    last try went well.
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
        self._archive = archive
        self._desk = desk
        self._settings = settings

    async def keep(self) -> None:
        """Fetch new mails and send those that are due, until cancelled. For the server only."""
        raise NotImplementedError

    def state(self) -> MailState:
        """How mail goes now, for pages and for people who look after the server."""
        raise NotImplementedError
