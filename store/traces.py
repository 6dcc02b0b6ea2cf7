"""What is known of a message besides its text: model calls behind it, judgements of it."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from store import models
from store.columns import now
from store.records import Feedback, Trace
from store.rows import columns_of, insert_missing, upsert

_TRACE = columns_of(models.Trace, Trace)
_FIELDS = tuple(Trace.__dataclass_fields__)
_FEEDBACK = columns_of(models.Feedback, Feedback)


def add_trace(session: Session, trace: Trace) -> None:
    """Record one model call, unless that attempt is recorded already."""
    row = {name: getattr(trace, name) for name in _FIELDS}
    insert_missing(session, models.Trace, row, ("message_id", "attempt"))


def traces(session: Session, ids: Sequence[int]) -> dict[int, Trace]:
    """The newest attempt behind each of these messages, for those that have one."""
    query = select(*_TRACE).where(models.Trace.message_id.in_(ids))
    rows = session.execute(query.order_by(models.Trace.attempt))
    return {row.message_id: Trace(*row) for row in rows}


def set_feedback(
    session: Session,
    message_id: int,
    user_id: int,
    rating: int | None,
    reasons: Sequence[str] = (),
    better: str | None = None,
) -> None:
    """Keep a person's judgement (+1 or -1) of a message, in place of an earlier one; None: none.

    Raises `Conflict` for another rating or an unknown message, `UnstorableText`.
    """
    if rating is None:
        own = (models.Feedback.message_id == message_id, models.Feedback.user_id == user_id)
        session.execute(delete(models.Feedback).where(*own))
        return
    said = {"rating": rating, "reasons": list(reasons), "better": better, "updated_at": now()}
    whose = {"message_id": message_id, "user_id": user_id}
    upsert(session, models.Feedback, whose | said, list(whose), said, models.Feedback.rating)


def feedback(session: Session, user_id: int, ids: Sequence[int]) -> dict[int, Feedback]:
    """This person's judgement of each of these messages, where there is one."""
    query = select(*_FEEDBACK).where(
        models.Feedback.message_id.in_(ids), models.Feedback.user_id == user_id
    )
    found = {}
    for message_id, owner, rating, reasons, better in session.execute(query):
        found[message_id] = Feedback(message_id, owner, rating, tuple(reasons), better)
    return found
