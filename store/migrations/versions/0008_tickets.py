"""Tickets: their messages, drafts, replies, unsent texts, who is here; macros."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

TSVECTOR = (
    "(array_to_tsvector(string_to_array(ltrim(words || replace(words, ' ', ' ' || near)), ' ')))"
)
TOKENS = "{0}.words || replace({0}.words, ' ', ' ' || {0}.near)"
FTS5 = (
    "CREATE VIRTUAL TABLE ticket_index USING fts5(tokens, content='', detail=none, columnsize=0, "
    "tokenize=\"ascii tokenchars '_'\")"
)
LEARN = "INSERT INTO ticket_index (rowid, tokens) VALUES (new.id, {});"
FORGET = "INSERT INTO ticket_index (ticket_index, rowid, tokens) VALUES ('delete', old.id, {});"
FILTERS = ("state", "assignee_id", "language", "mood")


def _column(name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _ref(
    name: str, target: str, on_delete: str = "CASCADE", *, nullable: bool = False
) -> sa.Column[Any]:
    free = nullable or on_delete == "SET NULL"
    return sa.Column(name, BIG, sa.ForeignKey(target, ondelete=on_delete), nullable=free)


def _only(table: str, name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def upgrade() -> None:
    _tickets()
    _indexes()
    _threads()
    _words()
    _drafts()
    _replies()
    _people()


def _tickets() -> None:
    op.create_table(
        "tickets",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _column("source", sa.String(500)),
        _column("external_id", sa.String(1000), nullable=True),
        _column("channel", sa.String(20)),
        _ref("conversation_id", "conversations.id", nullable=True),
        _ref("customer_id", "users.id", nullable=True),
        _column("subject", sa.Text()),
        _column("customer", sa.Text()),
        _column("address", sa.String(320)),
        _column("language", sa.String(20)),
        _column("mood", sa.String(20)),
        _column("intent", sa.String(100)),
        _column("reason", sa.Text()),
        _column("state", sa.String(20)),
        _column("active", sa.Boolean()),
        _ref("assignee_id", "users.id", "SET NULL"),
        _column("waiting_since", TIME, nullable=True),
        _column("rank", BIG),
        _column("unread", sa.Boolean()),
        _column("to_read", sa.Boolean()),
        _column("draft", sa.String(200)),
        _column("drafting_until", TIME, nullable=True),
        _column("merged_into", BIG, nullable=True),
        _column("created_at", TIME),
        _column("updated_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("public_id", name="uq_tickets_public_id"),
        sa.UniqueConstraint("conversation_id", name="uq_tickets_conversation_id"),
        sa.UniqueConstraint("source", "external_id", name="uq_tickets_source"),
        sa.CheckConstraint("state IN ('new', 'open', 'waiting', 'closed')", name="state"),
        sa.CheckConstraint("channel IN ('e-mail', 'chat', 'api', 'file')", name="channel"),
        sqlite_autoincrement=True,
    )


def _indexes() -> None:
    for name, columns in {
        "queue": ["active", "rank", "id"],
        "language": ["active", "language", "rank", "id"],
        "mood": ["active", "mood", "rank", "id"],
        "state": ["active", "state", "rank", "id"],
        "assignee": ["assignee_id", "active", "rank", "id"],
        "newest": ["active", "updated_at", "id"],
    }.items():
        rest = [each for each in FILTERS if each not in columns]
        op.create_index(f"ix_tickets_{name}", "tickets", columns + rest)
    op.create_index("ix_tickets_age", "tickets", ["updated_at"])
    op.create_index("ix_tickets_customer_id", "tickets", ["customer_id"])
    op.create_index("ix_tickets_address", "tickets", ["address"])
    _only("tickets", "ix_tickets_to_read", ["id"], "to_read")
    _only("tickets", "ix_tickets_merged", ["merged_into"], "merged_into IS NOT NULL")


def _threads() -> None:
    op.create_table(
        "ticket_messages",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _ref("ticket_id", "tickets.id"),
        _column("role", sa.String(20)),
        _column("name", sa.Text()),
        _column("at", TIME),
        _column("mail_id", sa.String(1000), nullable=True),
        _column("content", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_messages"),
        sa.UniqueConstraint("public_id", name="uq_ticket_messages_public_id"),
        sa.CheckConstraint("role IN ('customer', 'agent')", name="role"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_messages_thread", "ticket_messages", ["ticket_id", "at", "id"])
    op.create_index("ix_ticket_messages_mail", "ticket_messages", ["mail_id"])


def _words() -> None:
    op.create_table(
        "ticket_words",
        _ref("id", "tickets.id"),
        _column("near", sa.String(40)),
        _column("words", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_words"),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(FTS5)
        made = "CREATE TRIGGER ticket_index_{0} AFTER {1} ON ticket_words BEGIN {2} END"
        learn, forget = LEARN.format(TOKENS.format("new")), FORGET.format(TOKENS.format("old"))
        op.execute(made.format("insert", "INSERT", learn))
        op.execute(made.format("delete", "DELETE", forget))
        op.execute(made.format("update", "UPDATE", forget + " " + learn))
        return
    op.execute(f"CREATE INDEX ix_ticket_words ON ticket_words USING gin ({TSVECTOR})")


def _drafts() -> None:
    op.create_table(
        "ticket_drafts",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _ref("ticket_id", "tickets.id"),
        _ref("made_for", "users.id", "SET NULL"),
        _column("answers", sa.Uuid(), nullable=True),
        _column("sources", sa.JSON()),
        _column("missing", sa.JSON()),
        _column("unsupported", sa.JSON()),
        _column("notes", sa.JSON()),
        _column("language", sa.String(20)),
        _column("model", sa.String(200)),
        _column("prompt", sa.String(200)),
        _column("version", sa.String(64)),
        _column("number", sa.Integer(), nullable=True),
        _column("release_id", BIG, nullable=True),
        _column("tone", sa.String(40)),
        _column("instruction", sa.Text()),
        _column("variant", sa.Integer()),
        _column("first_s", sa.Double(), nullable=True),
        _column("total_s", sa.Double(), nullable=True),
        _column("created_at", TIME),
        _column("text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_drafts"),
        sa.UniqueConstraint("public_id", name="uq_ticket_drafts_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_drafts_ticket_id", "ticket_drafts", ["ticket_id", "id"])
    op.create_index("ix_ticket_drafts_made_for", "ticket_drafts", ["made_for"])
    op.create_table(
        "ticket_texts",
        _ref("ticket_id", "tickets.id"),
        _column("version", sa.Integer()),
        _ref("draft_id", "ticket_drafts.id", "SET NULL"),
        _column("facts", sa.JSON()),
        _column("confirmed", sa.JSON()),
        _ref("writer_id", "users.id", "SET NULL"),
        _column("changed_at", TIME),
        _column("text", sa.Text()),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_texts"),
    )
    op.create_index("ix_ticket_texts_draft_id", "ticket_texts", ["draft_id"])
    op.create_index("ix_ticket_texts_writer_id", "ticket_texts", ["writer_id"])


def _replies() -> None:
    op.create_table(
        "replies",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _ref("ticket_id", "tickets.id"),
        _ref("author_id", "users.id", "SET NULL"),
        _ref("draft_id", "ticket_drafts.id", "SET NULL"),
        _column("how", sa.String(20)),
        _column("state", sa.String(20)),
        _column("seconds", sa.Integer()),
        _column("distance", sa.Double(), nullable=True),
        _column("reason", sa.String(40)),
        _column("facts", sa.JSON()),
        _column("confirmed", sa.JSON()),
        _column("message", sa.Uuid(), nullable=True),
        _column("created_at", TIME),
        _column("due_at", TIME),
        _column("sent_at", TIME, nullable=True),
        _column("text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_replies"),
        sa.UniqueConstraint("public_id", name="uq_replies_public_id"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'taken back')", name="state"),
        sa.CheckConstraint("how IN ('reply', 'clipboard')", name="how"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_replies_ticket_id", "replies", ["ticket_id", "id"])
    op.create_index("ix_replies_author_id", "replies", ["author_id"])
    op.create_index("ix_replies_draft_id", "replies", ["draft_id"])
    op.create_index("ix_replies_message", "replies", ["message"])
    _only("replies", "ix_replies_due", ["due_at"], "state = 'waiting'")


def _people() -> None:
    op.create_table(
        "ticket_presence",
        _ref("ticket_id", "tickets.id"),
        _ref("user_id", "users.id"),
        _column("since", TIME),
        _column("seen_at", TIME),
        _column("typing", sa.Boolean()),
        sa.PrimaryKeyConstraint("ticket_id", "user_id", name="pk_ticket_presence"),
    )
    op.create_index("ix_ticket_presence_user_id", "ticket_presence", ["user_id"])
    op.create_table(
        "macros",
        _column("name", sa.String(60)),
        _column("title", sa.Text()),
        _column("text", sa.Text()),
        _column("changed_at", TIME),
        _ref("changed_by", "users.id", "SET NULL"),
        sa.PrimaryKeyConstraint("name", name="pk_macros"),
    )
    op.create_index("ix_macros_changed_by", "macros", ["changed_by"])


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE ticket_index")
    for table in (
        "macros",
        "ticket_presence",
        "replies",
        "ticket_texts",
        "ticket_drafts",
        "ticket_words",
        "ticket_messages",
        "tickets",
    ):
        op.drop_table(table)
