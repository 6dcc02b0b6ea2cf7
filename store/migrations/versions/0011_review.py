"""Review: what waits for a judgement, facets in bits, verdicts, words, comments."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

TSVECTOR = (
    "(array_to_tsvector(string_to_array(ltrim(words || replace(words, ' ', ' ' || near)), ' ')))"
)
TOKENS = "{0}.words || replace({0}.words, ' ', ' ' || {0}.near)"
FTS5 = (
    "CREATE VIRTUAL TABLE review_index USING fts5(tokens, content='', detail=none, columnsize=0, "
    "tokenize=\"ascii tokenchars '_'\")"
)
LEARN = "INSERT INTO review_index (rowid, tokens) VALUES (new.id, {});"
FORGET = "INSERT INTO review_index (review_index, rowid, tokens) VALUES ('delete', old.id, {});"

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


def _column(name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _ref(
    name: str, target: str, on_delete: str = "CASCADE", *, nullable: bool = False
) -> sa.Column[Any]:
    free = nullable or on_delete == "SET NULL"
    return sa.Column(name, BIG, sa.ForeignKey(target, ondelete=on_delete), nullable=free)


def upgrade() -> None:
    _review_items()
    _review_bits()
    _verdicts()
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
        _column("title", sa.Text()),
        _column("read_by", sa.String(16)),
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
    op.create_index("ix_review_items_created_at", "review_items", ["created_at", "id"])
    op.create_index("ix_review_items_read_by", "review_items", ["read_by", "id"])


def _review_bits() -> None:
    op.create_table(
        "review_bits",
        _column("facet", sa.String(220)),
        _column("block", sa.Integer()),
        _column("bits", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("facet", "block", name="pk_review_bits"),
    )
    op.create_index("ix_review_bits_block", "review_bits", ["block"])
    op.create_table(
        "review_gone",
        _column("id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_review_gone"),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in (GONE_SQLITE,) if sqlite else GONE_POSTGRESQL:
        op.execute(statement)


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
    op.create_index("ix_verdicts_updated_at", "verdicts", ["updated_at"])


def _review_words() -> None:
    op.create_table(
        "review_words",
        _ref("id", "review_items.id"),
        _column("near", sa.String(40)),
        _column("words", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_review_words"),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(FTS5)
        made = "CREATE TRIGGER review_index_{0} AFTER {1} ON review_words BEGIN {2} END"
        learn, forget = LEARN.format(TOKENS.format("new")), FORGET.format(TOKENS.format("old"))
        op.execute(made.format("insert", "INSERT", learn))
        op.execute(made.format("delete", "DELETE", forget))
        op.execute(made.format("update", "UPDATE", forget + " " + learn))
        return
    op.execute(f"CREATE INDEX ix_review_words ON review_words USING gin ({TSVECTOR})")


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
    sqlite = op.get_bind().dialect.name == "sqlite"
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
