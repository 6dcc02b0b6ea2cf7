"""What is due leaves: into the chat, or to the mail that goes out, or nowhere but the thread.

One transaction takes a reply, makes it a message and moves the ticket: a process that dies at any
moment leaves it waiting or sent, never half, and of several processes one takes it. Mail itself is
carried by chatbot.mailroom.
"""

import asyncio
import logging
from datetime import datetime

from chatbot.desk.parts import Part
from chatbot.desk.replies import is_demo
from chatbot.drafting.claims import uncited
from chatbot.errors import StoreUnavailable
from chatbot.webhooks import telling
from store import (
    conversations,
    mail,
    messages,
    review,
    ticket_replies,
    ticket_threads,
    tickets,
)
from store.columns import now
from store.engine import Session
from store.ticket_records import NewMessage, Reply, State, Ticket

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for replies that are due, at most."""
REFERENCES = 20
"""Message-IDs that a mail refers to, the first one and the last ones."""


class Delivery(Part):
    """Delivers what is due."""

    async def keep_sending(self) -> None:
        """Deliver what is due, exactly once, until cancelled. For the server only."""
        while True:
            pause = LOOK_EVERY
            try:
                await asyncio.to_thread(self.send_due)
                pause = min(LOOK_EVERY, await asyncio.to_thread(self._until_next))
            except Exception as error:  # noqa: BLE001  the next look may succeed
                log.warning("no reply was delivered: %s", type(error).__name__)
            await asyncio.sleep(pause)

    def send_due(self) -> int:
        """Deliver the replies that are due; how many."""
        with self._archive.main.reading() as session:
            due = ticket_replies.due(session)
        return sum(self._tried(each) for each in due)

    def _tried(self, reply: str) -> bool:
        """Whether it left; one that cannot keeps no other back."""
        try:
            return self._send(reply)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  the next look may succeed
            log.warning("a reply was not delivered: %s", type(error).__name__)
            return False

    def _send(self, reply: str) -> bool:
        with self._archive.main.writing() as session:
            found = ticket_replies.get(session, reply)
            ticket = tickets.by_id(session, found.ticket_id)
            if ticket.conversation_id is not None:
                conversations.lock(session, ticket.conversation_id)
            ticket = tickets.hold(session, ticket.id)
            if not ticket_replies.take(session, found.id):
                return False  # another process did, or it was taken back
            since = _unread_since(session, ticket, found)
            message = self._deliver(session, ticket, found)
            if message is not None:
                ticket_replies.became(session, found.id, message)
            state: State = "waiting" if since is None else "open"
            tickets.change(
                session, ticket, state="closed" if ticket.state == "closed" else state,
                waiting_since=since, answered=since is None, at=now(), draft="",
            )  # fmt: skip
            chat = tickets.conversation_of(session, ticket)
            review.note_reply(session, found.id)
            if not is_demo(ticket):
                telling.reply_sent(session, ticket, found, message)
        if chat is not None and ticket.customer_id is not None:
            self._parts.notices.tell(ticket.customer_id, chat)
        return True

    def _deliver(self, session: Session, ticket: Ticket, reply: Reply) -> str | None:
        """The message (public id) that a reply became; None where there is none."""
        if ticket.conversation_id is not None:
            return _say(session, ticket.conversation_id, reply) if reply.how == "reply" else None
        mail_id = None
        if reply.how == "reply" and ticket.channel == "e-mail" and not is_demo(ticket):
            mail_id = _mail(session, ticket, reply)
        message = NewMessage("agent", "", now(), reply.text, mail_id)
        return ticket_threads.add(session, ticket.id, message)

    def _until_next(self) -> float:
        with self._archive.main.reading() as session:
            due = ticket_replies.next_due(session)
        left = 0.0 if due is None else (due - now()).total_seconds()
        return left if left > 0 else LOOK_EVERY


def _unread_since(session: Session, ticket: Ticket, reply: Reply) -> datetime | None:
    """When the customer wrote what was not there yet when a reply was written; None: nothing."""
    said = ticket_threads.read(session, ticket, limit=30)
    return next((m.at for m in said if m.role == "customer" and m.at > reply.created_at), None)


def _say(session: Session, conversation_id: int, reply: Reply) -> str:
    """Say it in the chat, after what is shown there now."""
    said = messages.add_message(
        session,
        conversation_id,
        parent_id=conversations.head(session, conversation_id),
        role="assistant",
        content=_for_customers(reply),
        key=f"reply:{reply.public_id}",
    )
    return said.public_id


def _mail(session: Session, ticket: Ticket, reply: Reply) -> str:
    """Queue a mail that answers what the customer wrote last; its Message-ID."""
    said = ticket_threads.read(session, ticket, limit=200)
    ids = [each.mail_id for each in said if each.mail_id]
    last = next((m.mail_id for m in reversed(said) if m.mail_id and m.role == "customer"), None)
    subject = " ".join(ticket.subject.split())
    subject = subject if subject.casefold().startswith("re:") else f"Re: {subject}"
    references = ids[:1] + ids[1:][-(REFERENCES - 1) :]
    body = _for_customers(reply)
    return mail.put(session, reply.id, ticket.address, subject, body, last, references)


def _for_customers(reply: Reply) -> str:
    """The reply without the numbers of sources, which customers are not shown."""
    return uncited(reply.text) or reply.text
