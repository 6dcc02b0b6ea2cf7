"""Datasets, runs, evaluations, which model is served, comparisons."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
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


def _only(table: str, name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


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
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _column("name", sa.String(100)),
        _column("sha", sa.String(64)),
        _column("first_sha", sa.String(64)),
        _column("changed", sa.Text()),
        _column("removed", sa.String(100)),
        _column("settings", sa.JSON()),
        _column("card", sa.JSON()),
        _column("rows", sa.Integer()),
        _column("actor", sa.String(200)),
        _column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
        sa.UniqueConstraint("public_id", name="uq_datasets_public_id"),
        sa.UniqueConstraint("name", name="uq_datasets_name"),
        sqlite_autoincrement=True,
    )


def _dataset_rows() -> None:
    op.create_table(
        "dataset_rows",
        _column("id", BIG),
        _ref("dataset_id", "datasets.id"),
        _column("number", sa.Integer()),
        _column("split", sa.String(20)),
        _column("source", sa.String(20)),
        _column("talk", sa.String(64)),
        _ref("message_id", "messages.id", nullable=True),
        _ref("reply_id", "replies.id", nullable=True),
        _column("prompt", sa.String(200)),
        _column("version", sa.String(64)),
        _column("label", sa.String(100)),
        _column("digest", sa.String(64)),
        _column("messages", sa.JSON()),
        _column("reply", sa.Text()),
        _column("rejected", sa.Text(), nullable=True),
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
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _column("model", sa.String(200)),
        _column("base", sa.String(200)),
        _ref("dataset_id", "datasets.id", "SET NULL"),
        _column("dataset", sa.String(100)),
        _column("dataset_sha", sa.String(64)),
        _column("method", sa.String(20)),
        _column("settings", sa.JSON()),
        _column("state", sa.String(20)),
        _column("said", sa.Text()),
        _column("step", sa.Integer()),
        _column("steps", sa.Integer()),
        _column("kept_step", sa.Integer()),
        _column("best_step", sa.Integer(), nullable=True),
        _column("best_loss", sa.Double(), nullable=True),
        _column("checks_without_gain", sa.Integer()),
        _column("tokens_s", sa.Double(), nullable=True),
        _column("seconds", sa.Double()),
        _column("left_s", sa.Double(), nullable=True),
        _column("facts", sa.JSON()),
        _column("samples", sa.JSON()),
        _column("host", sa.String(200)),
        _column("process", BIG, nullable=True),
        _column("heard_at", TIME, nullable=True),
        _column("actor", sa.String(200)),
        _column("created_at", TIME),
        _column("started_at", TIME, nullable=True),
        _column("ended_at", TIME, nullable=True),
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
    _only(
        "training_runs",
        "ix_training_runs_going",
        ["id"],
        "state IN ('queued', 'running', 'stopping')",
    )


def _training_points() -> None:
    op.create_table(
        "training_points",
        _ref("run_id", "training_runs.id"),
        _column("step", sa.Integer()),
        _column("train_loss", sa.Double(), nullable=True),
        _column("validation_loss", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "step", name="pk_training_points"),
    )


def _evaluations() -> None:
    op.create_table(
        "evaluations",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _column("base", sa.String(200)),
        _column("tuned", sa.String(200)),
        _column("tuned_sha", sa.String(64)),
        _column("dataset", sa.String(100)),
        _column("dataset_sha", sa.String(64)),
        _column("settings", sa.JSON()),
        _column("state", sa.String(20)),
        _column("said", sa.Text()),
        _column("done", sa.Integer()),
        _column("total", sa.Integer()),
        _column("report", sa.JSON()),
        _column("passed", sa.Boolean(), nullable=True),
        _column("heard_at", TIME, nullable=True),
        _column("actor", sa.String(200)),
        _column("created_at", TIME),
        _column("ended_at", TIME, nullable=True),
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
        _column("id", BIG),
        _ref("evaluation_id", "evaluations.id"),
        _column("number", sa.Integer()),
        _ref("row_id", "dataset_rows.id", nullable=True),
        _column("part", sa.String(40)),
        _column("change", sa.String(20)),
        _column("gain", sa.Double()),
        _column("base", sa.JSON()),
        _column("tuned", sa.JSON()),
        _column("question", sa.Text()),
        _column("expected", sa.Text()),
        _column("base_text", sa.Text()),
        _column("tuned_text", sa.Text()),
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
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _column("alias", sa.String(200)),
        _column("environment", sa.String(20)),
        _column("model", sa.String(200)),
        _column("by_setting", sa.Boolean()),
        _column("previous", BIG, nullable=True),
        _column("prompts", sa.JSON()),
        _column("evaluation", sa.Uuid(), nullable=True),
        _column("actor", sa.String(200)),
        _column("reason", sa.Text()),
        _column("override", sa.Text()),
        _column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_model_releases"),
        sa.UniqueConstraint("public_id", name="uq_model_releases_public_id"),
        sa.CheckConstraint("environment IN ('staging', 'production')", name="environment"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_model_releases_current", "model_releases", ["alias", "environment", "id"])


def _model_marks() -> None:
    op.create_table(
        "model_marks",
        _column("id", BIG),
        _column("model", sa.String(200)),
        _column("reason", sa.Text()),
        _column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_model_marks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_model_marks_model", "model_marks", ["model", "id"])


def _comparisons() -> None:
    op.create_table(
        "comparisons",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _column("title", sa.Text()),
        _column("left", sa.JSON()),
        _column("right", sa.JSON()),
        _column("blind", sa.Boolean()),
        _column("actor", sa.String(200)),
        _ref("user_id", "users.id", "SET NULL"),
        _column("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_comparisons"),
        sa.UniqueConstraint("public_id", name="uq_comparisons_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_comparisons_user_id", "comparisons", ["user_id"])


def _comparison_votes() -> None:
    op.create_table(
        "comparison_votes",
        _column("id", BIG),
        _column("public_id", sa.Uuid()),
        _ref("comparison_id", "comparisons.id"),
        _ref("user_id", "users.id"),
        _column("swapped", sa.Boolean()),
        _column("vote", sa.String(20), nullable=True),
        _column("left_s", sa.Double(), nullable=True),
        _column("right_s", sa.Double(), nullable=True),
        _column("created_at", TIME),
        _column("question", sa.Text()),
        _column("left_text", sa.Text()),
        _column("right_text", sa.Text()),
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
