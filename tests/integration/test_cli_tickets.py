"""`chatbot tickets` and `chatbot demo` from outside: what is printed where, and bad input."""

import pytest

from tests.support.mailing import letter
from tests.support.shell import Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    return Shell(tmp_path_factory.mktemp("desk") / "home")


def test_files_are_imported_and_listed(shell, tmp_path):
    assert shell.run("tickets", "list", "--json").data == []
    file = tmp_path / "tickets.csv"
    file.write_text("id,subject,text,name\n1,Lamp,Is it whole?,Anna\n2,Late\n3,Bulb,Which?,Bo\n")
    done = shell.run("tickets", "import", str(file), "--json", CHATBOT_ENCODER="none")
    assert done.code == 0, done
    assert (done.data["new"], done.data["known"]) == (2, 0)
    assert done.data["refused"][0]["line"] == 3
    assert "tickets.csv:3" in done.err
    again = shell.run("tickets", "import", str(file), CHATBOT_ENCODER="none")
    assert again.out == "0 new, 0 went on, 2 known, 1 refused\n"
    listed = shell.run("tickets", "list", "--json").data
    assert {each["customer"] for each in listed} == {"Anna", "Bo"}
    plain = shell.run("tickets", "list", "--text", "whole")
    assert plain.out.count("\n") == 1
    assert "Anna" in plain.out
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "one.eml").write_bytes(letter())
    done = shell.run("tickets", "import", str(tmp_path / "mails"), "--json", CHATBOT_ENCODER="none")
    assert done.data["new"] == 1
    assert len(shell.run("tickets", "list", "--json").data) == 3


def test_nothing_of_a_file_that_is_none(shell, tmp_path):
    for name in ("missing.csv", "picture.png"):
        done = shell.run("tickets", "import", str(tmp_path / name), CHATBOT_ENCODER="none")
        assert (done.code, "Traceback" in done.err) == (1, False)
        assert name in done.err


def test_mail_is_told(shell):
    state = shell.run("tickets", "mails", "--json").data
    assert (state["address"], state["queued"]) == ("", 0)
    done = shell.run("tickets", "settle", "nothing", "--again")
    assert done.code == 1


def test_a_customer_who_only_wrote_mails_is_forgotten(shell, tmp_path):
    file = tmp_path / "t.jsonl"
    one = '{"id": "%s", "subject": "Lamp", "email": "%s", "text": "Is it whole?"}'
    file.write_text("\n".join([one % (7, "Eva@example.com"), one % (8, "bo@example.com")]))
    assert shell.run("tickets", "import", str(file), CHATBOT_ENCODER="none").code == 0
    there = len(shell.run("tickets", "list", "--json").data)
    assert shell.run("tickets", "forget", "eva@example.com", "--json").data["tickets"] == 1
    assert len(shell.run("tickets", "list", "--json").data) == there - 1
    assert shell.run("tickets", "forget", " ").code == 1


def test_the_demo_comes_and_goes(shell):
    before = shell.run("tickets", "list", "--json").data
    # Without the sentence encoder: vectors are not what is looked at here.
    loaded = shell.run("demo", "load", "--json", CHATBOT_ENCODER="none")
    assert loaded.code == 0, loaded
    assert loaded.data["tickets"] >= 80
    assert "Loading the demo" in loaded.err
    assert len(shell.run("tickets", "list", "--limit", "5", "--json").data) == 5
    assert shell.run("demo", "clear", "--json").data == loaded.data
    after = shell.run("tickets", "list", "--json").data
    assert [each["id"] for each in after] == [each["id"] for each in before]
