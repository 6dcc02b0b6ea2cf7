"""What people wrote first, in tickets and conversations: the newest texts for topics."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.models import Conversation, Message, Ticket, TicketMessage


@dataclass(frozen=True, slots=True)
class FirstText:
    """The first thing that somebody wrote; `source`: ticket or conversation, `id` its public id."""

    source: str
    id: str
    channel: str
    at: datetime
    text: str


def newest(session: Session, since: datetime, channel: str, limit: int) -> list[FirstText]:
    """At most `limit` texts written since then, the newest first; "" names every channel.

    A chat's ticket is left out: its conversation stands for it. Deleted conversations and merged
    tickets are left out too.
    """
    found = _of_tickets(session, since, channel, limit)
    found += _of_conversations(session, since, channel, limit)
    return sorted(found, key=lambda text: text.at, reverse=True)[:limit]


def _of_tickets(session: Session, since: datetime, channel: str, limit: int) -> list[FirstText]:
    first = (
        select(func.min(TicketMessage.id))
        .where(TicketMessage.ticket_id == Ticket.id, TicketMessage.role == "customer")
        .correlate(Ticket)
        .scalar_subquery()
    )
    asked = (
        select(Ticket.public_id, Ticket.channel, TicketMessage.at, TicketMessage.content)
        .join(TicketMessage, TicketMessage.id == first)
        .where(TicketMessage.at >= since, Ticket.merged_into.is_(None))
        .order_by(Ticket.id.desc())
        .limit(limit)
    )
    return _rows(session, "ticket", asked.where(Ticket.channel == channel) if channel else asked)


def _of_conversations(
    session: Session, since: datetime, channel: str, limit: int
) -> list[FirstText]:
    first = (
        select(func.min(Message.id))
        .where(Message.conversation_id == Conversation.id, Message.role == "user")
        .correlate(Conversation)
        .scalar_subquery()
    )
    asked = (
        select(Conversation.public_id, Conversation.channel, Message.created_at, Message.content)
        .join(Message, Message.id == first)
        .where(Message.created_at >= since, Conversation.deleted_at.is_(None))
        .order_by(Conversation.id.desc())
        .limit(limit)
    )
    which = Conversation.channel == channel if channel else Conversation.channel != "desk"
    return _rows(session, "conversation", asked.where(which))


def _rows(session: Session, source: str, asked: Any) -> list[FirstText]:
    return [FirstText(source, *row) for row in session.execute(asked)]
