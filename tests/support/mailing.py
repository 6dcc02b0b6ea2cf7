"""A desk with a mailbox: real servers on loopback, and what tests do behind its back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from chatbot.bootstrap import Product, build
from chatbot.mailbox import Mailbox
from chatbot.mailroom import Mailroom
from chatbot.settings import Settings
from store.columns import now
from store.models import MailFolder, OutgoingMail, SeenMail, Ticket
from tests.support.imap_server import PASSWORD, USER, ImapServer

CUSTOMER = "anna@example.com"


def mailbox(**more: Any) -> Mailbox:
    """A mailbox on loopback without encryption; ports come with `more`."""
    values = {
        "address": USER,
        "name": "Halden Lamps",
        "imap_security": "none",
        "imap_password": PASSWORD,
        "smtp_security": "none",
        "timeout": 5,
    }
    return Mailbox(**{**values, **more})


def letter(text="Is my lamp whole?", **fields: str | None) -> bytes:
    """A customer's mail. `message_id`, `in_reply_to` and the like name headers."""
    named = {
        "From": f"Anna Berg <{CUSTOMER}>",
        "To": USER,
        "Subject": "My lamp",
        "Message-ID": "<first@example.com>",
        "Date": "Fri, 1 May 2026 10:00:00 +0000",
        "Content-Type": "text/plain; charset=utf-8",
    }
    named |= {name.replace("_", "-"): value for name, value in fields.items() if value}
    gone = {name.replace("_", "-").lower() for name, value in fields.items() if value is None}
    lines = [f"{name}: {value}" for name, value in named.items() if name.lower() not in gone]
    return "\n".join([*lines, "", text, ""]).encode()


@dataclass
class Desk:
    """A product with a mailroom of its own, the server that its mail comes from, the agent."""

    product: Product
    mailroom: Mailroom
    imap: ImapServer

    @property
    def agent(self):
        return self.product.person()

    def fetch(self, *letters: bytes) -> int:
        """Let letters arrive and be fetched."""
        for each in letters:
            self.imap.inbox.put(each)
        return self.mailroom.fetch()

    def tickets(self, **only: Any):
        """The tickets of the queue, opened, oldest first."""
        desk = self.product.desk
        rows = desk.queue(self.agent, **only).rows
        return [desk.open(self.agent, row.id) for row in sorted(rows, key=lambda row: row.number)]

    def ticket(self, **only: Any):
        """The only ticket there is."""
        [found] = self.tickets(**only)
        return found

    def reply(self, text="It is whole.", *, vouch: str = "") -> str:
        """Send a reply to the only ticket, so that its mail is queued; its public id."""
        desk, ticket = self.product.desk, self.ticket()
        sending = desk.send(
            self.agent, ticket.id, text, draft=None, seconds=3, confirmed=[vouch] if vouch else []
        )
        assert desk.send_due() == 1
        return sending.id

    def fate(self):
        """State and problem of the last reply's mail, as the desk shows it."""
        last = self.ticket().thread[-1]
        return last.delivery, last.problem

    def let_time_pass(self) -> None:
        """Let every mail be due, and every claim run out."""
        with self.product.archive.main.writing() as session:
            past = now() - timedelta(seconds=1)
            session.execute(update(OutgoingMail).values(due_at=past))
            held = OutgoingMail.claimed_until.is_not(None)
            session.execute(update(OutgoingMail).where(held).values(claimed_until=past))

    def message_ids(self) -> list[str]:
        """Those of all outgoing mails."""
        with self.product.archive.main.reading() as session:
            return list(session.scalars(select(OutgoingMail.message_id)))

    def with_port(self, port: int) -> Mailroom:
        """A second mailroom on the same tables, as of another process, that sends to this port."""
        box = mailbox(
            imap_host="127.0.0.1", imap_port=self.imap.port, smtp_host="127.0.0.1", smtp_port=port
        )
        settings = self.product.settings.model_copy(update={"mailbox": box})
        return Mailroom(self.product.archive, self.product.desk, settings)

    def age(self, days: int) -> None:
        """Let the queued mails be that old."""
        with self.product.archive.main.writing() as session:
            session.execute(update(OutgoingMail).values(created_at=now() - timedelta(days=days)))


def desk_of(product: Product, imap: ImapServer, **more: Any) -> Desk:
    """A desk without a ticket whose mail comes from this server; `more` goes to the mailbox."""
    with product.archive.main.writing() as session:
        for table in (Ticket, SeenMail, MailFolder):
            session.execute(delete(table))
    box = mailbox(imap_host="127.0.0.1", imap_port=imap.port, **more)
    settings = product.settings.model_copy(update={"mailbox": box})
    return Desk(product, Mailroom(product.archive, product.desk, settings), imap)


@contextmanager
def product_with(home, url: str, box: Mailbox | None = None) -> Iterator[Product]:
    """A product whose replies can be sent at once, without an encoder."""
    settings = Settings(
        home=home,
        database_url=url,
        model="scripted",
        encoder="none",
        undo_seconds=0,
        mailbox=box,
    )
    product = build(settings)
    try:
        yield product
    finally:
        product.close()
