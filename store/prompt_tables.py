"""The tables of prompts: versions, releases, their tests and what came of them.

Part of `store.models`, which names them all. People stand here by name, as text: `forgetting` knows
these columns.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from store.base import NEVER_REUSED, Base, new_id
from store.columns import BigId, ExactText, Name, PlainJson, PublicId, UtcTime, now

_RUNNING = text("status = 'running'")


class Prompt(Base):
    """A prompt's name and how many versions it has had. An archived one is in no list.

    `tests_id` is the row of its current test cases: a value, since a circle of keys costs more.
    """

    __tablename__ = "prompts"

    name: Mapped[str] = mapped_column(Name(200), primary_key=True)
    kind: Mapped[str] = mapped_column(Name(20))
    versions: Mapped[int] = mapped_column(default=0)
    tests_id: Mapped[int | None] = mapped_column(BigId)
    archived: Mapped[bool] = mapped_column(default=False, server_default=false())


class PromptVersion(Base):
    """An immutable version of a prompt. Never updated, never deleted."""

    __tablename__ = "prompt_versions"
    __table_args__ = (UniqueConstraint("prompt", "seq"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha: Mapped[str] = mapped_column(Name(64), unique=True)
    prompt: Mapped[str] = mapped_column(ForeignKey("prompts.name"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(Name(20))
    source: Mapped[str] = mapped_column(ExactText)
    partials: Mapped[dict[str, str]] = mapped_column(PlainJson)
    examples: Mapped[list[Any] | None] = mapped_column(PlainJson)
    author: Mapped[str] = mapped_column(Name(200))
    note: Mapped[str] = mapped_column(ExactText)
    parent: Mapped[str | None] = mapped_column(Name(64))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Release(Base):
    """What an environment serves from now on. Append-only: rolling back is a release too.

    `previous` is the release that rolling back returns to, `run` the test run behind it,
    `override` why it was published although the gate was closed.
    """

    __tablename__ = "releases"
    __table_args__ = (
        Index("ix_releases_current", "prompt", "environment", "id"),
        Index("ix_releases_history", "prompt", "id"),
        CheckConstraint("environment IN ('staging', 'production')", name="environment"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    prompt: Mapped[str] = mapped_column(ForeignKey("prompts.name"))
    environment: Mapped[str] = mapped_column(Name(20))
    weights: Mapped[dict[str, int]] = mapped_column(PlainJson)
    actor: Mapped[str] = mapped_column(Name(200))
    reason: Mapped[str] = mapped_column(ExactText)
    previous: Mapped[int | None] = mapped_column(BigId)
    run: Mapped[str | None] = mapped_column(PublicId)
    override: Mapped[str] = mapped_column(ExactText, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class PromptTests(Base):
    """The test cases of a prompt as its author wrote them. Append-only."""

    __tablename__ = "prompt_tests"
    __table_args__ = (
        Index("ix_prompt_tests_sha", "prompt", "sha"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha: Mapped[str] = mapped_column(Name(64))
    prompt: Mapped[str] = mapped_column(ForeignKey("prompts.name"))
    source: Mapped[str] = mapped_column(ExactText)
    cases: Mapped[int]
    author: Mapped[str] = mapped_column(Name(200))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class TestRun(Base):
    """One run of a suite: versions × models × cases. `columns` are `[version, model]` pairs."""

    __tablename__ = "test_runs"
    __table_args__ = (
        Index("ix_test_runs_prompt", "prompt", "id"),
        Index("ix_test_runs_running", "id", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        CheckConstraint("suite IN ('tests', 'injection')", name="suite"),
        CheckConstraint(
            "status IN ('running', 'complete', 'stopped', 'failed', 'interrupted')", name="status"
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    prompt: Mapped[str] = mapped_column(ForeignKey("prompts.name"))
    suite: Mapped[str] = mapped_column(Name(20))
    tests_sha: Mapped[str] = mapped_column(Name(64))
    grader: Mapped[str] = mapped_column(Name(200))
    repeat: Mapped[int | None]
    columns: Mapped[list[list[str]]] = mapped_column(PlainJson)
    status: Mapped[str] = mapped_column(Name(20))
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    actor: Mapped[str] = mapped_column(Name(200))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class TestResult(Base):
    """What came of one case under one version and model, over all its repeats."""

    __tablename__ = "test_results"
    __table_args__ = (
        UniqueConstraint("run_id", "version", "model", "case_no"),
        Index("ix_test_results_version", "version", "model", "run_id"),
        CheckConstraint("status IN ('passed', 'failed', 'error')", name="status"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("test_runs.id", ondelete="CASCADE"))
    version: Mapped[str] = mapped_column(Name(64))
    model: Mapped[str] = mapped_column(Name(200))
    case_no: Mapped[int]
    name: Mapped[str] = mapped_column(ExactText)
    critical: Mapped[bool]
    repeats: Mapped[int]
    passes: Mapped[int]
    status: Mapped[str] = mapped_column(Name(20))
    outputs: Mapped[list[Any]] = mapped_column(PlainJson)
