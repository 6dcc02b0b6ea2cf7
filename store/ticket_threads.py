"""What is said in a ticket: its own messages, those of what was merged into it, and its chat.

A chat's ticket shows the conversation as it is now: the branch being shown, read from its end and
only as far as asked. Everything is in order of time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from store import messages, models, tickets
from store.columns import now
from store.models import Reply
from store.models import Ticket as TicketRow
from store.models import TicketMessage as Row
from store.ticket_records import NewMessage, Ticket, TicketMessage

Role = Literal["customer", "agent", "assistant"]
_ROLES: dict[str, Role] = {"user": "customer", "assistant": "assistant"}


def add(session: Session, ticket_id: int, message: NewMessage) -> str:
    """Add a message to a ticket that is no chat; its public id. Raises `UnstorableText`."""
    row = Row(
        ticket_id=ticket_id,
        role=message.role,
        name=message.name,
        at=message.at,
        mail_id=message.mail_id,
        content=message.content,
    )
    session.add(row)
    session.flush()
    return row.public_id


def new_in(session: Session, ticket_id: int, offered: Sequence[NewMessage]) -> list[NewMessage]:
    """Those that the ticket, and what was merged into it, does not have yet.

    A mail is known by its Message-ID, anything else by its role, moment and text.
    """
    inside = Row.ticket_id.in_(tickets.family(session, ticket_id))
    asked = select(Row.mail_id, Row.role, Row.at, Row.content).where(inside)
    rows = session.execute(asked).all()
    mails = {row.mail_id for row in rows if row.mail_id}
    said = {(row.role, row.at, row.content) for row in rows}
    return [
        each
        for each in offered
        if not (each.mail_id and each.mail_id in mails)
        and (each.role, each.at, each.content) not in said
    ]


def read(session: Session, ticket: Ticket, *, limit: int = 100) -> list[TicketMessage]:
    """The last `limit` messages of a ticket and of what was merged into it, oldest first."""
    ids = tickets.family(session, ticket.id)
    found = _own(session, ids, limit)
    chats = select(
        models.Conversation.head_id, TicketRow.customer, TicketRow.active, TicketRow.updated_at
    )
    chats = chats.join(TicketRow, TicketRow.conversation_id == models.Conversation.id)
    chats = chats.where(TicketRow.id.in_(ids), models.Conversation.deleted_at.is_(None))
    for head_id, customer, active, closed_at in session.execute(chats).all():
        if head_id is not None:
            said = _chat(session, head_id, customer, limit)
            # What is said after the desk closed it is between the chatter and the assistant.
            found += [each for each in said if active or each.at <= closed_at]
    return sorted(found, key=lambda each: each.at)[-limit:]


def unanswered_since(session: Session, ticket_id: int) -> datetime | None:
    """When the customer's oldest message came that nobody answered; None where none waits.

    Of a ticket's own messages: in a chat it is known as it is said.
    """
    inside = Row.ticket_id.in_(tickets.family(session, ticket_id))
    answered = session.execute(
        select(Row.at, Row.id)
        .where(inside, Row.role == "agent")
        .order_by(Row.at.desc(), Row.id.desc())
        .limit(1)
    ).one_or_none()
    asked = select(func.min(Row.at)).where(inside, Row.role == "customer")
    if answered is not None:
        later = and_(Row.at == answered.at, Row.id > answered.id)
        asked = asked.where((Row.at > answered.at) | later)
    return session.scalar(asked)


def _own(session: Session, ids: Sequence[int], limit: int) -> list[TicketMessage]:
    asked = (
        select(
            Row.public_id,
            Row.role,
            case((Reply.id.is_not(None), func.coalesce(models.User.name, "")), else_=Row.name),
            Row.at,
            Row.content,
            Row.mail_id,
            Reply.id.label("reply_id"),
            models.User.name.label("author"),
        )
        .outerjoin(Reply, Reply.message == Row.public_id)
        .outerjoin(models.User, models.User.id == Reply.author_id)
        .where(Row.ticket_id.in_(ids))
        .order_by(Row.at.desc(), Row.id.desc())
    )
    rows = session.execute(asked.limit(limit)).all()
    return [TicketMessage(*row) for row in reversed(rows)]


def _chat(session: Session, head_id: int, customer: str, limit: int) -> list[TicketMessage]:
    path = [each for each in messages.path(session, head_id, limit=limit) if each.role in _ROLES]
    by_agents = _replies_of(session, [each.public_id for each in path])
    found: list[TicketMessage] = []
    latest = path[0].created_at if path else now()
    for each in path:
        # Moments of a branch may differ from its order when a clock was set back.
        latest = max(latest, each.created_at)
        reply_id, author = by_agents.get(each.public_id, (None, None))
        role: Role = "agent" if reply_id is not None else _ROLES[each.role]
        name = customer if role == "customer" else author or ""
        found.append(
            TicketMessage(
                each.public_id,
                role,
                name,
                latest,
                each.content,
                reply_id=reply_id,
                author=author,
            )
        )
    return found


def _replies_of(session: Session, ids: Sequence[str]) -> dict[str, tuple[int, str | None]]:
    asked = select(Reply.message, Reply.id, models.User.name).outerjoin(
        models.User, models.User.id == Reply.author_id
    )
    rows = session.execute(asked.where(Reply.message.in_(ids)))
    return {message: (reply_id, name) for message, reply_id, name in rows if message is not None}
