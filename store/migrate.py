"""Bring the tables to this program's version, one process at a time.

Alembic is configured in code, so it works from any directory and from a wheel. The scripts run in
one transaction on both databases: a process killed half-way leaves the old tables.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from store.errors import SchemaMismatch
from store.records import SchemaState

ADVISORY_LOCK = 7_236_081_342_118_205_004  # any constant that nobody else locks


def state(connection: Connection | None) -> SchemaState:
    """The revision found and the one needed; `None` stands for a database that is not there yet."""
    head = _scripts().get_current_head()
    if head is None:
        raise SchemaMismatch("The program's migrations are missing. Install it again.")
    current = None
    if connection is not None:
        current = MigrationContext.configure(connection).get_current_revision()
    return SchemaState(current, head, current == head)


def check(found: SchemaState) -> None:
    """Raise `SchemaMismatch` with what to do, unless the tables are this program's."""
    if found.ok:
        return
    if found.current is None:
        raise SchemaMismatch("The database has no tables yet. Run `chatbot db upgrade`.")
    require_known(found.current)
    raise SchemaMismatch(
        f"The database is at version {found.current}, this program needs {found.head}. "
        "Make a backup, then run `chatbot db upgrade`."
    )


def require_known(revision: str) -> None:
    """Raise `SchemaMismatch` for tables that only a newer program can have made."""
    scripts = _scripts()
    if revision not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaMismatch(
            f"The data is of version {revision}, newer than this program "
            f"({scripts.get_current_head()}). Install the newer program, or use an older backup."
        )


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run what is missing, inside the transaction that `connection` is in."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # however long another one takes
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    found = state(connection).current
    if found is not None:
        require_known(found)
    command.upgrade(_config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Undo migrations down to `revision`, inside the transaction that `connection` is in."""
    command.downgrade(_config(connection), revision)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold an operating-system lock on `path`; it is let go by itself when the process dies."""
    with path.open("ab") as handle:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
