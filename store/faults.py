"""What drivers raise, as `store.errors`. Drivers' messages may quote rows: only codes are kept."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store.errors import Conflict, Reason, StoreError, Unavailable

_SQLITE: dict[int, Reason] = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "lost",
    sqlite3.SQLITE_CANTOPEN: "lost",
    sqlite3.SQLITE_CORRUPT: "lost",
    sqlite3.SQLITE_NOTADB: "lost",
}
_POSTGRESQL: dict[str, Reason] = {
    "53100": "full",  # disk_full
    "53300": "locked",  # too_many_connections
    "55P03": "locked",  # lock_not_available
    "57014": "locked",  # query_canceled, by a timeout
    "40P01": "locked",  # deadlock_detected
    "40001": "locked",  # serialization_failure
}


@contextmanager
def translated() -> Iterator[None]:
    """Let only `StoreError`s of this package out of the block, besides the caller's own errors."""
    try:
        yield
    except PoolTimeout:
        raise Unavailable("locked", "no free connection") from None
    except StatementError as error:
        raise _translate(error) from None
    except sqlite3.Error as error:
        raise _from_sqlite(error) from None


def _translate(error: StatementError) -> StoreError:
    cause = error.orig
    if isinstance(cause, StoreError):  # raised by a column type, wrapped on the way
        return cause
    if isinstance(error, IntegrityError):
        return Conflict("It contradicts what is stored; nothing was changed.")
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause)
    if isinstance(error, DBAPIError):
        return _from_postgresql(error)
    return Unavailable("other", type(cause).__name__)


def _from_sqlite(error: sqlite3.Error) -> Unavailable:
    code = getattr(error, "sqlite_errorcode", 0)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return Unavailable(_SQLITE.get(code & 0xFF, "other"), name)


def _from_postgresql(error: DBAPIError) -> Unavailable:
    state = getattr(error.orig, "sqlstate", None)
    if state is None or error.connection_invalidated or state[:2] in ("08", "57"):
        reason = _POSTGRESQL.get(state or "", "lost")
        return Unavailable(reason, state or "no connection")
    return Unavailable(_POSTGRESQL.get(state, "other"), state)
