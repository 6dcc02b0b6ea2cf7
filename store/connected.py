"""Models behind an API that administrators connected: kept by name. What settings mean is known
above."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from store.columns import now
from store.errors import NotFound
from store.models import ConnectedModel as Row
from store.models import User
from store.rows import upsert


@dataclass(frozen=True, slots=True)
class Connected:
    """A connected model. `secret` is its key, for the one who calls it; never shown."""

    name: str
    settings: dict[str, Any]
    secret: str = field(repr=False)
    made_by: str | None
    changed_at: datetime


def every(session: Session) -> list[Connected]:
    """All of them, by name."""
    asked = select(Row.name, Row.settings, Row.secret, User.name.label("made_by"), Row.changed_at)
    asked = asked.outerjoin(User, User.id == Row.made_by).order_by(Row.name)
    return [Connected(*row) for row in session.execute(asked)]


def save(
    session: Session, name: str, settings: dict[str, Any], secret: str | None, by: int
) -> None:
    """Connect one, or change it. `secret` None keeps the key that is there."""
    changes = {"settings": settings, "made_by": by, "changed_at": now()}
    if secret is not None:
        changes["secret"] = secret
    upsert(session, Row, {"name": name, "secret": "", **changes}, ["name"], changes, Row.name)


def remove(session: Session, name: str) -> None:
    """Raises `NotFound`."""
    gone = session.execute(delete(Row).where(Row.name == name).returning(Row.name))
    if gone.one_or_none() is None:
        raise NotFound("This connected model")
