"""The ten minutes of docs/prompts.md on the terminal, with the scripted model in the model's place.

Its commands are read from the page, and the edits that the page tells of are made between them.
"""

import re
from pathlib import Path

import pytest

from tests.support.shell import Shell

PAGE = (Path(__file__).parents[2] / "docs" / "prompts.md").read_text("utf-8")
[BLOCK] = re.findall(r"```sh\n(chatbot prompts pull .*?)```", PAGE, re.DOTALL)
LINES = [re.findall(r'"[^"]+"|\S+', line) for line in BLOCK.splitlines()]
FIRST = "You answer customers of {{ company }}."
CASES = """
- description: "Says whose customers it answers"
  metadata: {critical: true, repeat: 1}
  vars: {question: hello, company: Halden Lamps}
  assert:
    - {type: prompt-contains, value: You answer customers of Halden Lamps.}
    - {type: icontains, value: hello}
"""


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path / "home")


@pytest.fixture
def walk(shell):
    """Return what runs the page's command of this name; its folder lies beside the home."""

    def run(name, *more):
        [words] = [line for line in LINES if line[2:4] == name.split()]
        return shell.run(*(word.strip('"') for word in words[1:]), *more)

    return run


def test_page_shows_every_step():
    steps = [line[2] for line in LINES]
    assert steps == ["pull", "check", "test", "push", "test", "publish", "rollback"]


def test_ten_minutes(shell, walk):
    file = shell.home.parent / "my-prompts" / "support" / "prompt.prompty"
    assert walk("pull my-prompts").code == 0
    (file.parent / "tests.yaml").write_text(CASES, "utf-8")
    source = file.read_text("utf-8")

    told = re.search(r"Change the first line under `system:` to `(.+?)`", PAGE)[1]
    file.write_text(source.replace(FIRST, told), "utf-8")
    checked = walk("check my-prompts/support/prompt.prompty")
    assert checked.out.endswith("in order\n")
    failed = walk("test my-prompts/support")
    assert failed.code == 1
    assert "Says whose customers it answers" in failed.out

    mended = re.search(r"back to \*\*Edit\*\*, `(.+?)`", PAGE)[1]
    file.write_text(source.replace(FIRST, mended), "utf-8")
    assert walk("test my-prompts/support").code == 0
    assert "support\tsaved\tv2" in walk("push my-prompts").out

    closed = walk("publish support")
    assert closed.code == 1
    assert "There is no complete run of v2" in closed.err
    assert walk("test support").code == 0
    assert walk("publish support").code == 0
    assert shell.run("prompts", "render", "support", "--set", "question=x").out.count("short") == 1

    assert walk("rollback support").code == 0
    now = shell.run("prompts", "releases", "support", "--json").data[0]
    assert [share["seq"] for share in now["shares"]] == [1]
