"""One-time links: invitations, new passwords, the first administrator. Knows hashes of tokens."""

from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from store import models
from store.records import LinkKind, OneTimeLink
from store.rows import columns_of

_COLUMNS = columns_of(models.OneTimeLink, OneTimeLink)


def add(
    session: Session,
    token_hash: str,
    kind: LinkKind,
    user_id: int | None,
    *,
    made_by: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Make a link; those made before for the same person, or as first ones, open nothing more."""
    cancel(session, user_id)
    row = models.OneTimeLink(
        token_hash=token_hash,
        kind=kind,
        user_id=user_id,
        made_by=made_by,
        created_at=at,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()


def find(session: Session, token_hash: str, at: datetime) -> OneTimeLink | None:
    """The link of a token, unless it was used or is too old."""
    mine = models.OneTimeLink.token_hash == token_hash
    fresh = select(*_COLUMNS).where(
        mine, models.OneTimeLink.used_at.is_(None), models.OneTimeLink.expires_at > at
    )
    row = session.execute(fresh).one_or_none()
    return OneTimeLink(*row) if row else None


def use(session: Session, token_hash: str, at: datetime) -> OneTimeLink | None:
    """Use a link up: of several that try at once, one gets it, the others None."""
    mine = models.OneTimeLink.token_hash == token_hash
    used = update(models.OneTimeLink).where(
        mine, models.OneTimeLink.used_at.is_(None), models.OneTimeLink.expires_at > at
    )
    row = session.execute(used.values(used_at=at).returning(*_COLUMNS)).one_or_none()
    return OneTimeLink(*row) if row else None


def cancel(session: Session, user_id: int | None) -> None:
    """Remove the unused links of a person; None means those to a first administrator."""
    same = models.OneTimeLink.user_id
    whose = same.is_(None) if user_id is None else same == user_id
    session.execute(delete(models.OneTimeLink).where(whose, models.OneTimeLink.used_at.is_(None)))


def purge(session: Session, before: datetime) -> None:
    """Remove links that expired or were used before a moment."""
    over = or_(models.OneTimeLink.expires_at <= before, models.OneTimeLink.used_at <= before)
    session.execute(delete(models.OneTimeLink).where(over))
