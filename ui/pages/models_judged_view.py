"""Evaluations, gates and releases → what the Models page shows, as JSON. Pure: asks nothing.

A token of a difference is [kind, text] with the kind "same", "del" or "ins".
"""

from typing import Any

from chatbot.drafting import changes
from chatbot.learning.evaluate.views import Evaluation, Pair, Said
from chatbot.learning.jobs import Run
from chatbot.promotion import Gate, ModelMark, ModelRelease
from ui.pages.models_runs_view import moment

Json = dict[str, Any]
OWN = "own"
"""The key of the part that is the own score: held-out turns judged right, of 100."""


def line(found: Evaluation) -> Json:
    """An evaluation in the list."""
    return {
        "id": found.id,
        "base": found.base,
        "tuned": found.tuned,
        "dataset": found.dataset,
        "state": found.state,
        "said": found.said,
        "done": found.done,
        "total": found.total,
        "passed": found.passed,
        "refused": [one.said for one in found.refused],
        "own": next((one.as_dict() for one in found.parts if one.key == OWN), None),
        "by": found.actor,
        "at": moment(found.created_at),
    }


def evaluation(found: Evaluation) -> Json:
    """All of it but the answers."""
    return line(found) | {
        "parts": [one.as_dict() for one in found.parts],
        "gate": [one.as_dict() for one in found.gate],
        "counts": dict(found.counts),
        "changes": dict(found.changes),
        "notes": list(found.notes),
        "seconds": found.seconds,
        "ended": moment(found.ended_at),
    }


def score(found: Evaluation | None) -> float | None:
    """The share of held-out turns that the tuned model answered right, of 100."""
    return next((one.tuned for one in found.parts if one.key == OWN), None) if found else None


def origin(run: Run) -> Json:
    """What a model was made of."""
    return {
        "base": run.base,
        "method": run.method,
        "run": run.public_id,
        "number": run.id,
        "dataset": run.dataset,
        "dataset_there": run.dataset_id is not None,
        "prompts": sorted(run.facts.get("data", {}).get("prompts", {})),
    }


def mark(found: ModelMark) -> Json:
    """Something to know of a model."""
    return {"reason": found.reason, "at": moment(found.created_at)}


def pair(found: Pair) -> Json:
    """One case under both models, with what differs word by word."""
    return {
        "number": found.number,
        "part": found.part,
        "change": found.change,
        "question": found.question,
        "expected": found.expected,
        "base": _said(found.base),
        "tuned": _said(found.tuned),
        "tokens": [[one.kind, one.text] for one in changes(found.base.text, found.tuned.text)],
    }


def _said(found: Said) -> Json:
    return {
        "text": found.text,
        "right": found.right,
        "faults": list(found.faults),
        "similarity": found.similarity,
    }


def gate(found: Gate) -> Json:
    """What production asks of a model, a line for each thing."""
    return {
        "open": found.passed,
        "evaluation": found.evaluation,
        "lines": [
            {
                "ok": one.passed,
                "name": one.name,
                "sentence": one.said,
                "change": _signed(one.change),
            }
            for one in found.lines
        ],
        "marks": [mark(one) for one in found.marks],
    }


def _signed(change: str) -> str:
    """A figure with the minus that people read, not a hyphen."""
    return change.replace("-", "−")


def release(found: ModelRelease) -> Json:
    """What a name stood for from then on."""
    return {
        "id": found.public_id,
        "alias": found.alias,
        "environment": found.environment,
        "model": found.model,
        "by_setting": found.by_setting,
        "prompts": len(found.prompts),
        "evaluation": found.evaluation,
        "by": found.actor,
        "reason": found.reason,
        "override": found.override,
        "at": moment(found.created_at),
    }
