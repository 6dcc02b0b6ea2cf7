"""`draft --batch` and `evaluate --batch` from outside: drafted, killed, gone on with, judged."""

import json
import signal
import subprocess
import time

import pytest

from tests.support.shell import COMMAND, Shell

QUIET = {"CHATBOT_ENCODER": "none"}


@pytest.fixture
def shell(tmp_path):
    (tmp_path / "home").mkdir()
    return Shell(tmp_path / "home")


def write(file, rows):
    file.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return str(file)


def told(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def judged(number, delay=0.0):
    asked = f"!delay {delay} !say Order {48000 + number} leaves today."
    reply = f"Order {48000 + number} leaves today."
    talk = [{"role": "user", "content": asked}, {"role": "assistant", "content": reply}]
    return {"id": number, "messages": talk}


def test_drafts_each_row(shell, tmp_path):
    thread = [{"role": "customer", "text": "!say We will look into it."}]
    rows = [{"id": "a", "thread": thread}, {"id": "b", "thread": []}, {"id": "c", "thread": thread}]
    file, out = write(tmp_path / "rows.jsonl", rows), tmp_path / "out.jsonl"
    done = shell.run("draft", "--batch", file, "--out", str(out), "--json", **QUIET)
    assert done.code == 0, done
    assert {**done.data, "why": ""} == {
        "rows": 3,
        "before": 0,
        "failed": 1,
        "why": "",
        "out": str(out),
    }
    assert [one["id"] for one in told(out)] == ["a", "b", "c"]
    assert "We will look into it." in told(out)[0]["text"]
    assert told(out)[1]["error"]["code"] == "refused"
    again = shell.run("draft", "--batch", file, "--out", str(out), **QUIET)
    assert again.out == f"Drafted: 3 rows, in {out}\n"
    assert "3 of them had their result already." in again.err


def test_killed_and_gone_on_with(shell, tmp_path):
    file = write(tmp_path / "rows.jsonl", [judged(number, 0.2) for number in range(24)])
    out = tmp_path / "out.jsonl"
    command = ["evaluate", "scripted", "--batch", file, "--out", str(out), "--at-once", "2"]
    running = subprocess.Popen(
        [*COMMAND, *command],
        cwd=tmp_path,
        env=shell.environment(**QUIET),
        stderr=subprocess.DEVNULL,
    )
    while not (out.exists() and out.read_bytes().count(b"\n") >= 3):
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    left = out.read_bytes().count(b"\n")
    assert 3 <= left < 24
    done = shell.run(*command[:-1], "24", "--json", **QUIET)
    assert done.code == 0, done
    assert (done.data["rows"], done.data["before"], done.data["right"]) == (24, left, 1.0)
    assert [one["id"] for one in told(out)] == list(range(24))


def test_judges_answers_that_are_there(shell, tmp_path):
    rows = [judged(1) | {"answer": "Order 48001 leaves today."}, judged(2) | {"answer": "No idea."}]
    out = tmp_path / "out.jsonl"
    file = write(tmp_path / "rows.jsonl", [*rows, {"messages": []}])
    done = shell.run("evaluate", "scripted", "--batch", file, "--out", str(out), "--json", **QUIET)
    assert (done.data["judged"], done.data["failed"], done.data["right"]) == (2, 1, 0.5)
    assert done.data["faults"]["value lost"] == 1
    assert [one.get("model") for one in told(out)] == [None, None, None]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("draft",), 2),
        (("draft", "x.txt", "--batch", "rows.jsonl", "--out", "o"), 2),
        (("draft", "--batch", "rows.jsonl"), 1),
        (("draft", "x.txt", "--out", "o"), 1),
        (("evaluate", "scripted", "--out", "o"), 1),
        (("draft", "--batch", "nowhere.jsonl", "--out", "o"), 1),
    ],
)
def test_what_does_not_go_together(shell, arguments, code):
    done = shell.run(*arguments, **QUIET)
    assert (done.code, done.out) == (code, "")
    assert code == 2 or done.err.count("\n") == 1
