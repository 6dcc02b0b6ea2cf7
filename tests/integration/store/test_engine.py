"""Transactions, errors and schema checks behave alike on both databases."""

import secrets
import sqlite3
import threading

import pytest
from sqlalchemy import text

from store import accounts, conversations
from store.engine import Database
from store.errors import Conflict, SchemaMismatch, StoreError, Unavailable
from store.journal import Journal
from tests.support.stored import person, started, turn


def names(database):
    with database.reading() as session:
        return list(session.scalars(text("SELECT name FROM users ORDER BY name")))


def test_commit_is_seen_by_others(database):
    person(database, "Ada")
    assert names(database) == ["Ada"]


def test_error_rolls_back_everything(database):
    def fail():
        with database.transaction() as session:
            accounts.add_person(session, "Ada")
            raise LookupError("the caller's own")

    with pytest.raises(LookupError):
        fail()
    assert names(database) == []


def test_reading_never_commits(database):
    if database.dialect == "postgresql":
        with pytest.raises(Unavailable), database.reading() as session:
            accounts.add_person(session, "Ada")
    else:
        with database.reading() as session:
            accounts.add_person(session, "Ada")
    assert names(database) == []


def test_reader_sees_one_moment(database):
    person(database, "Ada")
    with database.reading() as session:
        before = session.scalars(text("SELECT count(*) FROM users")).one()
        thread = threading.Thread(target=person, args=(database, "Bob"))
        thread.start()
        if database.dialect == "postgresql":
            thread.join()
        assert session.scalars(text("SELECT count(*) FROM users")).one() == before
    thread.join()
    assert names(database) == ["Ada", "Bob"]


def test_foreign_keys_hold(database):
    with pytest.raises(Conflict), database.transaction() as session:
        conversations.create(
            session,
            user_id=999,
            channel="chat",
            title="t",
            prompt="p",
            release_id=None,
            version=None,
            model="m",
        )


def test_errors_quote_no_text(database):
    owner = person(database)
    with pytest.raises(StoreError) as caught:
        started(database, owner, title="my secret", channel="carrier pigeon")
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u@h/d", "sqlite3:///x", "", "http://host/path"]
)
def test_unusable_urls_are_refused(url):
    with pytest.raises(StoreError, match="database"):
        Database(url)


def test_missing_folder_is_lost(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/no/such/folder/a.db")
    with pytest.raises(Unavailable) as caught, database.reading() as session:
        session.execute(text("SELECT 1"))
    assert caught.value.reason == "lost"


def test_upgrade_into_a_missing_folder_is_lost(tmp_path):
    with pytest.raises(Unavailable) as caught:
        Database(f"sqlite:///{tmp_path}/no/such/folder/a.db").upgrade()
    assert caught.value.reason == "lost"


def test_unreachable_server_is_lost():
    database = Database("postgresql://nobody@127.0.0.1:1/none", wait_s=2)
    with pytest.raises(Unavailable) as caught, database.reading() as session:
        session.execute(text("SELECT 1"))
    assert caught.value.reason == "lost"


def test_file_that_is_no_database_is_lost(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"not a database at all, but long enough to be read as a header" * 20)
    with pytest.raises(Unavailable) as caught:
        Database(f"sqlite:///{path}").schema()
    assert caught.value.reason == "lost"


def test_held_lock_is_refused_in_time(tmp_path):
    path = tmp_path / "a.db"
    database = Database(f"sqlite:///{path}", wait_s=0.2)
    database.upgrade()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable) as caught:
        person(database)
    assert caught.value.reason == "locked"
    other.execute("ROLLBACK")
    other.close()
    assert person(database).name == "Ada"


