"""`chatbot keys` from outside: shown once, listed, changed, revoked, exported, forgotten."""

import re
import zipfile

import pytest

from tests.support.shell import Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    return Shell(tmp_path_factory.mktemp("keys") / "home")


def refused(done):
    """One line of reason on stderr, nothing on stdout, status 1."""
    assert "Traceback" not in done.err
    assert (done.code, done.out) == (1, ""), done
    [line] = done.err.strip().splitlines()
    return line


def test_a_key_from_its_making_to_its_end(shell, tmp_path):
    empty = shell.run("keys", "list")
    assert (empty.code, empty.out) == (0, "")
    assert "keys add" in empty.err
    made = shell.run("keys", "add", "Web shop", "--role", "agent", "--model", "scripted")
    token = made.out.strip()
    assert re.fullmatch(r"cb-[\w-]{43}", token)
    assert token not in made.err
    more = ("--expires", "2999-01-01", "--per-minute", "0", "--per-month", "7", "--no-store")
    other = shell.run("keys", "add", "Helpdesk", *more, "--json").data
    assert other["key"]["limits"]["requests_month"] == 7
    assert (other["key"]["stores"], other["key"]["roles"]) == (False, ["chatter"])
    listed = shell.run("keys", "list", "--json")
    assert [one["name"] for one in listed.data] == ["Helpdesk", "Web shop"]
    assert token not in listed.out
    assert other["token"] not in listed.out
    assert f"…{token[-4:]}" in shell.run("keys", "list").out
    changed = shell.run("keys", "edit", "Web shop", "--per-month", "900", "--all-models")
    assert "Web shop is changed: 60 requests a minute, 900 requests a month, all" in changed.err
    end = ("--never-expires", "--model", "scripted@1", "--per-minute", "5", "--json")
    less = shell.run("keys", "edit", "Helpdesk", *end).data
    assert (less["expires"], less["models"]) == (None, ["scripted@1"])
    assert (less["limits"]["requests_minute"], less["limits"]["requests_month"]) == (5, 7)
    done = shell.run("keys", "revoke", "Web shop", "--json").data
    assert done["state"] == "revoked"
    refused(shell.run("keys", "revoke", "Web shop"))
    file = tmp_path / "asked.zip"
    told = shell.run("keys", "export", done["public_id"], "--output", str(file), "--json").data
    with zipfile.ZipFile(told["file"]) as made_file:
        assert "account/api_keys.json" in made_file.namelist()
    gone = shell.run("keys", "forget", done["public_id"], "--json").data
    assert gone["rows"]["api_keys"] == 1
    assert [one["name"] for one in shell.run("keys", "list", "--json").data] == ["Helpdesk"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("add", "Helper", "--model", "nothing"), "no model"),
        (("add", "Helper", "--model", "prompt:nothing"), "nothing is published"),
        (("add", "Helper", "--expires", "2001-01-01"), "lies ahead"),
        (("add", " "), "name of a key"),
        (("edit", "Nobody", "--per-minute", "1"), "no key"),
        (("edit", "Helpdesk", "--model", "nothing"), "no model"),
        (("edit", "Helpdesk", "--expires", "2001-01-01"), "lies ahead"),
        (("revoke", "Nobody"), "no key"),
    ],
)
def test_what_is_refused(shell, given, reason):
    assert reason in refused(shell.run("keys", *given))


def test_what_is_written_wrongly(shell):
    both = ("edit", "x", "--all-models", "--model", "scripted")
    added = (("add",), ("add", "x", "--role", "king"), ("add", "x", "--per-minute", "-1"))
    for given in (*added, ("edit",), ("edit", "x"), both):
        assert shell.run("keys", *given).code == 2
