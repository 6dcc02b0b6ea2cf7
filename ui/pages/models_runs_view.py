"""Datasets and runs → what their tabs show, as JSON. Pure: asks nothing.

Times are ISO texts, or None. A point is [step, train loss, validation loss].
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chatbot.learning.dataset import Built, Checked, Dataset, Example
from chatbot.learning.jobs import Run

Json = dict[str, Any]
MOST_SAID = 200
"""Bad lines, and problems, that are named one by one."""


def dataset(found: Dataset) -> Json:
    """A dataset without its rows."""
    return {
        "id": found.id,
        "name": found.name,
        "sha": found.sha,
        "changed": found.changed,
        "rows": found.rows,
        "preference": found.preference,
        "splits": dict(found.splits),
        "settings": dict(found.settings),
        "card": dict(found.card),
        "by": found.actor,
        "at": moment(found.created_at),
    }


def example(row: Example) -> Json:
    """A row of a dataset: the messages as the model gets them, and the reply it should give."""
    return {
        "number": row.number,
        "split": row.split,
        "source": row.source,
        "messages": [dict(one) for one in row.messages],
        "reply": row.reply,
        "rejected": row.rejected,
        "prompt": row.prompt,
        "label": row.label,
    }


def built(found: Built, names: Mapping[str, str]) -> Json:
    """What a build made, or would make. `names`: what people call the files, by their paths."""
    return {
        "dataset": dataset(found.dataset) if found.dataset else None,
        "card": dict(found.card),
        "bad": [
            {"line": one.line, "file": _called(one.file, names), "reason": one.reason}
            for one in found.bad[:MOST_SAID]
        ],
        "worse": len(found.bad),
    }


def _called(file: str, names: Mapping[str, str]) -> str:
    """The name that somebody gave to a file which lies elsewhere."""
    found = (name for path, name in names.items() if path.endswith(file))
    return next(found, file) if file else ""


def checked(found: Checked) -> Json:
    """What there is to look at before a dataset is learned from."""
    return {
        "rows": found.rows,
        "counts": dict(found.counts),
        "problems": [
            {"number": one.number, "kind": one.kind, "sentence": one.sentence}
            for one in found.problems[:MOST_SAID]
        ],
        "all": len(found.problems),
    }


def line(found: Run) -> Json:
    """A run in the list."""
    return {
        "id": found.public_id,
        "number": found.id,
        "model": found.model,
        "base": found.base,
        "dataset": found.dataset,
        "dataset_there": found.dataset_id is not None,
        "method": found.method,
        "state": found.state,
        "said": found.said,
        "step": found.step,
        "steps": found.steps,
        "best_step": found.best_step,
        "best_loss": found.best_loss,
        "seconds": found.seconds,
        "left": found.left_s,
        "kept": found.kept,
        "by": found.actor,
        "at": moment(found.created_at),
        "ended": moment(found.ended_at),
    }


def run(found: Run, after: int) -> Json:
    """A run with its points after a step: the page has the others."""
    return line(found) | {
        "settings": dict(found.settings),
        "facts": dict(found.facts),
        "samples": list(found.samples),
        "kept_step": found.kept_step,
        "without_gain": found.checks_without_gain,
        "tokens": found.tokens_s,
        "heard": moment(found.heard_at),
        "points": [
            [one.step, one.train_loss, one.validation_loss]
            for one in found.points
            if one.step > after
        ],
    }


def fields(
    values: Mapping[str, Any],
    explained: Mapping[str, str],
    limits: Mapping[str, tuple[float, float]],
    names: Sequence[str],
) -> list[Json]:
    """Settings as a form shows them: value, range, and what each means."""
    return [
        {
            "name": name,
            "value": values.get(name),
            "least": limits[name][0] if name in limits else None,
            "most": limits[name][1] if name in limits else None,
            "about": explained[name],
        }
        for name in names
    ]


def moment(at: datetime | None) -> str | None:
    """A time as JSON."""
    return at.isoformat() if at else None
