"""How many turns there are that a dataset could be made of, without reading any of them."""

from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from store.models import Reply
from store.review_tables import Verdict


def turns(session: Session, most: int) -> int:
    """Verdicts that may be learned from, and replies sent from a draft; counted up to `most`.

    A dataset leaves some of them out: repetitions, those that reviewers disagree about.
    """
    usable = select(Verdict.id).where(
        Verdict.use.is_(True), or_(Verdict.rating == 1, Verdict.text.is_not(None))
    )
    sent = select(Reply.id).where(Reply.state == "sent", Reply.draft_id.is_not(None))
    counted = _upto(session, usable, most)
    return min(most, counted + _upto(session, sent, most - counted)) if counted < most else most


def _upto(session: Session, wanted: Any, most: int) -> int:
    """How many rows a query gives; reads no more than `most`."""
    found = wanted.limit(most).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0
