"""Datasets, runs, evaluations, which model is served, comparisons."""

import sqlalchemy as sa
from alembic import op

from store.migrations.making import BIG, TIME, column, index_where, ref

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _datasets()
    _dataset_rows()
    _training_runs()
    _training_points()
    _evaluations()
    _evaluation_replies()
    _model_releases()
    _model_marks()
    _comparisons()
    _comparison_votes()


def _datasets() -> None:
    op.create_table(
        "datasets",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("name", sa.String(100)),
        column("sha", sa.String(64)),
        column("first_sha", sa.String(64)),
        column("changed", sa.Text()),
        column("removed", sa.String(100)),
        column("settings", sa.JSON()),
        column("card", sa.JSON()),
        column("rows", sa.Integer()),
        column("actor", sa.String(200)),
        column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
        sa.UniqueConstraint("public_id", name="uq_datasets_public_id"),
        sa.UniqueConstraint("name", name="uq_datasets_name"),
        sqlite_autoincrement=True,
    )


def _dataset_rows() -> None:
    op.create_table(
        "dataset_rows",
        column("id", BIG),
        ref("dataset_id", "datasets.id"),
        column("number", sa.Integer()),
        column("split", sa.String(20)),
        column("source", sa.String(20)),
        column("talk", sa.String(64)),
        ref("message_id", "messages.id", nullable=True),
        ref("reply_id", "replies.id", nullable=True),
        column("prompt", sa.String(200)),
        column("version", sa.String(64)),
        column("label", sa.String(100)),
        column("digest", sa.String(64)),
        column("messages", sa.JSON()),
        column("reply", sa.Text()),
        column("rejected", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_dataset_rows"),
        sa.UniqueConstraint("dataset_id", "number", name="uq_dataset_rows_dataset_id"),
        sa.CheckConstraint("split IN ('train', 'validation', 'test')", name="split"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dataset_rows_message_id", "dataset_rows", ["message_id"])
    op.create_index("ix_dataset_rows_reply_id", "dataset_rows", ["reply_id"])
    op.create_index("ix_dataset_rows_split", "dataset_rows", ["dataset_id", "split", "number"])


def _training_runs() -> None:
    op.create_table(
        "training_runs",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("model", sa.String(200)),
        column("base", sa.String(200)),
        ref("dataset_id", "datasets.id", "SET NULL"),
        column("dataset", sa.String(100)),
        column("dataset_sha", sa.String(64)),
        column("method", sa.String(20)),
        column("settings", sa.JSON()),
        column("state", sa.String(20)),
        column("said", sa.Text()),
        column("step", sa.Integer()),
        column("steps", sa.Integer()),
        column("kept_step", sa.Integer()),
        column("best_step", sa.Integer(), nullable=True),
        column("best_loss", sa.Double(), nullable=True),
        column("checks_without_gain", sa.Integer()),
        column("tokens_s", sa.Double(), nullable=True),
        column("seconds", sa.Double()),
        column("left_s", sa.Double(), nullable=True),
        column("facts", sa.JSON()),
        column("samples", sa.JSON()),
        column("host", sa.String(200)),
        column("process", BIG, nullable=True),
        column("heard_at", TIME, nullable=True),
        column("actor", sa.String(200)),
        column("created_at", TIME),
        column("started_at", TIME, nullable=True),
        column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_training_runs"),
        sa.UniqueConstraint("public_id", name="uq_training_runs_public_id"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'stopping', 'complete', 'stopped', 'failed', "
            "'interrupted')",
            name="state",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_training_runs_dataset_id", "training_runs", ["dataset_id"])
    index_where(
        "training_runs",
        "ix_training_runs_going",
        ["id"],
        "state IN ('queued', 'running', 'stopping')",
    )


def _training_points() -> None:
    op.create_table(
        "training_points",
        ref("run_id", "training_runs.id"),
        column("step", sa.Integer()),
        column("train_loss", sa.Double(), nullable=True),
        column("validation_loss", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "step", name="pk_training_points"),
    )


def _evaluations() -> None:
    op.create_table(
        "evaluations",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("base", sa.String(200)),
        column("tuned", sa.String(200)),
        column("tuned_sha", sa.String(64)),
        column("dataset", sa.String(100)),
        column("dataset_sha", sa.String(64)),
        column("settings", sa.JSON()),
        column("state", sa.String(20)),
        column("said", sa.Text()),
        column("done", sa.Integer()),
        column("total", sa.Integer()),
        column("report", sa.JSON()),
        column("passed", sa.Boolean(), nullable=True),
        column("heard_at", TIME, nullable=True),
        column("actor", sa.String(200)),
        column("created_at", TIME),
        column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_evaluations"),
        sa.UniqueConstraint("public_id", name="uq_evaluations_public_id"),
        sa.CheckConstraint(
            "state IN ('running', 'complete', 'stopped', 'failed', 'interrupted')", name="state"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evaluations_tuned", "evaluations", ["tuned", "id"])


def _evaluation_replies() -> None:
    op.create_table(
        "evaluation_replies",
        column("id", BIG),
        ref("evaluation_id", "evaluations.id"),
        column("number", sa.Integer()),
        ref("row_id", "dataset_rows.id", nullable=True),
        column("part", sa.String(40)),
        column("change", sa.String(20)),
        column("gain", sa.Double()),
        column("base", sa.JSON()),
        column("tuned", sa.JSON()),
        column("question", sa.Text()),
        column("expected", sa.Text()),
        column("base_text", sa.Text()),
        column("tuned_text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation_replies"),
        sa.CheckConstraint("change IN ('better', 'worse', 'same')", name="change"),
        sa.UniqueConstraint("evaluation_id", "number", name="uq_evaluation_replies_evaluation_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_evaluation_replies_change", "evaluation_replies", ["evaluation_id", "change", "gain"]
    )
    op.create_index("ix_evaluation_replies_row_id", "evaluation_replies", ["row_id"])


def _model_releases() -> None:
    op.create_table(
        "model_releases",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("alias", sa.String(200)),
        column("environment", sa.String(20)),
        column("model", sa.String(200)),
        column("by_setting", sa.Boolean()),
        column("previous", BIG, nullable=True),
        column("prompts", sa.JSON()),
        column("evaluation", sa.Uuid(), nullable=True),
        column("actor", sa.String(200)),
        column("reason", sa.Text()),
        column("override", sa.Text()),
        column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_model_releases"),
        sa.UniqueConstraint("public_id", name="uq_model_releases_public_id"),
        sa.CheckConstraint("environment IN ('staging', 'production')", name="environment"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_model_releases_current", "model_releases", ["alias", "environment", "id"])


def _model_marks() -> None:
    op.create_table(
        "model_marks",
        column("id", BIG),
        column("model", sa.String(200)),
        column("reason", sa.Text()),
        column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_model_marks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_model_marks_model", "model_marks", ["model", "id"])


def _comparisons() -> None:
    op.create_table(
        "comparisons",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        column("title", sa.Text()),
        column("left", sa.JSON()),
        column("right", sa.JSON()),
        column("blind", sa.Boolean()),
        column("actor", sa.String(200)),
        ref("user_id", "users.id", "SET NULL"),
        column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_comparisons"),
        sa.UniqueConstraint("public_id", name="uq_comparisons_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_comparisons_user_id", "comparisons", ["user_id"])


def _comparison_votes() -> None:
    op.create_table(
        "comparison_votes",
        column("id", BIG),
        column("public_id", sa.Uuid()),
        ref("comparison_id", "comparisons.id"),
        ref("user_id", "users.id"),
        column("swapped", sa.Boolean()),
        column("vote", sa.String(20), nullable=True),
        column("left_s", sa.Double(), nullable=True),
        column("right_s", sa.Double(), nullable=True),
        column("created_at", TIME),
        column("question", sa.Text()),
        column("left_text", sa.Text()),
        column("right_text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_comparison_votes"),
        sa.UniqueConstraint("public_id", name="uq_comparison_votes_public_id"),
        sa.CheckConstraint("vote IN ('left', 'right', 'tie', 'both bad')", name="vote"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_comparison_votes_comparison_id", "comparison_votes", ["comparison_id", "id"]
    )
    op.create_index("ix_comparison_votes_user_id", "comparison_votes", ["user_id"])


def downgrade() -> None:
    op.drop_table("comparison_votes")
    op.drop_table("comparisons")
    op.drop_table("model_marks")
    op.drop_table("model_releases")
    op.drop_table("evaluation_replies")
    op.drop_table("evaluations")
    op.drop_table("training_points")
    op.drop_table("training_runs")
    op.drop_table("dataset_rows")
    op.drop_table("datasets")
