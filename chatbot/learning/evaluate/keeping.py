"""Outcomes ↔ rows: what of an evaluation is stored as JSON, and read back as views.

Knows rows and views; asks no model.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal

from chatbot.answering import storable
from chatbot.learning.evaluate.views import Evaluation, Line, Pair, Part, Said
from store import evaluations as rows
from store.engine import Session

if TYPE_CHECKING:
    from chatbot.learning.evaluate.both import Outcome

OWN = "own"


def report(outcome: "Outcome", lines: Sequence[Line], notes: Sequence[str]) -> dict[str, Any]:
    """What the row keeps of an outcome, besides its replies."""
    changes = [pair.change for pair in outcome.pairs if pair.part == OWN]
    return {
        "parts": [part.as_dict() for part in outcome.parts],
        "gate": [line.as_dict() for line in lines],
        "counts": dict(outcome.counts),
        "changes": {change: changes.count(change) for change in ("better", "worse", "same")},
        "notes": list(notes),
        "seconds": round(outcome.seconds, 1),
    }


def replies(pairs: Sequence[Pair]) -> list[rows.Reply]:
    """The pairs as they are stored."""
    return [
        rows.Reply(
            number=pair.number,
            row_id=pair.row,
            part=pair.part,
            change=pair.change,
            gain=pair.gain,
            base=_found(pair.base),
            tuned=_found(pair.tuned),
            question=storable(pair.question),
            expected=storable(pair.expected),
            base_text=storable(pair.base.text),
            tuned_text=storable(pair.tuned.text),
        )
        for pair in pairs
    ]


def view(row: rows.Evaluation, session: Session | None = None) -> Evaluation:
    """A row as it is handed out. With a session `changes` count the replies that are there now."""
    told = row.report
    changes: dict[str, int] = dict(told.get("changes", {}))
    if session is not None and changes:
        changes = {str(key): n for key, n in rows.changes(session, row.id, OWN).items()}
    return Evaluation(
        id=row.public_id,
        base=row.base,
        tuned=row.tuned,
        tuned_sha=row.tuned_sha,
        dataset=row.dataset,
        dataset_sha=row.dataset_sha,
        state=row.state,
        said=row.said,
        done=row.done,
        total=row.total,
        passed=row.passed,
        actor=row.actor,
        created_at=row.created_at,
        ended_at=row.ended_at,
        parts=tuple(Part(**_known(Part, one)) for one in told.get("parts", [])),
        gate=tuple(Line(**_known(Line, one)) for one in told.get("gate", [])),
        counts=dict(told.get("counts", {})),
        changes=changes,
        notes=tuple(told.get("notes", [])),
        seconds=told.get("seconds"),
        settings=row.settings,
    )


def pairs(
    session: Session,
    row: rows.Evaluation,
    change: Literal["all", "better", "worse"],
    part: str,
    limit: int,
    after: int,
) -> list[Pair]:
    """Replies of an evaluation, side by side."""
    wanted: rows.Change | None = None if change == "all" else change
    found = rows.replies(session, row.id, change=wanted, part=part, limit=limit, after=after)
    return [
        Pair(
            number=one.number,
            part=one.part,
            change=one.change,
            gain=one.gain,
            question=one.question,
            expected=one.expected,
            base=_said(one.base, one.base_text),
            tuned=_said(one.tuned, one.tuned_text),
            row=one.row_id,
        )
        for one in found
    ]


def _found(said: Said) -> dict[str, Any]:
    return {"right": said.right, "faults": list(said.faults), "similarity": said.similarity}


def _said(found: dict[str, Any], text: str) -> Said:
    return Said(text, bool(found["right"]), tuple(found["faults"]), found["similarity"])


def _known(record: type[Any], found: dict[str, Any]) -> dict[str, Any]:
    """The fields that this version knows: a row may have been written by another one."""
    names = {one.name for one in fields(record)}
    return {name: value for name, value in found.items() if name in names}
