"""A backup is whole, of one moment, and comes back on either database."""

import gzip
import json
import sqlite3
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from store import (
    accounts,
    audit,
    export,
    messages,
    models,
    options,
    prompts,
    search,
    sessions,
)
from store.backup import backup, restore
from store.columns import now
from store.engine import Database
from store.errors import Conflict, SchemaMismatch, StoreError
from store.records import Trace
from tests.support.stored import another_answer, person, saved_version, started, turn


@pytest.fixture
def told(database):
    """One of everything in the database; returns the conversation's owner and id."""
    owner = person(database)
    talk = started(database, owner, title="Grüße 東京都")
    question, _ = turn(database, talk, "Where is \u2028 it?\n", "Here 🎉")
    last = another_answer(database, talk, question, "There.")
    with database.transaction() as session:
        messages.add_trace(
            session, Trace(last.id, 1, "p", "v", 1, "m", {"t": 0.5}, {"b": 1, "a": [None]}, "h")
        )
        messages.set_feedback(session, last.id, owner.id, -1, ["short"], "longer")
        saved_version(session, "f" * 64, "p")
        prompts.publish(
            session,
            prompt="p",
            environment="production",
            weights={"f" * 64: 1},
            actor="a",
            reason="r",
        )
        audit.add(session, owner.public_id, "sign_in", "person", owner.public_id, {"how": "x"})
        options.put(session, "retention", {"chat_days": 30}, 0, owner.id)
        accounts.set_password(session, owner.id, "hash")
        sessions.add(
            session,
            owner.id,
            "t" * 64,
            at=now(),
            expires_at=now() + timedelta(days=1),
            address="192.0.2.7",
            agent="a browser",
        )
    return owner, talk


def everything(database, owner, talk):
    with database.reading() as session:
        return (
            export.conversation(session, owner.id, talk.public_id),
            prompts.prompts(session),
            [hit.snippet for hit in search.find(session, owner.id, "東京")],
            [hit.snippet for hit in search.find(session, owner.id, "where")],
            audit.entries(session),
            options.get(session, "retention"),
        )


def whole(database):
    """Every row of every table but the index, whose numbers are made again."""
    with database.reading() as session:
        return {
            table.name: [
                tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))
            ]
            for table in models.Base.metadata.sorted_tables
            if table.name not in ("search_counters", "message_words", "title_words")
        }


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_backup_restores_everything(database, told, target, tmp_path, request):
    path = tmp_path / "copy.backup"
    backup(database, path)
    url = f"sqlite:///{tmp_path / 'new.db'}"
    if target == "postgresql":
        url = request.getfixturevalue("empty_postgresql")("restored")
    restore(url, path)
    restored = Database(url)
    assert everything(restored, *told) == everything(database, *told)
    assert whole(restored) == whole(database)
    assert restored.schema().ok
    new = started(restored, told[0])  # numbers go on after those that were restored
    assert turn(restored, new)[1].content == "hi"
    with restored.transaction() as session:
        audit.add(session, None, "later", "person", "", {})
    with pytest.raises(Conflict), restored.transaction() as session:
        session.execute(text("DELETE FROM audit"))
    restored.close()


def test_backup_is_private(database, told, tmp_path):
    path = tmp_path / "copy.backup"
    backup(database, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if "part" in each.name] == []


def test_backup_is_of_one_moment(database, told, tmp_path):
    owner, _ = told
    done = threading.Event()

    def write():
        while not done.is_set():
            turn(database, started(database, owner))

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(3):
        backup(database, tmp_path / f"{number}.backup")
    done.set()
    writer.join()
    for number in range(3):
        url = f"sqlite:///{tmp_path}/{number}.db"
        restore(url, tmp_path / f"{number}.backup")
        restored = Database(url)
        assert orphans(restored) == []
        assert everything(restored, *told) == everything(database, *told)
        restored.close()


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_backup_of_the_first_version_is_restored(tmp_path, target, request):
    old = Database(f"sqlite:///{tmp_path}/old.db")
    old.upgrade("0001")
    with old.transaction() as session:
        session.execute(text(FIRST_PERSON))
    old.close()
    heading = {"format": "chatbot-backup/1", "revision": "0001"}
    columns = {"id": "plain", "public_id": "id", "name": "plain", "created_at": "time"}
    person_id = "00000000-0000-7000-8000-000000000009"
    row = [1, person_id, "Ada", "2026-01-01T00:00:00+00:00"]
    lines = (heading, {"table": "users", "columns": columns}, {"row": row}, {"rows": 1})
    written = "\n".join(json.dumps(line) for line in lines)
    (tmp_path / "old.gz").write_bytes(gzip.compress(written.encode()))
    for number, file in enumerate(("old.db", "old.gz")):
        url = f"sqlite:///{tmp_path}/new{number}.db"
        if target == "postgresql":
            url = request.getfixturevalue("empty_postgresql")(f"old{number}")
        restore(url, tmp_path / file)
        restored = Database(url)
        assert restored.schema().ok
        with restored.reading() as session:
            [found] = session.scalars(select(models.User)).all()
            assert (found.name, found.public_id, found.active) == ("Ada", person_id, True)
        restored.close()


