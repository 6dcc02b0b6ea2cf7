"""Copies of a whole database that are consistent while it is written to, and their way back.

SQLite is copied as a file, PostgreSQL dumped as rows (`dump`). Either kind can be restored into
either database, so moving from one to the other is a backup and a restore.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from store import dump, index, migrate, passages, review_bits
from store.engine import Database
from store.errors import StoreError
from store.faults import translated

_SQLITE_HEADER = b"SQLite format 3\x00"


def backup(database: Database, path: Path) -> None:
    """Write a backup to a new file that only this user may read.

    Raises `StoreError` when the file is there already or cannot be written, `SchemaMismatch`,
    `Unavailable`. A backup that fails leaves no file.
    """
    if path.exists():
        raise StoreError(f"{path.name} is there already. Choose another name.")
    if database.dialect == "sqlite" and database.path is None:
        raise StoreError("A database in memory cannot be backed up.")
    database.require_schema()
    with _appearing(path) as part:
        if database.path is not None:
            _copy(database.path, part, "rw")
        else:
            with database.reading() as session:
                dump.write(part, dump.lines(session, database.schema().head))


def restore(url: str, path: Path) -> None:
    """Fill an empty database from a backup, and bring it to this program's version.

    Raises `StoreError` when the target holds tables or the file is no whole backup,
    `SchemaMismatch` for a backup of a newer program, `Unavailable`. A restore that fails leaves
    the target empty.
    """
    if not path.is_file():
        raise StoreError(f"There is no file {path.name}. Check the path.")
    database = Database(url)
    try:
        if not database.is_empty():
            raise StoreError("The database to restore into has tables already. Name an empty one.")
        if database.path is None:
            _fill(database, path)
            return
        with _appearing(database.path) as part:
            _fill(made := Database(f"sqlite:///{part}"), path)
            made.close()
    finally:
        database.close()


def _fill(database: Database, path: Path) -> None:
    with path.open("rb") as file:
        is_file = file.read(len(_SQLITE_HEADER)) == _SQLITE_HEADER
    if not is_file:
        _load(database, dump.read(path))
    elif database.path is not None:
        _copy(path, database.path, "ro")
        database.upgrade()
    else:
        with _upgraded_copy(path) as source, source.reading() as session:
            _load(database, dump.lines(session, source.schema().head))


def _load(database: Database, content: Iterable[dump.Line]) -> None:
    content = iter(content)
    revision = str(next(content)["revision"])
    migrate.require_known(revision)
    if database.dialect == "postgresql":  # all or nothing, tables too
        with database.transaction() as session:
            migrate.upgrade(session.connection(), revision)
            dump.load(session, content)
            migrate.upgrade(session.connection())
            index.rebuild(session)
            passages.rebuild(session)
            review_bits.rebuild(session)
        return
    database.upgrade(revision)
    with database.transaction() as session:
        dump.load(session, content)
    database.upgrade()
    with database.transaction() as session:
        index.rebuild(session)
        passages.rebuild(session)
        review_bits.rebuild(session)


def _copy(source: Path, target: Path, mode: Literal["ro", "rw"]) -> None:
    """Copy a SQLite database in one step: it is of one moment, and later writers wait for it.

    A live one is opened to write ("rw"), since what a crash left must be rolled back first.
    """
    with (
        translated(),
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode={mode}", uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        new.execute("PRAGMA synchronous=OFF")  # the whole file is synchronised at the end
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")  # a copy of a write-ahead log is one file
        if new.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise dump.DamagedBackup


@contextmanager
def _upgraded_copy(path: Path) -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="chatbot-restore-") as folder:
        copy = Path(folder) / "copy.db"
        _copy(path, copy, "ro")
        database = Database(f"sqlite:///{copy}")
        try:
            database.upgrade()
            yield database
        finally:
            database.close()


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when the block ends well, else is removed."""
    part = path.with_name(path.name + ".part")
    leftovers = [part.with_name(part.name + end) for end in ("", ".lock", "-journal")]
    try:
        _remove(leftovers)
        part.touch(mode=0o600)
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise StoreError(f"{path.name} cannot be written: {error.strerror}.") from None
    finally:
        _remove(leftovers)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
