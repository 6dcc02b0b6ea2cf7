"""The tables of the desk: tickets, their messages, drafts, unsent texts, replies, who is here.

Part of `store.models`, which names them all. A chat's ticket has no messages of its own: it shows
the conversation, and leaves with it. `merged_into` is a value, not a foreign key: a backup is read
in order of ids.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.base import NEVER_REUSED, Base, new_id
from store.columns import BigId, ExactText, Name, PlainJson, PublicId, UtcTime, now

_WAITING = text("state = 'waiting'")
_TO_READ = text("to_read")
_MERGED = text("merged_into IS NOT NULL")
_SEEN_BY_FILTERS = ("state", "assignee_id", "language", "mood")


def _queue(name: str, *columns: str) -> Index:
    """An index that answers every filter by itself, so that rows are read for a page alone."""
    return Index(name, *columns, *(each for each in _SEEN_BY_FILTERS if each not in columns))


class Ticket(Base):
    """A customer's thread that waits for a reply.

    `rank` orders the queue, smaller first: the milliseconds of `waiting_since`, and behind all of
    those, the tickets that wait for nobody here, the newest first. `to_read`: the customer wrote
    something that analysis has not seen. `drafting_until`: somebody drafts for it until then.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        _queue("ix_tickets_queue", "active", "rank", "id"),
        _queue("ix_tickets_language", "active", "language", "rank", "id"),
        _queue("ix_tickets_mood", "active", "mood", "rank", "id"),
        _queue("ix_tickets_state", "active", "state", "rank", "id"),
        _queue("ix_tickets_assignee", "assignee_id", "active", "rank", "id"),
        _queue("ix_tickets_newest", "active", "updated_at", "id"),
        Index("ix_tickets_age", "updated_at"),
        Index("ix_tickets_created_at", "created_at"),
        Index("ix_tickets_customer_id", "customer_id"),
        Index("ix_tickets_address", "address"),
        Index("ix_tickets_to_read", "id", sqlite_where=_TO_READ, postgresql_where=_TO_READ),
        Index("ix_tickets_merged", "merged_into", sqlite_where=_MERGED, postgresql_where=_MERGED),
        CheckConstraint("state IN ('new', 'open', 'waiting', 'closed')", name="state"),
        CheckConstraint("channel IN ('e-mail', 'chat', 'api', 'file')", name="channel"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    source: Mapped[str] = mapped_column(Name(500))
    external_id: Mapped[str | None] = mapped_column(Name(1000))
    channel: Mapped[str] = mapped_column(Name(20))
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), unique=True
    )
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(ExactText)
    customer: Mapped[str] = mapped_column(ExactText)
    address: Mapped[str] = mapped_column(Name(320))
    language: Mapped[str] = mapped_column(Name(20), default="")
    mood: Mapped[str] = mapped_column(Name(20), default="")
    intent: Mapped[str] = mapped_column(Name(100), default="")
    reason: Mapped[str] = mapped_column(ExactText, default="")
    state: Mapped[str] = mapped_column(Name(20))
    active: Mapped[bool]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    waiting_since: Mapped[datetime | None] = mapped_column(UtcTime)
    rank: Mapped[int] = mapped_column(BigId)
    unread: Mapped[bool] = mapped_column(default=True)
    to_read: Mapped[bool] = mapped_column(default=False)
    draft: Mapped[str] = mapped_column(Name(200), default="")
    drafting_until: Mapped[datetime | None] = mapped_column(UtcTime)
    merged_into: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class TicketMessage(Base):
    """A message of a ticket that is no chat. `mail_id`: its Message-ID, where it was a mail."""

    __tablename__ = "ticket_messages"
    __table_args__ = (
        Index("ix_ticket_messages_thread", "ticket_id", "at", "id"),
        Index("ix_ticket_messages_mail", "mail_id"),
        CheckConstraint("role IN ('customer', 'agent')", name="role"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(Name(20))
    name: Mapped[str] = mapped_column(ExactText, default="")
    at: Mapped[datetime] = mapped_column(UtcTime)
    mail_id: Mapped[str | None] = mapped_column(Name(1000))
    content: Mapped[str] = mapped_column(ExactText)


class TicketWords(Base):
    """What a ticket is found by; the index on it is FTS5 kept by triggers, or GIN."""

    __tablename__ = "ticket_words"

    id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    near: Mapped[str] = mapped_column(Name(40))
    words: Mapped[str] = mapped_column(ExactText)


class TicketDraft(Base):
    """What a model proposed. `answers`: the customer's message (public id) that came last."""

    __tablename__ = "ticket_drafts"
    __table_args__ = (
        Index("ix_ticket_drafts_ticket_id", "ticket_id", "id"),
        Index("ix_ticket_drafts_created_at", "created_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    made_for: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    answers: Mapped[str | None] = mapped_column(PublicId)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(PlainJson)
    missing: Mapped[list[str]] = mapped_column(PlainJson)
    unsupported: Mapped[list[str]] = mapped_column(PlainJson)
    notes: Mapped[list[str]] = mapped_column(PlainJson)
    language: Mapped[str] = mapped_column(Name(20))
    model: Mapped[str] = mapped_column(Name(200))
    prompt: Mapped[str] = mapped_column(Name(200))
    version: Mapped[str] = mapped_column(Name(64))
    number: Mapped[int | None]
    release_id: Mapped[int | None] = mapped_column(BigId)
    tone: Mapped[str] = mapped_column(Name(40))
    instruction: Mapped[str] = mapped_column(ExactText)
    variant: Mapped[int] = mapped_column(default=0)
    first_s: Mapped[float | None]
    total_s: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    text: Mapped[str] = mapped_column(ExactText)


class TicketText(Base):
    """The unsent text of a ticket, whoever writes it. `version` counts the changes."""

    __tablename__ = "ticket_texts"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int]
    draft_id: Mapped[int | None] = mapped_column(
        ForeignKey("ticket_drafts.id", ondelete="SET NULL"), index=True
    )
    facts: Mapped[list[str]] = mapped_column(PlainJson)
    confirmed: Mapped[list[str]] = mapped_column(PlainJson)
    writer_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    text: Mapped[str] = mapped_column(ExactText)


class Reply(Base):
    """What an agent sent; it leaves at `due_at`. `message`: what it became (public id)."""

    __tablename__ = "replies"
    __table_args__ = (
        Index("ix_replies_ticket_id", "ticket_id", "id"),
        Index("ix_replies_due", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_replies_message", "message"),
        Index("ix_replies_sent_at", "sent_at"),
        CheckConstraint("state IN ('waiting', 'sent', 'taken back')", name="state"),
        CheckConstraint("how IN ('reply', 'clipboard')", name="how"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    draft_id: Mapped[int | None] = mapped_column(
        ForeignKey("ticket_drafts.id", ondelete="SET NULL"), index=True
    )
    how: Mapped[str] = mapped_column(Name(20))
    state: Mapped[str] = mapped_column(Name(20), default="waiting")
    seconds: Mapped[int]
    distance: Mapped[float | None]
    reason: Mapped[str] = mapped_column(Name(40), default="")
    facts: Mapped[list[str]] = mapped_column(PlainJson)
    confirmed: Mapped[list[str]] = mapped_column(PlainJson)
    message: Mapped[str | None] = mapped_column(PublicId)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)
    text: Mapped[str] = mapped_column(ExactText)


class TicketPresence(Base):
    """Who has a ticket open since when, and when they were last heard of."""

    __tablename__ = "ticket_presence"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    since: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    typing: Mapped[bool]


class Macro(Base):
    """A text that agents insert, by the name that they type."""

    __tablename__ = "macros"

    name: Mapped[str] = mapped_column(Name(60), primary_key=True)
    title: Mapped[str] = mapped_column(ExactText)
    text: Mapped[str] = mapped_column(ExactText)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    changed_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
