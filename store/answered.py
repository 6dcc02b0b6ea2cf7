"""What was answered in a time, row by row: answers and their thumbs, drafts, replies, tickets.

And which moments are concerned by what changed since another moment: a thumb of today changes the
figures of the hour in which its answer was written. All times have an index. Knows no figures.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from store.hours import Kind, floor
from store.models import (
    Conversation,
    Feedback,
    Message,
    Reply,
    ReviewItem,
    Ticket,
    TicketDraft,
    Trace,
    Verdict,
)

BROKEN = text("messages.status IN ('failed', 'interrupted')")
"""In the index's own words: with values bound later, SQLite would not use it."""


class Answered(NamedTuple):
    """An answer. `error`: the sentence it ended with. `lacked`: no passage fitted. Times: seconds.

    `id`: internal, of the message; 0 for a draft.
    """

    at: datetime
    kind: Kind
    id: int
    status: str
    error: str | None
    first_s: float | None
    total_s: float | None
    prompt_tokens: int | None
    reply_tokens: int | None
    lacked: bool


class Sent(NamedTuple):
    """A reply that an agent sent; of no kind where it began from no draft."""

    at: datetime
    kind: Kind
    distance: float | None
    drafted: bool


class Judged(NamedTuple):
    """A thumb or verdict (-1, 0, 1) of the answer of that moment and kind. `why`: reasons given."""

    at: datetime
    kind: Kind
    rating: int
    why: tuple[str, ...] = ()


class Wanted(NamedTuple):
    """A ticket that came: how its customer felt, and what about; "" where that is not known."""

    at: datetime
    mood: str
    topic: str


def answers(session: Session, since: datetime, until: datetime) -> Iterator[Answered]:
    """The answers of which a model call is known, and those that broke before there was one."""
    asked = (
        select(
            Trace.created_at,
            *_of_trace(),
            Message.id,
            Message.status,
            Message.error,
            Trace.first_token_s,
            Trace.total_s,
            Trace.prompt_tokens,
            Trace.reply_tokens,
            Trace.inputs["lacked"].as_string(),
        )
        .join(Message, Message.id == Trace.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Trace.created_at >= since, Trace.created_at < until, Trace.attempt == 1)
    )
    for row in session.execute(asked):
        yield Answered(
            row[0], _kind(row[1:6]), row[6], row[7], row[8],
            row[9], row[10], row[11], row[12], row[13] is not None,
        )  # fmt: skip
    for row in session.execute(_untraced(since, until)):
        broken = row[6], row[7], row[8]
        yield Answered(row[0], _kind(row[1:6]), *broken, None, None, None, None, lacked=False)


def drafts(session: Session, since: datetime, until: datetime) -> Iterator[Answered]:
    """The drafts that were made for tickets."""
    asked = select(
        TicketDraft.created_at,
        TicketDraft.prompt,
        TicketDraft.version,
        TicketDraft.model,
        TicketDraft.release_id,
        TicketDraft.first_s,
        TicketDraft.total_s,
        TicketDraft.sources,
    ).where(TicketDraft.created_at >= since, TicketDraft.created_at < until)
    for at, prompt, version, model, release, first, total, sources in session.execute(asked):
        kind = _kind(("desk", prompt, version, model, release))
        yield Answered(at, kind, 0, "complete", None, first, total, None, None, not sources)


def replies(session: Session, since: datetime, until: datetime) -> Iterator[Sent]:
    """The replies that were sent in this time."""
    asked = (
        select(
            Reply.sent_at,
            TicketDraft.prompt,
            TicketDraft.version,
            TicketDraft.model,
            TicketDraft.release_id,
            Reply.distance,
            TicketDraft.id,
        )
        .outerjoin(TicketDraft, TicketDraft.id == Reply.draft_id)
        .where(Reply.sent_at >= since, Reply.sent_at < until, Reply.state == "sent")
    )
    rows: Iterator[Any] = session.execute(asked)
    for row in rows:
        yield Sent(row[0], _of_draft(row), row[5], row[6] is not None)


def thumbs(session: Session, since: datetime, until: datetime) -> Iterator[Judged]:
    """What people thought of the answers of this time."""
    asked = (
        select(Trace.created_at, *_of_trace(), Feedback.rating, Feedback.reasons)
        .join(Message, Message.id == Trace.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Feedback, Feedback.message_id == Trace.message_id)
        .where(Trace.created_at >= since, Trace.created_at < until, Trace.attempt == 1)
    )
    for row in session.execute(asked):
        yield Judged(row[0], _kind(row[1:6]), row[6], tuple(row[7]))


