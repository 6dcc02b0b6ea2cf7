"""The tables of serving: keys of programs, their calls, webhooks, connected models, replicas.

Part of `store.models`, which names them all. A key acts as a person of its own (`user_id`), who
cannot log in: what programs store belongs to that person, and leaves with them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.base import NEVER_REUSED, Base, new_id
from store.columns import BigId, ExactText, Name, PlainJson, PublicId, UtcTime, now

_WAITING = text("done_at IS NULL")
_NOT_REVOKED = text("revoked_at IS NULL")


class ApiKey(Base):
    """A named key. The key itself is with its holder alone; `ends` are its last characters.

    `models`: the names it may use, all where there are none. A limit of 0 is none. `stores`:
    whether what it asks is kept as a conversation.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        # A name stands for one key at a time: people revoke by it.
        Index(
            "uq_api_keys_name",
            "name",
            unique=True,
            sqlite_where=_NOT_REVOKED,
            postgresql_where=_NOT_REVOKED,
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    name: Mapped[str] = mapped_column(Name(100))
    token_hash: Mapped[str] = mapped_column(Name(64), unique=True)
    ends: Mapped[str] = mapped_column(Name(8))
    models: Mapped[list[str]] = mapped_column(PlainJson)
    requests_minute: Mapped[int] = mapped_column(default=0)
    tokens_minute: Mapped[int] = mapped_column(default=0)
    requests_month: Mapped[int] = mapped_column(default=0)
    tokens_month: Mapped[int] = mapped_column(default=0)
    stores: Mapped[bool] = mapped_column(default=True)
    made_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)


class KeyCount(Base):
    """What a key asked in the minute, the day and the month that it was used in last."""

    __tablename__ = "key_counts"

    key_id: Mapped[int] = mapped_column(
        ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True
    )
    minute_from: Mapped[datetime] = mapped_column(UtcTime)
    minute_requests: Mapped[int] = mapped_column(default=0)
    minute_tokens: Mapped[int] = mapped_column(default=0)
    day_from: Mapped[datetime] = mapped_column(UtcTime)
    day_requests: Mapped[int] = mapped_column(default=0)
    day_tokens: Mapped[int] = mapped_column(default=0)
    month_from: Mapped[datetime] = mapped_column(UtcTime)
    month_requests: Mapped[int] = mapped_column(default=0)
    month_tokens: Mapped[int] = mapped_column(BigId, default=0)
    used_at: Mapped[datetime] = mapped_column(UtcTime)


class ApiCall(Base):
    """A call that named itself by an idempotency key, and the answer it got. Kept for a day.

    `writer`: the replica that carries it out; a value, as that one leaves first.
    """

    __tablename__ = "api_calls"
    __table_args__ = (
        UniqueConstraint("key_id", "name"),
        Index("ix_api_calls_created_at", "created_at"),
        CheckConstraint("state IN ('running', 'done')", name="state"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Name(255))
    body_hash: Mapped[str] = mapped_column(Name(64))
    state: Mapped[str] = mapped_column(Name(20))
    status: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    answer: Mapped[str | None] = mapped_column(ExactText)
    writer: Mapped[int | None] = mapped_column(BigId)


class ApiThread(Base):
    """Where these messages of a program end: a conversation's message, by the hash of them all."""

    __tablename__ = "api_threads"
    __table_args__ = (
        Index("ix_api_threads_conversation_id", "conversation_id"),
        Index("ix_api_threads_message_id", "message_id"),
    )

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(Name(64), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))


class Webhook(Base):
    """An address that is told of events. `secret` signs what is sent, so it is kept as it is."""

    __tablename__ = "webhooks"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    url: Mapped[str] = mapped_column(ExactText)
    secret: Mapped[str] = mapped_column(Name(100))
    events: Mapped[list[str]] = mapped_column(PlainJson)
    active: Mapped[bool] = mapped_column(default=True)
    made_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class WebhookDelivery(Base):
    """One event for one address, until it was taken. It names things by their ids, no more."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event"),
        Index("ix_webhook_deliveries_created_at", "created_at"),
        Index(
            "ix_webhook_deliveries_due_at",
            "due_at",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(Name(100))
    kind: Mapped[str] = mapped_column(Name(40))
    data: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    due_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(ExactText)


class ConnectedModel(Base):
    """A model behind an API that an administrator connected on a page. `secret`: its key."""

    __tablename__ = "connected_models"

    name: Mapped[str] = mapped_column(Name(100), primary_key=True)
    settings: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    secret: Mapped[str] = mapped_column(ExactText, default="")
    made_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Replica(Base):
    """A running server. Whoever was not seen for a while is gone, and with them their answers."""

    __tablename__ = "replicas"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    host: Mapped[str] = mapped_column(Name(200))
    pid: Mapped[int]
    address: Mapped[str] = mapped_column(Name(200), default="")
    started_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Lease(Base):
    """Work that one server at a time does for all, such as fetching mail: whose it is until when.

    `replica_id` is a value, not a foreign key: a lease outlives its holder until somebody takes it.
    """

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(Name(60), primary_key=True)
    replica_id: Mapped[int] = mapped_column(BigId)
    until: Mapped[datetime] = mapped_column(UtcTime)
