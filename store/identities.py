"""People as other servers know them: an issuer's name and its name for a person."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import models


def find(session: Session, issuer: str, subject: str) -> int | None:
    """The internal number of the person, if they are known."""
    return session.scalar(
        select(models.Identity.user_id).where(
            models.Identity.issuer == issuer, models.Identity.subject == subject
        )
    )


def has_other(session: Session, user_id: int, issuer: str) -> bool:
    """Whether a person is known to this issuer under some name."""
    wanted = select(models.Identity.subject).where(
        models.Identity.user_id == user_id, models.Identity.issuer == issuer
    )
    return session.scalar(wanted.limit(1)) is not None


def add(session: Session, issuer: str, subject: str, user_id: int, at: datetime) -> None:
    """Remember who somebody is. Raises `Conflict` when that is known already."""
    row = models.Identity(issuer=issuer, subject=subject, user_id=user_id, created_at=at)
    session.add(row)
    session.flush()
