"""The tables. Only modules of this package read them; everyone else sees records.

Integer keys inside, UUIDv7 outside. Two references are values, not foreign keys: a conversation's
head (the circle conversation → message → conversation would cost a deferred check on every turn)
and its release and prompt version (immutable rows that a temporary, in-memory database lacks).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.article_tables import Article as Article
from store.article_tables import ArticleVector as ArticleVector
from store.article_tables import ArticleVersion as ArticleVersion
from store.article_tables import Citation as Citation
from store.article_tables import KnowledgeChanges as KnowledgeChanges
from store.article_tables import Lack as Lack
from store.article_tables import Passage as Passage
from store.article_tables import PassageStem as PassageStem
from store.article_tables import PassageVector as PassageVector
from store.article_tables import PassageWords as PassageWords
from store.base import NEVER_REUSED, new_id
from store.base import Base as Base
from store.columns import BigId, ExactText, Name, PlainJson, PublicId, UtcTime, now
from store.learning_tables import Dataset as Dataset
from store.learning_tables import DatasetRow as DatasetRow
from store.learning_tables import Evaluation as Evaluation
from store.learning_tables import EvaluationReply as EvaluationReply
from store.learning_tables import ModelMark as ModelMark
from store.learning_tables import ModelRelease as ModelRelease
from store.learning_tables import TrainingPoint as TrainingPoint
from store.learning_tables import TrainingRun as TrainingRun
from store.mail_tables import MailFolder as MailFolder
from store.mail_tables import OutgoingMail as OutgoingMail
from store.mail_tables import SeenMail as SeenMail
from store.prompt_tables import Prompt as Prompt
from store.prompt_tables import PromptTests as PromptTests
from store.prompt_tables import PromptVersion as PromptVersion
from store.prompt_tables import Release as Release
from store.prompt_tables import TestResult as TestResult
from store.prompt_tables import TestRun as TestRun
from store.review_tables import Comparison as Comparison
from store.review_tables import ComparisonVote as ComparisonVote
from store.review_tables import ReviewBits as ReviewBits
from store.review_tables import ReviewComment as ReviewComment
from store.review_tables import ReviewGone as ReviewGone
from store.review_tables import ReviewItem as ReviewItem
from store.review_tables import ReviewWords as ReviewWords
from store.review_tables import Verdict as Verdict
from store.serve_tables import ApiCall as ApiCall
from store.serve_tables import ApiKey as ApiKey
from store.serve_tables import ApiThread as ApiThread
from store.serve_tables import ConnectedModel as ConnectedModel
from store.serve_tables import KeyCount as KeyCount
from store.serve_tables import Lease as Lease
from store.serve_tables import Replica as Replica
from store.serve_tables import Webhook as Webhook
from store.serve_tables import WebhookDelivery as WebhookDelivery
from store.ticket_tables import Macro as Macro
from store.ticket_tables import Reply as Reply
from store.ticket_tables import Ticket as Ticket
from store.ticket_tables import TicketDraft as TicketDraft
from store.ticket_tables import TicketMessage as TicketMessage
from store.ticket_tables import TicketPresence as TicketPresence
from store.ticket_tables import TicketText as TicketText
from store.ticket_tables import TicketWords as TicketWords
from store.watch_tables import Alert as Alert
from store.watch_tables import AlertEvent as AlertEvent
from store.watch_tables import Day as Day
from store.watch_tables import Hour as Hour
from store.watch_tables import Reading as Reading
from store.watch_tables import StaleMoment as StaleMoment

_NOT_DELETED = text("deleted_at IS NULL")
_DELETED = text("deleted_at IS NOT NULL")
_ROOT = text("parent_id IS NULL")
_STREAMING = text("status = 'streaming'")
_BROKEN = text("status IN ('failed', 'interrupted')")


class User(Base):
    """A person who may own conversations. Without a login, nobody can sign in as them."""

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_email", "email"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    name: Mapped[str] = mapped_column(Name(200))
    login: Mapped[str | None] = mapped_column(Name(320), unique=True)
    email: Mapped[str | None] = mapped_column(Name(320))
    password_hash: Mapped[str | None] = mapped_column(Name(200))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcTime)


class UserRole(Base):
    """One role of one person."""

    __tablename__ = "user_roles"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(Name(40), primary_key=True)


class LoginSession(Base):
    """A browser in which a person is signed in. The token itself is in the browser alone."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_expires_at", "expires_at"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(Name(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    address: Mapped[str] = mapped_column(Name(100))
    agent: Mapped[str] = mapped_column(Name(300))


class OneTimeLink(Base):
    """A link that lets its holder set a password once. `first` has no person yet."""

    __tablename__ = "one_time_links"
    __table_args__ = (
        CheckConstraint("kind IN ('invite', 'reset', 'first')", name="kind"),
        CheckConstraint("(user_id IS NULL) = (kind = 'first')", name="person"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(Name(64), unique=True)
    kind: Mapped[str] = mapped_column(Name(20))
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    made_by: Mapped[str] = mapped_column(Name(200))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Attempt(Base):
    """Wrong sign-ins in a row for one login or from one address, and when the next may come."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(Name(100), primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime] = mapped_column(UtcTime)


class Identity(Base):
    """A person as another server knows them (OpenID Connect)."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(Name(300), primary_key=True)
    subject: Mapped[str] = mapped_column(Name(300), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class Conversation(Base):
    """A tree of messages. `next_sequence` numbers them without counting them."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index(
            "ix_conversations_list",
            "user_id",
            "pinned",
            "updated_at",
            "id",
            sqlite_where=_NOT_DELETED,
            postgresql_where=_NOT_DELETED,
        ),
        Index(
            "ix_conversations_deleted",
            "deleted_at",
            sqlite_where=_DELETED,
            postgresql_where=_DELETED,
        ),
        Index("ix_conversations_age", "channel", "updated_at"),
        CheckConstraint("channel IN ('chat', 'desk', 'api')", name="channel"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str | None] = mapped_column(Name(200))
    channel: Mapped[str] = mapped_column(Name(20))
    title: Mapped[str] = mapped_column(ExactText)
    pinned: Mapped[bool] = mapped_column(default=False)
    prompt: Mapped[str] = mapped_column(Name(200))
    release_id: Mapped[int | None] = mapped_column(BigId)
    version: Mapped[str | None] = mapped_column(Name(64))
    model: Mapped[str] = mapped_column(Name(200))
    head_id: Mapped[int | None] = mapped_column(BigId)
    next_sequence: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Message(Base):
    """One message. `content` stands late so that reading the rest of the row skips a long text.

    `writer`: the replica that writes it while it is streaming; a value, as that one leaves first.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "sequence"),
        UniqueConstraint("conversation_id", "turn_key", "role", name="uq_messages_turn_key"),
        Index("ix_messages_parent", "parent_id", "sequence"),
        Index("ix_messages_roots", "conversation_id", sqlite_where=_ROOT, postgresql_where=_ROOT),
        Index("ix_messages_streaming", "id", sqlite_where=_STREAMING, postgresql_where=_STREAMING),
        Index("ix_messages_broken", "finished_at", sqlite_where=_BROKEN, postgresql_where=_BROKEN),
        CheckConstraint("role IN ('system', 'user', 'assistant')", name="role"),
        CheckConstraint(
            "status IN ('complete', 'streaming', 'stopped', 'failed', 'interrupted', 'truncated')",
            name="status",
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    sequence: Mapped[int]
    used: Mapped[int]
    role: Mapped[str] = mapped_column(Name(20))
    status: Mapped[str] = mapped_column(Name(20))
    turn_key: Mapped[str | None] = mapped_column(Name(200))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    error: Mapped[str | None] = mapped_column(ExactText)
    content: Mapped[str] = mapped_column(ExactText)
    writer: Mapped[int | None] = mapped_column(BigId)


class Trace(Base):
    """One model call for one reply."""

    __tablename__ = "traces"
    __table_args__ = (
        Index("ix_traces_created_at", "created_at"),
        Index("ix_traces_prompt", "prompt", "created_at", "version"),
    )

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(primary_key=True)
    prompt: Mapped[str] = mapped_column(Name(200))
    version: Mapped[str | None] = mapped_column(Name(64))
    release_id: Mapped[int | None] = mapped_column(BigId)
    model: Mapped[str] = mapped_column(Name(200))
    parameters: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    inputs: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    rendered_hash: Mapped[str] = mapped_column(Name(64))
    history_ids: Mapped[list[int]] = mapped_column(PlainJson)
    passages: Mapped[list[Any]] = mapped_column(PlainJson)
    prompt_tokens: Mapped[int | None]
    reply_tokens: Mapped[int | None]
    first_token_s: Mapped[float | None]
    total_s: Mapped[float | None]
    error: Mapped[str | None] = mapped_column(ExactText)
    notes: Mapped[list[str]] = mapped_column(PlainJson)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Feedback(Base):
    """What a person thought of a message."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("rating IN (-1, 1)", name="rating"),
        Index("ix_feedback_updated_at", "updated_at"),
    )

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    rating: Mapped[int]
    reasons: Mapped[list[str]] = mapped_column(PlainJson)
    better: Mapped[str | None] = mapped_column(ExactText)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class TurnCount(Base):
    """How many turns a person began in the minute and in the day that began last."""

    __tablename__ = "turn_counts"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    minute_from: Mapped[datetime] = mapped_column(UtcTime)
    minute_turns: Mapped[int]
    day_from: Mapped[datetime] = mapped_column(UtcTime)
    day_turns: Mapped[int]


class SearchCounter(Base):
    """How many messages and titles of a person were ever indexed: numbers them into blocks."""

    __tablename__ = "search_counters"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    messages: Mapped[int] = mapped_column(default=0)
    titles: Mapped[int] = mapped_column(default=0)


class MessageWords(Base):
    """What a message is found by: its words, and what stands before each in the index."""

    __tablename__ = "message_words"

    id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    near: Mapped[str] = mapped_column(Name(40))
    far: Mapped[str] = mapped_column(Name(40))
    words: Mapped[str] = mapped_column(ExactText)


class TitleWords(Base):
    """What a conversation is found by, besides its messages."""

    __tablename__ = "title_words"

    id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    near: Mapped[str] = mapped_column(Name(40))
    far: Mapped[str] = mapped_column(Name(40))
    words: Mapped[str] = mapped_column(ExactText)


class AuditEntry(Base):
    """Who did what to whom: by public ids, which outlive the people. Triggers keep it as it is."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_at", "at"),
        Index("ix_audit_actor_id", "actor_id", "id"),
        Index("ix_audit_subject", "subject", "id"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    at: Mapped[datetime] = mapped_column(UtcTime)
    actor_id: Mapped[str | None] = mapped_column(PublicId)
    action: Mapped[str] = mapped_column(Name(40))
    kind: Mapped[str] = mapped_column(Name(40))
    subject: Mapped[str] = mapped_column(Name(200))
    detail: Mapped[dict[str, Any]] = mapped_column(PlainJson)


class Option(Base):
    """What the workspace's administrators set. `version` counts the changes."""

    __tablename__ = "options"

    name: Mapped[str] = mapped_column(Name(60), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    version: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