def verdicts(session: Session, since: datetime, until: datetime) -> Iterator[Judged]:
    """What reviewers thought of the answers, and of the replies, of this time."""
    of_answers = (
        select(Trace.created_at, *_of_trace(), ReviewItem.verdict)
        .join(Message, Message.id == Trace.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(ReviewItem, ReviewItem.message_id == Trace.message_id)
        .where(
            Trace.created_at >= since,
            Trace.created_at < until,
            Trace.attempt == 1,
            ReviewItem.verdict.is_not(None),
        )
    )
    for row in session.execute(of_answers):
        yield Judged(row[0], _kind(row[1:6]), row[6])
    of_replies = (
        select(
            Reply.sent_at,
            TicketDraft.prompt,
            TicketDraft.version,
            TicketDraft.model,
            TicketDraft.release_id,
            ReviewItem.verdict,
        )
        .join(ReviewItem, ReviewItem.reply_id == Reply.id)
        .outerjoin(TicketDraft, TicketDraft.id == Reply.draft_id)
        .where(Reply.sent_at >= since, Reply.sent_at < until, ReviewItem.verdict.is_not(None))
    )
    rows: Iterator[Any] = session.execute(of_replies)
    for row in rows:
        yield Judged(row[0], _of_draft(row), row[5])


def tickets(session: Session, since: datetime, until: datetime) -> Iterator[Wanted]:
    """The tickets that came in this time."""
    asked = select(Ticket.created_at, Ticket.mood, Ticket.intent).where(
        Ticket.created_at >= since, Ticket.created_at < until, Ticket.merged_into.is_(None)
    )
    return (Wanted(*row) for row in session.execute(asked))


def written(
    session: Session, since: datetime, until: datetime, model: str, limit: int
) -> list[tuple[datetime, float]]:
    """When the newest answers of a model ended, and how many seconds they took."""
    asked = (
        select(Trace.created_at, Trace.total_s)
        .where(Trace.created_at >= since, Trace.created_at < until, Trace.model == model)
        .order_by(Trace.created_at.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(asked) if row[1] is not None]


def texts(session: Session, ids: Collection[int], longest: int) -> dict[int, str]:
    """The first `longest` characters of these messages, by their ids."""
    asked = select(Message.id, func.substr(Message.content, 1, longest))
    return {row[0]: row[1] for row in session.execute(asked.where(Message.id.in_(ids)))}


def questions(session: Session, ids: Collection[int], longest: int) -> dict[int, str]:
    """The first `longest` characters of what these messages (ids) answer, by their ids."""
    asked = Message.__table__.alias("asked")
    query = (
        select(Message.id, func.substr(asked.c.content, 1, longest))
        .join(asked, asked.c.id == Message.parent_id)
        .where(Message.id.in_(ids), asked.c.role == "user")
    )
    return {row[0]: row[1] for row in session.execute(query)}


def with_rows(session: Session, since: datetime, until: datetime, step: timedelta) -> set[datetime]:
    """The steps (see `floor`) of this time in which anything was answered, sent or asked."""
    found: set[datetime] = set()
    for column in (Trace.created_at, TicketDraft.created_at, Reply.sent_at, Ticket.created_at):
        at: datetime | None = since
        while at is not None and at < until:
            at = session.scalar(select(func.min(column)).where(column >= at, column < until))
            if at is not None:
                found.add(floor(at, step))
                at = floor(at, step) + step
    broken = select(Message.finished_at).where(
        BROKEN, Message.finished_at >= since, Message.finished_at < until
    )
    return found | {floor(at, step) for at in session.scalars(broken) if at is not None}


def changed(session: Session, since: datetime) -> set[datetime]:
    """The moments whose rows are new or otherwise since then; what was removed is not told here."""
    reviewed = select(Verdict.item_id).where(Verdict.updated_at >= since)
    asked: list[Any] = [
        select(Trace.created_at)
        .join(Feedback, Feedback.message_id == Trace.message_id)
        .where(Feedback.updated_at >= since, Trace.attempt == 1),
        select(Trace.created_at)
        .join(ReviewItem, ReviewItem.message_id == Trace.message_id)
        .where(ReviewItem.id.in_(reviewed), Trace.attempt == 1),
        select(Reply.sent_at)
        .join(ReviewItem, ReviewItem.reply_id == Reply.id)
        .where(ReviewItem.id.in_(reviewed), Reply.sent_at.is_not(None)),
        select(Ticket.created_at).where(Ticket.updated_at >= since),
    ]
    return {at for query in asked for at in session.scalars(query)}


def _untraced(since: datetime, until: datetime) -> Any:
    """Answers that broke before a model was called: what they were to be is in the conversation."""
    return (
        select(
            Message.finished_at,
            Conversation.channel,
            Conversation.prompt,
            func.coalesce(Conversation.version, ""),
            Conversation.model,
            func.coalesce(Conversation.release_id, 0),
            Message.id,
            Message.status,
            Message.error,
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Trace, Trace.message_id == Message.id)
        .where(
            BROKEN,
            Message.finished_at >= since,
            Message.finished_at < until,
            Message.role == "assistant",
            Trace.message_id.is_(None),
        )
    )


def _of_trace() -> tuple[Any, ...]:
    return (
        Conversation.channel,
        Trace.prompt,
        func.coalesce(Trace.version, ""),
        Trace.model,
        func.coalesce(Trace.release_id, 0),
    )


def _of_draft(row: Any) -> Kind:
    """The kind of a reply, by its draft; that of nothing where it began from none."""
    _, prompt, version, model, release = row[:5]
    return _kind(("desk", prompt or "", version or "", model or "", release))


def _kind(values: Any) -> Kind:
    channel, prompt, version, model, release = values
    return Kind(channel, prompt, version, model, release or 0)
