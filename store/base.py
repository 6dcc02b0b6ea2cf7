"""What every table shares: names of constraints, public ids, numbers that are never used again."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase
from uuid_utils.compat import uuid7

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

NEVER_REUSED = {"sqlite_autoincrement": True}


def new_id() -> str:
    """A public id: a UUIDv7, so that later ones sort later."""
    return str(uuid7())


class Base(DeclarativeBase):
    """Shared metadata, so that constraints have the same names on both databases."""

    metadata = MetaData(naming_convention=_NAMES)
