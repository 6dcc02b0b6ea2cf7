"""Runs of fine-tuning: the queue, whose turn it is, what a run's process told of itself.

One run goes at a time in the whole database, whoever starts it: `claim` is the only door. A process
writes by the name it took the run with, so that one which was given up for dead changes nothing any
more. Knows nothing of folders, processes or models.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from store.columns import now
from store.errors import Conflict, NotFound
from store.models import Dataset, TrainingPoint
from store.models import TrainingRun as Row
from store.rows import columns_of, is_sqlite, upserting

State = Literal["queued", "running", "stopping", "complete", "stopped", "failed", "interrupted"]
GOING: tuple[State, ...] = ("running", "stopping")
"""States in which a process has the run."""
RESUMABLE: tuple[State, ...] = ("stopped", "failed", "interrupted")
"""States in which a run may go on, unless its model was kept."""
_LOCK = 7_236_081_342_118_205_006  # any constant that nobody else locks


@dataclass(frozen=True, slots=True)
class Point:
    """Losses at a step: mean loss of a reply's token in nats."""

    step: int
    train_loss: float | None
    validation_loss: float | None


@dataclass(frozen=True, slots=True)
class Run:
    """One fine-tuning. `model`: the label (`name@version`) that its result gets.

    `seconds` trained so far and `left_s` to come; `kept_step`: where a kill is resumed from.
    `facts`: plain JSON that its process told of data, model and phase. `samples`: answers to the
    same questions at several steps. `host`, `process` and `heard_at` say who trains it and when it
    was last heard of.
    """

    id: int
    public_id: str
    model: str
    base: str
    dataset_id: int | None
    dataset: str
    dataset_sha: str
    method: str
    settings: dict[str, Any]
    state: State
    said: str
    step: int
    steps: int
    kept_step: int
    best_step: int | None
    best_loss: float | None
    checks_without_gain: int
    tokens_s: float | None
    seconds: float
    left_s: float | None
    facts: dict[str, Any]
    samples: list[dict[str, Any]]
    host: str
    process: int | None
    heard_at: datetime | None
    actor: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    points: tuple[Point, ...] = ()

    @property
    def name(self) -> str:
        """The name of the model that it makes, without its version."""
        return self.model.partition("@")[0]

    @property
    def kept(self) -> bool:
        """Whether its model lies among the models."""
        return bool(self.facts.get("kept"))


_RUN = [getattr(Row, one.name) for one in fields(Run) if one.name != "points"]
_POINT = columns_of(TrainingPoint, Point)


def add(
    session: Session,
    *,
    name: str,
    taken: Iterable[str],
    base: str,
    dataset: str,
    method: str,
    settings: dict[str, Any],
    facts: dict[str, Any],
    actor: str,
) -> Run:
    """Queue a run. Its version is the next whole number of `name`; `taken`: versions in use.

    Raises `NotFound` for a dataset that is not there.
    """
    _alone(session)
    found = session.execute(
        select(Dataset.id, Dataset.sha).where(Dataset.name == dataset)
    ).one_or_none()
    if found is None:
        raise NotFound("This dataset")
    like = Row.model.startswith(f"{name}@", autoescape=True)
    known = session.scalars(select(Row.model).where(like))
    versions = [*taken, *(label.partition("@")[2] for label in known)]
    highest = max((int(one) for one in versions if one.isdecimal()), default=0)
    row = Row(
        model=f"{name}@{highest + 1}",
        base=base,
        dataset_id=found.id,
        dataset=dataset,
        dataset_sha=found.sha,
        method=method,
        settings=settings,
        state="queued",
        facts=facts,
        samples=[],
        actor=actor,
    )
    session.add(row)
    session.flush()
    return get(session, row.public_id)


