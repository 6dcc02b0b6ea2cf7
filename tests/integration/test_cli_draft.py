"""`chatbot draft FILE|-`: text alone, JSON alone, refusals in one line."""

import json

import pytest

from tests.support.shell import Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    return Shell(tmp_path_factory.mktemp("draft") / "home")


def draft(shell, *arguments, stdin=""):
    return shell.run("draft", *arguments, stdin=stdin, CHATBOT_ENCODER="none")


THREAD = {
    "thread": [
        {"role": "customer", "text": "Hello"},
        {"role": "agent", "text": "How can I help?"},
        {"role": "customer", "text": "!say It costs $5.\n\nMissing: the order number"},
    ],
    "tone": "formal",
    "instruction": "Offer a call",
}


def test_a_message_gives_the_draft_alone_and_doubts_beside_it(shell):
    done = draft(shell, "-", stdin="!say It costs $5.\n\nMissing: the order number")
    assert (done.code, done.out) == (0, "It costs $5.\n")
    assert "Needs the order number" in done.err


def test_a_thread_gives_json_and_nothing_else(shell, tmp_path):
    file = tmp_path / "thread.json"
    file.write_text(json.dumps(THREAD), "utf-8")
    made = draft(shell, str(file), "--json").data
    assert made["text"] == "It costs $5."
    assert made["missing"][0] == "the order number"
    assert made["unsupported"] == []
    assert made["sources"] == []
    assert (made["model"], made["prompt_version"]) == ("scripted@1", 1)


def test_options_go_over_the_file(shell):
    done = draft(shell, "-", "--model", "nosuch", stdin=json.dumps(THREAD))
    assert done.code == 1
    assert "There is no such model" in done.err or "nosuch" in done.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "empty"),
        ('{"thread": []}', "thread"),
        ('{"thread": [{"role": "boss", "text": "x"}]}', "thread.0.role"),
        ('{"thread": [{"role": "customer", "text": "x"}], "tome": "warm"}', "tome"),
        ('{"thread": [', "JSON"),
        (b"\xff\xfe\xfa", "UTF-8"),
        ('{"thread": [{"role": "agent", "text": "x"}]}', "no message of a customer"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(shell, given, said):
    done = draft(shell, "-", stdin=given)
    assert (done.code, done.out) == (1, "")
    lines = [line for line in done.err.splitlines() if line.startswith("chatbot: ")]
    assert len(lines) == 1
    assert said in lines[0]


def test_a_file_that_is_not_there(shell, tmp_path):
    done = draft(shell, str(tmp_path / "none.txt"))
    assert done.code == 1
    assert "none.txt" in done.err
