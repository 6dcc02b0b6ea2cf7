"""Evaluations of tuned models, the replies that they rest on, and the rows that they ask.

An evaluation is written by the process that runs it, which `hear` says is alive; one that is heard
of no more was interrupted. Knows nothing of models, measures or gates.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from random import Random
from typing import Any, Literal, get_args

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from store.columns import now
from store.errors import NotFound
from store.learning_tables import DatasetRow, EvaluationReply, TrainingRun
from store.learning_tables import Evaluation as Row
from store.rows import columns_of

State = Literal["running", "complete", "stopped", "failed", "interrupted"]
Change = Literal["better", "worse", "same"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A base model against a tuned one. `report`: parts, gate and counts, as they were found."""

    id: int
    public_id: str
    base: str
    tuned: str
    tuned_sha: str
    dataset: str
    dataset_sha: str
    settings: dict[str, Any]
    state: State
    said: str
    done: int
    total: int
    report: dict[str, Any]
    passed: bool | None
    actor: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reply:
    """One case under both models. `base`, `tuned`: what was found of each answer."""

    number: int
    row_id: int | None
    part: str
    change: Change
    gain: float
    base: dict[str, Any]
    tuned: dict[str, Any]
    question: str
    expected: str
    base_text: str
    tuned_text: str


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A row of a dataset's test split, as far as it is asked."""

    id: int
    number: int
    source: str
    prompt: str
    messages: list[dict[str, str]]
    reply: str


_COLUMNS = columns_of(Row, Evaluation)
_REPLY = columns_of(EvaluationReply, Reply)
_HELD_OUT = columns_of(DatasetRow, HeldOut)


def held_out(
    session: Session, dataset_id: int, most: int, seed: int, *, tuned: str = ""
) -> list[HeldOut]:
    """A sample of a dataset's test split, in order of number; all of it where it is no larger.

    Without the conversations that the model `tuned` (label), or one that it was made from, was
    trained on or chosen by in another dataset.
    """
    mine = select(DatasetRow.id).where(
        DatasetRow.dataset_id == dataset_id, DatasetRow.split == "test"
    )
    if known := _learned(session, tuned) - {dataset_id}:
        seen = (DatasetRow.dataset_id.in_(known), DatasetRow.split != "test")
        mine = mine.where(DatasetRow.talk.not_in(select(DatasetRow.talk).where(*seen)))
    ids = list(session.scalars(mine.order_by(DatasetRow.number)))
    if len(ids) > most:
        ids = Random(seed).sample(ids, most)  # noqa: S311 (a sample, no secret)
    query = select(*_HELD_OUT).where(DatasetRow.id.in_(ids)).order_by(DatasetRow.number)
    return [HeldOut(*row) for row in session.execute(query)]


def _learned(session: Session, label: str) -> set[int]:
    """The datasets (ids) of the runs that made a model and what it was made from."""
    columns = (TrainingRun.model, TrainingRun.base, TrainingRun.dataset_id)
    runs = {row.model: row for row in session.execute(select(*columns).order_by(TrainingRun.id))}
    found: set[int] = set()
    while (run := runs.pop(label, None)) is not None:
        found |= set() if run.dataset_id is None else {run.dataset_id}
        label = run.base
    return found


def begin(
    session: Session,
    *,
    base: str,
    tuned: str,
    tuned_sha: str,
    dataset: str,
    dataset_sha: str,
    settings: dict[str, Any],
    actor: str,
) -> Evaluation:
    """An evaluation that begins now."""
    row = Row(
        base=base,
        tuned=tuned,
        tuned_sha=tuned_sha,
        dataset=dataset,
        dataset_sha=dataset_sha,
        settings=settings,
        state="running",
        report={},
        actor=actor,
        heard_at=now(),
    )
    session.add(row)
    session.flush()
    return get(session, row.public_id)


