"""A process that is killed loses nothing that it was told is saved, on either database."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from sqlalchemy import text

from store.engine import Database
from tests.support.stored import person, started

WRITER = """
import sys
from store import messages
from store.engine import Database

database, conversation = Database(sys.argv[1]), int(sys.argv[2])
number = 0
while True:
    number += 1
    with database.transaction() as session:
        question, reply = messages.add_turn(
            session, conversation, parent_id=None, text="hello", key=f"{sys.argv[3]} {number}"
        )
    print(question.id, flush=True)
    with database.transaction() as session:
        messages.save_partials(session, {reply.id: "half " * 2000})
    if number % 2:
        with database.transaction() as session:
            messages.finish(session, reply.id, content="whole " * 200, status="complete")
        print(reply.id, flush=True)
"""
UPGRADER = "import sys; from store.engine import Database; Database(sys.argv[1]).upgrade()"


@pytest.fixture
def safe(dialect, empty_url):
    """A database as the product opens it, with its real journal."""
    database = Database(empty_url)
    database.upgrade()
    yield database
    database.close()


def run(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def killed_after(process, lines, seconds):
    """What the process acknowledged before it was killed."""
    told = [process.stdout.readline() for _ in range(lines)]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    told += process.stdout.read().splitlines(keepends=True)
    process.wait(30)
    process.stdout.close()
    return [int(line) for line in told if line.endswith("\n")]


def kept(database):
    with database.reading() as session:
        rows = session.execute(text("SELECT id, status, content FROM messages")).all()
    return {row.id: row for row in rows}


def test_acknowledged_turns_survive_kills(safe):
    talk = started(safe, person(safe))
    url = safe.url.render_as_string(hide_password=False)
    chance, told = random.Random(7), []
    for attempt in range(8):
        process = run(WRITER, url, talk.id, attempt)
        told += killed_after(process, 2, chance.random() / 10)
    found = kept(safe)
    assert len(told) > 16
    assert [each for each in told if each not in found] == []
    assert len({row.id for row in found.values()}) == len(found)


def test_killed_file_is_sound(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    database.upgrade()
    talk = started(database, person(database))
    database.close()
    for attempt in range(4):
        killed_after(run(WRITER, str(database.url), talk.id, attempt), 3, 0.03 * attempt)
        with database.transaction() as session:
            assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]
        with sqlite3.connect(tmp_path / "a.db") as raw:
            raw.execute("INSERT INTO message_index (message_index) VALUES ('integrity-check')")
        raw.close()
    database.close()


def test_killed_upgrade_is_made_up_for(empty_url):
    for attempt in range(5):
        process = run(UPGRADER, empty_url)
        killed_after(process, 0, 0.5 + attempt / 10)
    database = Database(empty_url)
    assert database.is_empty() or database.schema().ok
    database.upgrade()
    assert database.schema().ok
    assert started(database, person(database)).title == "A talk"
    database.close()


def test_disk_as_power_loss_leaves_it_has_all_that_was_told(tmp_path):
    """The writer is halted at any moment and its files are taken away as they are then.

    That is what a power cut leaves, as long as the disk keeps what it said it has: every commit
    waits for the disk (`synchronous=FULL`), which the second assertion holds to.
    """
    database = Database(f"sqlite:///{tmp_path}/a.db")
    database.upgrade()
    talk = started(database, person(database))
    with database.reading() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2
    database.close()
    process = run(WRITER, str(database.url), talk.id, 0)
    chance, told, cuts = random.Random(7), [int(process.stdout.readline())], 0
    for number in range(100):
        time.sleep(chance.random() / 20)
        process.send_signal(signal.SIGSTOP)
        folder = tmp_path / f"cut{number}"
        folder.mkdir()
        for file in tmp_path.glob("a.db*"):
            shutil.copy(file, folder)
        cuts += any(file.stat().st_size for file in folder.glob("a.db-*"))  # in mid-commit
        told_by_then = list(told)
        process.send_signal(signal.SIGCONT)
        told += [int(process.stdout.readline()) for _ in range(5)]
        left = Database(f"sqlite:///{folder}/a.db")
        assert [each for each in told_by_then if each not in kept(left)] == []
        with left.transaction() as session:
            assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]
        left.close()
        if cuts == 5:
            break
    process.kill()
    process.wait()
    process.stdout.close()
    assert cuts == 5
