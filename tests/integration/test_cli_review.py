"""`chatbot review` from outside: listed, shown, judged, flagged, exported, and bad input."""

import json

import pytest

from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support.shell import Shell
from tests.support.stored import started, turn

QUESTION = "I am Anna Schmidt. Where is order 12345678?"
PLAIN = {"CHATBOT_ENCODER": "none"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("review") / "home"


@pytest.fixture(scope="module")
def answers(home):
    """A rated answer and another one (public ids), in the home of the shell."""
    product = build(Settings(home=home, model="scripted", encoder="none"))
    me = product.person()
    talk = started(product.database, me)
    _, first = turn(product.database, talk, QUESTION, "Order 12345678 comes tomorrow.")
    _, second = turn(product.database, talk, "Thanks", "Welcome.", parent_id=first.id)
    product.conversations.feedback(me, first.public_id, rating=-1, reasons=["Tone"])
    product.close()
    return first.public_id, second.public_id


@pytest.fixture
def shell(home, answers):
    return Shell(home)


def test_an_item_is_listed_shown_and_judged(shell, tmp_path):
    [row] = shell.run("review", "list", "--rated", "down", "--json", **PLAIN).data
    assert (row["title"], row["chip"]) == ("I am ⟨name 1⟩. Where is order ⟨order 1⟩?", "tone")
    shown = shell.run("review", "show", row["id"], **PLAIN)
    assert "Assistant" in shown.out
    assert "(judged)" in shown.out
    assert "this view is recorded" in shown.err
    assert "12345678" not in shown.out
    better = tmp_path / "better.txt"
    better.write_text("⟨order 1⟩ comes on Monday.\n")
    done = shell.run(
        "review", "judge", row["id"], "poor", "--correction", str(better), "--tag", "no day",
        "--note", "Which day?", **PLAIN,
    )  # fmt: skip
    assert (done.code, done.err) == (0, "Saved. Nothing else waits.\n")
    [row] = shell.run("review", "list", "--which", "done", "--tag", "no day", "--json").data
    assert row["verdict"] == -1
    assert "Which day?" in shell.run("review", "show", row["id"], **PLAIN).out
    file = tmp_path / "made.jsonl"
    made = shell.run("review", "export", str(file), "--verdict", "poor", "--json", **PLAIN)
    assert made.data["rows"] == 1
    said = json.loads(file.read_text())["messages"]
    assert said[-1]["content"] == "⟨order 1⟩ comes on Monday."


def test_an_answer_is_flagged_and_no_longer(shell, answers):
    item = shell.run("review", "flag", answers[1], "--note", "Too short").out.strip()
    [row] = shell.run("review", "list", "--flagged", "--json", **PLAIN).data
    assert (row["id"], row["chip"]) == (item, "flagged")
    assert shell.run("review", "flag", item, "--off").code == 0
    assert shell.run("review", "list", "--flagged", "--json").data == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "nothing"),
        ("judge", "nothing", "good"),
        ("flag", "nothing"),
        ("judge", "nothing", "good", "--correction", "no-such-file"),
        ("list", "--as", "nobody"),
    ],
)
def test_what_is_not_there_is_said(shell, arguments):
    done = shell.run("review", *arguments, **PLAIN)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("chatbot: ")


def test_wrong_usage(shell):
    assert shell.run("review", "judge", "x", "great").code == 2
    assert shell.run("review", "list", "--edited", "2").code == 2
