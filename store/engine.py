"""The connection to the database, and the only place that commits.

Knows nothing of conversations: it opens, begins, commits, rolls back, and turns what drivers raise
into `store.errors`. SQLite and PostgreSQL behave alike from here on up.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, create_engine, event, inspect, make_url
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from store import migrate
from store.errors import StoreError, Unavailable
from store.faults import translated
from store.journal import Journal, journal_for
from store.records import DatabaseFacts, SchemaState

__all__ = ["WAIT_S", "Database", "Session"]

WAIT_S = 10.0  # how long a statement waits for another's lock before it is refused


class Database:
    """One database. Safe to share between threads; sessions are not."""

    def __init__(self, url: str, *, wait_s: float = WAIT_S, journal: Journal | None = None) -> None:
        """Open nothing yet. `url` is `sqlite:///path` or `postgresql://…`."""
        self.url = _parsed(url)
        self.dialect = self.url.get_backend_name()
        self._wait_s = wait_s
        self._journal = journal or journal_for(sqlite3.sqlite_version_info)
        self._engine = self._sqlite() if self.dialect == "sqlite" else self._postgresql()
        # SQLite's writer keeps a connection of its own: whenever another one wrote, all that a
        # connection holds in memory is read again, a millisecond or two for each transaction.
        self._readers = self._engine if self.path is None else self._sqlite()
        self._reader = self._readers.execution_options(reading=True)
        if self.dialect == "postgresql":
            # A reader sees one moment, as it does on SQLite.
            self._reader = self._reader.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._writing = threading.Lock()
        self._one_connection = threading.RLock()
        self._open = threading.local()

    @classmethod
    def in_memory(cls) -> Self:
        """A database that lives and dies with this object, for temporary conversations."""
        database = cls("sqlite://")
        database.upgrade()
        return database

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database; None for one in memory and for PostgreSQL."""
        if self.dialect != "sqlite" or self.url.database in (None, "", ":memory:"):
            return None
        return Path(str(self.url.database))

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block, or rolls back when it raises.

        Raises `Unavailable` when the database did not take it, `Conflict` when it contradicts
        what is stored. Do not nest: SQLite has one writer.
        """
        if self._outer() is not None:
            raise RuntimeError("a transaction cannot begin where its thread is still reading")
        with (
            translated(),
            self._writer(),
            Session(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment of the database and never commits.

        Keep the block short: on SQLite a writer's commit waits for its end. Within another
        block of its thread it is the same session: a second one would wait behind a writer who
        waits for the first.
        """
        outer = self._outer()
        if outer is not None:
            with translated():
                yield outer
            return
        with translated(), self._shared(), Session(self._reader) as session:
            self._open.session = session
            try:
                yield session
            finally:
                self._open.session = None

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of its own, beside the pool, without transactions; closed at the end.

        Raises `Unavailable`.
        """
        with translated(), self._engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.detach()
            yield alone

    def upgrade(self, revision: str = "head") -> None:
        """Create or migrate the tables, while other processes that try the same wait.

        Raises `SchemaMismatch` for tables newer than this program, `Unavailable`.
        """
        self._migrate(lambda connection: migrate.upgrade(connection, revision))

    def downgrade(self, revision: str) -> None:
        """Undo migrations down to `revision`: what was kept only by newer tables is lost.

        Raises `Unavailable`.
        """
        self._migrate(lambda connection: migrate.downgrade(connection, revision))

    def schema(self) -> SchemaState:
        """The version of the tables and of this program. Creates nothing."""
        if self.path is not None and not self.path.exists():
            return migrate.state(None)
        with translated(), self._shared(), self._reader.connect() as connection:
            return migrate.state(connection)

    def is_empty(self) -> bool:
        """Whether there are no tables, of any program."""
        if self.path is not None and not self.path.exists():
            return True
        with translated(), self._shared(), self._reader.connect() as connection:
            return not inspect(connection).get_table_names()

    def require_schema(self) -> None:
        """Raise `SchemaMismatch` unless the tables are those of this program."""
        migrate.check(self.schema())

    def facts(self) -> DatabaseFacts:
        """What the database is and how it keeps commits safe. Raises `Unavailable`."""
        with translated(), self._shared(), self._reader.connect() as connection:
            if self.dialect == "sqlite":
                # A connection learns of a journal that another changed when it reads.
                connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first()
                mode = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())
                return DatabaseFacts("sqlite", sqlite3.sqlite_version, mode, self._why(mode))
            version = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
            return DatabaseFacts(
                "postgresql", version, "write-ahead log", "PostgreSQL keeps its own journal."
            )

    def size(self) -> int:
        """Bytes that the database takes. Raises `Unavailable`."""
        with translated(), self._shared(), self._reader.connect() as connection:
            if self.dialect == "sqlite":
                asked = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
            else:
                asked = "SELECT pg_database_size(current_database())"
            return int(connection.exec_driver_sql(asked).scalar_one())

    def empty_journal(self) -> None:
        """Let nothing that was deleted stand in SQLite's write-ahead log, where there is one."""
        if self.path is None:
            return
        with translated(), self._writer(), self._reader.connect() as connection:
            _driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def close(self) -> None:
        """Close all connections. The object may be used again."""
        self._engine.dispose()
        self._readers.dispose()

    def _why(self, mode: str) -> str:
        if self.path is None:
            return "It lives in memory and is not kept."
        if mode == self._journal.mode:
            return self._journal.reason
        return f"Another program holds it in {mode} mode; stop that program and start again."

    def _writer(self) -> AbstractContextManager[object]:
        """SQLite has one writer: queue for it here, woken at once, rather than by polling."""
        if self.dialect != "sqlite":
            return nullcontext()
        return self._shared() if self.path is None else _waiting(self._writing, self._wait_s)

    def _outer(self) -> Session | None:
        """The session that this thread reads through already."""
        return getattr(self._open, "session", None)

    def _shared(self) -> AbstractContextManager[object]:
        memory = self.dialect == "sqlite" and self.path is None
        return self._one_connection if memory else nullcontext()

    def _upgrade_lock(self) -> AbstractContextManager[object]:
        if self.path is None:
            return self._shared()
        try:
            self.path.touch(mode=0o600)
        except OSError as error:
            raise Unavailable("lost", error.strerror or "") from None
        return migrate.file_lock(self.path.with_name(self.path.name + ".lock"))

    def _migrate(self, work: Callable[[Connection], None]) -> None:
        with translated(), self._upgrade_lock(), self._engine.connect() as connection:
            if self.dialect == "sqlite":
                self._migrate_sqlite(connection, work)
            else:
                with connection.begin():
                    work(connection)

    def _migrate_sqlite(self, connection: Connection, work: Callable[[Connection], None]) -> None:
        # Rebuilding a table, as ALTER does on SQLite, needs foreign keys off, and SQLite
        # changes that only outside a transaction.
        driver = _driver(connection)
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                work(connection)
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise StoreError("The upgrade would leave rows without their owner; undone.")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")

    def _sqlite(self) -> Engine:
        engine = create_engine(
            self.url,
            hide_parameters=True,
            connect_args={"timeout": self._wait_s, "check_same_thread": False},
            **_sqlite_pool(self.path, self._wait_s),
        )
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def _prepare(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # or the module would begin transactions of its own
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
        if self.path is not None:
            connection.execute(f"PRAGMA synchronous={self._journal.synchronous}")
            connection.execute(f"PRAGMA journal_mode={self._journal.mode}").fetchone()

    def _postgresql(self) -> Engine:
        wait_ms = int(self._wait_s * 1000)
        try:
            return create_engine(
                self.url,
                hide_parameters=True,
                pool_pre_ping=True,
                pool_size=10,
                max_overflow=10,
                pool_timeout=self._wait_s,
                connect_args={
                    "connect_timeout": max(2, int(self._wait_s)),
                    "options": f"-c timezone=UTC -c lock_timeout={wait_ms}",
                },
            )
        except ModuleNotFoundError:
            raise StoreError(
                "PostgreSQL needs the driver psycopg. Install it with: "
                'pip install "chatbot[postgres]"'
            ) from None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        raise StoreError("The database URL cannot be read. Use sqlite:///PATH.") from None
    if backend not in ("sqlite", "postgresql"):
        raise StoreError("The database must be SQLite (sqlite:///PATH) or PostgreSQL.")
    return parsed


def _sqlite_pool(path: Path | None, wait_s: float) -> dict[str, Any]:
    if path is None:
        return {"poolclass": StaticPool}
    # The connection that was used last knows most of what is in the file.
    return {"pool_size": 10, "max_overflow": 10, "pool_timeout": wait_s, "pool_use_lifo": True}


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("not a SQLite connection")
    return driver


def _begin(connection: Connection) -> None:
    # A writer takes the lock before it reads; upgrading a read lock later would fail at once.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _waiting(lock: threading.Lock, seconds: float) -> Iterator[None]:
    if not lock.acquire(timeout=seconds):
        raise Unavailable("locked", "writer queue")
    try:
        yield
    finally:
        lock.release()
