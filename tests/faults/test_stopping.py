"""A server that is asked to stop: answers end or are marked, nothing hangs, nothing is lost."""

import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing, contextmanager

import pytest

from chatbot.bootstrap import build
from chatbot.settings import Settings


@contextmanager
def serving(home, drain, count, text, *more):
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.stopping_process"]
        + [str(part) for part in (home, drain, count, text, *more)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "writing\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def told(process):
    """What the process says until it ends, and how it ends."""
    return process.stdout.read().splitlines(), process.wait(60)


def answers(home):
    """Text and status of every answer, as the database has them."""
    with closing(sqlite3.connect(home / "chatbot.db")) as database:
        query = "SELECT content, status FROM messages WHERE role = 'assistant'"
        return database.execute(query).fetchall()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_twenty_answers_end_before_the_server_does(tmp_path, sign):
    with serving(tmp_path, 60, 20, "!tokens 20 !rate 20 word") as process:
        process.send_signal(sign)
        lines, code = told(process)
    assert code == 0
    [refused] = [line for line in lines if line.startswith("refused")]
    assert refused == "refused 503 The server is shutting down. Send it again in a minute."
    assert lines[-2:] == ["streams ended", "left"]
    assert Counter(status for _, status in answers(tmp_path)) == {"complete": 20}


def test_what_does_not_end_in_time_is_interrupted(tmp_path):
    with serving(tmp_path, 0.5, 20, "!tokens 9999 !rate 20 word") as process:
        process.send_signal(signal.SIGTERM)
        lines, code = told(process)
    assert (code, lines[-1]) == (0, "left")
    found = answers(tmp_path)
    assert Counter(status for _, status in found) == {"interrupted": 20}
    assert all(text for text, _ in found)


def test_second_signal_ends_at_once_and_loses_no_question(tmp_path):
    with serving(tmp_path, 600, 3, "!hang") as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline().startswith("refused")
        process.send_signal(signal.SIGTERM)
        lines, code = told(process)
    assert (code, lines) == (-signal.SIGTERM, [])
    product = build(Settings(home=tmp_path, model="scripted"))
    assert product.recover() == 3
    product.close()
    assert Counter(status for _, status in answers(tmp_path)) == {"interrupted": 3}


def test_a_locked_database_keeps_no_server(tmp_path):
    with (
        serving(tmp_path, 0.5, 2, "!tokens 9999 !rate 20 word") as process,
        closing(sqlite3.connect(tmp_path / "chatbot.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN EXCLUSIVE")
        process.send_signal(signal.SIGTERM)
        lines, code = told(process)
    assert (code, lines[-1]) == (0, "left")


def test_a_thread_that_never_ends_keeps_no_server(tmp_path):
    with serving(tmp_path, 0, 1, "!hang", "stuck") as process:
        process.send_signal(signal.SIGTERM)
        lines, code = told(process)
    assert code == 1
    assert "streams ended" in lines
    assert answers(tmp_path) == [("", "interrupted")]
