"""Comparisons of two models or prompt versions: questions, both answers, and what was voted.

A question belongs to the person who asked it, and leaves with them; the counts of a comparison are
everybody's. Knows nothing of models, prompts or who may compare.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from store.columns import now
from store.errors import Conflict, NotFound
from store.models import Comparison as ComparisonRow
from store.models import ComparisonVote as VoteRow
from store.rows import columns_of

Vote = Literal["left", "right", "tie", "both bad"]
Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, each with what answers. `blind`: names are told after the vote.

    `user_id`: who made it; None when that person left.
    """

    id: int
    public_id: str
    title: str
    left: dict[str, Any]
    right: dict[str, Any]
    blind: bool
    actor: str
    user_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what both sides answered; seconds are None until an answer ended.

    `swapped`: the right side was shown first.
    """

    id: int
    public_id: str
    comparison_id: int
    user_id: int
    swapped: bool
    vote: Vote | None
    left_s: float | None
    right_s: float | None
    created_at: datetime
    question: str
    left_text: str
    right_text: str


_COMPARISON = columns_of(ComparisonRow, Comparison)
_ASKED = columns_of(VoteRow, Asked)


def make(
    session: Session,
    *,
    title: str,
    left: Mapping[str, Any],
    right: Mapping[str, Any],
    blind: bool,
    actor: str,
    user_id: int,
) -> Comparison:
    """Keep a new comparison. Raises `UnstorableText`."""
    row = ComparisonRow(
        title=title,
        left=dict(left),
        right=dict(right),
        blind=blind,
        actor=actor,
        user_id=user_id,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    return get(session, row.public_id)


def get(session: Session, public_id: str) -> Comparison:
    """The comparison. Raises `NotFound`."""
    query = select(*_COMPARISON).where(ComparisonRow.public_id == public_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("This comparison")
    return Comparison(*found)


def newest(session: Session, *, limit: int) -> list[Comparison]:
    """The newest comparisons, newest first."""
    query = select(*_COMPARISON).order_by(ComparisonRow.id.desc()).limit(limit)
    return [Comparison(*row) for row in session.execute(query)]


def remove(session: Session, comparison_id: int) -> None:
    """Remove a comparison with its questions."""
    row = session.get(ComparisonRow, comparison_id)
    if row is not None:
        session.delete(row)


def ask(
    session: Session, comparison_id: int, user_id: int, *, question: str, swapped: bool
) -> Asked:
    """Keep a question before anybody answers it. Raises `UnstorableText`."""
    row = VoteRow(
        comparison_id=comparison_id,
        user_id=user_id,
        swapped=swapped,
        vote=None,
        left_s=None,
        right_s=None,
        created_at=now(),
        question=question,
        left_text="",
        right_text="",
    )
    session.add(row)
    session.flush()
    return asked(session, row.public_id, user_id)[1]


def asked(session: Session, public_id: str, user_id: int) -> tuple[Comparison, Asked]:
    """A question of this person's with its comparison. Raises `NotFound`."""
    query = select(*_ASKED).where(VoteRow.public_id == public_id, VoteRow.user_id == user_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("This question")
    one = Asked(*found)
    of = session.execute(select(*_COMPARISON).where(ComparisonRow.id == one.comparison_id)).one()
    return Comparison(*of), one


def answered(session: Session, asked_id: int, side: Side, text: str, seconds: float) -> None:
    """Keep how a side answered, and how long it took. Raises `UnstorableText`."""
    values = {f"{side}_text": text, f"{side}_s": seconds}
    session.execute(update(VoteRow).where(VoteRow.id == asked_id).values(**values))


def vote(session: Session, asked_id: int, choice: Vote) -> None:
    """Say which side was better. Raises `Conflict` where that was said before."""
    unsaid = update(VoteRow).where(VoteRow.id == asked_id, VoteRow.vote.is_(None))
    if session.execute(unsaid.values(vote=choice).returning(VoteRow.id)).one_or_none() is None:
        raise Conflict("This question has its vote. Ask another one.")


def of_person(session: Session, comparison_id: int, user_id: int, *, limit: int) -> list[Asked]:
    """A person's newest questions of a comparison that have a vote, newest first."""
    query = select(*_ASKED).where(
        VoteRow.comparison_id == comparison_id,
        VoteRow.user_id == user_id,
        VoteRow.vote.is_not(None),
    )
    return [Asked(*row) for row in session.execute(query.order_by(VoteRow.id.desc()).limit(limit))]


def counts(session: Session, comparison_ids: Collection[int]) -> dict[int, dict[Vote, int]]:
    """How often each vote was given, by comparison; those without a vote are left out."""
    query = (
        select(VoteRow.comparison_id, VoteRow.vote, func.count())
        .where(VoteRow.comparison_id.in_(comparison_ids), VoteRow.vote.is_not(None))
        .group_by(VoteRow.comparison_id, VoteRow.vote)
    )
    found: dict[int, dict[Vote, int]] = {}
    for comparison, choice, count in session.execute(query):
        found.setdefault(comparison, {})[cast("Vote", choice)] = count
    return found
