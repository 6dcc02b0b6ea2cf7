"""The tables that the migrations make are those of the models, on both databases."""

import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Text, func, inspect, select, text

from store import migrate
from store.engine import Database
from store.errors import StoreError
from store.models import Base
from tests.support.stored import person, started, turn

ROOT = Path(__file__).parents[3]
SHIPPED = {
    "0001": "7ad5c7cd7251fc49",
    "0002": "f5b4c1e0198a747c",
    "0003": "565736ebd2b8879c",
    "0004": "7314c0d830c40027",
    "0005": "5bcfedfd592c2232",
    "0006": "7a56ea4011baa681",
    "0007": "936308bd61340be2",
    "0008": "0069dea33d7322f1",
    "0009": "2298de93ef498b8c",
    "0010": "e1d0049777423a90",
    "0011": "a404eca04b9023f6",
    "0012": "f583774711715d7e",
}
"""The first digits of the SHA-256 of each migration that somebody may have run."""


@pytest.fixture
def empty(empty_url):
    opened = Database(empty_url)
    yield opened
    opened.close()


def tables(database):
    with database.reading() as session:
        return set(inspect(session.connection()).get_table_names())


def is_ours(_thing, name, *_):
    """The full-text index is made by hand: FTS5's tables, or GIN on an expression."""
    by_hand = ("message_index", "title_index", "ix_message_words", "ix_title_words")
    by_hand += ("passage_index", "ix_passage_words", "ticket_index", "ix_ticket_words")
    by_hand += ("review_index", "ix_review_words")
    return not name.startswith(by_hand)


def test_upgrade_from_nothing(empty):
    assert empty.is_empty()
    empty.upgrade()
    assert empty.schema().ok
    assert {table.name for table in Base.metadata.sorted_tables} <= tables(empty)


def test_upgrade_twice_changes_nothing(empty):
    empty.upgrade()
    person(empty)
    before = tables(empty)
    empty.upgrade()
    assert tables(empty) == before


def test_models_equal_migrations(empty):
    empty.upgrade()
    with empty.reading() as session:
        context = MigrationContext.configure(
            session.connection(), opts={"compare_type": True, "include_object": is_ours}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_checks_equal_migrations(empty):
    empty.upgrade()
    with empty.reading() as session:
        found = inspect(session.connection())
        for table in Base.metadata.sorted_tables:
            made = {each["name"] for each in found.get_check_constraints(table.name)}
            meant = {c.name for c in table.constraints if type(c).__name__ == "CheckConstraint"}
            assert made == meant, table.name


def test_down_and_up_again(empty):
    empty.upgrade()
    turn(empty, started(empty, person(empty)))
    empty.downgrade("base")
    assert tables(empty) == {"alembic_version"}
    empty.upgrade()
    turn(empty, started(empty, person(empty)))
    assert empty.schema().ok


def test_what_was_shipped_is_never_changed():
    """Whoever ran it would have other tables than this program: a change is a new migration."""
    files = sorted((ROOT / "store" / "migrations" / "versions").glob("0*.py"))
    found = {file.name[:4]: hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files}
    assert {name: found[name] for name in SHIPPED} == SHIPPED


def test_killed_upgrade_leaves_nothing(empty):
    def fail():
        with empty.transaction() as session:
            migrate.upgrade(session.connection())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert empty.is_empty()


def test_racing_upgrades_wait(empty_url):
    databases = [Database(empty_url) for _ in range(4)]
    failures = []

    def upgrade(database):
        try:
            database.upgrade()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=upgrade, args=(each,)) for each in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert databases[0].schema().ok
    for each in databases:
        each.close()


def test_upgrade_waits_longer_than_a_statement(empty_postgresql):
    url = empty_postgresql("waiting")
    holder, database = Database(url), Database(url, wait_s=0.2)
    with holder.transaction() as session:
        session.execute(select(func.pg_advisory_xact_lock(migrate.ADVISORY_LOCK)))
        thread = threading.Thread(target=database.upgrade)
        thread.start()
        thread.join(1)
        assert thread.is_alive()
    thread.join()
    assert database.schema().ok
    holder.close()
    database.close()


UPGRADE = "import sys; from store.engine import Database; Database(sys.argv[1]).upgrade()"


def test_processes_race_from_any_folder(empty_url, tmp_path):
    running = [
        subprocess.Popen([sys.executable, "-c", UPGRADE, empty_url], cwd=folder)
        for folder in (tmp_path, Path("/"), tmp_path)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    database = Database(empty_url)
    assert database.schema().ok
    database.close()


def test_new_file_is_private(tmp_path):
    Database(f"sqlite:///{tmp_path}/a.db").upgrade()
    assert (tmp_path / "a.db").stat().st_mode & 0o777 == 0o600


def test_scripts_come_with_the_package():
    folder = Path(migrate.__file__).parent / "migrations"
    assert (folder / "env.py").is_file()
    assert list((folder / "versions").glob("0001_*.py"))


def test_rebuilt_table_keeps_its_children(tmp_path, monkeypatch):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    database.upgrade()
    turn(database, started(database, person(database)))

    def rebuild(connection, revision):
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("users", recreate="always") as batch:
            batch.add_column(Column("nickname", Text))

    monkeypatch.setattr(migrate, "upgrade", rebuild)
    database.upgrade()
    with database.reading() as session:
        assert session.scalars(text("SELECT count(*) FROM messages")).one() == 2
        assert session.scalars(text("SELECT nickname FROM users")).one() is None
        assert session.scalars(text("PRAGMA foreign_keys")).one() == 1


def test_upgrade_that_breaks_references_is_undone(tmp_path, monkeypatch):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    database.upgrade()
    turn(database, started(database, person(database)))
    monkeypatch.setattr(
        migrate, "upgrade", lambda connection, _: connection.execute(text("DELETE FROM users"))
    )
    with pytest.raises(StoreError, match="without their owner"):
        database.upgrade()
    with database.reading() as session:
        assert session.scalars(text("SELECT count(*) FROM users")).one() == 1
