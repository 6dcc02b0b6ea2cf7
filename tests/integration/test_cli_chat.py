"""`chatbot chat`: one answer alone, or a talk that can be stopped, left and gone on with."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import threading

import pytest

from tests.support.shell import Shell


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path / "home")


# The tests' workers ignore SIGINT, which a child inherits; a person's shell does not.
INTERRUPTIBLE = """
import signal
from ui.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


class Terminal:
    """A command on a pseudo terminal: what a person types and sees."""

    def __init__(self, shell, *arguments):
        self.master, slave = pty.openpty()
        self.seen = ""
        self._grown = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=shell.environment(TERM="xterm"),
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with contextlib.suppress(OSError):  # the other end was closed
            while piece := os.read(self.master, 4096):
                with self._grown:
                    self.seen += piece.decode(errors="replace")
                    self._grown.notify_all()

    def wait_for(self, pattern, times=1):
        with self._grown:
            found = self._grown.wait_for(
                lambda: len(re.findall(pattern, self.seen)) >= times, timeout=60
            )
        assert found, f"no {pattern!r} in {self.seen!r}"

    def type(self, text):
        os.write(self.master, text.encode())

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def interrupt_until(self, pattern, times):
        """Ctrl+C as a person does it who sees nothing happen: again.

        A signal that comes between the prompt and the reading of a key is noticed at the next key.
        """
        for _ in range(30):
            self.interrupt()
            with self._grown:
                if self._grown.wait_for(
                    lambda: len(re.findall(pattern, self.seen)) >= times, timeout=2
                ):
                    return
        raise AssertionError(f"no {pattern!r} in {self.seen!r}")

    def leave(self):
        self.type("\x04")
        return self.end()

    def end(self):
        code = self.process.wait(60)
        self._reader.join(10)
        os.close(self.master)
        return code


def test_once_prints_the_answer_alone(shell):
    done = shell.spawn("chat", "--once", "!say Hello, you.")
    assert (done.code, done.out, done.err) == (0, "Hello, you.\n", "")


def test_once_tells_everything_as_json(shell):
    data = shell.run("chat", "--once", "!say Hello, you.", "--json", "--prompt", "support").data
    assert (data["text"], data["status"], data["error"]) == ("Hello, you.", "complete", None)
    assert (data["model"], data["prompt"], data["prompt_version"]) == ("scripted@1", "support", 1)
    assert data["tokens"]["reply"] == 2
    assert data["tokens"]["prompt"] > 2
    assert 0 <= data["first_token_s"] <= data["total_s"]
    [item] = shell.run("conversations", "list", "--json").data
    assert item["id"] == data["conversation"]


def test_once_goes_on_with_a_conversation(shell):
    first = shell.run("chat", "--once", "!say One", "--json").data
    again = ("--conversation", first["conversation"])
    second = shell.run("chat", "--once", "!say Two", "--json", *again).data
    assert second["conversation"] == first["conversation"]
    shown = shell.run("conversations", "show", first["conversation"], "--json").data
    assert [message["text"] for message in shown["messages"]][1::2] == ["One", "Two"]


@pytest.mark.parametrize("fault", ["!500", "!429 7", "!garbage", "!quota", "!break 0"])
def test_failed_answer_is_refused_and_kept(shell, fault):
    done = shell.run("chat", "--once", f"{fault} hello")
    assert (done.code, done.out.strip()) == (1, "")
    assert len(done.err.strip().splitlines()) == 1
    as_json = shell.run("chat", "--once", f"{fault} hello", "--json")
    assert (as_json.code, as_json.data["status"]) == (1, "failed")
    assert as_json.data["error"] in as_json.err
    shown = shell.run("conversations", "show", as_json.data["conversation"], "--json").data
    assert shown["messages"][0]["text"] == f"{fault} hello"


def test_cut_off_answer_is_printed_with_a_note(shell):
    done = shell.run("chat", "--once", "!no-end !say Half of it")
    assert (done.code, done.out) == (0, "Half of it\n")
    assert len(done.err.strip().splitlines()) == 1


def test_lines_from_a_pipe_are_one_talk(shell):
    done = shell.run("chat", stdin="!say One\n\n  \n!500\n!say Two\n")
    assert (done.code, done.out.split()) == (0, ["One", "Two"])
    assert len(done.err.strip().splitlines()) == 1
    [item] = shell.run("conversations", "list", "--json").data
    shown = shell.run("conversations", "show", item["id"], "--json").data
    assert [message["status"] for message in shown["messages"][1::2]] == [
        "complete",
        "failed",
        "complete",
    ]


def test_bytes_that_are_no_text_are_refused(shell):
    done = shell.spawn("chat", stdin=b"\xff\xfe hello\n!say Still here\n")
    assert (done.code, done.out.strip()) == (0, "Still here")
    assert "cannot be stored" in done.err
    assert "Traceback" not in done.err


def test_too_long_a_message_is_refused(shell):
    done = shell.run("chat", stdin="x" * 200 + "\n", CHATBOT_MESSAGE_LIMIT="100")
    assert "100" in done.err
    assert shell.run("conversations", "list", "--json").data == []


def test_interrupt_stops_the_answer_and_keeps_it(shell):
    terminal = Terminal(shell, "chat")
    terminal.wait_for("You: ")
    terminal.type("!tokens 5000 !rate 20 word\n")
    terminal.wait_for("goes on for")
    terminal.interrupt()
    terminal.wait_for("You: ", times=2)
    terminal.type("!say Ready again\n")
    terminal.wait_for("Ready again", times=2)
    terminal.wait_for("You: ", times=3)
    assert terminal.leave() == 0
    [item] = shell.run("conversations", "list", "--json").data
    shown = shell.run("conversations", "show", item["id"], "--json").data["messages"]
    assert [message["status"] for message in shown[1::2]] == ["stopped", "complete"]
    assert "goes on for" in shown[1]["text"]


def test_interrupt_at_the_prompt_stays(shell):
    terminal = Terminal(shell, "chat")
    terminal.wait_for("You: ")
    terminal.interrupt_until("You: ", times=2)
    assert terminal.leave() == 0
    assert "Traceback" not in terminal.seen


def test_talk_says_how_to_go_on(shell):
    terminal = Terminal(shell, "chat")
    terminal.wait_for("You: ")
    terminal.type("!say One\n")
    terminal.wait_for("You: ", times=2)
    assert terminal.leave() == 0
    [item] = shell.run("conversations", "list", "--json").data
    assert f"--conversation {item['id']}" in terminal.seen


def test_interrupted_once_keeps_the_part(shell):
    terminal = Terminal(shell, "chat", "--once", "!tokens 5000 !rate 20 word")
    terminal.wait_for("goes on for")
    terminal.interrupt()
    assert terminal.end() == 130
    [item] = shell.run("conversations", "list", "--json").data
    shown = shell.run("conversations", "show", item["id"], "--json").data["messages"]
    assert shown[1]["status"] == "stopped"


def test_shipped_model_answers(shell):
    done = shell.run("chat", "--once", "hello", "--model", "starter", "--json")
    assert done.code == 0, done.err
    assert done.data["text"].strip()
    assert done.data["model"].startswith("starter@")
