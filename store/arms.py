"""What became of the answers of a prompt and of each of its versions, counted since a moment.

Counts, and the newest answers of a version as figures and texts, which `chatbot.arms` measures and
nobody prints. Knows no statistics.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from store.models import Feedback, Message, Prompt, Trace


@dataclass(frozen=True, slots=True)
class Usage:
    """How often a prompt was used, and the thumbs that its answers got."""

    turns: int = 0
    up: int = 0
    down: int = 0


NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Counts:
    """The answers of one version. `failed` are those that ended in an error."""

    version: str
    conversations: int
    answers: int
    failed: int
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer. Times in seconds; `better`: how a person would have worded it."""

    first_token_s: float | None
    total_s: float | None
    prompt_tokens: int | None
    reply_tokens: int | None
    text: str
    better: str | None


def usage(session: Session, since: datetime) -> dict[str, Usage]:
    """The use of every prompt by name; those that nobody used are left out."""
    called = select(func.count()).where(Trace.prompt == Prompt.name, Trace.created_at >= since)
    counted = select(Prompt.name, called.correlate(Prompt).scalar_subquery())
    turns = {name: number for name, number in session.execute(counted) if number}
    thumbs = _thumbs(session, Trace.prompt, Feedback.updated_at >= since)
    return {
        name: Usage(turns.get(name, 0), thumbs[name][1], thumbs[name][-1])
        for name in turns.keys() | thumbs.keys()
    }


def counts(session: Session, prompt: str, since: datetime) -> dict[str, Counts]:
    """The answers of each version of a prompt by its hash; those without any are left out."""
    query = (
        select(
            Trace.version,
            func.count(func.distinct(Message.conversation_id)),
            func.count(),
            func.sum(case((Message.status == "failed", 1), else_=0)),
        )
        .join(Message, Message.id == Trace.message_id)
        .where(*_answers(prompt, since))
        .group_by(Trace.version)
    )
    thumbs = _thumbs(session, Trace.version, and_(*_answers(prompt, since)))
    return {
        version: Counts(version, talks, answers, failed, thumbs[version][1], thumbs[version][-1])
        for version, talks, answers, failed in session.execute(query)
    }


def samples(
    session: Session, prompt: str, version: str, since: datetime, limit: int
) -> list[Sample]:
    """The newest complete answers of a version, at most `limit`."""
    query = (
        select(
            Trace.first_token_s,
            Trace.total_s,
            Trace.prompt_tokens,
            Trace.reply_tokens,
            Message.content,
            func.max(Feedback.better),
        )
        .join(Message, Message.id == Trace.message_id)
        .outerjoin(Feedback, Feedback.message_id == Trace.message_id)
        .where(*_answers(prompt, since), Trace.version == version, Message.status == "complete")
        .group_by(*Trace.__table__.primary_key, Message.id)
        .order_by(Trace.created_at.desc())
    )
    return [Sample(*row) for row in session.execute(query.limit(limit))]


def _answers(prompt: str, since: datetime) -> tuple[Any, ...]:
    return Trace.prompt == prompt, Trace.created_at >= since, Trace.attempt == 1


def _thumbs(session: Session, by: Any, condition: Any) -> dict[str, dict[int, int]]:
    """How many thumbs up (1) and down (-1), by prompt or by version; 0 where none is known."""
    query = (
        select(by, Feedback.rating, func.count())
        .join(Trace, Trace.message_id == Feedback.message_id)
        .where(Trace.attempt == 1, condition)
        .group_by(by, Feedback.rating)
    )
    found: dict[str, dict[int, int]] = defaultdict(lambda: {1: 0, -1: 0})
    for name, rating, number in session.execute(query):
        found[name][rating] = number
    return found
