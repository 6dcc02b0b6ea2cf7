"""The tables of review: what waits for a judgement, verdicts, comments, votes on comparisons.

Part of `store.models`, which names them all. An item repeats what the queue is filtered by; which
item has which facet stands in bits, see `review_bits`. It leaves with its message or reply.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.base import NEVER_REUSED, Base, new_id
from store.columns import BigId, ExactText, Name, PlainJson, PublicId, UtcTime, now


class ReviewItem(Base):
    """An answer that somebody rated or flagged, or a reply that an agent changed before sending.

    Exactly one of `message_id` and `reply_id`. `rating`: the chatter's thumb, 0 without one.
    `distance`: what the agent changed, 0 to 1. `verdict`: the newest reviewer's, -1, 0 (skipped),
    1; None while it is open. `opinions`: how many reviewers judged it; `split`: they disagree.
    `title`: the question in one line, masked by the rules that `read_by` is the mark of; both are
    empty until it was read. `created_at`: when it came here.
    """

    __tablename__ = "review_items"
    __table_args__ = (
        CheckConstraint("(message_id IS NULL) <> (reply_id IS NULL)", name="subject"),
        CheckConstraint("kind IN ('answer', 'reply')", name="kind"),
        CheckConstraint("state IN ('open', 'done')", name="state"),
        CheckConstraint("rating IN (-1, 0, 1)", name="rating"),
        Index("ix_review_items_created_at", "created_at", "id"),
        Index("ix_review_items_read_by", "read_by", "id"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    kind: Mapped[str] = mapped_column(Name(20))
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), unique=True
    )
    reply_id: Mapped[int | None] = mapped_column(
        ForeignKey("replies.id", ondelete="CASCADE"), unique=True
    )
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    ticket_id: Mapped[int | None] = mapped_column(
        ForeignKey("tickets.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(Name(20), default="open")
    rating: Mapped[int] = mapped_column(default=0)
    flagged: Mapped[bool] = mapped_column(default=False)
    flag_note: Mapped[str] = mapped_column(ExactText, default="")
    flagged_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    reasons: Mapped[list[str]] = mapped_column(PlainJson)
    distance: Mapped[float | None]
    model: Mapped[str] = mapped_column(Name(200), default="")
    prompt: Mapped[str] = mapped_column(Name(200), default="")
    version: Mapped[str] = mapped_column(Name(64), default="")
    number: Mapped[int | None]
    mood: Mapped[str] = mapped_column(Name(20), default="")
    topic: Mapped[str] = mapped_column(Name(100), default="")
    title: Mapped[str] = mapped_column(ExactText, default="")
    read_by: Mapped[str] = mapped_column(Name(16), default="")
    verdict: Mapped[int | None]
    tags: Mapped[list[str]] = mapped_column(PlainJson)
    opinions: Mapped[int] = mapped_column(default=0)
    split: Mapped[bool] = mapped_column(default=False)
    second: Mapped[bool] = mapped_column(default=False)
    taken_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    taken_until: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Verdict(Base):
    """A reviewer's judgement of an item. `text`: the corrected answer; None where it stays."""

    __tablename__ = "verdicts"
    __table_args__ = (
        UniqueConstraint("item_id", "reviewer_id"),
        Index("ix_verdicts_updated_at", "updated_at"),
        CheckConstraint("rating IN (-1, 0, 1)", name="rating"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    item_id: Mapped[int] = mapped_column(ForeignKey("review_items.id", ondelete="CASCADE"))
    reviewer_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    rating: Mapped[int]
    tags: Mapped[list[str]] = mapped_column(PlainJson)
    note: Mapped[str] = mapped_column(ExactText, default="")
    use: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    text: Mapped[str | None] = mapped_column(ExactText)


class ReviewBits(Base):
    """Which items of a block have a facet, such as `rating:-1`: one bit for each."""

    __tablename__ = "review_bits"
    __table_args__ = (Index("ix_review_bits_block", "block"),)

    facet: Mapped[str] = mapped_column(Name(220), primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bits: Mapped[bytes] = mapped_column(LargeBinary)


class ReviewGone(Base):
    """An item that was removed and whose bits are still there. Written by a trigger."""

    __tablename__ = "review_gone"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)


class ReviewWords(Base):
    """What an item is found by: the words of question and answer, masked.

    The index on it is FTS5 kept by triggers, or GIN.
    """

    __tablename__ = "review_words"

    id: Mapped[int] = mapped_column(
        ForeignKey("review_items.id", ondelete="CASCADE"), primary_key=True
    )
    near: Mapped[str] = mapped_column(Name(40))
    words: Mapped[str] = mapped_column(ExactText)


class ReviewComment(Base):
    """What somebody said of an item, to the others who judge it."""

    __tablename__ = "review_comments"
    __table_args__ = (Index("ix_review_comments_item_id", "item_id", "id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    item_id: Mapped[int] = mapped_column(ForeignKey("review_items.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    text: Mapped[str] = mapped_column(ExactText)


class Comparison(Base):
    """Two models or prompt versions, side by side. `left`, `right`: model, prompt, version.

    `blind`: whoever votes is not told which is which, until they voted. `user_id`: whose it is, as
    long as they are known; several people may have one name.
    """

    __tablename__ = "comparisons"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    title: Mapped[str] = mapped_column(ExactText)
    left: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    right: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    blind: Mapped[bool]
    actor: Mapped[str] = mapped_column(Name(200))
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class ComparisonVote(Base):
    """One question of a comparison, what both answered, and which was better.

    `swapped`: the page showed the right one first. `vote`: None until somebody voted.
    """

    __tablename__ = "comparison_votes"
    __table_args__ = (
        Index("ix_comparison_votes_comparison_id", "comparison_id", "id"),
        CheckConstraint("vote IN ('left', 'right', 'tie', 'both bad')", name="vote"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    comparison_id: Mapped[int] = mapped_column(ForeignKey("comparisons.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    swapped: Mapped[bool]
    vote: Mapped[str | None] = mapped_column(Name(20))
    left_s: Mapped[float | None]
    right_s: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    question: Mapped[str] = mapped_column(ExactText)
    left_text: Mapped[str] = mapped_column(ExactText)
    right_text: Mapped[str] = mapped_column(ExactText)
