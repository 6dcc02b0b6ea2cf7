"""Serving: keys and their calls, webhooks, connected models, replicas, figures by hour, alerts."""

import sqlalchemy as sa
from alembic import op

from store.migrations.making import BIG, TIME, column, index_where, is_sqlite, ref

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BROKEN = "status IN ('failed', 'interrupted')"
LEAVES = {
    "traces": "old.created_at",
    "feedback": "(SELECT created_at FROM traces WHERE message_id = old.message_id AND attempt = 1)",
    "ticket_drafts": "old.created_at",
    "replies": "old.sent_at",
    "tickets": "old.created_at",
    "messages": f"CASE WHEN old.{BROKEN} THEN old.finished_at END",
}
"""Whose rows figures are made of, and which moment changes when one is removed."""
STALE_SQLITE = """CREATE TRIGGER {0}_stale AFTER DELETE ON {0} BEGIN
    INSERT INTO stale_moments (at) SELECT moment FROM (SELECT {1} AS moment)
    WHERE moment IS NOT NULL;
END"""
STALE_POSTGRESQL = (
    """CREATE FUNCTION {0}_stale() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO stale_moments (at) SELECT moment FROM (SELECT {1} AS moment) AS gone
        WHERE moment IS NOT NULL;
        RETURN old;
    END $$""",
    """CREATE TRIGGER {0}_stale AFTER DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION {0}_stale()""",
)


def upgrade() -> None:
    _keys()
    _calls()
    _webhooks()
    _connected_models()
    _replicas()
    _hours()
    _alerts()
    op.create_index("ix_feedback_updated_at", "feedback", ["updated_at"])