def get(session: Session, public_id: str, *, points: bool = False) -> Run:
    """One run, with its points where asked. Raises `NotFound`."""
    found = session.execute(select(*_RUN).where(Row.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound("This run")
    if not points:
        return Run(*found)
    ordered = select(*_POINT).where(TrainingPoint.run_id == found.id).order_by(TrainingPoint.step)
    known = tuple(Point(*row) for row in session.execute(ordered))
    return replace(Run(*found), points=known)


def runs(session: Session, *, limit: int = 50, before: int | None = None) -> list[Run]:
    """Runs without their points, newest first. `before`: the id of the last one already had."""
    query = select(*_RUN)
    if before is not None:
        query = query.where(Row.id < before)
    return [Run(*row) for row in session.execute(query.order_by(Row.id.desc()).limit(limit))]


def of_model(session: Session, label: str) -> Run | None:
    """The run that made this model (`name@version`), or None."""
    query = select(*_RUN).where(Row.model == label).order_by(Row.id.desc()).limit(1)
    found = session.execute(query).one_or_none()
    return None if found is None else Run(*found)


def in_states(session: Session, states: Sequence[State]) -> list[Run]:
    """The runs in these states, oldest first."""
    query = select(*_RUN).where(Row.state.in_(states)).order_by(Row.id)
    return [Run(*row) for row in session.execute(query)]


def claim(session: Session, host: str) -> Run | None:
    """Let the oldest queued run begin; None while another goes or none waits.

    Two that ask at once, of whatever process, get one run between them.
    """
    _alone(session)
    going = select(Row.id).where(Row.state.in_(GOING)).limit(1)
    if session.scalar(going) is not None:
        return None
    first = session.scalar(select(func.min(Row.id)).where(Row.state == "queued"))
    if first is None:
        return None
    begun: dict[str, Any] = {
        "state": "running",
        "said": "",
        "host": host,
        "process": None,
        "heard_at": now(),
        "started_at": func.coalesce(Row.started_at, now()),
        "ended_at": None,
    }
    changed = update(Row).where(Row.id == first).values(begun).returning(*_RUN)
    return Run(*session.execute(changed).one())


def take(session: Session, public_id: str, host: str, process: int) -> Run:
    """A process says that it trains a claimed run from now on.

    Raises `Conflict` when another has it, or it is not its turn; `NotFound`.
    """
    get(session, public_id)
    waits = (Row.public_id == public_id, Row.state.in_(GOING), Row.host == host)
    taken = update(Row).where(*waits, Row.process.is_(None))
    changed = taken.values(process=process, heard_at=now()).returning(*_RUN)
    found = session.execute(changed).one_or_none()
    if found is None:
        raise Conflict("This run has ended, or another process trains it.")
    return Run(*found)


def tell(session: Session, run: Run, changes: dict[str, Any]) -> State | None:
    """What the process of a run tells of it; the state it is in. None: it is not its own any more.

    `changes`: columns of progress. Says that the process is alive, whatever changed.
    """
    told = update(Row).where(*_own(run)).values(**changes, heard_at=now()).returning(Row.state)
    state = session.execute(told).scalar_one_or_none()
    return _state(state) if state is not None else None


def add_points(session: Session, run_id: int, points: Iterable[Point]) -> None:
    """Keep the losses at these steps; the same step again takes the place of the first."""
    for point in points:
        losses = {"train_loss": point.train_loss, "validation_loss": point.validation_loss}
        known = {name: value for name, value in losses.items() if value is not None}
        values = {"run_id": run_id, "step": point.step} | losses
        if known:
            keys = ["run_id", "step"]
            session.execute(upserting(session, TrainingPoint, values, keys, known))


def end(session: Session, run: Run, state: State, said: str, changes: dict[str, Any]) -> bool:
    """The process of a run gives it its end; False when it is not its own any more."""
    ended = {"state": state, "said": said, "process": None, "left_s": None, "ended_at": now()}
    done = update(Row).where(*_own(run)).values(changes | ended).returning(Row.id)
    return session.execute(done).one_or_none() is not None


def interrupt(session: Session, run: Run, said: str) -> bool:
    """Give up a run whose process is gone; False when it was heard of meanwhile."""
    same = (*_own(run), Row.heard_at == run.heard_at)
    values = {"state": "interrupted", "said": said, "process": None, "ended_at": now()}
    done = update(Row).where(*same).values(values | {"left_s": None}).returning(Row.id)
    return session.execute(done).one_or_none() is not None


def ask_stop(session: Session, public_id: str) -> Run:
    """A queued run is stopped at once, a running one is asked to stop. Raises `Conflict`."""
    run = get(session, public_id)
    waiting = update(Row).where(Row.id == run.id, Row.state == "queued")
    going = update(Row).where(Row.id == run.id, Row.state.in_(GOING))
    stopped = waiting.values(state="stopped", said="Stopped before it began.", ended_at=now())
    if session.execute(stopped.returning(Row.id)).one_or_none() is None:
        asked = going.values(state="stopping").returning(Row.id)
        if session.execute(asked).one_or_none() is None:
            raise Conflict("This run has ended already.")
    return get(session, public_id)


def requeue(session: Session, public_id: str) -> Run:
    """Let a run that ended early wait for its turn again. Raises `Conflict`, `NotFound`."""
    run = get(session, public_id)
    if run.kept and run.state == "stopped":
        raise Conflict(f"This run was stopped and its model kept as {run.model}. Start a new run.")
    ended = update(Row).where(Row.id == run.id, Row.state.in_(RESUMABLE))
    values = {"state": "queued", "said": "", "process": None, "ended_at": None}
    if session.execute(ended.values(values).returning(Row.id)).one_or_none() is None:
        raise Conflict("This run is complete, or it goes already.")
    return get(session, public_id)


def drop_samples(session: Session, run: Run) -> None:
    """Forget what a run's model answered on the way."""
    session.execute(update(Row).where(Row.id == run.id).values(samples=[]))


def dataset_sha(session: Session, run: Run) -> str | None:
    """The hash of the run's dataset as it is now; None when it was removed."""
    if run.dataset_id is None:
        return None
    there = (Dataset.id == run.dataset_id, Dataset.removed == "")
    return session.scalar(select(Dataset.sha).where(*there))


def _own(run: Run) -> tuple[Any, ...]:
    """The row, as long as the process that `run` names has it."""
    mine = Row.process.is_(None) if run.process is None else Row.process == run.process
    return (Row.id == run.id, Row.state.in_(GOING), Row.host == run.host, mine)


def _state(text: str) -> State:
    return next(one for one in get_args(State) if one == text)


def _alone(session: Session) -> None:
    """Let others that add or claim wait for the end of this transaction.

    On SQLite every writer does anyway.
    """
    if not is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