FIRST_PERSON = (
    "INSERT INTO users (id, public_id, name, created_at) "
    "VALUES (1, '00000000000070008000000000000009', 'Ada', '2026-01-01 00:00:00.000000')"
)


def orphans(database):
    """Conversations whose head is missing, and messages without owner."""
    with database.reading() as session:
        heads = "SELECT id FROM conversations WHERE head_id NOT IN (SELECT id FROM messages)"
        lost = "SELECT id FROM messages WHERE conversation_id NOT IN (SELECT id FROM conversations)"
        return [*session.scalars(text(heads)), *session.scalars(text(lost))]


def test_existing_file_is_kept(database, tmp_path):
    path = tmp_path / "precious"
    path.write_text("mine")
    with pytest.raises(StoreError, match="there already"):
        backup(database, path)
    assert path.read_text() == "mine"


def test_failed_backup_leaves_no_file(database, tmp_path):
    with pytest.raises(StoreError, match="cannot be written"):
        backup(database, tmp_path / "missing" / "folder" / "copy")
    assert not (tmp_path / "missing").exists()


def test_filled_target_is_refused(database, told, tmp_path):
    path = tmp_path / "copy.backup"
    backup(database, path)
    with pytest.raises(StoreError, match="has tables already"):
        restore(database.url.render_as_string(hide_password=False), path)


def test_foreign_tables_are_kept(tmp_path, database, told):
    backup(database, tmp_path / "copy.backup")
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE accounts (id)")
    other.close()
    with pytest.raises(StoreError, match="has tables already"):
        restore(f"sqlite:///{tmp_path}/other.db", tmp_path / "copy.backup")


@pytest.mark.parametrize("size", [0, 10, 1000])
def test_damaged_backup_is_refused(database, told, tmp_path, size):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    backup(database, whole)
    cut.write_bytes(whole.read_bytes()[:size])
    with pytest.raises(StoreError):
        restore(f"sqlite:///{tmp_path}/new.db", cut)
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_dump_without_its_end_is_refused(tmp_path, empty_url, database, told):
    backup(database, tmp_path / "whole")
    lines = gzip.decompress((tmp_path / "whole").read_bytes()).splitlines(keepends=True)
    (tmp_path / "cut").write_bytes(gzip.compress(b"".join(lines[:-2])))
    with pytest.raises(StoreError, match="damaged"):
        restore(empty_url, tmp_path / "cut")
    target = Database(empty_url)
    assert target.is_empty()
    target.close()


def test_newer_backup_is_refused(tmp_path, empty_url):
    heading = {"format": "chatbot-backup/1", "revision": "9999"}
    written = "\n".join(json.dumps(line) for line in (heading, {"rows": 0}))
    (tmp_path / "newer").write_bytes(gzip.compress(written.encode()))
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        restore(empty_url, tmp_path / "newer")


@pytest.mark.parametrize("content", [b"", b"hello", b"[1]", b'{"format": "other/1"}', b"{}\n{"])
def test_other_files_are_refused(tmp_path, content):
    for name, data in (("plain", content), ("zipped", gzip.compress(content))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(StoreError, match="no backup"):
            restore(f"sqlite:///{tmp_path}/new.db", tmp_path / name)


def test_missing_file_is_said(tmp_path):
    with pytest.raises(StoreError, match="no file"):
        restore(f"sqlite:///{tmp_path}/new.db", tmp_path / "nothing")


def test_memory_has_no_backup(tmp_path):
    with pytest.raises(StoreError, match="in memory"):
        backup(Database.in_memory(), tmp_path / "copy")


def test_older_tables_are_not_backed_up(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(SchemaMismatch):
        backup(database, tmp_path / "copy")
