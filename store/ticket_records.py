"""What the queries of the desk return: plain frozen values. Never rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

State = Literal["new", "open", "waiting", "closed"]
ReplyState = Literal["waiting", "sent", "taken back"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket, with its assignee's name where somebody has it. `merged_into` is an id."""

    id: int
    public_id: str
    source: str
    external_id: str | None
    channel: str
    conversation_id: int | None
    customer_id: int | None
    subject: str
    customer: str
    address: str
    language: str
    mood: str
    intent: str
    reason: str
    state: State
    assignee_id: int | None
    waiting_since: datetime | None
    rank: int
    unread: bool
    to_read: bool
    draft: str
    drafting_until: datetime | None
    merged_into: int | None
    created_at: datetime
    updated_at: datetime
    assignee: str | None
    assignee_public_id: str | None


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """A message of a ticket, or of the conversation that it shows.

    `role`: customer, agent, assistant. `reply_id`: the reply that it was, by an agent here.
    """

    public_id: str
    role: Literal["customer", "agent", "assistant"]
    name: str
    at: datetime
    content: str
    mail_id: str | None = None
    reply_id: int | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be added to a ticket."""

    role: Literal["customer", "agent"]
    name: str
    at: datetime
    content: str
    mail_id: str | None = None


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """What a model proposed. `answers`: the customer's message (public id) that came last."""

    id: int
    public_id: str
    ticket_id: int
    answers: str | None
    sources: list[dict[str, Any]]
    missing: list[str]
    unsupported: list[str]
    notes: list[str]
    language: str
    model: str
    prompt: str
    version: str
    number: int | None
    release_id: int | None
    tone: str
    instruction: str
    variant: int
    first_s: float | None
    total_s: float | None
    created_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class TicketText:
    """The unsent text of a ticket; `writer` is a name, None when that person is forgotten."""

    version: int
    draft: str | None
    facts: list[str]
    confirmed: list[str]
    changed_at: datetime
    text: str
    writer: str | None
    writer_public_id: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent sent. `ticket`, `draft` are public ids; `author` is a name."""

    id: int
    public_id: str
    ticket_id: int
    author_id: int | None
    draft_id: int | None
    how: str
    state: ReplyState
    seconds: int
    distance: float | None
    reason: str
    facts: list[str]
    confirmed: list[str]
    message: str | None
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    text: str
    ticket: str
    author: str | None


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody who has a ticket open."""

    user_id: int
    public_id: str
    name: str
    since: datetime
    seen_at: datetime
    typing: bool


@dataclass(frozen=True, slots=True)
class Macro:
    """A text that agents insert; `changed_by` is a name, None when that person is forgotten."""

    name: str
    title: str
    text: str
    changed_at: datetime
    changed_by: str | None
