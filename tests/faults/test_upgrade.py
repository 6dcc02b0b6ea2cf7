"""Upgrades that are killed at any statement, and programs that are older than their tables."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import text

from chatbot.bootstrap import build
from chatbot.errors import SchemaMismatch
from chatbot.settings import Settings
from store.engine import Database
from store.migrate import state
from tests.support.shell import Shell

OLD = "0001"
DIES = """
import os, signal, sys
from sqlalchemy import event
from store.engine import Database

database, left = Database(sys.argv[1]), int(sys.argv[2])

@event.listens_for(database._engine, "before_cursor_execute")
def count(connection, cursor, statement, *more):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1

database.upgrade()
"""
ROWS = (
    "INSERT INTO users (id, public_id, name, created_at) "
    "VALUES (1, '00000000000070008000000000000001', 'You', '2026-01-01')",
    "INSERT INTO conversations (id, public_id, user_id, channel, title, pinned, prompt, model, "
    "next_sequence, created_at, updated_at) VALUES (1, '00000000000070008000000000000002', 1, "
    "'chat', 'kept', false, 'assistant', 'scripted', 1, '2026-01-01', '2026-01-01')",
)


@pytest.fixture
def old(empty_url):
    """A database with the first tables and a conversation in them."""
    database = Database(empty_url)
    database.upgrade(OLD)
    with database.transaction() as session:
        for row in ROWS:
            session.execute(text(row))
    yield database
    database.close()


def revision(database):
    with database.reading() as session:
        return state(session.connection()).current


def titles(database):
    with database.reading() as session:
        return session.scalars(text("SELECT title FROM conversations")).all()


def test_upgrade_killed_at_any_statement_is_done_again(old):
    url, head = old.url.render_as_string(hide_password=False), old.schema().head
    old.close()
    for statements in (0, 5, 12, 20, 30, 45):
        died = subprocess.run([sys.executable, "-c", DIES, url, str(statements)])
        if died.returncode == 0:
            break
        assert died.returncode == -signal.SIGKILL
        assert revision(old) == OLD
        with pytest.raises(Exception, match="chatbot db upgrade"):
            old.require_schema()
        assert titles(old) == ["kept"]
        old.close()
    assert statements > 5
    old.upgrade()
    assert (revision(old), titles(old)) == (head, ["kept"])


def test_start_brings_old_tables_up_to_date(old, tmp_path):
    url = old.url.render_as_string(hide_password=False)
    product = build(Settings(home=tmp_path, database_url=url, model="scripted"))
    assert [item.title for item in product.conversations.recent(product.person())] == ["kept"]
    product.close()


@pytest.fixture
def newer(database):
    """A database whose tables a newer program made."""
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    yield database
    with database.transaction() as session:
        session.execute(
            text("UPDATE alembic_version SET version_num = :now"), {"now": database.schema().head}
        )


def test_old_program_refuses_newer_tables(newer, tmp_path):
    url = newer.url.render_as_string(hide_password=False)
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        build(Settings(home=tmp_path, database_url=url, model="scripted"))
    assert revision(newer) == "9999"


def test_every_command_of_an_old_program_writes_nothing(tmp_path):
    shell = Shell(tmp_path / "home")
    assert shell.run("chat", "--once", "!say hello").code == 0
    file = shell.home / "chatbot.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    before = file.read_bytes()
    for command in (
        ["serve", "--port", "0"],
        ["chat", "--once", "!say more"],
        ["db", "upgrade"],
        ["db", "backup", str(tmp_path / "copy")],
        ["db", "retention"],
        ["users", "list"],
        ["conversations", "list"],
    ):
        done = shell.run(*command)
        assert (done.code, done.out) == (1, ""), command
        assert "newer than this program" in done.err, command
        assert len(done.err.splitlines()) == 1, command
    assert file.read_bytes() == before