def test_writers_of_one_process_queue(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db", wait_s=0.2)
    database.upgrade()
    with database.transaction() as session:
        accounts.add_person(session, "Ada")
        refused = []

        def write():
            with pytest.raises(Unavailable) as caught:
                person(database, "Bob")
            refused.append(caught.value.reason)

        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert refused == ["locked"]


def test_reading_within_a_reading_goes_on_while_a_writer_waits(tmp_path):
    """On a journal that is rolled back a commit waits for readers, and new readers for it."""
    journal = Journal("truncate", "FULL", "The one that waits.")
    database = Database(f"sqlite:///{tmp_path / 'nested.db'}", wait_s=5, journal=journal)
    database.upgrade()
    done, written = [], threading.Event()

    def write():
        with database.transaction() as session:
            accounts.add_person(session, "Ada")
            written.set()
        done.append("Ada")

    with database.reading() as outer:
        before = outer.scalars(text("SELECT count(*) FROM users")).one()
        writer = threading.Thread(target=write)
        writer.start()
        assert written.wait(30)
        writer.join(0.3)  # time to come to its commit, which waits
        assert done == []
        with database.reading() as inner:
            assert inner.scalars(text("SELECT count(*) FROM users")).one() == before
        assert outer.scalars(text("SELECT count(*) FROM users")).one() == before
    writer.join()
    assert done == ["Ada"]
    assert names(database) == ["Ada"]


def test_a_transaction_within_a_reading_is_refused_at_once(database):
    with database.reading(), pytest.raises(RuntimeError, match="still reading"):
        person(database, "Ada")
    assert person(database, "Ada").name == "Ada"


def test_readers_and_writers_of_many_threads_all_come_through(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'crowd.db'}", wait_s=30)
    database.upgrade()
    failed = []

    def work(number):
        try:
            for turn in range(5):
                names(database)
                with database.reading():
                    names(database)
                with database.transaction() as session:
                    accounts.add_person(session, f"p{number}-{turn}")
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(names(database)) == 40


def test_full_disk_is_said(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    database.upgrade()
    owner = person(database)
    with database.transaction() as session:  # its connection is the one that writes next
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
        session.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(Unavailable) as caught:
        started(database, owner, title="x" * 500_000)
    assert caught.value.reason == "full"
    database.close()
    assert started(database, owner).title == "A talk"


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_lost_server_connection_recovers(database):

    def lose():
        with database.transaction() as session:
            own = session.scalars(text("SELECT pg_backend_pid()")).one()
            with database.transaction() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
            session.execute(text("SELECT 1"))

    with pytest.raises(Unavailable) as caught:
        lose()
    assert caught.value.reason == "lost"
    assert person(database).name == "Ada"


def test_memory_database_is_complete():
    database = Database.in_memory()
    assert database.schema().ok
    assert started(database, person(database)).title == "A talk"
    assert database.facts().reason == "It lives in memory and is not kept."


def test_memory_databases_are_apart():
    person(first := Database.in_memory(), "Ada")
    assert names(first) == ["Ada"]
    assert names(Database.in_memory()) == []


def test_memory_database_serves_threads():
    database = Database.in_memory()
    threads = [threading.Thread(target=person, args=(database, f"P{i}")) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(database)) == 8


def test_facts_name_the_database(database):
    facts = database.facts()
    assert facts.dialect == database.dialect
    assert facts.library
    assert facts.reason.endswith(".")


def test_size_grows_with_what_is_kept(database):
    before = database.size()
    talk = started(database, person(database))
    turn(database, talk, secrets.token_hex(1_000_000), secrets.token_hex(1_000_000))
    assert database.size() > before + 50_000 > 50_000


def test_file_uses_the_chosen_journal(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db", journal=Journal("wal", "FULL", "A test."))
    database.upgrade()
    assert database.facts().journal == "wal"
    assert database.facts().reason == "A test."


def test_journal_changed_by_another_is_told(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db", journal=Journal("truncate", "FULL", "."))
    database.upgrade()
    assert database.facts().reason == "."
    other = sqlite3.connect(tmp_path / "a.db")
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("SELECT count(*) FROM users").fetchone()
    person(database)
    assert "Another program holds it in wal mode" in database.facts().reason
    other.close()


def test_empty_database_is_refused(empty_url):
    database = Database(empty_url)
    with pytest.raises(SchemaMismatch, match="no tables yet"):
        database.require_schema()
    database.close()


def test_older_schema_is_refused(empty_url, monkeypatch):
    database = Database(empty_url)
    database.upgrade()
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'feed'"))
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        database.require_schema()
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        database.upgrade()
    database.close()
