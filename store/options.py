"""The workspace's options: named JSON values, each with a version that tells a stale change."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store.columns import now
from store.errors import Conflict
from store.models import Option as Row
from store.models import User
from store.records import Option
from store.rows import insert_missing


def get(session: Session, name: str) -> Option | None:
    """An option with its version and who changed it last; None when it was never set."""
    query = (
        select(Row.name, Row.value, Row.version, Row.changed_at, User.name)
        .outerjoin(User, User.id == Row.changed_by)
        .where(Row.name == name)
    )
    found = session.execute(query).one_or_none()
    return None if found is None else Option(*found)


def put(session: Session, name: str, value: dict[str, Any], version: int, by: int) -> int:
    """Set an option whose version was `version` (0: never set); return its new version.

    Raises `Conflict` when another one was set meanwhile.
    """
    change = {"value": value, "changed_at": now(), "changed_by": by, "version": version + 1}
    if version == 0:
        done = insert_missing(session, Row, {"name": name, **change}, ["name"])
    else:
        same = (Row.name == name, Row.version == version)
        done = session.scalar(update(Row).where(*same).values(change).returning(Row.name))
    if done is None:
        raise Conflict("Somebody else changed this meanwhile. Load it again, then change it.")
    return version + 1
