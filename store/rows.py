"""Small helpers that query modules share: rows to records, inserts that mind what is there."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store import models


def columns_of(table: type[models.Base], record: type[Any]) -> list[ColumnElement[Any]]:
    """The columns of `table` that the record of the same field names needs, in its order."""
    return [getattr(table, name) for name in record.__dataclass_fields__]


def plain_columns_of(table: type[models.Base], record: type[Any]) -> list[ColumnElement[Any]]:
    """The same without the mapping, for statements that a turn runs: it costs as much again."""
    return [table.__table__.c[name] for name in record.__dataclass_fields__]


def is_sqlite(session: Session) -> bool:
    """Which of the two databases this session talks to."""
    return session.get_bind().dialect.name == "sqlite"


def insert_missing(
    session: Session, table: type[models.Base], values: Mapping[str, Any], unique: Sequence[str]
) -> Any:
    """Insert unless a row with the same `unique` columns is there; return the new key, if any.

    On PostgreSQL this waits for another transaction that is inserting the same.
    """
    made = inserted(session, table, values, unique, tuple(table.__table__.primary_key))
    return None if made is None else made[0]


def inserted(
    session: Session,
    table: type[models.Base],
    values: Mapping[str, Any],
    unique: Sequence[str],
    columns: tuple[ColumnElement[Any], ...],
) -> Any:
    """As `insert_missing`; returns the new row with these columns, None where one was there."""
    statement = _inserting(is_sqlite(session), table, tuple(unique), columns)
    return session.execute(statement, values).one_or_none()


def put(
    session: Session, table: type[models.Base], values: Mapping[str, Any], unique: Sequence[str]
) -> None:
    """Insert, or write over the row with the same `unique` columns."""
    session.execute(_putting(is_sqlite(session), table, tuple(values), tuple(unique)), values)


def upsert(
    session: Session,
    table: type[models.Base],
    values: Mapping[str, Any],
    unique: Sequence[str],
    changes: Mapping[str, Any],
    returning: Any,
) -> Any:
    """Insert `values`, or apply `changes` to the row with the same `unique` columns."""
    statement = upserting(session, table, values, unique, changes)
    return session.execute(statement.returning(returning)).scalar_one()


def upserting(
    session: Session,
    table: type[models.Base],
    values: Mapping[str, Any],
    unique: Sequence[str],
    changes: Mapping[str, Any],
    where: ColumnElement[bool] | None = None,
) -> Any:
    """The statement of `upsert`, for those who want more than one column back.

    A row that is there and does not fulfil `where` stays as it is, and none comes back.
    """
    statement = _insert(session, table, values)
    return statement.on_conflict_do_update(index_elements=unique, set_=changes, where=where)


def into(table: type[models.Base], *, on_sqlite: bool) -> Any:
    """An insert into the plain table, which may mind what is there."""
    insert: Any = sqlite.insert if on_sqlite else postgresql.insert
    return insert(table.__table__)


@cache
def _inserting(
    on_sqlite: bool,  # noqa: FBT001
    table: type[models.Base],
    unique: tuple[str, ...],
    columns: tuple[ColumnElement[Any], ...],
) -> Any:
    """Kept, because making a statement takes longer than running it."""
    statement = into(table, on_sqlite=on_sqlite).on_conflict_do_nothing(index_elements=unique)
    return statement.returning(*columns)


@cache
def _putting(
    on_sqlite: bool,  # noqa: FBT001
    table: type[models.Base],
    names: tuple[str, ...],
    unique: tuple[str, ...],
) -> Any:
    statement = into(table, on_sqlite=on_sqlite)
    over = {name: statement.excluded[name] for name in names if name not in unique}
    return statement.on_conflict_do_update(index_elements=unique, set_=over)


def _insert(session: Session, table: type[models.Base], values: Mapping[str, Any]) -> Any:
    insert: Any = sqlite.insert if is_sqlite(session) else postgresql.insert
    return insert(table).values(values)
