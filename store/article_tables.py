"""The tables of knowledge: articles, their versions and passages, and what passages are found by.

Written by `articles` and `passages` alone. `articles.change` and `passage_vectors.change` hold the
number that `knowledge_changes` had when the row was last written: whoever keeps a copy in memory
asks for the rows above the last number it saw.
"""

from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from store.base import NEVER_REUSED, Base, new_id
from store.columns import BigId, ExactText, Name, PlainJson, PublicId, UtcTime, now

_LIVE_SOURCE = text("source <> '' AND deleted_at IS NULL")
_DELETED = text("deleted_at IS NOT NULL")


class Vector(TypeDecorator[NDArray[np.float32]]):
    """A row of float32, kept as little-endian bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(
        self, value: NDArray[np.float32] | None, _dialect: Dialect
    ) -> bytes | None:
        """The bytes of the row."""
        return None if value is None else np.ascontiguousarray(value, "<f4").tobytes()

    def process_result_value(
        self, value: bytes | None, _dialect: Dialect
    ) -> NDArray[np.float32] | None:
        """The row as it went in."""
        return None if value is None else np.frombuffer(value, "<f4")


class KnowledgeChanges(Base):
    """One row: how often knowledge was changed. Who writes an article raises it first."""

    __tablename__ = "knowledge_changes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(BigId)


class Article(Base):
    """A knowledge document as it is now.

    `sha` is the hash of what was imported last, so that a file that did not change changes nothing.
    `tags` stand between line feeds; `folded` is what lists are narrowed by.
    """

    __tablename__ = "articles"
    __table_args__ = (
        Index(
            "uq_articles_source",
            "source",
            unique=True,
            sqlite_where=_LIVE_SOURCE,
            postgresql_where=_LIVE_SOURCE,
        ),
        Index("ix_articles_change", "change"),
        Index("ix_articles_changed_at", "changed_at", "id"),
        Index(
            "ix_articles_deleted", "deleted_at", sqlite_where=_DELETED, postgresql_where=_DELETED
        ),
        CheckConstraint("visibility IN ('public', 'internal')", name="visibility"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    source: Mapped[str] = mapped_column(Name(500))
    title: Mapped[str] = mapped_column(ExactText)
    visibility: Mapped[str] = mapped_column(Name(20))
    language: Mapped[str] = mapped_column(Name(20))
    tags: Mapped[str] = mapped_column(ExactText)
    owner: Mapped[str] = mapped_column(Name(200))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int]
    sha: Mapped[str] = mapped_column(Name(64))
    passages: Mapped[int]
    change: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    changed_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    folded: Mapped[str] = mapped_column(ExactText)


class ArticleVersion(Base):
    """What an article once held. `content`: title, sections, tags and language.

    Append-only; leaves with its article.
    """

    __tablename__ = "article_versions"
    __table_args__ = (UniqueConstraint("article_id", "number"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Passage(Base):
    """A piece of an article. One that a new version still has keeps its row, id and vector.

    `start`: character of the article's text where it begins; `tokens`: its words.
    """

    __tablename__ = "passages"
    __table_args__ = (Index("ix_passages_article_id", "article_id", "number"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    number: Mapped[int]
    start: Mapped[int]
    tokens: Mapped[int]
    heading: Mapped[str] = mapped_column(ExactText)
    text: Mapped[str] = mapped_column(ExactText)


class PassageWords(Base):
    """What a passage is found by: its stems (FTS5 or GIN), and how often each stands in it."""

    __tablename__ = "passage_words"

    id: Mapped[int] = mapped_column(ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True)
    length: Mapped[int]
    stems: Mapped[bytes] = mapped_column(LargeBinary)
    words: Mapped[str] = mapped_column(ExactText)


class PassageStem(Base):
    """In how many passages a stem stands; `id` is a hash of it (see `stemming`)."""

    __tablename__ = "passage_stems"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    passages: Mapped[int]


class PassageVector(Base):
    """A passage as the encoder of that name reads it. Another encoder's are computed anew."""

    __tablename__ = "passage_vectors"
    __table_args__ = (Index("ix_passage_vectors_change", "change"),)

    passage_id: Mapped[int] = mapped_column(
        ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True
    )
    encoder: Mapped[str] = mapped_column(Name(200))
    change: Mapped[int] = mapped_column(BigId)
    vector: Mapped[NDArray[np.float32]] = mapped_column(Vector)


class ArticleVector(Base):
    """An article's title as the encoder of that name reads it."""

    __tablename__ = "article_vectors"
    __table_args__ = (Index("ix_article_vectors_change", "change"),)

    article_id: Mapped[int] = mapped_column(
        ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True
    )
    encoder: Mapped[str] = mapped_column(Name(200))
    change: Mapped[int] = mapped_column(BigId)
    vector: Mapped[NDArray[np.float32]] = mapped_column(Vector)


class Lack(Base):
    """A question for which nothing was found, without personal values and without its asker."""

    __tablename__ = "knowledge_lacks"
    __table_args__ = (Index("ix_knowledge_lacks_at", "at"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    question: Mapped[str] = mapped_column(ExactText)
    channel: Mapped[str] = mapped_column(Name(20))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Citation(Base):
    """An answer or reply cited a passage. `passage` and `message` are public ids, as values:
    a passage may be gone, and a message may be one of another table or of none.
    """

    __tablename__ = "citations"
    __table_args__ = (
        Index("ix_citations_article_id", "article_id", "at"),
        Index("ix_citations_passage", "passage"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    passage: Mapped[str] = mapped_column(PublicId)
    channel: Mapped[str] = mapped_column(Name(20))
    message: Mapped[str | None] = mapped_column(PublicId)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
