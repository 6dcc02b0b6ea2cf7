"""Macros: kept by name. What their texts mean is known above."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from store.columns import now
from store.errors import NotFound
from store.models import Macro as Row
from store.models import User
from store.rows import upsert
from store.ticket_records import Macro


def every(session: Session) -> list[Macro]:
    """All of them, by name."""
    asked = select(Row.name, Row.title, Row.text, Row.changed_at, User.name.label("changed_by"))
    asked = asked.outerjoin(User, User.id == Row.changed_by).order_by(Row.name)
    return [Macro(*row) for row in session.execute(asked)]


def save(session: Session, name: str, title: str, text: str, user_id: int) -> None:
    """Make one, or write it anew. Raises `UnstorableText`."""
    changes = {"title": title, "text": text, "changed_at": now(), "changed_by": user_id}
    upsert(session, Row, {"name": name, **changes}, ["name"], changes, Row.name)


def remove(session: Session, name: str) -> None:
    """Raises `NotFound`."""
    gone = session.execute(delete(Row).where(Row.name == name).returning(Row.name))
    if gone.one_or_none() is None:
        raise NotFound("This macro")
