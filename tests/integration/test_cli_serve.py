"""`chatbot serve` from outside: it answers, says where, refuses a taken port, stops when told."""

import json
import re
import signal
import socket
import subprocess
import threading
import urllib.request
from contextlib import contextmanager

import pytest

from tests.support.shell import COMMAND, Shell


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path / "home")


class Server:
    """A running `serve` and the lines it printed."""

    def __init__(self, shell, *arguments):
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", *arguments],
            env=shell.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        self.errors = ""
        self._said = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            self._said.set()
        self._said.set()

    def _read_errors(self):
        self.errors = self.process.stderr.read()

    @property
    def address(self):
        assert self._said.wait(90)
        return re.search(r"http://\S+?(?=/?\s)", self.lines[0])[0]

    def stop(self, sign=signal.SIGINT):
        self.process.send_signal(sign)
        code = self.process.wait(60)
        for thread in self._threads:
            thread.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


@contextmanager
def serving(shell, *arguments):
    server = Server(shell, *arguments)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


def get(address):
    with urllib.request.urlopen(address, timeout=60) as response:
        return response.status, response.read()


def test_serves_where_it_says_and_stops(shell):
    with serving(shell) as server:
        assert get(f"{server.address}/healthz")[0] == 200
        status, page = get(f"{server.address}/")
        assert (status, b"<html" in page) == (200, True)
        assert server.stop() == 0
    assert len(server.lines) == 1
    assert "Traceback" not in server.errors
    assert "raised=" not in server.errors


def test_accounts_begin_with_a_link(shell, monkeypatch):
    monkeypatch.setattr(Shell, "environment", with_accounts(Shell.environment))
    with serving(shell) as server:
        status, page = get(f"{server.address}/login")
        assert (status, b"Password" in page) == (200, True)
        link = re.search(r"http://\S+/link/[\w-]{43}", server.lines[1])[0]
        assert link.startswith(server.address)
        assert get(link)[0] == 200
        added = shell.run("users", "add", "ada", "--role", "admin", stdin="staple horse 42\n")
        assert added.code == 0, "people are added while the server runs"
        assert server.stop() == 0
    with serving(shell) as server:
        get(f"{server.address}/healthz")
        assert server.stop() == 0
    assert len(server.lines) == 1, "there is an administrator now"
    assert "/link/" not in server.errors


def with_accounts(environment):
    return lambda self, **more: environment(self, CHATBOT_AUTH="accounts", **more)


def test_taken_port_is_one_sentence(shell):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = shell.run("serve", "--port", port)
    assert (done.code, done.out) == (1, "")
    [line] = [line for line in done.err.splitlines() if line.startswith("chatbot: ")]
    assert port in line
    assert "Traceback" not in done.err


def test_unfinished_answers_are_marked_at_the_start(shell):
    with subprocess.Popen(
        [*COMMAND, "chat", "--once", "!tokens 9999 !rate 20 word"],
        env=shell.environment(),
        stdout=subprocess.PIPE,
    ) as talk:
        assert talk.stdout.read(10)
        talk.kill()
    with serving(shell) as server:
        get(f"{server.address}/healthz")
        server.stop(signal.SIGTERM)
    [item] = shell.run("conversations", "list", "--json").data
    shown = shell.run("conversations", "show", item["id"], "--json").data["messages"]
    assert [message["status"] for message in shown] == ["complete", "interrupted"]


def test_doctor_names_the_taken_port(shell):
    with serving(shell) as server:
        port = server.address.rpartition(":")[2]
        done = shell.run("doctor", "--json", CHATBOT_PORT=port)
    [finding] = [one for one in json.loads(done.out)["findings"] if one["check"] == "port"]
    assert finding["level"] == "warn"
    assert done.code == 0
