"""The tables of mail: what is to go out, what came in, how far a folder was read.

Part of `store.models`, which names them all. Nothing here points at a person: a mail goes with the
reply that it carries.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from store.base import NEVER_REUSED, Base, new_id
from store.columns import BigId, ExactText, Name, PlainJson, PublicId, UtcTime, now


class OutgoingMail(Base):
    """A reply on its way by mail; `message_id` is fixed before the first try.

    `sending` is claimed by a process until `claimed_until`; `handed_at` is written before the
    mail's text leaves, so that without it nobody can have got it.
    """

    __tablename__ = "mail_out"
    __table_args__ = (
        Index("ix_mail_out_due", "state", "due_at"),
        CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'unsure')", name="state"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    reply_id: Mapped[int] = mapped_column(ForeignKey("replies.id", ondelete="CASCADE"), unique=True)
    message_id: Mapped[str] = mapped_column(Name(200), unique=True)
    to_address: Mapped[str] = mapped_column(Name(320))
    subject: Mapped[str] = mapped_column(ExactText)
    body: Mapped[str] = mapped_column(ExactText)
    in_reply_to: Mapped[str | None] = mapped_column(ExactText)
    refs: Mapped[list[str]] = mapped_column(PlainJson)
    state: Mapped[str] = mapped_column(Name(20), default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcTime)
    handed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    error: Mapped[str] = mapped_column(ExactText, default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)


class SeenMail(Base):
    """A mail that was taken in or left out: the hash of its Message-ID, and nothing of a person."""

    __tablename__ = "mail_seen"

    digest: Mapped[str] = mapped_column(Name(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class MailFolder(Base):
    """How far a folder of a mailbox was read. One process reads it at a time."""

    __tablename__ = "mail_folders"

    name: Mapped[str] = mapped_column(Name(700), primary_key=True)
    address: Mapped[str] = mapped_column(Name(320))
    uid_validity: Mapped[int | None] = mapped_column(BigId)
    last_uid: Mapped[int] = mapped_column(BigId, default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    read_at: Mapped[datetime | None] = mapped_column(UtcTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcTime)
