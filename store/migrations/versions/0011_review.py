"""Review: what waits for a judgement, verdicts, tags, words, comments."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def _column(name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _ref(
    name: str, target: str, on_delete: str = "CASCADE", *, nullable: bool = False
) -> sa.Column[Any]:
    free = nullable or on_delete == "SET NULL"
    return sa.Column(name, BIG, sa.ForeignKey(target, ondelete=on_delete), nullable=free)


def upgrade() -> None:
    _review_items()
    _verdicts()
    _review_tags()
    _review_words()
    _review_comments()


def _review_items() -> None:
    op.create_table(
        "review_items",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _column("kind", sa.String(20)),
        _ref("message_id", "messages.id", nullable=True),
        _ref("reply_id", "replies.id", nullable=True),
        _ref("conversation_id", "conversations.id", nullable=True),
        _ref("ticket_id", "tickets.id", nullable=True),
        _column("state", sa.String(20)),
        _column("rating", sa.Integer()),
        _column("flagged", sa.Boolean()),
        _column("flag_note", sa.Text()),
        _ref("flagged_by", "users.id", "SET NULL"),
        _column("reasons", sa.JSON()),
        _column("distance", sa.Double(), nullable=True),
        _column("model", sa.String(200)),
        _column("prompt", sa.String(200)),
        _column("version", sa.String(64)),
        _column("number", sa.Integer(), nullable=True),
        _column("mood", sa.String(20)),
        _column("topic", sa.String(100)),
        _column("verdict", sa.Integer(), nullable=True),
        _column("tags", sa.JSON()),
        _column("opinions", sa.Integer()),
        _column("split", sa.Boolean()),
        _column("second", sa.Boolean()),
        _ref("taken_by", "users.id", "SET NULL"),
        _column("taken_until", TIME, nullable=True),
        _column("created_at", TIME),
        _column("changed_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_review_items"),
        sa.UniqueConstraint("public_id", name="uq_review_items_public_id"),
        sa.UniqueConstraint("message_id", name="uq_review_items_message_id"),
        sa.UniqueConstraint("reply_id", name="uq_review_items_reply_id"),
        sa.CheckConstraint("rating IN (-1, 0, 1)", name="rating"),
        sa.CheckConstraint("(message_id IS NULL) <> (reply_id IS NULL)", name="subject"),
        sa.CheckConstraint("state IN ('open', 'done')", name="state"),
        sa.CheckConstraint("kind IN ('answer', 'reply')", name="kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_review_items_conversation_id", "review_items", ["conversation_id"])
    op.create_index("ix_review_items_flagged_by", "review_items", ["flagged_by"])
    op.create_index("ix_review_items_taken_by", "review_items", ["taken_by"])
    op.create_index("ix_review_items_ticket_id", "review_items", ["ticket_id"])


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _ref("item_id", "review_items.id"),
        _ref("reviewer_id", "users.id", "SET NULL"),
        _column("rating", sa.Integer()),
        _column("tags", sa.JSON()),
        _column("note", sa.Text()),
        _column("use", sa.Boolean()),
        _column("created_at", TIME),
        _column("updated_at", TIME),
        _column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_verdicts"),
        sa.UniqueConstraint("public_id", name="uq_verdicts_public_id"),
        sa.CheckConstraint("rating IN (-1, 0, 1)", name="rating"),
        sa.UniqueConstraint("item_id", "reviewer_id", name="uq_verdicts_item_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_verdicts_reviewer_id", "verdicts", ["reviewer_id"])


def _review_tags() -> None:
    op.create_table(
        "review_tags",
        _ref("item_id", "review_items.id"),
        _column("tag", sa.String(60)),
        sa.PrimaryKeyConstraint("item_id", "tag", name="pk_review_tags"),
    )
    op.create_index("ix_review_tags_tag", "review_tags", ["tag", "item_id"])


def _review_words() -> None:
    op.create_table(
        "review_words",
        _ref("id", "review_items.id"),
        _column("near", sa.String(40)),
        _column("words", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_review_words"),
    )


def _review_comments() -> None:
    op.create_table(
        "review_comments",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _ref("item_id", "review_items.id"),
        _ref("author_id", "users.id", "SET NULL"),
        _column("created_at", TIME),
        _column("text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_review_comments"),
        sa.UniqueConstraint("public_id", name="uq_review_comments_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_review_comments_author_id", "review_comments", ["author_id"])
    op.create_index("ix_review_comments_item_id", "review_comments", ["item_id", "id"])


def downgrade() -> None:
    op.drop_table("review_comments")
    op.drop_table("review_words")
    op.drop_table("review_tags")
    op.drop_table("verdicts")
    op.drop_table("review_items")
