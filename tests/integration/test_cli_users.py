"""`chatbot users` from outside: who is made, what is printed where, bad input, no secret shown."""

import os
import pty
import re
import select
import subprocess
import time

import pytest

from tests.support.shell import COMMAND, Shell
from ui.cli_users import Role

PASSWORD = "staple horse 42"
TYPED = f"{PASSWORD}\n"


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path / "home")


@pytest.fixture
def ada(shell):
    """A home with one administrator; returns the shell."""
    done = shell.run("users", "add", "ada", "--role", "admin", "--json", stdin=TYPED)
    assert done.code == 0, done
    return shell


def refused(done):
    """One line of reason on stderr, nothing on stdout, status 1."""
    assert "Traceback" not in done.err
    assert (done.code, done.out) == (1, ""), done
    [line] = done.err.strip().splitlines()
    return line


def test_roles_are_those_of_the_product():
    from chatbot.accounts import ROLES

    assert tuple(Role) == ROLES


def test_nobody_is_listed_at_first(shell):
    assert shell.run("users", "list", "--json").data == []
    plain = shell.run("users", "list")
    assert (plain.code, plain.out) == (0, "")
    assert "users add" in plain.err


def test_people_are_added_and_listed(shell):
    done = shell.spawn(
        *("users", "add", "Ada", "--name", "Ada L.", "--role", "admin", "--role", "agent"),
        *("--email", "ada@example.org", "--json"),
        stdin=TYPED.encode(),
    )
    assert (done.data["login"], done.data["name"]) == ("ada", "Ada L.")
    assert (done.data["roles"], done.data["state"]) == (["agent", "admin"], "active")
    [listed] = shell.run("users", "list", "--json").data
    assert listed == done.data
    assert shell.run("users", "list").out.split("\t")[:3] == ["ada", "Ada L.", "agent, admin"]
    assert PASSWORD not in done.out + done.err


def test_a_link_stands_alone_on_stdout(shell):
    done = shell.run("users", "add", "bob", "--link", CHATBOT_PORT="7999")
    assert re.fullmatch(r"http://127\.0\.0\.1:7999/link/[\w-]{43}\n", done.out)
    assert shell.run("users", "list", "--json").data[0]["state"] == "invited"
    again = shell.run("users", "password", "bob", "--link", "--json").data
    assert set(again) == {"link", "expires_at"}
    assert again["link"] not in done.out


def test_the_link_names_the_address_that_people_use(shell):
    served = {"CHATBOT_HOSTS": '["chat.example.org"]', "CHATBOT_HTTPS": "true"}
    done = shell.run("users", "add", "bob", "--link", **served)
    assert done.out.startswith("https://chat.example.org/link/")


def test_roles_are_shown_and_replaced(ada):
    ada.run("users", "add", "bob", stdin=TYPED)
    assert ada.run("users", "roles", "bob").out == "chatter\n"
    done = ada.run("users", "roles", "Bob", "reviewer", "agent", "--json")
    assert done.data["roles"] == ["agent", "reviewer"]
    assert ada.run("users", "roles", "bob").out == "agent, reviewer\n"


def test_name_and_address_are_shown_and_changed(ada):
    ada.run("users", "add", "bob", "--email", "bob@example.org", stdin=TYPED)
    assert ada.run("users", "edit", "bob").out == "bob\tbob\tbob@example.org\n"
    done = ada.run("users", "edit", "Bob", "--name", "Bob B.", "--json")
    assert (done.data["name"], done.data["email"]) == ("Bob B.", "bob@example.org")
    assert ada.run("users", "edit", "bob", "--email", "").out == "bob\tBob B.\t\n"
    changes = ada.run("audit", "list", "--action", "person_changed", "--json").data
    assert [one["detail"] for one in changes] == [{"changed": "email"}, {"changed": "name"}]
    ada.run("users", "edit", "ada", "--email", "a@example.org")
    assert "address already" in refused(ada.run("users", "edit", "bob", "--email", "A@example.org"))


def test_a_password_is_replaced(ada):
    done = ada.run("users", "password", "ada", "--json", stdin="another good one 5\r\n")
    assert done.data["login"] == "ada"
    assert "last administrator" in refused(ada.run("users", "roles", "ada", "chatter"))


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        (["add", "ada"], TYPED, "this login already"),
        (["add", "a b"], TYPED, "A login has"),
        (["add", "\udcff\udcfe"], TYPED, "A login has"),
        (["add", "bob"], "", "No password came"),
        (["add", "bob"], "\n", "No password came"),
        (["add", "bob"], "short\n", "too short"),
        (["add", "bob"], b"not utf-8 \xff\xfe at all\n", "broken character"),
        (["add", "bob"], "x" * 5000, "too long"),
        (["add", "bob", "--email", "nonsense"], TYPED, "no e-mail address"),
        (["add", "bob", "--name", "\x1b[31m"], TYPED, "A name has"),
        (["add", "ada", "--link"], "", "this login already"),
        (["edit", "eve"], "", "Nobody has the login eve"),
        (["edit", "ada", "--name", " "], "", "A name has"),
        (["edit", "ada", "--email", "nonsense"], "", "no e-mail address"),
        (["roles", "eve"], "", "Nobody has the login eve"),
        (["roles", "\x1b]0;x\x07"], "", "Nobody has the login"),
        (["roles", "ada", "chatter"], "", "last administrator"),
        (["password", "eve"], TYPED, "Nobody has the login eve"),
        (["password", "eve", "--link"], "", "Nobody has the login eve"),
        (["password", "ada"], "ada2026!!!!\n", "name you log in with"),
    ],
)
def test_bad_input_is_one_sentence(ada, arguments, stdin, says):
    line = refused(ada.run("users", *arguments, stdin=stdin))
    assert says in line
    assert "\x1b" not in line
    assert len(ada.run("users", "list", "--json").data) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["add"],
        ["add", "bob", "--role", "boss"],
        ["add", "bob", "--adopt", "--link"],
        ["add", "bob", "--password", PASSWORD],
        ["roles", "ada", "boss"],
        ["remove", "ada"],
    ],
)
def test_wrong_usage_is_told_apart(ada, arguments):
    done = ada.run("users", *arguments, stdin=TYPED)
    assert (done.code, done.out) == (2, "")
    assert len(ada.run("users", "list", "--json").data) == 1


