"""Whether both servers of the mailbox answer and let us in. Reads and sends no mail."""

from collections.abc import Iterator
from typing import Literal

from chatbot.mail.imap import Inbox
from chatbot.mail.servers import MailError, imap_server, smtp_server
from chatbot.mail.smtp import check
from chatbot.mailbox import Mailbox

_ADVICE = "See docs/mail.md; until then replies wait, and nothing is lost."

Told = tuple[str, Literal["ok", "bad"], str, str]


def look(box: Mailbox | None) -> Iterator[Told]:
    """What is looked at, how it is, a sentence, advice: a doctor's findings for each direction."""
    if box is None:
        return
    yield _incoming(box)
    yield _outgoing(box)


def _incoming(box: Mailbox) -> Told:
    server = imap_server(box)
    if server is None:
        return "mail in", "ok", "No mail is fetched: mailbox.imap_host is not set.", ""
    try:
        with Inbox(server) as inbox:
            for folder in filter(None, (box.imap_folder, box.sent_folder)):
                inbox.select(folder)
    except MailError as error:
        return "mail in", "bad", str(error), _ADVICE
    return "mail in", "ok", f"{server.host} lets us read {box.imap_folder}.", ""


def _outgoing(box: Mailbox) -> Told:
    server = smtp_server(box)
    if server is None:
        return "mail out", "ok", "No reply goes out by mail: mailbox.smtp_host is not set.", ""
    try:
        check(server, box.address)
    except MailError as error:
        return "mail out", "bad", str(error), _ADVICE
    return "mail out", "ok", f"{server.host} takes our mail.", ""
