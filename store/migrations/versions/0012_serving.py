"""Serving: keys and their calls, webhooks, connected models, replicas, figures by hour, alerts."""

import sqlalchemy as sa
from alembic import op

from store.migrations.making import BIG, TIME, column, index_where, ref

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


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
        column("used_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("public_id", name="uq_api_keys_public_id"),
        sa.UniqueConstraint("user_id", name="uq_api_keys_user_id"),
        sa.UniqueConstraint("token_hash", name="uq_api_keys_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_keys_made_by", "api_keys", ["made_by"])
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
        sa.PrimaryKeyConstraint("user_id", "digest", name="pk_api_threads"),
    )
    op.create_index("ix_api_threads_conversation_id", "api_threads", ["conversation_id"])


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
    op.create_table(
        "hours",
        column("at", TIME),
        column("channel", sa.String(20)),
        column("prompt", sa.String(200)),
        column("version", sa.String(64)),
        column("model", sa.String(200)),
        column("release_id", BIG),
        column("figures", sa.JSON()),
        sa.PrimaryKeyConstraint(
            "at", "channel", "prompt", "version", "model", "release_id", name="pk_hours"
        ),
    )
    op.create_table(
        "readings",
        column("name", sa.String(60)),
        column("at", TIME),
        column("row_id", BIG),
        sa.PrimaryKeyConstraint("name", name="pk_readings"),
    )


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
        column("value", sa.Double()),
        column("bound", sa.Double()),
        column("answers", sa.Integer()),
        column("cause", sa.Text()),
        column("began_at", TIME),
        column("seen_at", TIME),
        column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alert_events"),
        sa.UniqueConstraint("public_id", name="uq_alert_events_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_events_alert_id", "alert_events", ["alert_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_feedback_updated_at", "feedback")
    op.drop_column("messages", "writer")
    for table in (
        "alert_events",
        "alerts",
        "readings",
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
