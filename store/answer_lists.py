"""Answers of a time, the newest first, page by page: what stands behind a point of a plot.

Four sources are read alike: answers of which a model call is known, answers that broke before there
was one, drafts, and tickets (or the replies to them). Ids, times and figures alone; no text.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from store.answered import BROKEN
from store.models import (
    Conversation,
    Feedback,
    Message,
    Reply,
    ReviewItem,
    Ticket,
    TicketDraft,
    Trace,
)

_NONE: Any = literal(None)


class Place(NamedTuple):
    """Where a row stands among the others: newest first, then by source, then by number."""

    at: datetime
    source: int
    id: int


class Row(NamedTuple):
    """An answer, draft, reply or ticket. `message`: internal id, 0 where it is none.

    `conversation`, `owner`: of the chat, None for a ticket's own. `thumb` 0: none.
    """

    place: Place
    turn: str
    channel: str
    prompt: str
    version: str
    model: str
    status: str
    error: str | None
    first_s: float | None
    total_s: float | None
    tokens: int | None
    message: int = 0
    conversation: str | None = None
    owner: int | None = None
    thumb: int = 0
    item: str | None = None
    ticket: str | None = None
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows. None or "" leaves something open.

    `first_s`, `total_s`: at least so many seconds, 0: any that were measured. `statuses` "": any.
    """

    since: datetime
    until: datetime
    channel: str | None = None
    prompt: str | None = None
    version: str | None = None
    model: str | None = None
    release_id: int | None = None
    statuses: tuple[str, ...] = ()
    first_s: float | None = None
    total_s: float | None = None
    rated: bool = False
    judged: bool = False
    lacked: bool = False


def answers(session: Session, wanted: Wanted, after: Place | None, limit: int) -> list[Row]:
    """Answers and drafts, at most `limit`, the newest first."""
    found = _of_traces(session, wanted, after, limit)
    if not (wanted.rated or wanted.judged or wanted.lacked) and wanted.first_s is None:
        found += _untraced(session, wanted, after, limit) if wanted.total_s is None else []
    if not (wanted.rated or wanted.judged) and (
        not wanted.statuses or "complete" in wanted.statuses
    ):
        found += _drafts(session, wanted, after, limit)
    return newest(found, limit)


def replies(session: Session, wanted: Wanted, after: Place | None, limit: int) -> list[Row]:
    """Replies that began from a draft and were sent, by when they were sent."""
    if wanted.channel not in (None, "", "desk"):
        return []
    asked = (
        select(
            Reply.sent_at, Reply.id, TicketDraft.public_id, TicketDraft.prompt,
            TicketDraft.version, TicketDraft.model, TicketDraft.first_s, TicketDraft.total_s,
            ReviewItem.public_id, Ticket.public_id, Reply.distance,
        )
        .join(TicketDraft, TicketDraft.id == Reply.draft_id)
        .join(Ticket, Ticket.id == Reply.ticket_id)
        .outerjoin(ReviewItem, ReviewItem.reply_id == Reply.id)
        .where(
            Reply.sent_at >= wanted.since,
            Reply.sent_at < wanted.until,
            Reply.state == "sent",
            *_same(wanted, TicketDraft),
            *_judged(wanted),
            *_below(after, Reply.sent_at, 3, Reply.id),
        )
    )  # fmt: skip
    ordered = asked.order_by(Reply.sent_at.desc(), Reply.id.desc()).limit(limit)
    rows: list[Any] = list(session.execute(ordered))
    return [
        Row(
            Place(at, 3, number), draft, "desk", prompt, version, model, "sent", None, first, total,
            None, item=item, ticket=ticket, distance=distance,
        )
        for at, number, draft, prompt, version, model, first, total, item, ticket, distance in rows
    ]  # fmt: skip


