"""Verdicts of reviewers on items, and what they say of them to each other.

A reviewer has one verdict of an item; another one replaces it. The item repeats the newest one, the
tags, and whether reviewers disagree, so that the queue can be filtered by them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from store import review
from store.columns import now
from store.models import ReviewComment as CommentRow
from store.models import ReviewItem, User
from store.models import Verdict as Row
from store.review_records import ReviewComment, Verdict
from store.rows import upsert

_VERDICT = [getattr(Row, name) for name in Verdict.__dataclass_fields__ if name != "reviewer"]
_COMMENT = [
    getattr(CommentRow, name) for name in ReviewComment.__dataclass_fields__ if name != "author"
]
ENOUGH = 2
"""Verdicts that an item needs where a second opinion was asked for."""


def put(
    session: Session,
    item_id: int,
    reviewer_id: int,
    *,
    rating: int,
    text: str | None,
    tags: Sequence[str],
    note: str,
    use: bool,
) -> None:
    """Keep a reviewer's verdict in place of an earlier one. Raises `UnstorableText`, `NotFound`."""
    whose = {"item_id": item_id, "reviewer_id": reviewer_id}
    old = session.scalar(select(Row.tags).filter_by(**whose)) or []
    said = {
        "rating": rating,
        "text": text,
        "tags": list(tags),
        "note": note,
        "use": use,
        "updated_at": now(),
    }
    upsert(session, Row, whose | said, list(whose), said, Row.id)
    judged(session, [item_id], without=old)


def rate(session: Session, ids: Sequence[int], reviewer_id: int, rating: int) -> None:
    """Give items one rating; what else a reviewer said of them before is kept."""
    for item_id in sorted(ids):
        whose = {"item_id": item_id, "reviewer_id": reviewer_id}
        first = {"rating": rating, "tags": [], "note": "", "use": rating != 0, "text": None}
        again = {"rating": rating, "updated_at": now()}
        upsert(session, Row, whose | first, list(whose), again, Row.id)
    judged(session, ids)


def judged(session: Session, ids: Sequence[int], *, without: Collection[str] = ()) -> None:
    """Let items say what their verdicts say. `without`: tags that a verdict had and lost."""
    found: dict[int, list[tuple[int, list[str]]]] = {}
    asked = select(Row.item_id, Row.rating, Row.tags).where(Row.item_id.in_(ids))
    for item_id, rating, tags in session.execute(asked.order_by(Row.updated_at, Row.id)):
        found.setdefault(item_id, []).append((rating, tags))

    def summed(row: ReviewItem) -> dict[str, Any]:
        said = found.get(row.id, [])
        sides = {rating for rating, _ in said if rating}
        kept = [tag for tag in row.tags if tag not in without]
        given = [tag for _, tags in said for tag in tags]
        enough = len(said) >= (ENOUGH if row.second else 1)
        return {
            "verdict": said[-1][0] if said else None,
            "tags": list(dict.fromkeys(kept + given)),
            "opinions": len(said),
            "split": len(sides) > 1,
            "state": "done" if enough else "open",
            "taken_by": None,
            "taken_until": None,
        }

    review.change(session, ids, summed)


def ask_second(session: Session, ids: Sequence[int], *, on: bool) -> int:
    """Ask for a second opinion, or no longer; how many items there were."""

    def asked(row: ReviewItem) -> dict[str, Any]:
        enough = row.opinions >= (ENOUGH if on else 1)
        return {"second": on, "state": "done" if enough else "open"}

    return review.change(session, ids, asked)


def add_tag(session: Session, ids: Sequence[int], tag: str) -> int:
    """Give a tag to items; how many there were."""
    return review.change(session, ids, lambda row: {"tags": list(dict.fromkeys([*row.tags, tag]))})


def of_items(session: Session, ids: Sequence[int]) -> dict[int, list[Verdict]]:
    """The verdicts of these items, the oldest first."""
    rows = session.execute(_verdicts().where(Row.item_id.in_(ids)).order_by(Row.updated_at, Row.id))
    found: dict[int, list[Verdict]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append(Verdict(*row))
    return found


def count_since(session: Session, moment: datetime) -> int:
    """How many items were judged since then."""
    asked = select(func.count(Row.item_id.distinct())).where(Row.updated_at >= moment)
    return session.scalar(asked) or 0


def pairs_since(session: Session, moment: datetime) -> list[tuple[int, int]]:
    """The first two verdicts (ratings, none of them 0) of each item that two judged since then."""
    asked = (
        select(Row.item_id, Row.rating)
        .where(Row.updated_at >= moment, Row.rating != 0)
        .order_by(Row.created_at, Row.id)
    )
    said: dict[int, list[int]] = {}
    for item_id, rating in session.execute(asked):
        said.setdefault(item_id, []).append(rating)
    return [(first, second) for first, second, *_ in (x for x in said.values() if len(x) > 1)]


def add_comment(session: Session, item_id: int, author_id: int, text: str) -> ReviewComment:
    """Raises `UnstorableText`."""
    row = CommentRow(item_id=item_id, author_id=author_id, text=text)
    session.add(row)
    session.flush()
    return ReviewComment(*session.execute(_comments().where(CommentRow.id == row.id)).one())


def comments(session: Session, item_id: int) -> list[ReviewComment]:
    """What was said of an item, the oldest first."""
    asked = _comments().where(CommentRow.item_id == item_id).order_by(CommentRow.id)
    return [ReviewComment(*row) for row in session.execute(asked)]


def _verdicts() -> Select[Any]:
    return select(*_VERDICT, User.name).outerjoin(User, User.id == Row.reviewer_id)


def _comments() -> Select[Any]:
    return select(*_COMMENT, User.name).outerjoin(User, User.id == CommentRow.author_id)
