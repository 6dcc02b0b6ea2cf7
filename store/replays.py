"""Answered turns that may be asked again under another prompt: a person's own, and rated ones.

Reads alone. Whose they are to see is decided above; what is deleted is never among them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from store.errors import NotFound
from store.models import Conversation, Feedback, Message, Trace

SHOWN = ("complete", "stopped", "truncated")
"""Statuses of an answer that said something."""
LATEST = 40
"""Conversations that are looked through for a person's own turns."""


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A question and what was answered. `version`: sha of the prompt version that answered.

    `rating` and `better`, how it should have been worded, are the verdict's.
    """

    id: int
    public_id: str
    conversation_id: int
    parent_id: int | None
    user_id: int
    question: str
    answer: str
    prompt: str | None
    version: str | None
    model: str | None
    reply_tokens: int | None
    total_s: float | None
    rating: int | None
    better: str | None
    created_at: datetime


def own(session: Session, user_id: int, *, limit: int) -> list[StoredTurn]:
    """The newest turns of a person's newest conversations, newest first."""
    recent = (
        select(Conversation.id)
        .where(Conversation.user_id == user_id, Conversation.deleted_at.is_(None))
        .order_by(Conversation.updated_at.desc())
        .limit(LATEST)
    )
    query = _turns(user_id).where(Message.conversation_id.in_(recent))
    return _read(session, query.order_by(Message.id.desc()).limit(limit))


def rated(session: Session, user_id: int, *, limit: int) -> list[StoredTurn]:
    """The newest turns that somebody other than this person judged, newest first."""
    judged = (
        select(Feedback.message_id)
        .where(Feedback.user_id != user_id)
        .order_by(Feedback.message_id.desc())
        .limit(limit)
    )
    query = _turns(None).where(Message.id.in_(judged), Conversation.user_id != user_id)
    return _read(session, query.order_by(Message.id.desc()).limit(limit))


def turn(session: Session, public_id: str, *, user_id: int, others: bool) -> StoredTurn:
    """The turn of an answer (public id) of this person's, or with `others` a rated one's.

    Raises `NotFound`.
    """
    mine = _read(session, _turns(user_id).where(Message.public_id == public_id))
    if mine and mine[0].user_id == user_id:
        return mine[0]
    found = _read(session, _turns(None).where(Message.public_id == public_id)) if others else []
    if not found or found[0].rating is None:
        raise NotFound("This answer")
    return found[0]


def _turns(judge: int | None) -> Any:
    """Turns with the verdict of `judge`, or of the person who asked."""
    question, verdict = aliased(Message), aliased(Feedback)
    by = Conversation.user_id if judge is None else judge
    columns = (
        Message.id,
        Message.public_id,
        Message.conversation_id,
        Message.parent_id,
        Conversation.user_id,
        question.content,
        Message.content,
        Trace.prompt,
        Trace.version,
        Trace.model,
        Trace.reply_tokens,
        Trace.total_s,
        verdict.rating,
        verdict.better,
        Message.created_at,
    )
    return (
        select(*columns)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(question, question.id == Message.parent_id)
        .outerjoin(Trace, and_(Trace.message_id == Message.id, Trace.attempt == 1))
        .outerjoin(verdict, and_(verdict.message_id == Message.id, verdict.user_id == by))
        .where(
            Message.role == "assistant",
            Message.status.in_(SHOWN),
            Conversation.deleted_at.is_(None),
        )
    )


def _read(session: Session, query: Any) -> list[StoredTurn]:
    return [StoredTurn(*row) for row in session.execute(query)]