def _keys() -> None:
    op.create_table(
        "api_keys",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("user_id", "users.id"),
        column("name", sa.String(100)),
        column("token_hash", sa.String(64)),
        column("ends", sa.String(8)),
        column("models", sa.JSON()),
        column("requests_minute", sa.Integer()),
        column("tokens_minute", sa.Integer()),
        column("requests_month", sa.Integer()),
        column("tokens_month", sa.Integer()),
        column("stores", sa.Boolean()),
        ref("made_by", "users.id", "SET NULL"),
        column("created_at", TIME),
        column("expires_at", TIME, nullable=True),
        column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("public_id", name="uq_api_keys_public_id"),
        sa.UniqueConstraint("user_id", name="uq_api_keys_user_id"),
        sa.UniqueConstraint("token_hash", name="uq_api_keys_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_keys_made_by", "api_keys", ["made_by"])
    live = sa.text("revoked_at IS NULL")
    op.create_index(
        "uq_api_keys_name",
        "api_keys",
        ["name"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_table(
        "key_counts",
        ref("key_id", "api_keys.id"),
        column("minute_from", TIME),
        column("minute_requests", sa.Integer()),
        column("minute_tokens", sa.Integer()),
        column("day_from", TIME),
        column("day_requests", sa.Integer()),
        column("day_tokens", sa.Integer()),
        column("month_from", TIME),
        column("month_requests", sa.Integer()),
        column("month_tokens", BIG),
        column("used_at", TIME),
        sa.PrimaryKeyConstraint("key_id", name="pk_key_counts"),
    )


def _calls() -> None:
    op.create_table(
        "api_calls",
        column("id", BIG),
        ref("key_id", "api_keys.id"),
        column("name", sa.String(255)),
        column("body_hash", sa.String(64)),
        column("state", sa.String(20)),
        column("status", sa.Integer(), nullable=True),
        column("created_at", TIME),
        column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_calls"),
        sa.UniqueConstraint("key_id", "name", name="uq_api_calls_key_id"),
        sa.CheckConstraint("state IN ('running', 'done')", name="state"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_calls_created_at", "api_calls", ["created_at"])
    op.create_table(
        "api_threads",
        ref("user_id", "users.id"),
        column("digest", sa.String(64)),
        ref("conversation_id", "conversations.id"),
        ref("message_id", "messages.id"),
        sa.PrimaryKeyConstraint("user_id", "digest", name="pk_api_threads"),
    )
    op.create_index("ix_api_threads_conversation_id", "api_threads", ["conversation_id"])
    op.create_index("ix_api_threads_message_id", "api_threads", ["message_id"])


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("url", sa.Text()),
        column("secret", sa.String(100)),
        column("events", sa.JSON()),
        column("active", sa.Boolean()),
        ref("made_by", "users.id", "SET NULL"),
        column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sa.UniqueConstraint("public_id", name="uq_webhooks_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhooks_made_by", "webhooks", ["made_by"])
    op.create_table(
        "webhook_deliveries",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("webhook_id", "webhooks.id"),
        column("event", sa.String(100)),
        column("kind", sa.String(40)),
        column("data", sa.JSON()),
        column("attempts", sa.Integer()),
        column("created_at", TIME),
        column("due_at", TIME),
        column("done_at", TIME, nullable=True),
        column("status", sa.Integer(), nullable=True),
        column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("public_id", name="uq_webhook_deliveries_public_id"),
        sa.UniqueConstraint("webhook_id", "event", name="uq_webhook_deliveries_webhook_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])
    waiting = "webhook_deliveries", "ix_webhook_deliveries_due_at"
    index_where(*waiting, ["due_at"], "done_at IS NULL")


def _connected_models() -> None:
    op.create_table(
        "connected_models",
        column("name", sa.String(100)),
        column("settings", sa.JSON()),
        column("secret", sa.Text()),
        ref("made_by", "users.id", "SET NULL"),
        column("created_at", TIME),
        column("changed_at", TIME),
        sa.PrimaryKeyConstraint("name", name="pk_connected_models"),
    )
    op.create_index("ix_connected_models_made_by", "connected_models", ["made_by"])


def _replicas() -> None:
    op.create_table(
        "replicas",
        column("id", BIG),
        column("host", sa.String(200)),
        column("pid", sa.Integer()),
        column("address", sa.String(200)),
        column("started_at", TIME),
        column("seen_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_replicas"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "leases",
        column("name", sa.String(60)),
        column("replica_id", BIG),
        column("until", TIME),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    # Who writes an answer; none for answers of before, which nobody writes any more.
    op.add_column("messages", column("writer", BIG, nullable=True))


def _hours() -> None:
    for table in ("hours", "days"):
        key = ("at", "channel", "prompt", "version", "model", "release_id")
        op.create_table(
            table,
            column("at", TIME),
            column("channel", sa.String(20)),
            column("prompt", sa.String(200)),
            column("version", sa.String(64)),
            column("model", sa.String(200)),
            column("release_id", BIG),
            column("figures", sa.JSON()),
            sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        )
    op.create_table(
        "readings",
        column("name", sa.String(60)),
        column("at", TIME),
        column("row_id", BIG),
        sa.PrimaryKeyConstraint("name", name="pk_readings"),
    )
    op.create_table(
        "stale_moments",
        column("id", BIG),
        column("at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_stale_moments"),
        sqlite_autoincrement=True,
    )
    for table, moment in LEAVES.items():
        for statement in (STALE_SQLITE,) if is_sqlite() else STALE_POSTGRESQL:
            op.execute(statement.format(table, moment))
    index_where("messages", "ix_messages_broken", ["finished_at"], BROKEN)
    op.create_index("ix_ticket_drafts_created_at", "ticket_drafts", ["created_at"])
    op.create_index("ix_replies_sent_at", "replies", ["sent_at"])
    op.create_index("ix_tickets_created_at", "tickets", ["created_at"])


def _alerts() -> None:
    op.create_table(
        "alerts",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("name", sa.String(100)),
        column("measure", sa.String(40)),
        column("how", sa.String(20)),
        column("threshold", sa.Double()),
        column("minutes", sa.Integer()),
        column("least", sa.Integer()),
        column("channel", sa.String(20)),
        column("prompt", sa.String(200)),
        column("mail", sa.String(320)),
        column("hook", sa.Boolean()),
        column("active", sa.Boolean()),
        column("muted_until", TIME, nullable=True),
        ref("made_by", "users.id", "SET NULL"),
        column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint("public_id", name="uq_alerts_public_id"),
        sa.CheckConstraint("how IN ('above', 'below', 'drop', 'rise')", name="how"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_made_by", "alerts", ["made_by"])
    op.create_table(
        "alert_events",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("alert_id", "alerts.id"),
        column("subject", sa.String(300)),
        column("line", sa.String(400)),
        column("value", sa.Double()),
        column("bound", sa.Double()),
        column("answers", sa.Integer()),
        column("cause", sa.Text()),
        column("began_at", TIME),
        column("seen_at", TIME),
        column("told_at", TIME, nullable=True),
        column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alert_events"),
        sa.UniqueConstraint("public_id", name="uq_alert_events_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_events_alert_id", "alert_events", ["alert_id", "id"])


def downgrade() -> None:
    _no_hours()
    op.drop_index("ix_feedback_updated_at", "feedback")
    op.drop_column("messages", "writer")
    for table in (
        "alert_events",
        "alerts",
        "readings",
        "days",
        "hours",
        "leases",
        "replicas",
        "connected_models",
        "webhook_deliveries",
        "webhooks",
        "api_threads",
        "api_calls",
        "key_counts",
        "api_keys",
    ):
        op.drop_table(table)


def _no_hours() -> None:
    for table in LEAVES:
        op.execute(f"DROP TRIGGER {table}_stale" + ("" if is_sqlite() else f" ON {table}"))
        if not is_sqlite():
            op.execute(f"DROP FUNCTION {table}_stale()")
    op.drop_index("ix_messages_broken", "messages")
    op.drop_index("ix_ticket_drafts_created_at", "ticket_drafts")
    op.drop_index("ix_replies_sent_at", "replies")
    op.drop_index("ix_tickets_created_at", "tickets")
    op.drop_table("stale_moments")
