"""What the `db` commands do: the database kept in order.

Needs the database alone: no model, no chain, no wiring of the whole product, so these commands
start at once and work when the rest does not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatbot.archive import told
from chatbot.connecting import records_of
from chatbot.errors import StoreUnavailable
from chatbot.settings import HostedModel, Settings
from store import accounts
from store import backup as copies
from store import errors as store_errors
from store.engine import Database


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A database and whether this version can use it. `where` holds no password.

    `reason` says why it keeps its journal so; `problem` what to do, empty when there is none.
    """

    where: str
    exists: bool
    ok: bool
    current: str | None
    head: str
    library: str
    journal: str
    reason: str
    problem: str

    def in_words(self) -> str:
        """One line for people."""
        schema = f"schema {self.current or 'none'}"
        return f"{schema}, {self.library}, journal {self.journal}" if self.exists else "not there"


def check_database(settings: Settings) -> DatabaseState:
    """Look at the database; makes and changes nothing. Raises StoreUnavailable."""
    with opened(settings) as database:
        return _state(database)


def administrators(settings: Settings) -> int | None:
    """How many administrators can log in; None where no database of this version is there.

    Raises StoreUnavailable.
    """
    with opened(settings) as database:
        if not exists(database) or not database.schema().ok:
            return None
        with database.reading() as session:
            return len(accounts.administrators(session))


def connected(settings: Settings) -> tuple[HostedModel, ...]:
    """The models that administrators connected; none where no database of this version is there.

    Raises StoreUnavailable.
    """
    with opened(settings) as database:
        if not exists(database) or not database.schema().ok:
            return ()
        with database.reading() as session:
            return records_of(session)


def upgrade(settings: Settings) -> DatabaseState:
    """Make the database or bring its tables to this version; other processes wait.

    Raises StoreUnavailable, SchemaMismatch.
    """
    settings.home_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with opened(settings) as database:
        database.upgrade()
        return _state(database)


def backup(settings: Settings, file: Path) -> int:
    """Write a consistent copy, also while others write. Returns its size in bytes.

    Raises:
        ChatbotError: the file is there already or cannot be written.
        StoreUnavailable, SchemaMismatch: there is no database to copy, or it does not answer.
    """
    with opened(settings) as database:
        copies.backup(database, file)
    return file.stat().st_size


def restore(settings: Settings, file: Path) -> DatabaseState:
    """Fill an empty database from a backup of either kind, and bring it to this version.

    Raises:
        ChatbotError: the database is not empty, or the file is no whole backup.
        StoreUnavailable, SchemaMismatch: the database does not answer; the backup is too new.
    """
    settings.home_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with told():
        copies.restore(settings.database, file)
    return check_database(settings)


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of the settings, not made and not checked yet. Raises StoreUnavailable."""
    with told():
        database = Database(settings.database)
        folder = database.path.parent if database.path else settings.home_folder
        if folder != settings.home_folder and not folder.is_dir():
            raise StoreUnavailable(f"There is no folder {folder} for the database. Make it first.")
        try:
            yield database
        finally:
            database.close()


def exists(database: Database) -> bool:
    """Whether there is a database to look into."""
    return database.path is None or database.path.exists()


def _state(database: Database) -> DatabaseState:
    there = exists(database)
    schema = database.schema()
    facts = database.facts() if there else None
    problem = ""
    try:
        database.require_schema()
    except store_errors.SchemaMismatch as error:
        problem = str(error) if there else "There is no database yet. Run `chatbot db upgrade`."
    return DatabaseState(
        where=database.url.render_as_string(hide_password=True),
        exists=there,
        ok=schema.ok,
        current=schema.current,
        head=schema.head,
        library=f"{facts.dialect} {facts.library}" if facts else "",
        journal=facts.journal if facts else "",
        reason=facts.reason if facts else "",
        problem=problem,
    )