def hear(session: Session, evaluation_id: int, *, said: str, done: int, total: int) -> bool:
    """Say that it goes on, and how far it is; False when somebody ended it meanwhile."""
    running = update(Row).where(Row.id == evaluation_id, Row.state == "running")
    values = {"said": said, "done": done, "total": total, "heard_at": now()}
    return session.execute(running.values(values).returning(Row.id)).one_or_none() is not None


def add_replies(session: Session, evaluation_id: int, replies: Sequence[Reply]) -> None:
    """Keep what was answered. Those of rows that left their dataset meanwhile are left out.

    Raises `UnstorableText`.
    """
    wanted = {reply.row_id for reply in replies if reply.row_id is not None}
    there = set(session.scalars(select(DatasetRow.id).where(DatasetRow.id.in_(wanted))))
    values = [
        asdict(reply) | {"evaluation_id": evaluation_id}
        for reply in replies
        if reply.row_id is None or reply.row_id in there
    ]
    if values:
        session.execute(insert(EvaluationReply), values)


def end(
    session: Session,
    evaluation_id: int,
    state: State,
    *,
    said: str = "",
    report: dict[str, Any] | None = None,
    passed: bool | None = None,
) -> bool:
    """Give a running evaluation its end; False when somebody ended it meanwhile."""
    values: dict[str, Any] = {"state": state, "said": said, "passed": passed, "ended_at": now()}
    if report is not None:
        values["report"] = report
    running = update(Row).where(Row.id == evaluation_id, Row.state == "running")
    return session.execute(running.values(values).returning(Row.id)).one_or_none() is not None


def interrupt(session: Session, heard_before: datetime, said: str) -> int:
    """Mark those that were not heard of since then; how many."""
    silent = update(Row).where(Row.state == "running", Row.heard_at < heard_before)
    ended = silent.values(state="interrupted", said=said, ended_at=now()).returning(Row.id)
    return len(session.execute(ended).all())


def get(session: Session, public_id: str) -> Evaluation:
    """Raises `NotFound`."""
    found = session.execute(select(*_COLUMNS).where(Row.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound("This evaluation")
    return Evaluation(*found)


def evaluations(session: Session, limit: int = 50) -> list[Evaluation]:
    """The evaluations, the newest first."""
    query = select(*_COLUMNS).order_by(Row.id.desc()).limit(limit)
    return [Evaluation(*row) for row in session.execute(query)]


def newest(session: Session, tuned: str) -> Evaluation | None:
    """The newest complete evaluation of a tuned model (label)."""
    query = select(*_COLUMNS).where(Row.tuned == tuned, Row.state == "complete")
    found = session.execute(query.order_by(Row.id.desc()).limit(1)).one_or_none()
    return None if found is None else Evaluation(*found)


def changes(session: Session, evaluation_id: int, part: str) -> dict[Change, int]:
    """How many replies of a part went better, worse and stayed the same."""
    query = (
        select(EvaluationReply.change, func.count())
        .where(EvaluationReply.evaluation_id == evaluation_id, EvaluationReply.part == part)
        .group_by(EvaluationReply.change)
    )
    found = {str(row[0]): int(row[1]) for row in session.execute(query)}
    return {change: found.get(change, 0) for change in get_args(Change)}


def replies(
    session: Session,
    evaluation_id: int,
    *,
    change: Change | None = None,
    part: str | None = "own",
    limit: int = 50,
    after: int = 0,
) -> list[Reply]:
    """Replies side by side. `after`: how many to pass over.

    Better ones and worse ones that changed most come first; without `change` in order of number.
    """
    query = select(*_REPLY).where(EvaluationReply.evaluation_id == evaluation_id)
    if part is not None:
        query = query.where(EvaluationReply.part == part)
    if change is not None:
        query = query.where(EvaluationReply.change == change)
    gain = EvaluationReply.gain
    by_change = {"better": gain.desc(), "worse": gain.asc()}
    order = [by_change[change]] if change in by_change else []
    ordered = query.order_by(*order, EvaluationReply.number).offset(after).limit(limit)
    return [Reply(*row) for row in session.execute(ordered)]
