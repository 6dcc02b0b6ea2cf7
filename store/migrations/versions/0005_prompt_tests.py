"""Tests of prompts and what came of them; releases that say what they follow and rest on."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
RUNNING = sa.text("status = 'running'")

PREVIOUS = """UPDATE releases SET previous = (
    SELECT max(older.id) FROM releases AS older
    WHERE older.prompt = releases.prompt AND older.environment = releases.environment
    AND older.id < releases.id)"""


def upgrade() -> None:
    op.add_column(
        "prompts", sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("releases", sa.Column("previous", BIG))
    op.add_column("releases", sa.Column("run", sa.Uuid()))
    op.add_column("releases", sa.Column("override", sa.Text(), nullable=False, server_default=""))
    op.execute(PREVIOUS)
    op.create_index("ix_releases_history", "releases", ["prompt", "id"])
    op.create_index("ix_traces_prompt", "traces", ["prompt", "created_at", "version"])
    _tests()
    _runs()
    _results()


def _tests() -> None:
    op.create_table(
        "prompt_tests",
        sa.Column("id", BIG, nullable=False),
        sa.Column("sha", sa.String(64), nullable=False),
        sa.Column("prompt", sa.String(200), sa.ForeignKey("prompts.name"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_prompt_tests"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_prompt_tests_current", "prompt_tests", ["prompt", "id"])
    op.create_index("ix_prompt_tests_sha", "prompt_tests", ["sha"])


def _runs() -> None:
    op.create_table(
        "test_runs",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("prompt", sa.String(200), sa.ForeignKey("prompts.name"), nullable=False),
        sa.Column("suite", sa.String(20), nullable=False),
        sa.Column("tests_sha", sa.String(64), nullable=False),
        sa.Column("grader", sa.String(200), nullable=False),
        sa.Column("repeat", sa.Integer()),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_test_runs"),
        sa.UniqueConstraint("public_id", name="uq_test_runs_public_id"),
        sa.CheckConstraint("suite IN ('tests', 'injection')", name="suite"),
        sa.CheckConstraint(
            "status IN ('running', 'complete', 'stopped', 'failed', 'interrupted')",
            name="status",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_test_runs_prompt", "test_runs", ["prompt", "id"])
    op.create_index(
        "ix_test_runs_running", "test_runs", ["id"], sqlite_where=RUNNING, postgresql_where=RUNNING
    )


def _results() -> None:
    op.create_table(
        "test_results",
        sa.Column("id", BIG, nullable=False),
        sa.Column("run_id", BIG, sa.ForeignKey("test_runs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("case_no", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("outputs", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_test_results"),
        sa.UniqueConstraint("run_id", "version", "model", "case_no", name="uq_test_results_run_id"),
        sa.CheckConstraint("status IN ('passed', 'failed', 'error')", name="status"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_test_results_version", "test_results", ["version", "model", "run_id"])


def downgrade() -> None:
    op.drop_table("test_results")
    op.drop_table("test_runs")
    op.drop_table("prompt_tests")
    op.drop_index("ix_traces_prompt", "traces")
    op.drop_index("ix_releases_history", "releases")
    for column in ("override", "run", "previous"):
        op.drop_column("releases", column)
    op.drop_column("prompts", "archived")
