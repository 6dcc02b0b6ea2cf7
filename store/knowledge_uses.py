"""What became of knowledge: which passages were cited, and which questions found nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from store.models import Article, Citation, Feedback, Message, Passage
from store.models import Lack as LackRow
from store.rows import columns_of

_FORGOTTEN = 1000  # lacks removed at a time


@dataclass(frozen=True, slots=True)
class Lack:
    """A question that found nothing, without personal values."""

    id: int
    public_id: str
    question: str
    channel: str
    at: datetime


_LACK = columns_of(LackRow, Lack)


def cite(session: Session, passages: Sequence[str], channel: str, message: str | None) -> int:
    """Count a citation of each of these passages (public ids); those that are gone are left out."""
    query = select(Passage.public_id, Passage.article_id).where(
        Passage.public_id.in_(dict.fromkeys(passages))
    )
    found = session.execute(query).all()
    for public_id, article_id in found:
        session.add(
            Citation(article_id=article_id, passage=public_id, channel=channel, message=message)
        )
    return len(found)


def cited(session: Session, articles: Sequence[int], since: datetime) -> dict[int, int]:
    """How often each article was cited since then; those never are left out."""
    query = (
        select(Citation.article_id, func.count())
        .where(Citation.article_id.in_(articles), Citation.at >= since)
        .group_by(Citation.article_id)
    )
    return dict(session.execute(query).all())


def cited_passages(session: Session, article_id: int, since: datetime) -> dict[str, int]:
    """How often each passage (public id) of an article was cited since then."""
    query = (
        select(Citation.passage, func.count())
        .where(Citation.article_id == article_id, Citation.at >= since)
        .group_by(Citation.passage)
    )
    return dict(session.execute(query).all())


def judged(session: Session, article_id: int) -> tuple[int, int]:
    """How often an article was cited in all, and how many of those answers were rated down."""
    count = select(func.count()).where(Citation.article_id == article_id)
    down = (
        select(func.count(func.distinct(Citation.message)))
        .join(Message, Message.public_id == Citation.message)
        .join(Feedback, Feedback.message_id == Message.id)
        .where(Citation.article_id == article_id, Feedback.rating == -1)
    )
    return session.scalar(count) or 0, session.scalar(down) or 0


def article_cited_as(session: Session, passage: str) -> str | None:
    """The public id of the article that a passage, gone since, was cited of."""
    query = (
        select(Article.public_id)
        .join(Citation, Citation.article_id == Article.id)
        .where(Citation.passage == passage, Article.deleted_at.is_(None))
    )
    return session.scalars(query.limit(1)).one_or_none()


def lack(session: Session, question: str, channel: str) -> None:
    """Keep a question that found nothing."""
    session.add(LackRow(question=question, channel=channel))


def lacks(session: Session, since: datetime, limit: int) -> list[Lack]:
    """Questions that found nothing since then, the newest first."""
    query = select(*_LACK).where(LackRow.at >= since).order_by(LackRow.id.desc()).limit(limit)
    return [Lack(*row) for row in session.execute(query)]


def drop_lacks(session: Session, ids: Sequence[int]) -> None:
    """Remove these questions."""
    session.execute(delete(LackRow).where(LackRow.id.in_(ids)))


def forget_lacks(session: Session, before: datetime) -> int:
    """Remove some of the questions that are older; how many. Call it until it gives 0."""
    ids = list(session.scalars(select(LackRow.id).where(LackRow.at < before).limit(_FORGOTTEN)))
    drop_lacks(session, ids)
    return len(ids)