def test_the_terminal_asks_twice_and_shows_nothing(shell):
    main, side = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "users", "add", "ada"],
        stdin=side,
        stdout=side,
        stderr=side,
        env=shell.environment(TERM="dumb"),
        start_new_session=True,
    ) as process:
        os.close(side)
        shown = ""
        for asked in ("Password: ", "confirmation: "):  # the space comes when nothing is echoed
            shown += _until(main, asked)
            os.write(main, TYPED.encode())
        shown += _until(main, "Added ada")
        assert process.wait(60) == 0
    os.close(main)
    assert PASSWORD not in shown
    assert shell.run("users", "list", "--json").data[0]["login"] == "ada"


def _until(terminal, words, seconds=60):
    """What a terminal shows up to some words."""
    shown, end = "", time.monotonic() + seconds
    while words not in shown:
        assert select.select([terminal], [], [], max(0, end - time.monotonic()))[0], shown
        shown += os.read(terminal, 10_000).decode("utf-8", "replace")
    return shown


def test_the_first_person_may_keep_what_was_said(shell):
    assert shell.run("chat", "--once", "!say Tomatoes need sun.").code == 0
    added = shell.run("users", "add", "ada", "--role", "admin", "--adopt", stdin=TYPED)
    assert added.code == 0, added
    accounts = {"CHATBOT_AUTH": "accounts"}
    assert shell.run("conversations", "list", "--json", **accounts).data == []
    [item] = shell.run("conversations", "list", "--as", "ada", "--json", **accounts).data
    [found] = shell.run("conversations", "search", "tomatoes", "--as", "ADA", "--json").data[:1]
    assert found["conversation"] == item["id"]
    shown = shell.run("conversations", "show", item["id"], "--as", "ada", **accounts)
    assert "Tomatoes need sun." in shown.out
    refused(shell.run("conversations", "show", item["id"], **accounts))


def test_talking_in_somebodys_name(ada):
    asked = ada.run("chat", "--once", "!say Hello Ada.", "--as", "ada", "--json")
    assert asked.data["text"] == "Hello Ada."
    ada.run("users", "add", "bob", stdin=TYPED)
    other = ("conversations", "delete", asked.data["conversation"], "--as")
    refused(ada.run(*other, "bob", "--yes"))
    assert "Nobody has the login eve" in refused(ada.run(*other, "eve", "--yes"))
    assert ada.run(*other, "ada", "--yes").code == 0


def test_solo_says_that_nobody_logs_in_yet(shell):
    assert "CHATBOT_AUTH=accounts" in shell.run("users", "add", "ada", stdin=TYPED).err
    accounts = shell.run("users", "add", "bob", stdin=TYPED, CHATBOT_AUTH="accounts")
    assert "CHATBOT_AUTH" not in accounts.err


def test_someone_is_switched_off_and_on(ada):
    ada.run("users", "add", "bob", stdin=TYPED)
    done = ada.run("users", "off", "Bob", "--json")
    assert (done.data["login"], done.data["state"]) == ("bob", "off")
    assert {one["login"]: one["state"] for one in ada.run("users", "list", "--json").data} == {
        "ada": "active",
        "bob": "off",
    }
    done = ada.run("users", "on", "bob")
    assert (done.code, done.out) == (0, "")
    assert "bob is switched on" in done.err
    entries = ada.run("audit", "list", "--json").data
    assert {"person_off", "person_on"} <= {one["action"] for one in entries}


def test_the_last_administrator_stays_on(ada):
    assert "administrator" in refused(ada.run("users", "off", "ada"))
    [only] = ada.run("users", "list", "--json").data
    assert only["state"] == "active"


def test_nobody_is_switched_whom_nobody_knows(ada):
    for command in ("off", "on"):
        assert refused(ada.run("users", command, "eve")) == "chatbot: Nobody has the login eve."


def test_limits_are_shown_and_set(shell):
    first = shell.run("users", "limits", "--json").data
    assert first == {"turns_per_minute": 30, "turns_per_day": 2000, "running_turns": 8}
    done = shell.run("users", "limits", "--per-minute", "5", "--at-once", "0", "--json")
    assert done.data == {"turns_per_minute": 5, "turns_per_day": 2000, "running_turns": 0}
    plain = shell.run("users", "limits")
    assert "turns_per_minute" in plain.out
    assert "none" in plain.out
    assert "turns_per_day" in refused(shell.run("users", "limits", "--per-day", "9999999"))
