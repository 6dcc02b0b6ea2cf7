"""Small helpers that every query module needs: rows to records, insert unless there."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store import models


def columns_of(table: type[models.Base], record: type[Any]) -> list[ColumnElement[Any]]:
    """The columns of `table` that the record of the same field names needs, in its order."""
    return [getattr(table, name) for name in record.__dataclass_fields__]


def insert_missing(
    session: Session, table: type[models.Base], values: Any, unique: Sequence[str]
) -> int | None:
    """Insert unless a row with the same `unique` columns is there; return the new id, if any.

    On PostgreSQL this waits for another transaction that is inserting the same.
    """
    dialect = session.get_bind().dialect.name
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table).values(values).on_conflict_do_nothing(index_elements=list(unique))
    row: Row[Any] | None = session.execute(
        statement.returning(*table.__table__.primary_key)
    ).first()
    return None if row is None else row[0]
