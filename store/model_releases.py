"""Which model a name stands for, and what is to be known of a model. Both are only ever added.

Knows nothing of files or gates: a model is a label.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from store.errors import NotFound
from store.models import ModelMark as MarkRow
from store.models import ModelRelease as ReleaseRow
from store.models import TrainingRun
from store.rows import columns_of, is_sqlite

Environment = Literal["staging", "production"]


@dataclass(frozen=True, slots=True)
class ModelRelease:
    """What the name `alias` stands for in an environment from `created_at` on.

    `by_setting`: what CHATBOT_MODEL says, which meant `model` then. `prompts`: public ids of the
    prompt releases that went with it; `previous`: the release that rolling back returns to (None:
    to the setting); `override`: why it was promoted although the gate was closed.
    """

    id: int
    public_id: str
    alias: str
    environment: str
    model: str
    by_setting: bool
    previous: int | None
    prompts: list[str]
    evaluation: str | None
    actor: str
    reason: str
    override: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ModelMark:
    """Something to know of a model before it serves. `model` is its label."""

    id: int
    model: str
    reason: str
    created_at: datetime


_RELEASE = columns_of(ReleaseRow, ModelRelease)
_MARK = columns_of(MarkRow, ModelMark)


def lock(session: Session) -> None:
    """Let others who want to add a release wait until this transaction ends; readers go on."""
    if not is_sqlite(session):  # SQLite has one writer
        session.execute(text("LOCK TABLE model_releases IN SHARE ROW EXCLUSIVE MODE"))


def add(
    session: Session,
    *,
    alias: str,
    environment: str,
    model: str,
    previous: int | None,
    actor: str,
    reason: str,
    by_setting: bool = False,
    prompts: Sequence[str] = (),
    evaluation: str | None = None,
    override: str = "",
) -> ModelRelease:
    """Let a name stand for a model from now on."""
    row = ReleaseRow(
        alias=alias,
        environment=environment,
        model=model,
        by_setting=by_setting,
        previous=previous,
        prompts=list(prompts),
        evaluation=evaluation,
        actor=actor,
        reason=reason,
        override=override,
    )
    session.add(row)
    session.flush()
    return release(session, row.id)


def current(session: Session, alias: str, environment: str) -> ModelRelease | None:
    """What a name stands for now; None where nothing was ever promoted. One index lookup."""
    query = select(*_RELEASE).where(
        ReleaseRow.alias == alias, ReleaseRow.environment == environment
    )
    found = session.execute(query.order_by(ReleaseRow.id.desc()).limit(1)).one_or_none()
    return None if found is None else ModelRelease(*found)


def release(session: Session, release_id: int) -> ModelRelease:
    """Raises `NotFound`."""
    found = session.execute(select(*_RELEASE).where(ReleaseRow.id == release_id)).one_or_none()
    if found is None:
        raise NotFound("This release")
    return ModelRelease(*found)


def history(
    session: Session, alias: str, *, before: int | None = None, limit: int = 50
) -> list[ModelRelease]:
    """The releases of a name, newest first. `before`: the id of the last one already had."""
    query = select(*_RELEASE).where(ReleaseRow.alias == alias)
    if before is not None:
        query = query.where(ReleaseRow.id < before)
    found = session.execute(query.order_by(ReleaseRow.id.desc()).limit(limit))
    return [ModelRelease(*row) for row in found]


def served(session: Session, alias: str) -> set[str]:
    """Labels of all models that a name stood for at any time, in any environment."""
    query = select(ReleaseRow.model).where(ReleaseRow.alias == alias).distinct()
    return set(session.scalars(query))


def trained(session: Session) -> dict[str, str]:
    """Labels of the models that runs made or make, each with the label that it was made from."""
    query = select(TrainingRun.model, TrainingRun.base).order_by(TrainingRun.id)
    return {row.model: row.base for row in session.execute(query)}


def mark(session: Session, model: str, reason: str) -> None:
    """Keep something to know of a model; the same reason once."""
    same = select(func.count()).where(MarkRow.model == model, MarkRow.reason == reason)
    if not session.execute(same).scalar_one():
        session.add(MarkRow(model=model, reason=reason))
        session.flush()


def marks(session: Session, models: Iterable[str] | None = None) -> list[ModelMark]:
    """What is to be known of these models, oldest first; None: of all."""
    query = select(*_MARK).order_by(MarkRow.id)
    if models is not None:
        query = query.where(MarkRow.model.in_(list(models)))
    return [ModelMark(*row) for row in session.execute(query)]
