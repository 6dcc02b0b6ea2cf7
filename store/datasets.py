"""Datasets and their rows: written once, read in parts, shortened when somebody is forgotten.

A dataset that is being built has a name that nobody can give one (`begin`); nobody sees it until
`finish` names it. Afterwards nothing changes it but rows that leave with their message or reply:
`renew` then says so, and marks the models that learned from it. One that was removed
and that runs had learned from stays without its texts, as unseen as one that is being built.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from store.base import new_id
from store.columns import now
from store.errors import Conflict, NotFound
from store.learning_tables import Dataset as Row
from store.learning_tables import DatasetRow, EvaluationReply, ModelMark, TrainingRun
from store.rows import columns_of

_UNNAMED = "."
"""What the name of a dataset begins with that is being built, or was removed."""
_PART = 1000
"""Rows that are read at once."""
CHANGED = (
    "{turns} left since it was built, the last on {day:%Y-%m-%d}: the conversations that they were "
    "of were removed."
)
MARK = "It learned from turns of the dataset {name} that were removed since."
_LEARNED = ("running", "stopping", "complete", "stopped", "interrupted")
"""States of a run that may have seen rows; a failed one has where its model was kept."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset without its rows. `rows` counts them; for the rest see the table."""

    id: int
    public_id: str
    name: str
    sha: str
    first_sha: str
    changed: str
    removed: str
    settings: dict[str, Any]
    card: dict[str, Any]
    rows: int
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a dataset."""

    number: int
    split: str
    source: str
    talk: str
    message_id: int | None
    reply_id: int | None
    prompt: str
    version: str
    label: str
    messages: list[dict[str, str]]
    reply: str
    rejected: str | None

    @property
    def digest(self) -> str:
        """sha256 over what the row says, wherever it stands: neither its number nor its ids."""
        said = asdict(self)
        for name in ("number", "message_id", "reply_id"):
            said.pop(name)
        text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


_EMPTIED: dict[str, Any] = {
    "messages": [],
    "reply": "",
    "rejected": None,
    "label": "",
    "digest": "",
}
"""A row of a dataset that was removed: a digest would confirm a guess of what it said."""

_DATASET = columns_of(Row, Dataset)
_LINE = columns_of(DatasetRow, Line)


# Written once -------------------------------------------------------------------------------------


def begin(session: Session, *, settings: Mapping[str, Any], actor: str) -> int:
    """A dataset that nobody sees yet; its id."""
    unseen = f"{_UNNAMED}{new_id()}"
    row = Row(
        name=unseen, sha="", first_sha="", settings=dict(settings), card={}, rows=0, actor=actor
    )
    session.add(row)
    session.flush()
    return row.id


def add(session: Session, dataset_id: int, lines: Sequence[Line]) -> None:
    """Add rows to a dataset that is being built. Raises `UnstorableText`, `Conflict`."""
    values = [asdict(one) | {"dataset_id": dataset_id, "digest": one.digest} for one in lines]
    if values:
        session.execute(insert(DatasetRow), values)


def finish(session: Session, dataset_id: int, *, name: str, card: Mapping[str, Any]) -> Dataset:
    """Name a dataset, keep the hash of its rows and count them in its card (`counts`).

    Raises `Conflict`: the name is taken.
    """
    if find(session, name) is not None:
        raise Conflict(f"There is a dataset named {name} already. Choose another name.")
    sha, count = _sha(session, dataset_id)
    card = dict(card) | {"counts": tally(session, dataset_id), "built": count}
    named = {"name": name, "card": card, "sha": sha, "first_sha": sha, "rows": count}
    session.execute(update(Row).where(Row.id == dataset_id).values(**named, created_at=now()))
    return get(session, name)


def sweep(session: Session, before: datetime) -> int:
    """Remove what builds left unfinished since before then; how many."""
    unfinished = (Row.name.startswith(_UNNAMED), Row.removed == "")
    left = delete(Row).where(*unfinished, Row.created_at < before)
    return len(session.execute(left.returning(Row.id)).all())


def drop(session: Session, dataset_id: int) -> None:
    """Remove a dataset with its rows, as if it had never been."""
    session.execute(delete(Row).where(Row.id == dataset_id))


def remove(session: Session, one: Dataset) -> None:
    """Remove a dataset for good, and the answers to its rows. Runs keep its name and hash.

    Where runs may have learned from it, whose its rows were is still known, so that their models
    are marked when somebody is forgotten later; what the rows said is not.
    """
    if session.scalar(select(TrainingRun.id).where(TrainingRun.dataset_id == one.id).limit(1)):
        mine = select(DatasetRow.id).where(DatasetRow.dataset_id == one.id)
        session.execute(delete(EvaluationReply).where(EvaluationReply.row_id.in_(mine)))
        session.execute(update(DatasetRow).where(DatasetRow.dataset_id == one.id).values(_EMPTIED))
        unseen = {"name": f"{_UNNAMED}{new_id()}", "removed": one.name, "settings": {}}
        card = {"built": one.card["built"]}
        session.execute(update(Row).where(Row.id == one.id).values(**unseen, card=card))
    else:
        drop(session, one.id)


# Read ---------------------------------------------------------------------------------------------


def find(session: Session, named: str) -> Dataset | None:
    """A dataset by its name or public id."""
    asked = select(*_DATASET).where(
        (Row.name == named) | (Row.public_id == named), Row.name.not_like(f"{_UNNAMED}%")
    )
    found = session.execute(asked.order_by(Row.name != named).limit(1)).one_or_none()
    return None if found is None else Dataset(*found)


def get(session: Session, named: str) -> Dataset:
    """A dataset by its name or public id. Raises `NotFound`."""
    found = find(session, named)
    if found is None:
        raise NotFound("This dataset")
    return found


def every(session: Session) -> list[Dataset]:
    """All datasets, the newest first."""
    asked = select(*_DATASET).where(Row.name.not_like(f"{_UNNAMED}%")).order_by(Row.id.desc())
    return [Dataset(*row) for row in session.execute(asked)]


def lines(
    session: Session,
    dataset_id: int,
    *,
    split: str | None = None,
    preference: bool = False,
    after: int = -1,
    limit: int = _PART,
) -> list[Line]:
    """Rows in their order, behind the number `after`; with `preference` those with a pair."""
    there = select(Row.id).where(Row.id == dataset_id, Row.removed == "")
    asked = select(*_LINE).where(DatasetRow.dataset_id.in_(there), DatasetRow.number > after)
    if split is not None:
        asked = asked.where(DatasetRow.split == split)
    if preference:
        asked = asked.where(DatasetRow.rejected.is_not(None))
    return [Line(*row) for row in session.execute(asked.order_by(DatasetRow.number).limit(limit))]


def tally(session: Session, dataset_id: int) -> dict[str, Any]:
    """The rows of a dataset, counted as `counted` does."""
    columns = (DatasetRow.split, DatasetRow.source, DatasetRow.label)
    asked = select(*columns, func.count(), func.count(DatasetRow.rejected))
    asked = asked.where(DatasetRow.dataset_id == dataset_id).group_by(*columns)
    rows: Any = session.execute(asked)
    return counted(rows)


def counted(groups: Iterable[tuple[str, str, str, int, int]]) -> dict[str, Any]:
    """Counts as a card has them, of groups: split, source, label, rows, rows with a worse reply."""
    found: dict[str, Counter[str]] = {"split": Counter(), "source": Counter(), "label": Counter()}
    total = pairs = 0
    for split, source, label, count, paired in groups:
        for counter, key in zip(found.values(), (split, source, label), strict=True):
            counter[key] += count
        total, pairs = total + count, pairs + paired
    told = {name: dict(sorted(counter.items())) for name, counter in found.items()}
    return {"rows": total, "preference": pairs, **told}


# Shortened ----------------------------------------------------------------------------------------


def renew(session: Session) -> list[str]:
    """Mend the datasets that lost rows since they were built; their names.

    A row leaves with its message or reply. The dataset then gets the hash of what stayed, says
    that it changed, and each model that may have learned from it gets a mark, also where the
    dataset was removed in between.
    """
    there = select(func.count()).where(DatasetRow.dataset_id == Row.id).scalar_subquery()
    asked = select(*_DATASET, there.label("there")).where(
        Row.name.not_like(f"{_UNNAMED}%") | (Row.removed != ""), Row.rows != there
    )
    changed = []
    for *columns, _ in session.execute(asked.order_by(Row.id)).all():
        one = Dataset(*columns)
        _renew(session, one)
        changed.append(one.removed or one.name)
    return changed


def _renew(session: Session, one: Dataset) -> None:
    sha, count = _sha(session, one.id)
    left = one.card["built"] - count
    said = CHANGED.format(turns="1 turn" if left == 1 else f"{left:,} turns", day=now())
    card = one.card | {"counts": tally(session, one.id)}
    new = {"sha": sha, "rows": count, "changed": said, "card": card}
    session.execute(update(Row).where(Row.id == one.id).values(**new))
    reason = MARK.format(name=one.removed or one.name)
    known = set(session.scalars(select(ModelMark.model).where(ModelMark.reason == reason)))
    for model in sorted(_learned(session, one.id) - known):
        session.add(ModelMark(model=model, reason=reason))
    session.flush()


def _learned(session: Session, dataset_id: int) -> set[str]:
    """The models that may have learned from a dataset, and those that were made from them."""
    run = TrainingRun
    asked = select(run.model, run.base, run.dataset_id, run.state, run.facts).order_by(run.id)
    found: set[str] = set()
    for model, base, learned_from, state, facts in session.execute(asked):
        saw = state in _LEARNED or facts.get("kept")
        if saw and (learned_from == dataset_id or base in found):
            found.add(model)
    return found


def _sha(session: Session, dataset_id: int) -> tuple[str, int]:
    """sha256 over the digests of the rows in their order, a line each; and how many they are."""
    whole, count = hashlib.sha256(), 0
    for digest in _digests(session, dataset_id):
        whole.update(f"{digest}\n".encode())
        count += 1
    return whole.hexdigest(), count


def _digests(session: Session, dataset_id: int) -> Iterator[str]:
    asked = select(DatasetRow.digest).where(DatasetRow.dataset_id == dataset_id)
    yield from session.scalars(asked.order_by(DatasetRow.number).execution_options(yield_per=_PART))
