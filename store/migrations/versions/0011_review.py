"""Review: what waits for a judgement, facets in bits, verdicts, words, comments."""

import sqlalchemy as sa
from alembic import op

from store.migrations.making import BIG, TIME, column, is_sqlite, ref, words_of

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

GONE_SQLITE = """CREATE TRIGGER review_items_gone AFTER DELETE ON review_items BEGIN
    INSERT INTO review_gone (id) VALUES (old.id);
END"""
GONE_POSTGRESQL = (
    """CREATE FUNCTION review_items_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO review_gone (id) VALUES (old.id);
        RETURN old;
    END $$""",
    """CREATE TRIGGER review_items_gone AFTER DELETE ON review_items
    FOR EACH ROW EXECUTE FUNCTION review_items_gone()""",
)


def upgrade() -> None:
    _review_items()
    _review_bits()
    _verdicts()
    words_of("review", "review_items")
    _review_comments()


def _review_items() -> None:
    op.create_table(
        "review_items",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("kind", sa.String(20)),
        ref("message_id", "messages.id", nullable=True),
        ref("reply_id", "replies.id", nullable=True),
        ref("conversation_id", "conversations.id", nullable=True),
        ref("ticket_id", "tickets.id", nullable=True),
        column("state", sa.String(20)),
        column("rating", sa.Integer()),
        column("flagged", sa.Boolean()),
        column("flag_note", sa.Text()),
        ref("flagged_by", "users.id", "SET NULL"),
        column("reasons", sa.JSON()),
        column("distance", sa.Double(), nullable=True),
        column("model", sa.String(200)),
        column("prompt", sa.String(200)),
        column("version", sa.String(64)),
        column("number", sa.Integer(), nullable=True),
        column("mood", sa.String(20)),
        column("topic", sa.String(100)),
        column("title", sa.Text()),
        column("read_by", sa.String(16)),
        column("verdict", sa.Integer(), nullable=True),
        column("tags", sa.JSON()),
        column("opinions", sa.Integer()),
        column("split", sa.Boolean()),
        column("second", sa.Boolean()),
        ref("taken_by", "users.id", "SET NULL"),
        column("taken_until", TIME, nullable=True),
        column("created_at", TIME),
        column("changed_at", TIME),
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
    op.create_index("ix_review_items_created_at", "review_items", ["created_at", "id"])
    op.create_index("ix_review_items_read_by", "review_items", ["read_by", "id"])


def _review_bits() -> None:
    op.create_table(
        "review_bits",
        column("facet", sa.String(220)),
        column("block", sa.Integer()),
        column("bits", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("facet", "block", name="pk_review_bits"),
    )
    op.create_index("ix_review_bits_block", "review_bits", ["block"])
    op.create_table(
        "review_gone",
        column("id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_review_gone"),
    )
    sqlite = is_sqlite()
    for statement in (GONE_SQLITE,) if sqlite else GONE_POSTGRESQL:
        op.execute(statement)


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("item_id", "review_items.id"),
        ref("reviewer_id", "users.id", "SET NULL"),
        column("rating", sa.Integer()),
        column("tags", sa.JSON()),
        column("note", sa.Text()),
        column("use", sa.Boolean()),
        column("created_at", TIME),
        column("updated_at", TIME),
        column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_verdicts"),
        sa.UniqueConstraint("public_id", name="uq_verdicts_public_id"),
        sa.CheckConstraint("rating IN (-1, 0, 1)", name="rating"),
        sa.UniqueConstraint("item_id", "reviewer_id", name="uq_verdicts_item_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_verdicts_reviewer_id", "verdicts", ["reviewer_id"])
    op.create_index("ix_verdicts_updated_at", "verdicts", ["updated_at"])


def _review_comments() -> None:
    op.create_table(
        "review_comments",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("item_id", "review_items.id"),
        ref("author_id", "users.id", "SET NULL"),
        column("created_at", TIME),
        column("text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_review_comments"),
        sa.UniqueConstraint("public_id", name="uq_review_comments_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_review_comments_author_id", "review_comments", ["author_id"])
    op.create_index("ix_review_comments_item_id", "review_comments", ["item_id", "id"])


def downgrade() -> None:
    sqlite = is_sqlite()
    if sqlite:
        op.execute("DROP TABLE review_index")
    for table in (
        "review_comments",
        "review_words",
        "verdicts",
        "review_bits",
        "review_items",
        "review_gone",
    ):
        op.drop_table(table)
    if not sqlite:
        op.execute("DROP FUNCTION review_items_gone()")