def tickets(
    session: Session,
    since: datetime,
    until: datetime,
    after: Place | None,
    limit: int,
    *,
    mood: str = "",
    topics: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> list[Row]:
    """Tickets that came, by their customer's mood or by one of these topics, or none of those."""
    asked = select(Ticket.created_at, Ticket.id, Ticket.public_id, Ticket.state).where(
        Ticket.created_at >= since,
        Ticket.created_at < until,
        Ticket.merged_into.is_(None),
        *([Ticket.mood == mood] if mood else []),
        *([Ticket.intent.in_(topics)] if topics else []),
        *([Ticket.intent.not_in((*without, ""))] if without else []),
        *_below(after, Ticket.created_at, 4, Ticket.id),
    )
    ordered = asked.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(limit)
    return [
        Row(Place(at, 4, number), "", "desk", "", "", "", state, None, None, None, None, ticket=id_)
        for at, number, id_, state in session.execute(ordered)
    ]


def newest(found: list[Row], limit: int) -> list[Row]:
    """Rows of several sources in their common order, at most `limit`."""
    order = sorted(found, key=lambda row: (row.place.source, -row.place.id))
    return sorted(order, key=lambda row: row.place.at, reverse=True)[:limit]


def _of_traces(session: Session, wanted: Wanted, after: Place | None, limit: int) -> list[Row]:
    asked = (
        _chosen(Trace.created_at, Trace.message_id, Trace)
        .join(Message, Message.id == Trace.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(ReviewItem, ReviewItem.message_id == Message.id)
        .outerjoin(Ticket, Ticket.conversation_id == Conversation.id)
        .where(
            Trace.attempt == 1,
            Trace.created_at >= wanted.since,
            Trace.created_at < wanted.until,
            *_same(wanted, Trace),
            *_chat(wanted),
            *_timed(wanted, Trace.first_token_s, Trace.total_s),
            *_judged(wanted),
            *([Trace.inputs["lacked"].as_string().is_not(None)] if wanted.lacked else []),
            *_below(after, Trace.created_at, 0, Trace.message_id),
        )
    )
    ordered = asked.order_by(Trace.created_at.desc(), Trace.message_id.desc()).limit(limit)
    return [_row(0, *found) for found in session.execute(ordered)]


def _untraced(session: Session, wanted: Wanted, after: Place | None, limit: int) -> list[Row]:
    asked = (
        _chosen(Message.finished_at, Message.id, None)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Trace, Trace.message_id == Message.id)
        .outerjoin(ReviewItem, ReviewItem.message_id == Message.id)
        .outerjoin(Ticket, Ticket.conversation_id == Conversation.id)
        .where(
            BROKEN,
            Message.finished_at >= wanted.since,
            Message.finished_at < wanted.until,
            Message.role == "assistant",
            Trace.message_id.is_(None),
            *_same(wanted, Conversation),
            *_chat(wanted),
            *_below(after, Message.finished_at, 1, Message.id),
        )
    )
    ordered = asked.order_by(Message.finished_at.desc(), Message.id.desc()).limit(limit)
    return [_row(1, *found) for found in session.execute(ordered)]


def _drafts(session: Session, wanted: Wanted, after: Place | None, limit: int) -> list[Row]:
    if wanted.channel not in (None, "", "desk"):
        return []
    asked = (
        select(
            TicketDraft.created_at, TicketDraft.id, TicketDraft.public_id, TicketDraft.prompt,
            TicketDraft.version, TicketDraft.model, TicketDraft.first_s, TicketDraft.total_s,
            Ticket.public_id, TicketDraft.sources,
        )
        .join(Ticket, Ticket.id == TicketDraft.ticket_id)
        .where(
            TicketDraft.created_at >= wanted.since,
            TicketDraft.created_at < wanted.until,
            *_same(wanted, TicketDraft),
            *_timed(wanted, TicketDraft.first_s, TicketDraft.total_s),
            *([func.json_array_length(TicketDraft.sources) == 0] if wanted.lacked else []),
            *_below(after, TicketDraft.created_at, 2, TicketDraft.id),
        )
    )  # fmt: skip
    ordered = asked.order_by(TicketDraft.created_at.desc(), TicketDraft.id.desc()).limit(limit)
    return [
        Row(
            Place(at, 2, number), draft, "desk", prompt, version, model, "complete", None, first,
            total, None, ticket=ticket,
        )
        for at, number, draft, prompt, version, model, first, total, ticket, _
        in session.execute(ordered)
    ]  # fmt: skip


def _chosen(at: Any, number: Any, trace: type[Trace] | None) -> Any:
    """What is read of an answer; `trace` None: there is none."""
    made = trace or Conversation
    thumb = select(func.max(Feedback.rating)).where(Feedback.message_id == Message.id)
    return select(
        at,
        number,
        Message.public_id,
        Conversation.channel,
        made.prompt,
        func.coalesce(made.version, ""),
        made.model,
        Message.status,
        Message.error,
        trace.first_token_s if trace else _NONE,
        trace.total_s if trace else _NONE,
        trace.reply_tokens if trace else _NONE,
        Message.id,
        Conversation.public_id,
        Conversation.user_id,
        func.coalesce(thumb.correlate(Message).scalar_subquery(), 0),
        ReviewItem.public_id,
        Ticket.public_id,
        Conversation.deleted_at,
    ).select_from(trace or Message)


def _row(source: int, at: datetime, number: int, *values: Any) -> Row:
    *told, deleted_at = values
    row = Row(Place(at, source, number), *told)
    return row if deleted_at is None else row._replace(conversation=None)


def _same(wanted: Wanted, table: Any) -> list[ColumnElement[bool]]:
    """Of the prompt, version, model and release that are wanted."""
    release = func.coalesce(table.release_id, 0)
    pairs: tuple[tuple[Any, Any], ...] = (
        (table.prompt, wanted.prompt),
        (func.coalesce(table.version, ""), wanted.version),
        (table.model, wanted.model),
        (release, wanted.release_id),
    )
    return [column == value for column, value in pairs if value is not None]


def _chat(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Of the channel and with the status that are wanted, and rated where that is wanted."""
    found: list[ColumnElement[bool]] = []
    if wanted.channel:
        found.append(Conversation.channel == wanted.channel)
    if wanted.statuses:
        found.append(Message.status.in_(wanted.statuses))
    if wanted.rated:
        found.append(select(Feedback.rating).where(Feedback.message_id == Message.id).exists())
    return found


def _timed(wanted: Wanted, first: Any, total: Any) -> list[ColumnElement[bool]]:
    pairs = ((first, wanted.first_s), (total, wanted.total_s))
    return [column >= seconds for column, seconds in pairs if seconds is not None]


def _judged(wanted: Wanted) -> list[ColumnElement[bool]]:
    return [ReviewItem.verdict.in_((-1, 1))] if wanted.judged else []


def _below(after: Place | None, at: Any, source: int, number: Any) -> list[ColumnElement[bool]]:
    """Rows that come after a place in the common order."""
    if after is None:
        return []
    same: ColumnElement[bool] = at == after.at
    if source == after.source:
        return [or_(at < after.at, and_(same, number < after.id))]
    return [at <= after.at] if source > after.source else [at < after.at]
