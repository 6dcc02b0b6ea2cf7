"""What a workspace's own datasets are made of: judged answers, and replies that agents sent.

Reads alone, a page at a time in order of ids, so that two builds of the same see the same. What is
deleted is never among it. Who may build is decided above.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from store.models import (
    Conversation,
    Message,
    Reply,
    ReviewItem,
    Ticket,
    TicketDraft,
    User,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A reviewer's verdict on an item: `text` is the corrected answer, None where it stays."""

    item_id: int
    rating: int
    text: str | None
    use: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """An item that somebody judged, with all verdicts on it, the oldest first."""

    id: int
    message_id: int | None
    reply_id: int | None
    topic: str
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a conversation. `talk` and `person`: public id and the asker's name.

    `prompt` and `version` are the conversation's, for an answer whose trace is gone.
    """

    id: int
    conversation_id: int
    talk: str
    person: str
    prompt: str
    version: str | None
    parent_id: int
    status: str


@dataclass(frozen=True, slots=True)
class SentReply:
    """A reply that left, and the draft it came from. `agent`: for whom the draft was made.

    `distance`: 0 to 1.
    """

    id: int
    ticket: str
    draft_id: int
    text: str
    distance: float | None
    facts: list[str]
    author: str | None
    agent: str | None


def judged(session: Session, *, after: int, since: datetime | None, limit: int) -> list[Judged]:
    """Items that were judged since then, in order of ids, behind the id `after`."""
    voted = select(Verdict.item_id).where(Verdict.item_id == ReviewItem.id)
    if since is not None:
        voted = voted.where(Verdict.updated_at >= since)
    asked = (
        select(ReviewItem.id, ReviewItem.message_id, ReviewItem.reply_id, ReviewItem.topic)
        .where(ReviewItem.id > after, voted.exists())
        .order_by(ReviewItem.id)
        .limit(limit)
    )
    rows = session.execute(asked).all()
    verdicts = _opinions(session, Verdict.item_id.in_([row.id for row in rows]))
    return [Judged(*row, tuple(one for one in verdicts if one.item_id == row.id)) for row in rows]


def of_replies(session: Session, replies: Sequence[int]) -> dict[int, tuple[Opinion, ...]]:
    """The verdicts on these replies (ids), of those that have some."""
    asked = select(ReviewItem.id, ReviewItem.reply_id).where(ReviewItem.reply_id.in_(replies))
    items = {item: reply for item, reply in session.execute(asked).all() if reply is not None}
    found: dict[int, tuple[Opinion, ...]] = {}
    for one in _opinions(session, Verdict.item_id.in_(items)):
        reply = items[one.item_id]
        found[reply] = (*found.get(reply, ()), one)
    return found


def answers(session: Session, ids: Sequence[int]) -> dict[int, Answer]:
    """These answers (ids) but for those of deleted conversations."""
    asked = (
        select(
            Message.id,
            Message.conversation_id,
            Conversation.public_id,
            User.name,
            Conversation.prompt,
            Conversation.version,
            Message.parent_id,
            Message.status,
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(User, User.id == Conversation.user_id)
        .where(
            Message.id.in_(ids),
            Message.role == "assistant",
            Message.parent_id.is_not(None),
            Conversation.deleted_at.is_(None),
        )
    )
    found: list[Any] = list(session.execute(asked))
    return {row[0]: Answer(*row) for row in found}


def sent(session: Session, *, after: int, since: datetime | None, limit: int) -> list[SentReply]:
    """Replies that left since then and came from a draft, in order of ids, behind `after`."""
    asked = _replies().where(Reply.id > after)
    if since is not None:
        asked = asked.where(Reply.sent_at >= since)
    return [SentReply(*row) for row in session.execute(asked.order_by(Reply.id).limit(limit))]


def sent_by_ids(session: Session, ids: Sequence[int]) -> dict[int, SentReply]:
    """These replies (ids), of those that left and came from a draft."""
    return {row[0]: SentReply(*row) for row in session.execute(_replies().where(Reply.id.in_(ids)))}


def there(session: Session, table: str, ids: Sequence[int]) -> set[int]:
    """Those of these ids of `messages` or `replies` that still have their row."""
    column: Any = Message.id if table == "messages" else Reply.id
    return set(session.scalars(select(column).where(column.in_(ids))))


def _replies() -> Any:
    author, asker = aliased(User), aliased(User)
    return (
        select(
            Reply.id,
            Ticket.public_id,
            Reply.draft_id,
            Reply.text,
            Reply.distance,
            Reply.facts,
            author.name,
            asker.name,
        )
        .join(Ticket, Ticket.id == Reply.ticket_id)
        .join(TicketDraft, TicketDraft.id == Reply.draft_id)
        .outerjoin(Conversation, Conversation.id == Ticket.conversation_id)
        .outerjoin(author, author.id == Reply.author_id)
        .outerjoin(asker, asker.id == TicketDraft.made_for)
        .where(
            Reply.state == "sent",
            or_(Ticket.conversation_id.is_(None), Conversation.deleted_at.is_(None)),
        )
    )


def _opinions(session: Session, condition: Any) -> list[Opinion]:
    asked = (
        select(Verdict.item_id, Verdict.rating, Verdict.text, Verdict.use, Verdict.updated_at)
        .where(condition)
        .order_by(Verdict.updated_at, Verdict.id)
    )
    return [Opinion(*row) for row in session.execute(asked)]
