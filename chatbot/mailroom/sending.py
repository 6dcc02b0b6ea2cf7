"""Queued replies → the mail server, each once, as far as SMTP allows.

The Message-ID is fixed when a reply is queued, a try is written down before it begins, and the
moment before the text leaves is written down too. So a mail whose text never left is tried again,
and one whose text left without an answer is `unsure`: it is looked for in the folder of sent mails,
and else shown to people. It is never repeated by itself.
"""

import logging
from datetime import UTC, datetime, timedelta

from chatbot.archive import Archive
from chatbot.errors import ChatbotError, Conflict
from chatbot.mail import (
    Inbox,
    MailError,
    NotEver,
    NotNow,
    Server,
    Unsure,
    compose,
    plain_address,
    send,
)
from chatbot.mailbox import Mailbox
from store import mail
from store.mail import OutgoingMail

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
"""Before the second try; doubled before each further one, up to the longest."""
GIVE_UP = timedelta(days=4)
"""RFC 5321, 4.5.4.1: four to five days at least."""
LOOK_FOR = timedelta(days=2)
"""How long an unsure mail is looked for among the sent ones."""

_STEPS = 10
"""Steps of a try that may each take the server's timeout."""
_LOST = (
    "The program stopped while this mail was being handed over. It may have gone out: "
    "ask the customer, or look into the mailbox, before it is sent again."
)
_NO_ADDRESS = "The customer's address is none that mail can be sent to."


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many tries that failed."""
    longer: int = 2 ** min(tries - 1, 20)
    return min(FIRST_WAIT * longer, LONGEST_WAIT)


class Sending:
    """Sends what is due. Blocking: call it from a thread."""

    def __init__(
        self, archive: Archive, mailbox: Mailbox, smtp: Server | None, imap: Server | None
    ) -> None:
        self._main = archive.main
        self._mailbox = mailbox
        self._smtp = smtp
        self._imap = imap if mailbox.sent_folder else None
        self.problem = ""

    def run(self) -> int:
        """Send every mail that is due now; how many went out. Raises StoreUnavailable."""
        if self._smtp is None:
            return 0
        with self._main.reading() as session:
            if not mail.is_waiting(session):
                return 0
        with self._main.writing() as session:
            mail.recover(session, _LOST)
        sent = 0
        while True:
            with self._main.writing() as session:
                due = mail.claim(session, _STEPS * self._smtp.timeout)
            if due is None:
                return sent
            sent += self._send(self._smtp, due)

    def look_for_unsure(self) -> int:
        """Find unsure mails among the sent ones; how many were there. Raises StoreUnavailable."""
        if self._imap is None:
            return 0
        with self._main.reading() as session:
            lost = mail.unsure(session, since=datetime.now(UTC) - LOOK_FOR)
        if not lost:
            return 0
        try:
            with Inbox(self._imap) as inbox:
                inbox.select(self._mailbox.sent_folder)
                found = [each for each in lost if inbox.holds(each.message_id)]
        except MailError as error:
            self.problem = str(error)
            return 0
        for each in found:
            self._end(each, "sent")
        return len(found)

    def _send(self, server: Server, due: OutgoingMail) -> bool:
        """One try; whether the mail went out."""
        try:
            raw, to = self._composed(due)
            send(server, raw, self._mailbox.address, to, lambda: self._handing_over(server, due))
        except NotNow as error:
            self.problem = str(error)
            self._again(due, str(error))
            return False
        except NotEver as error:
            self._end(due, "failed", str(error))
            return False
        except Unsure as error:
            self._end(due, "unsure", f"{error} It is not sent again by itself.")
            return False
        except Conflict:
            return False  # another process took it up; the text has not left here
        self.problem = ""
        try:
            self._end(due, "sent")
        finally:
            self._keep_copy(due, raw)
        return True

    def _composed(self, due: OutgoingMail) -> tuple[bytes, str]:
        to = plain_address(due.to_address)
        if to is None:
            raise NotEver(_NO_ADDRESS)
        try:
            raw = compose(
                name=self._mailbox.name,
                address=self._mailbox.address,
                to=to,
                subject=due.subject,
                body=due.body,
                message_id=due.message_id,
                in_reply_to=due.in_reply_to,
                references=due.refs,
                at=due.created_at,
            )
        except ValueError:  # what the library of mail refuses to write
            raise NotEver(_NO_ADDRESS) from None
        return raw, to

    def _handing_over(self, server: Server, due: OutgoingMail) -> None:
        with self._main.writing() as session:
            mail.handing_over(session, due.id, due.tries, _STEPS * server.timeout)

    def _again(self, due: OutgoingMail, reason: str) -> None:
        now = datetime.now(UTC)
        if now - due.created_at > GIVE_UP:
            self._end(due, "failed", f"Given up after {due.tries} tries. {reason}")
            return
        with self._main.writing() as session:
            again = now + wait_after(due.tries)
            mail.end_try(session, due.id, due.tries, "queued", reason, due_at=again)

    def _end(self, due: OutgoingMail, state: mail.MailStatus, reason: str = "") -> None:
        with self._main.writing() as session:
            mail.end_try(session, due.id, due.tries, state, reason)

    def _keep_copy(self, due: OutgoingMail, raw: bytes) -> None:
        """Put a copy among the sent mails, unless the server did so itself."""
        if self._imap is None:
            return
        folder = self._mailbox.sent_folder
        try:
            with Inbox(self._imap) as inbox:
                inbox.select(folder)
                if not inbox.holds(due.message_id):
                    inbox.append(folder, raw)
        except (MailError, ChatbotError) as error:
            log.warning("no copy of a sent mail was kept: %s", error)
