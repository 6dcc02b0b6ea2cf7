"""The tables of learning: datasets and their rows, runs, evaluations, which model is served.

Part of `store.models`, which names them all. A row of a dataset leaves with the message or the
reply that it was made of, and so with the person: the dataset then says that it changed. People
stand here by name, as text: `forgetting` knows these columns.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.base import NEVER_REUSED, Base, new_id
from store.columns import BigId, ExactText, Name, PlainJson, PublicId, UtcTime, now

_GOING = text("state IN ('queued', 'running', 'stopping')")


class Dataset(Base):
    """An immutable snapshot of turns to learn from. `sha`: over the digests of its rows, in order.

    `changed`: why rows left it since it was built (somebody was forgotten); its `sha` is then that
    of the rows that stayed, and `first_sha` the one that it was built with.

    `removed`: the name of one that was removed and stays unseen because runs learned from it; its
    rows keep whose message or reply they were made of, and no text.
    """

    __tablename__ = "datasets"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    name: Mapped[str] = mapped_column(Name(100), unique=True)
    sha: Mapped[str] = mapped_column(Name(64))
    first_sha: Mapped[str] = mapped_column(Name(64))
    changed: Mapped[str] = mapped_column(ExactText, default="")
    removed: Mapped[str] = mapped_column(Name(100), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    card: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    rows: Mapped[int]
    actor: Mapped[str] = mapped_column(Name(200))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class DatasetRow(Base):
    """One turn to learn from: the messages that the model gets, and the reply it should give.

    `rejected`: a reply that is worse, for preference tuning. `talk`: of which conversation (a
    hash), all of whose rows are in the same `split`. Personal values are tags in all texts.
    `digest`: sha256 over what it says.
    """

    __tablename__ = "dataset_rows"
    __table_args__ = (
        UniqueConstraint("dataset_id", "number"),
        Index("ix_dataset_rows_split", "dataset_id", "split", "number"),
        CheckConstraint("split IN ('train', 'validation', 'test')", name="split"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    number: Mapped[int]
    split: Mapped[str] = mapped_column(Name(20))
    source: Mapped[str] = mapped_column(Name(20))
    talk: Mapped[str] = mapped_column(Name(64))
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    reply_id: Mapped[int | None] = mapped_column(
        ForeignKey("replies.id", ondelete="CASCADE"), index=True
    )
    prompt: Mapped[str] = mapped_column(Name(200), default="")
    version: Mapped[str] = mapped_column(Name(64), default="")
    label: Mapped[str] = mapped_column(Name(100), default="")
    digest: Mapped[str] = mapped_column(Name(64))
    messages: Mapped[list[dict[str, str]]] = mapped_column(PlainJson)
    reply: Mapped[str] = mapped_column(ExactText)
    rejected: Mapped[str | None] = mapped_column(ExactText)


class TrainingRun(Base):
    """One fine-tuning. `state` is written by its own process, which `heard_at` says is alive."""

    __tablename__ = "training_runs"
    __table_args__ = (
        Index("ix_training_runs_going", "id", sqlite_where=_GOING, postgresql_where=_GOING),
        CheckConstraint(
            "state IN ('queued', 'running', 'stopping', 'complete', 'stopped', 'failed', "
            "'interrupted')",
            name="state",
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    model: Mapped[str] = mapped_column(Name(200))
    base: Mapped[str] = mapped_column(Name(200))
    dataset_id: Mapped[int | None] = mapped_column(
        ForeignKey("datasets.id", ondelete="SET NULL"), index=True
    )
    dataset: Mapped[str] = mapped_column(Name(100))
    dataset_sha: Mapped[str] = mapped_column(Name(64))
    method: Mapped[str] = mapped_column(Name(20))
    settings: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    state: Mapped[str] = mapped_column(Name(20))
    said: Mapped[str] = mapped_column(ExactText, default="")
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    kept_step: Mapped[int] = mapped_column(default=0)
    best_step: Mapped[int | None]
    best_loss: Mapped[float | None]
    checks_without_gain: Mapped[int] = mapped_column(default=0)
    tokens_s: Mapped[float | None]
    seconds: Mapped[float] = mapped_column(default=0.0)
    left_s: Mapped[float | None]
    facts: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    samples: Mapped[list[dict[str, Any]]] = mapped_column(PlainJson)
    host: Mapped[str] = mapped_column(Name(200), default="")
    process: Mapped[int | None] = mapped_column(BigId)
    heard_at: Mapped[datetime | None] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(Name(200))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class TrainingPoint(Base):
    """Losses of a run at a step; the validation loss stands at some steps only."""

    __tablename__ = "training_points"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("training_runs.id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[int] = mapped_column(primary_key=True)
    train_loss: Mapped[float | None]
    validation_loss: Mapped[float | None]


class Evaluation(Base):
    """A base model against a tuned one: figures, and the gate's lines made of them."""

    __tablename__ = "evaluations"
    __table_args__ = (
        Index("ix_evaluations_tuned", "tuned", "id"),
        CheckConstraint(
            "state IN ('running', 'complete', 'stopped', 'failed', 'interrupted')", name="state"
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    base: Mapped[str] = mapped_column(Name(200))
    tuned: Mapped[str] = mapped_column(Name(200))
    tuned_sha: Mapped[str] = mapped_column(Name(64), default="")
    dataset: Mapped[str] = mapped_column(Name(100), default="")
    dataset_sha: Mapped[str] = mapped_column(Name(64), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    state: Mapped[str] = mapped_column(Name(20))
    said: Mapped[str] = mapped_column(ExactText, default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    passed: Mapped[bool | None]
    heard_at: Mapped[datetime | None] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(Name(200))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class EvaluationReply(Base):
    """One case under both models. `row_id`: the row of the dataset that it is made of."""

    __tablename__ = "evaluation_replies"
    __table_args__ = (
        UniqueConstraint("evaluation_id", "number"),
        Index("ix_evaluation_replies_change", "evaluation_id", "change", "gain"),
        CheckConstraint("change IN ('better', 'worse', 'same')", name="change"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id", ondelete="CASCADE"))
    number: Mapped[int]
    row_id: Mapped[int | None] = mapped_column(
        ForeignKey("dataset_rows.id", ondelete="CASCADE"), index=True
    )
    part: Mapped[str] = mapped_column(Name(40))
    change: Mapped[str] = mapped_column(Name(20))
    gain: Mapped[float]
    base: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    tuned: Mapped[dict[str, Any]] = mapped_column(PlainJson)
    question: Mapped[str] = mapped_column(ExactText)
    expected: Mapped[str] = mapped_column(ExactText)
    base_text: Mapped[str] = mapped_column(ExactText)
    tuned_text: Mapped[str] = mapped_column(ExactText)


class ModelRelease(Base):
    """Which model a name stands for from now on. Append-only: rolling back is a release too.

    `alias`: the name that CHATBOT_MODEL holds. `by_setting`: from now on the name stands for what
    the setting says, which was `model` then. `prompts`: public ids of the prompt releases that
    went with it. `evaluation`: what the gate looked at; `override`: why it was promoted although
    the gate was closed.
    """

    __tablename__ = "model_releases"
    __table_args__ = (
        Index("ix_model_releases_current", "alias", "environment", "id"),
        CheckConstraint("environment IN ('staging', 'production')", name="environment"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    alias: Mapped[str] = mapped_column(Name(200))
    environment: Mapped[str] = mapped_column(Name(20))
    model: Mapped[str] = mapped_column(Name(200))
    by_setting: Mapped[bool] = mapped_column(default=False)
    previous: Mapped[int | None] = mapped_column(BigId)
    prompts: Mapped[list[str]] = mapped_column(PlainJson)
    evaluation: Mapped[str | None] = mapped_column(PublicId)
    actor: Mapped[str] = mapped_column(Name(200))
    reason: Mapped[str] = mapped_column(ExactText)
    override: Mapped[str] = mapped_column(ExactText, default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class ModelMark(Base):
    """Something to know of a model: it learned from a person who was forgotten since."""

    __tablename__ = "model_marks"
    __table_args__ = (Index("ix_model_marks_model", "model", "id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    model: Mapped[str] = mapped_column(Name(200))
    reason: Mapped[str] = mapped_column(ExactText)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
