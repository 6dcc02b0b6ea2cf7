"""Tickets: their messages, drafts, replies, unsent texts, who is here; macros."""

import sqlalchemy as sa
from alembic import op

from store.migrations.making import BIG, TIME, column, index_where, is_sqlite, ref, words_of

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FILTERS = ("state", "assignee_id", "language", "mood")


def upgrade() -> None:
    _tickets()
    _indexes()
    _threads()
    words_of("ticket", "tickets")
    _drafts()
    _replies()
    _people()


def _tickets() -> None:
    op.create_table(
        "tickets",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("source", sa.String(500)),
        column("external_id", sa.String(1000), nullable=True),
        column("channel", sa.String(20)),
        ref("conversation_id", "conversations.id", nullable=True),
        ref("customer_id", "users.id", nullable=True),
        column("subject", sa.Text()),
        column("customer", sa.Text()),
        column("address", sa.String(320)),
        column("language", sa.String(20)),
        column("mood", sa.String(20)),
        column("intent", sa.String(100)),
        column("reason", sa.Text()),
        column("state", sa.String(20)),
        column("active", sa.Boolean()),
        ref("assignee_id", "users.id", "SET NULL"),
        column("waiting_since", TIME, nullable=True),
        column("rank", BIG),
        column("unread", sa.Boolean()),
        column("to_read", sa.Boolean()),
        column("draft", sa.String(200)),
        column("drafting_until", TIME, nullable=True),
        column("merged_into", BIG, nullable=True),
        column("created_at", TIME),
        column("updated_at", TIME),
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
    index_where("tickets", "ix_tickets_to_read", ["id"], "to_read")
    index_where("tickets", "ix_tickets_merged", ["merged_into"], "merged_into IS NOT NULL")


def _threads() -> None:
    op.create_table(
        "ticket_messages",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("ticket_id", "tickets.id"),
        column("role", sa.String(20)),
        column("name", sa.Text()),
        column("at", TIME),
        column("mail_id", sa.String(1000), nullable=True),
        column("content", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_messages"),
        sa.UniqueConstraint("public_id", name="uq_ticket_messages_public_id"),
        sa.CheckConstraint("role IN ('customer', 'agent')", name="role"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_messages_thread", "ticket_messages", ["ticket_id", "at", "id"])
    op.create_index("ix_ticket_messages_mail", "ticket_messages", ["mail_id"])


def _drafts() -> None:
    op.create_table(
        "ticket_drafts",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("ticket_id", "tickets.id"),
        ref("made_for", "users.id", "SET NULL"),
        column("answers", sa.Uuid(), nullable=True),
        column("sources", sa.JSON()),
        column("missing", sa.JSON()),
        column("unsupported", sa.JSON()),
        column("notes", sa.JSON()),
        column("language", sa.String(20)),
        column("model", sa.String(200)),
        column("prompt", sa.String(200)),
        column("version", sa.String(64)),
        column("number", sa.Integer(), nullable=True),
        column("release_id", BIG, nullable=True),
        column("tone", sa.String(40)),
        column("instruction", sa.Text()),
        column("variant", sa.Integer()),
        column("first_s", sa.Double(), nullable=True),
        column("total_s", sa.Double(), nullable=True),
        column("created_at", TIME),
        column("text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_drafts"),
        sa.UniqueConstraint("public_id", name="uq_ticket_drafts_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_drafts_ticket_id", "ticket_drafts", ["ticket_id", "id"])
    op.create_index("ix_ticket_drafts_made_for", "ticket_drafts", ["made_for"])
    op.create_table(
        "ticket_texts",
        ref("ticket_id", "tickets.id"),
        column("version", sa.Integer()),
        ref("draft_id", "ticket_drafts.id", "SET NULL"),
        column("facts", sa.JSON()),
        column("confirmed", sa.JSON()),
        ref("writer_id", "users.id", "SET NULL"),
        column("changed_at", TIME),
        column("text", sa.Text()),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_texts"),
    )
    op.create_index("ix_ticket_texts_draft_id", "ticket_texts", ["draft_id"])
    op.create_index("ix_ticket_texts_writer_id", "ticket_texts", ["writer_id"])


def _replies() -> None:
    op.create_table(
        "replies",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("ticket_id", "tickets.id"),
        ref("author_id", "users.id", "SET NULL"),
        ref("draft_id", "ticket_drafts.id", "SET NULL"),
        column("how", sa.String(20)),
        column("state", sa.String(20)),
        column("seconds", sa.Integer()),
        column("distance", sa.Double(), nullable=True),
        column("reason", sa.String(40)),
        column("facts", sa.JSON()),
        column("confirmed", sa.JSON()),
        column("message", sa.Uuid(), nullable=True),
        column("created_at", TIME),
        column("due_at", TIME),
        column("sent_at", TIME, nullable=True),
        column("text", sa.Text()),
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
    index_where("replies", "ix_replies_due", ["due_at"], "state = 'waiting'")


def _people() -> None:
    op.create_table(
        "ticket_presence",
        ref("ticket_id", "tickets.id"),
        ref("user_id", "users.id"),
        column("since", TIME),
        column("seen_at", TIME),
        column("typing", sa.Boolean()),
        sa.PrimaryKeyConstraint("ticket_id", "user_id", name="pk_ticket_presence"),
    )
    op.create_index("ix_ticket_presence_user_id", "ticket_presence", ["user_id"])
    op.create_table(
        "macros",
        column("name", sa.String(60)),
        column("title", sa.Text()),
        column("text", sa.Text()),
        column("changed_at", TIME),
        ref("changed_by", "users.id", "SET NULL"),
        sa.PrimaryKeyConstraint("name", name="pk_macros"),
    )
    op.create_index("ix_macros_changed_by", "macros", ["changed_by"])


def downgrade() -> None:
    if is_sqlite():
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
