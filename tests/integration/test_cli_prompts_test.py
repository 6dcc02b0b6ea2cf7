"""`chatbot prompts test` from outside: a prompt in the database, a folder under git, reports."""

from xml.etree import ElementTree as ET

import pytest

from tests.support.greeting import greeting_prompt
from tests.support.shell import Shell

SOURCE = greeting_prompt('{% include "partials/tone.j2" %}')
TESTS = """\
- description: fourteen days
  vars: {question: "!say within 14 days"}
  metadata: {critical: true}
  assert: [{type: icontains, value: 14 DAYS}]
- description: brief
  vars: {question: "!hang"}
  metadata: {repeat: 1}
  assert: [{type: prompt-contains, value: Be brief}]
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    return Shell(tmp_path_factory.mktemp("home"))


@pytest.fixture
def folder(tmp_path):
    """A prompt as it lies under git."""
    (tmp_path / "partials").mkdir()
    (tmp_path / "partials" / "tone.j2").write_text("Be brief.\n")
    (tmp_path / "greeting").mkdir()
    (tmp_path / "greeting" / "prompt.prompty").write_text(SOURCE)
    (tmp_path / "greeting" / "tests.yaml").write_text(TESTS)
    return tmp_path / "greeting"


def test_a_folder_passes_and_leaves_no_trace(shell, folder):
    done = shell.run("prompts", "test", str(folder), "--json")
    assert done.code == 0, done.err
    assert (done.data["prompt"], done.data["passed"], done.data["run"]) == ("greeting", True, "")
    [column] = done.data["columns"]
    assert (column["model"], column["passes"], column["repeats"]) == ("scripted@1", 4, 4)
    assert "4 of 4 answers" in done.err
    listed = shell.run("prompts", "list", "--json").data
    assert "greeting" not in [one["name"] for one in listed]


def test_a_failure_is_named_written_and_exit_1(shell, folder, tmp_path):
    tests = folder / "tests.yaml"
    tests.write_text(TESTS.replace("14 DAYS", "30 DAYS"))
    report = tmp_path / "junit.xml"
    done = shell.run("prompts", "test", str(folder), "--repeat", "2", "--junit", str(report))
    assert done.code == 1
    assert "fourteen days\tcritical\t✗ 0/2" in done.out
    assert "brief\t\t✓ 2/2" in done.out
    assert "✗ fourteen days: not fulfilled: contains “30 DAYS”" in done.err
    assert done.err.strip().splitlines()[-1] == "chatbot: 1 of 2 results did not pass."
    [suite] = ET.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "tests.yaml",
            "- description: one\n  asserts: []",
            "line 2, column 3: The field `asserts`",
        ),
        ("tests.yaml", None, "This prompt has no test cases"),
        (
            "prompt.prompty",
            SOURCE.replace("question }}", "questoin }}"),
            "Did you mean `question`?",
        ),
        ("tests.yaml", "- description: one\n  assert: [{type: python, value: 1}]", "run no code"),
    ],
)
def test_what_is_wrong_with_a_folder_is_one_line(shell, folder, name, text, says):
    file = folder / name
    file.unlink() if text is None else file.write_text(text)
    done = shell.run("prompts", "test", str(folder))
    assert (done.code, done.out) == (1, "")
    [line] = done.err.strip().splitlines()
    assert says in line


def test_wrong_usage_and_unknown_names(shell, folder):
    for arguments, code in (
        (("no-such-prompt",), 1),
        (("assistant", "--model", "no-such-model"), 1),
        (("assistant", "--version", "99"), 1),
        (("assistant", "--as", "nobody"), 1),
        ((str(folder), "--version", "1"), 2),
        (("assistant", "--suite", "fuzzing"), 2),
        (("assistant", "--repeat", "0"), 2),
    ):
        done = shell.run("prompts", "test", *arguments)
        assert (done.code, done.out) == (code, ""), (arguments, done.err)
        assert "Traceback" not in done.err


def test_a_stored_prompt_is_run_kept_and_compared(shell):
    first = shell.run("prompts", "test", "translate", "--repeat", "1", "--json")
    assert first.code in (0, 1)
    again = shell.run("prompts", "test", "translate", "--version", "production", "--model",
                      "scripted", "--repeat", "1", "--json")  # fmt: skip
    [column] = again.data["columns"]
    assert column["number"] == 1
    assert all(one["was"] for one in column["results"])
    assert first.data["run"] != again.data["run"]
    assert len(first.data["columns"][0]["results"]) >= 12


def test_attacks_on_a_folder_give_rates(shell, folder):
    done = shell.run("prompts", "test", str(folder), "--suite", "injection", "--json")
    assert done.code == 0, done.err
    [column] = done.data["columns"]
    assert column["resisted"]["count"] > 60
    assert column["answered"]["count"] > 60
