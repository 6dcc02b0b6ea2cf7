"""What items of the review are about: who asked, what was said, what the model wrote.

Everything is told as it is stored, personal values included: whoever shows it masks it. Of a chat
the branch of the judged answer is told, of a ticket its thread; and of both a few messages after
it, which often say whether it helped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import accounts, messages, speakers, ticket_texts, ticket_threads, tickets
from store.errors import NotFound
from store.models import Conversation, Reply, Ticket, User
from store.records import Feedback, Message
from store.review_records import ReviewItem
from store.ticket_records import TicketDraft

Role = Literal["customer", "assistant", "agent"]
_LOOKED_AT = 500
"""Messages from the end of a branch among which a judged answer is looked for."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the thread. `rating`: the thumb of whoever asked."""

    public_id: str
    role: Role
    at: datetime
    text: str
    judged: bool = False
    rating: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """What an item is about. `customer` tells customers apart and is nobody's to see.

    `answer`: what the model wrote; `sent`: what an agent sent instead of it. `owner_id`: whose chat
    it is, None of mails. `people`: names of those who take part. `draft`: of a reply.
    """

    customer: str
    channel: str
    people: tuple[str, ...]
    thread: list[Said]
    has_earlier: bool
    answer: str
    sent: str | None = None
    better: str = ""
    reasons: tuple[str, ...] = ()
    owner_id: int | None = None
    message: str | None = None
    draft: TicketDraft | None = field(default=None, repr=False)

    @property
    def before(self) -> list[Said]:
        """What was said before the answer."""
        at = next((n for n, each in enumerate(self.thread) if each.judged), len(self.thread))
        return self.thread[:at]

    @property
    def question(self) -> str:
        """What the customer said last before the answer."""
        asked = (each.text for each in reversed(self.before) if each.role == "customer")
        return next(asked, "")


def subject(session: Session, item: ReviewItem, *, limit: int, after: int = 0) -> Subject:
    """An item's subject: at most `limit` messages up to the answer, and `after` behind it.

    Raises `NotFound` when it was removed meanwhile.
    """
    if item.kind == "answer":
        return _of_chat(session, item, limit, after)
    return _of_reply(session, item, limit, after)


def customers(session: Session, items: Sequence[ReviewItem]) -> dict[int, str]:
    """What tells the customers of these items apart (see `Subject.customer`), by item."""
    chats = select(Conversation.id, User.public_id).join(User, User.id == Conversation.user_id)
    ids = {each.conversation_id for each in items if each.conversation_id is not None}
    rows = session.execute(chats.where(Conversation.id.in_(ids)))
    by_chat = {chat: user for chat, user in rows}  # noqa: C416  rows are no pairs for mypy
    asked = (
        select(Ticket.id, Ticket.public_id, Ticket.address, User.public_id)
        .outerjoin(User, User.id == Ticket.customer_id)
        .where(Ticket.id.in_({each.ticket_id for each in items if each.ticket_id is not None}))
    )
    by_ticket = {
        ticket_id: _customer(user, address, public_id)
        for ticket_id, public_id, address, user in session.execute(asked)
    }
    return {
        each.id: _customer(by_chat[each.conversation_id], "", "")
        if each.conversation_id in by_chat
        else by_ticket.get(each.ticket_id or 0, "")
        for each in items
    }


def _customer(user: str | None, address: str, ticket: str) -> str:
    if user is not None:
        return f"person {user}"
    return f"address {address.casefold()}" if address else f"ticket {ticket}"


def _of_chat(session: Session, item: ReviewItem, limit: int, after: int) -> Subject:
    asked = (
        select(Conversation.channel, Conversation.head_id, User.id, User.public_id, User.name)
        .join(User, User.id == Conversation.user_id)
        .where(Conversation.id == item.conversation_id, Conversation.deleted_at.is_(None))
    )
    found = session.execute(asked).one_or_none()
    if found is None or item.message_id is None:
        raise NotFound("This item")
    channel, head_id, owner_id, owner, name = found
    path = messages.path(session, item.message_id, limit=limit + 1)
    shown = path[-limit:]
    judged = shown[-1]
    shown = shown + _following(session, head_id, judged, after)
    ratings = messages.feedback(session, owner_id, [each.id for each in shown])
    by_people = speakers.names(session, shown)
    own = ratings.get(judged.id)
    return Subject(
        customer=_customer(owner, "", ""),
        channel=channel,
        people=_people(owner, name, by_people.values()),
        thread=[_said(each, judged, ratings, by_people) for each in shown if each.role != "system"],
        has_earlier=len(path) > limit,
        answer=judged.content,
        better=(own.better or "") if own else "",
        reasons=tuple(item.reasons),
        owner_id=owner_id,
        message=judged.public_id,
    )


def _following(session: Session, head_id: int | None, judged: Message, after: int) -> list[Message]:
    """What comes behind the answer on the branch that is shown; nothing on another branch."""
    if head_id is None or not after:
        return []
    path = messages.path(session, head_id, limit=_LOOKED_AT)
    at = next((n for n, each in enumerate(path) if each.id == judged.id), len(path))
    return path[at + 1 : at + 1 + after]


def _said(
    message: Message,
    judged: Message,
    ratings: dict[int, Feedback],
    by_people: dict[int, str],
) -> Said:
    role: Role = "customer"
    if message.role == "assistant":
        role = "agent" if message.id in by_people else "assistant"
    rating = ratings[message.id].rating if message.id in ratings else 0
    return Said(
        message.public_id, role, message.created_at, message.content,
        judged=message.id == judged.id, rating=rating,
    )  # fmt: skip


def _of_reply(session: Session, item: ReviewItem, limit: int, after: int) -> Subject:
    asked = select(Reply.text, Reply.reason, Reply.draft_id, Reply.created_at, User.name)
    asked = asked.outerjoin(User, User.id == Reply.author_id).where(Reply.id == item.reply_id)
    reply = session.execute(asked).one_or_none()
    if reply is None or item.ticket_id is None:
        raise NotFound("This item")
    text, reason, draft_id, written_at, author = reply
    ticket = tickets.by_id(session, item.ticket_id)
    draft = ticket_texts.drafts_of(session, [draft_id]).get(draft_id) if draft_id else None
    said = ticket_threads.read(session, ticket, limit=limit + after + 1)
    at = next((n for n, each in enumerate(said) if each.reply_id == item.reply_id), None)
    if at is None:  # copied out, or so long ago that it is not read
        at = sum(each.at <= written_at for each in said)
    first = max(0, at + 1 - limit)
    thread = [
        Said(each.public_id, each.role, each.at, each.content, each.reply_id == item.reply_id)
        for each in said[first : at + 1 + after]
    ]
    customer = None
    if ticket.customer_id is not None:
        customer = accounts.person(session, ticket.customer_id).public_id
    return Subject(
        customer=_customer(customer, ticket.address, ticket.public_id),
        channel=ticket.channel,
        people=_people(customer, ticket.customer, [author or ""]),
        thread=thread,
        has_earlier=first > 0 or len(said) > limit + after,
        answer=draft.text if draft else "",
        sent=text,
        reasons=(reason,) if reason else (),
        owner_id=ticket.customer_id,
        draft=draft,
    )


def _people(owner: str | None, name: str, others: Any) -> tuple[str, ...]:
    """Names that are to be masked: not what the one person of a machine is called, as "You"."""
    known = [] if owner == accounts.LOCAL else [name]
    return tuple(dict.fromkeys(each for each in (*known, *others) if each.strip()))
