"""What README.md claims, replayed: its commands, its settings, its tree, its links, `make run`.

The commands run in a copy of the tree with a `.venv` that borrows the libraries installed here, so
nothing is downloaded; a real first installation is what .ci/run does in a clean clone.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
import venv
from pathlib import Path

import pytest

from chatbot.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line
    for language, block in BLOCKS
    if language == "sh"
    for line in block.splitlines()
    if line.startswith("chatbot ")
]


SAID_BESIDE = ("copy.db", "no entries")  # by commands that print no data


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the tree, as a person who cloned it and installed it has it."""
    folder = tmp_path_factory.mktemp("clone") / "chatbot"
    left_out = shutil.ignore_patterns(".venv", ".git", "*cache*", ".hypothesis", "out", "dist")
    shutil.copytree(ROOT, folder, ignore=left_out)
    venv.create(folder / ".venv", with_pip=False, symlinks=True)
    site = next((folder / ".venv/lib").glob("python*/site-packages"))
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join([str(folder), *libraries]), "utf-8")
    command = folder / ".venv/bin/chatbot"
    python = folder / ".venv/bin/python"
    command.write_text(f"#!{python}\nfrom ui.cli import main\nmain()\n", "utf-8")
    command.chmod(0o755)
    for stamp in (".core", ".test", ".dev"):
        (folder / ".venv" / stamp).touch()
    return folder


def environment(clone, **more):
    paths = f"{clone}/.venv/bin:{os.environ['PATH']}"
    kept = {"PATH": paths, "HOME": str(clone.parent), "LANG": "C.UTF-8"}
    return kept | {"CHATBOT_HOME": str(clone.parent / "home")} | more


def run(clone, line, **more):
    return subprocess.run(
        ["bash", "-c", line],
        cwd=clone,
        env=environment(clone, **more),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_commands_do_what_they_say(clone):
    assert len(COMMANDS) >= 8
    for line in COMMANDS:
        done = run(clone, line)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        if "doctor" not in line:
            assert done.stdout.strip() or any(word in done.stderr for word in SAID_BESIDE), line
    assert (clone / "copy.db").is_file()


def test_commands_cover_every_group(clone):
    help_text = run(clone, "chatbot --help", COLUMNS="100").stdout
    groups = re.findall(r"^│ ([a-z]+) ", help_text, re.MULTILINE)
    named = {word for line in COMMANDS for word in line.split()} | {"serve"}
    assert set(groups) <= named, "the README shows one command of each group"


def test_plain_pip_lines_are_what_make_runs(clone, tmp_path):
    shutil.copytree(clone, tmp_path / "bare", ignore=shutil.ignore_patterns(".venv"))
    planned = run(tmp_path / "bare", "make -n run test ARGS=").stdout
    planned = re.sub(
        r" --quiet --disable-pip-version-check| --dist \w+| --durations \d+", "", planned
    )
    for language, block in BLOCKS:
        for line in block.splitlines() if language == "sh" else ():
            if line.startswith(
                (".venv/bin/python -m pip install -c", ".venv/bin/python -m pytest")
            ):
                assert line in planned, planned


def test_make_run_opens_the_chat(clone):
    with subprocess.Popen(
        ["make", "run", "ARGS=--port 0"],
        cwd=clone,
        env=environment(clone),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as make:
        try:
            address = re.search(r"http://[^\s/]+", make.stdout.readline())[0]
            with urllib.request.urlopen(f"{address}/healthz", timeout=60) as answer:
                assert answer.status == 200
            check_client(clone, address)
        finally:
            os.killpg(make.pid, signal.SIGINT)
            make.wait(60)


def check_client(clone, address):
    """The three lines of the README get an answer of the shipped model, with a key made as said."""
    [client] = [block for language, block in BLOCKS if language == "python"]
    assert len(client.split("\n\n")[1].splitlines()) == 3, "three lines behind the import"
    made = run(clone, "chatbot keys add for-the-client --json")
    key = json.loads(made.stdout)["token"]
    program = client.replace("http://127.0.0.1:7860", address).replace("cb-…", key)
    (clone / "client.py").write_text(program, "utf-8")
    done = run(clone, "python client.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_old_python_is_refused_in_words(clone, tmp_path):
    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    old.chmod(0o755)
    shutil.copy(clone / "Makefile", tmp_path)
    done = subprocess.run(
        ["make", "run", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr


def test_example_settings_are_read(clone):
    [block] = [block for language, block in BLOCKS if language == "toml"]
    settings = Settings(**tomllib.loads(block))
    assert settings.model == settings.hosted[0].name
    (clone / "chatbot.toml").write_text(block, "utf-8")
    done = run(clone, "chatbot models list --json && chatbot doctor")
    (clone / "chatbot.toml").unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "large" in done.stdout
    assert settings.hosted[0].api_key.get_secret_value() not in done.stdout


def test_tree_names_what_is_there():
    [tree] = [block for _, block in BLOCKS if block.startswith("chatbot/ ")]
    folder = ROOT
    named = set()
    for line in tree.splitlines():
        entry = line.split()[0]
        folder = folder if line.startswith(" ") else ROOT / entry
        path = folder / entry if line.startswith(" ") else folder
        assert path.exists(), f"{entry} is not there"
        named.add(path.relative_to(ROOT).as_posix())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "chatbot").glob("[!_]*.py")}
    assert modules <= named, "every room of chatbot/ has its line"


def test_links_and_pictures_exist():
    targets = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert targets
    for target in targets:
        assert target.startswith("http") or (ROOT / target).is_file(), target
