"""The audit: who did what to whom, and when. It can only grow.

Triggers of both databases refuse a change of an entry, and the removal of one that is younger than
`KEPT_DAYS`, whoever asks for it. An entry names people by public id alone; their names are looked
up when it is read, so nothing has to be changed here when a person is forgotten.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from store import models
from store.columns import now
from store.models import AuditEntry as Row
from store.records import AuditEntry

KEPT_DAYS = 30
"""Nothing removes a younger entry. The number stands in the triggers of migration 0003 too."""


class Only(TypedDict, total=False):
    """Which entries: all that is given must fit.

    `actor`, `about`: public ids of people; `about` finds what they did and what was done to them.
    `until` is not included.
    """

    actor: str | None
    action: str | None
    about: str | None
    since: datetime | None
    until: datetime | None


def add(
    session: Session,
    actor_id: str | None,
    action: str,
    kind: str,
    subject: str,
    detail: Mapping[str, Any],
) -> None:
    """Write an entry. `actor_id`: public id of who did it; None for the program itself."""
    session.add(
        Row(
            at=now(),
            actor_id=actor_id,
            action=action,
            kind=kind,
            subject=subject,
            detail=dict(detail),
        )
    )
    session.flush()


def entries(
    session: Session, *, before: int | None = None, limit: int = 100, **only: Unpack[Only]
) -> list[AuditEntry]:
    """Entries, newest first. `before`: the id of the last one already had."""
    query = select(Row).where(*_conditions(only))
    if before is not None:
        query = query.where(Row.id < before)
    rows = list(session.scalars(query.order_by(Row.id.desc()).limit(limit)))
    names = _names(session, rows)
    return [
        AuditEntry(
            row.id,
            row.public_id,
            row.at,
            row.actor_id,
            names.get(row.actor_id or ""),
            row.action,
            row.kind,
            row.subject,
            names.get(row.subject),
            row.detail,
        )
        for row in rows
    ]


def actions(session: Session) -> list[str]:
    """Every action that there is an entry of, by name."""
    return list(session.scalars(select(Row.action).distinct().order_by(Row.action)))


def older(session: Session, moment: datetime) -> int:
    """How many entries are older than a moment."""
    return session.scalar(select(func.count()).where(Row.at < moment)) or 0


def purge(session: Session, moment: datetime, most: int) -> int:
    """Remove at most `most` entries older than a moment; return how many.

    Raises `Conflict` when one of them is younger than `KEPT_DAYS`.
    """
    old = select(Row.id).where(Row.at < moment).order_by(Row.at).limit(most)
    gone = session.execute(delete(Row).where(Row.id.in_(old.scalar_subquery())).returning(Row.id))
    return len(gone.all())


def _conditions(only: Only) -> list[Any]:
    wanted = (
        (only.get("actor"), lambda value: Row.actor_id == value),
        (only.get("action"), lambda value: Row.action == value),
        (only.get("about"), lambda value: or_(Row.actor_id == value, Row.subject == value)),
        (only.get("since"), lambda value: Row.at >= value),
        (only.get("until"), lambda value: Row.at < value),
    )
    return [condition(value) for value, condition in wanted if value is not None]


def _names(session: Session, rows: Sequence[Row]) -> dict[str, str]:
    """The names of the people and keys in these entries that are still known, by public id."""
    ids = {row.actor_id for row in rows if row.actor_id} | {row.subject for row in rows}
    names: dict[str, str] = {}
    for table in (models.User, models.ApiKey):
        known = select(table.public_id, table.name).where(table.public_id.in_(ids))
        names |= {row.public_id: row.name for row in session.execute(known)}
    return names
