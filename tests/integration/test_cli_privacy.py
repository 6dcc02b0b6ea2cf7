"""The commands about people's data: what they print, write, refuse and remove."""

import json
import zipfile

import pytest

from tests.support.shell import Shell


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path / "home")


def said(shell, text="!say hello"):
    assert shell.run("chat", "--once", text).code == 0


def test_retention_counts_first_and_removes_then(shell):
    said(shell)
    nothing = {"chat": 0, "desk": 0, "api": 0, "temporary": 0, "traces": 0, "audit": 0}
    assert shell.run("db", "retention", "--dry-run", "--json").data == nothing
    assert shell.run("db", "retention", "--json").data == nothing
    done = shell.run("db", "retention")
    assert (done.code, done.out.splitlines()[0]) == (0, "chat\t0")
    assert len(shell.run("conversations", "list", "--json").data) == 1


def test_audit_is_listed_filtered_and_exported(shell, tmp_path):
    shell.run("db", "retention")
    [entry] = shell.run("audit", "list", "--json").data
    assert (entry["action"], entry["actor_name"]) == ("retention_ran", "You")
    assert shell.run("audit", "list", "--action", "sign_in", "--json").data == []
    assert shell.run("audit", "list", "--until", "2020-01-01", "--json").data == []
    lines = shell.run("audit", "export").out.splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["exported", "retention_ran"]
    file = tmp_path / "audit.jsonl"
    assert shell.run("audit", "export", "--output", str(file)).code == 0
    assert len(file.read_text("utf-8").splitlines()) == 3
    again = shell.run("audit", "export", "--output", str(file))
    assert (again.code, "there already" in again.err) == (1, True)


def test_own_data_come_as_a_zip(shell, tmp_path):
    said(shell, "!say Zanzibar")
    done = shell.run("users", "export", "--output", str(tmp_path), "--json")
    with zipfile.ZipFile(done.data["file"]) as made:
        together = b"".join(made.read(name) for name in made.namelist())
    assert b"Zanzibar" in together
    assert list((shell.home / "exports").glob("*/*")) == []
    again = shell.run("users", "export", "--output", done.data["file"])
    assert (again.code, "there already" in again.err) == (1, True)


def test_forgetting_removes_a_person_with_a_login(shell):
    assert shell.run("users", "add", "ada", "--link").code == 0
    done = shell.run("users", "forget", "ada", "--yes", "--json")
    assert done.data["rows"]["user_roles"] == 1
    gone = shell.run("users", "forget", "ada", "--yes")
    assert (gone.code, gone.out) == (1, "")
    [entry] = shell.run("audit", "list", "--action", "forgotten", "--json").data
    assert (entry["subject"], entry["subject_name"]) == (done.data["person"], None)


def test_forgetting_the_local_person_leaves_an_empty_chat(shell):
    said(shell)
    done = shell.run("users", "forget", "--yes", "--json")
    assert done.data["rows"]["conversations"] == 1
    assert shell.run("conversations", "list", "--json").data == []
    said(shell, "!say again")
