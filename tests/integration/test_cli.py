"""The terminal door from outside: what is printed where, exit statuses, bad input."""

import json
import os
import pty
import subprocess

import pytest

from chatbot import settings as configuration
from chatbot import templates
from tests.support.shell import COMMAND, Shell

ESCAPES = "a\x1b]0;owned\x07b\x1b[31mc\x9b2Jd\x08e\rf"


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path / "home")


@pytest.fixture
def talked(shell):
    """A home with one conversation; returns the shell and the conversation's id."""
    done = shell.run("chat", "--once", "!say Tomatoes need sun.", "--json")
    return shell, done.data["conversation"]


def refused(done):
    """One line of reason on stderr, nothing on stdout, status 1."""
    assert "Traceback" not in done.err
    assert (done.code, done.out) == (1, ""), done
    [line] = done.err.strip().splitlines()
    return line


def test_lists_are_arrays_when_empty(shell):
    for command in (["conversations", "list"], ["conversations", "search", "x"]):
        assert shell.run(*command, "--json").data == []
        plain = shell.run(*command)
        assert (plain.code, plain.out) == (0, "")
        assert plain.err.strip()


def test_conversations_are_listed_shown_and_found(talked):
    shell, conversation = talked
    [item] = shell.run("conversations", "list", "--json").data
    assert item["id"] == conversation
    assert conversation in shell.run("conversations", "list").out
    shown = shell.run("conversations", "show", conversation, "--json").data
    assert [message["role"] for message in shown["messages"]] == ["user", "assistant"]
    assert "Tomatoes need sun." in shell.run("conversations", "show", conversation).out
    [hit, *_] = shell.run("conversations", "search", "tomatoes", "--json").data
    assert hit["conversation"] == conversation


def test_show_reads_every_page(shell):
    lines = "".join(f"!say answer {number}\n" for number in range(30))
    assert shell.run("chat", stdin=lines).code == 0
    [item] = shell.run("conversations", "list", "--json").data
    shown = shell.run("conversations", "show", item["id"], "--json").data
    assert len(shown["messages"]) == 60
    assert shown["messages"][1]["text"] == "answer 0"
    assert shown["messages"][-1]["text"] == "answer 29"


def test_export_prints_and_writes(talked, tmp_path):
    shell, conversation = talked
    export = ("conversations", "export", conversation)
    assert "Tomatoes need sun." in shell.run(*export).out
    assert isinstance(shell.run(*export, "--json").data, dict)
    file = tmp_path / "talk.md"
    assert shell.run(*export, "--output", str(file)).code == 0
    assert "Tomatoes need sun." in file.read_text("utf-8")
    assert "there already" in refused(shell.run(*export, "--output", str(file)))
    assert "cannot be written" in refused(shell.run(*export, "--output", "/nowhere/talk.md"))


def test_deleted_is_gone(talked):
    shell, conversation = talked
    assert shell.run("conversations", "delete", conversation, "--json").data["deleted"] is True
    assert shell.run("conversations", "list", "--json").data == []
    assert refused(shell.run("conversations", "show", conversation))


@pytest.mark.parametrize("command", ["show", "export", "delete"])
@pytest.mark.parametrize("identity", ["", "é" * 500])
def test_unknown_conversation_is_refused(shell, command, identity):
    assert refused(shell.run("conversations", command, identity))


def test_escapes_of_a_message_are_neutralised(shell):
    done = shell.run("chat", "--once", f"!say {ESCAPES}")
    assert done.code == 0
    assert not set(done.out) & set("\x1b\x07\x9b\x08\r")
    assert "␛[31mc" in done.out
    listed = shell.run("conversations", "list").out
    assert not set(listed) & set("\x1b\x07\x9b\x08\r")


def test_json_keeps_the_exact_text(shell):
    done = shell.run("chat", "--once", f"!say {ESCAPES}", "--json")
    assert done.data["text"] == ESCAPES
    assert "\x9b" not in done.out


def test_prompts_are_listed_checked_and_rendered(shell):
    names = [prompt["name"] for prompt in shell.run("prompts", "list", "--json").data]
    assert {"assistant", "support", "product-description"} <= set(names)
    assert all(check["ok"] for check in shell.run("prompts", "check", "--json").data)
    done = shell.run("prompts", "render", "assistant", "--set", "question=user:\nHi", "--json")
    assert done.data["messages"][-1] == {"role": "user", "content": "user:\nHi"}
    assert [message["role"] for message in done.data["messages"]] == ["system", "user"]


def test_prompt_values_come_from_json(shell, tmp_path):
    thread = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]
    values = json.dumps({"question": "Three", "history": thread})
    (tmp_path / "values.json").write_text(values, "utf-8")
    render = ("prompts", "render", "assistant", "--json", "--values")
    from_file = shell.run(*render, str(tmp_path / "values.json")).data
    assert from_file == shell.run(*render, "-", stdin=values).data
    assert [message["content"] for message in from_file["messages"][1:]] == ["One", "Two", "Three"]
    history = f"history={json.dumps(thread)}"
    given = shell.run(*render[:-1], "--set", "question=Three", "--set", history).data
    assert given == from_file


def test_broken_prompt_file_is_placed(shell, tmp_path):
    file = tmp_path / "broken.prompty"
    file.write_text("---\nname: broken\n---\nuser:\n{{ nothing }}\n", "utf-8")
    done = shell.run("prompts", "check", str(file), "--json")
    [check] = done.data
    assert (done.code, check["ok"], check["line"]) == (1, False, 5)
    assert "mistake" in done.err


def test_partial_that_is_no_text_is_named(shell, tmp_path):
    (tmp_path / "partials").mkdir()
    (tmp_path / "partials" / "tone.j2").write_bytes(b"kind\xff")
    file = tmp_path / "own.prompty"
    file.write_text("---\nname: own\n---\nuser:\nHello\n", "utf-8")

    [check] = shell.run("prompts", "check", str(file), "--json").data
    assert (check["ok"], "UTF-8" in check["message"]) == (False, True)
    assert "tone.j2" in refused(shell.run("prompts", "render", str(file)))


@pytest.mark.parametrize(
    "arguments",
    [
        ["prompts", "render", "no-such-prompt"],
        ["prompts", "check", "no-such-prompt"],
        ["prompts", "render", "assistant"],
        ["prompts", "render", "assistant", "--set", "wrong=1"],
        ["prompts", "render", "assistant", "--values", "/nowhere.json"],
        ["prompts", "render", "assistant", "--values", "-"],
        ["db", "backup", "/nowhere/copy.db"],
        ["db", "restore", "/nowhere/copy.db"],
        ["chat", "--once", ""],
        ["chat", "--once", " \n"],
        ["chat", "--once", "hi", "--model", "no-such-model"],
        ["chat", "--once", "hi", "--prompt", "no-such-prompt"],
        ["chat", "--once", "hi", "--conversation", "no-such-conversation"],
        ["serve", "--host", "0.0.0.0"],
    ],
    ids=" ".join,
)
def test_refusals_say_one_line(shell, arguments):
    assert refused(shell.run(*arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["chat", "--nonsense"],
        ["chat", "--json"],
        ["serve", "--port", "many"],
        ["conversations", "list", "--limit", "0"],
        ["conversations", "show"],
        ["prompts", "render", "assistant", "--set", "question"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_two(shell, arguments):
    done = shell.run(*arguments)
    assert done.code == 2
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHATBOT_PORT", "many"),
        ("CHATBOT_DATABASE_URL", "mysql://x/y"),
        ("CHATBOT_DATABASE_URL", "sqlite:////nowhere/at/all/chatbot.db"),
        ("CHATBOT_DATABASE_URL", "postgresql://127.0.0.1:1/x"),
        ("CHATBOT_CONFIG", "/nowhere/chatbot.toml"),
        ("CHATBOT_HOME", "/dev/null"),
    ],
)
def test_broken_setting_is_one_line(shell, variable, value):
    refused(shell.run("conversations", "list", **{variable: value}))


def test_database_is_made_checked_copied_and_restored(talked, tmp_path):
    shell, conversation = talked
    assert shell.run("db", "check", "--json").data["ok"] is True
    copy = tmp_path / "copy.db"
    assert shell.run("db", "backup", str(copy), "--json").data["bytes"] == copy.stat().st_size
    assert "there already" in refused(shell.run("db", "backup", str(copy)))
    assert "tables already" in refused(shell.run("db", "restore", str(copy)))
    other = Shell(tmp_path / "other")
    assert other.run("db", "restore", str(copy), "--json").data["ok"] is True
    [item] = other.run("conversations", "list", "--json").data
    assert item["id"] == conversation


def test_restore_refuses_what_is_no_backup(shell, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear database, " * 100, "utf-8")
    refused(shell.run("db", "restore", str(tmp_path / "letter.txt")))
    assert shell.run("db", "upgrade", "--json").data["ok"] is True


def test_missing_database_is_not_made_by_looking(shell):
    done = shell.run("db", "check")
    assert done.code == 1
    assert "db upgrade" in done.err
    assert not (shell.home / "chatbot.db").exists()
    assert shell.run("db", "upgrade", "--json").data["ok"] is True
    assert shell.run("db", "check").code == 0


@pytest.mark.parametrize("command", [["db", "upgrade"], ["conversations", "list"]], ids=" ".join)
def test_home_is_for_its_owner_alone(shell, command):
    assert shell.run(*command).code == 0
    assert shell.home.stat().st_mode & 0o077 == 0
    assert (shell.home / "chatbot.db").stat().st_mode & 0o077 == 0


def test_models_are_listed(shell):
    models = shell.run("models", "list", "--json").data
    [default] = [model["label"] for model in models if model["default"]]
    assert default == "scripted@1"
    assert any(model["name"] == "starter" and model["where"] == "local" for model in models)


def test_doctor_prints_findings_and_settings(shell):
    report = shell.run("doctor", "--json").data
    assert report["ok"] is True
    assert {"check", "level", "found", "advice"} == set(report["findings"][0])
    assert {"name", "value", "source", "description"} == set(report["settings"][0])
    broken = shell.run("doctor", CHATBOT_PORT="many")
    assert broken.code == 1
    assert "settings" in broken.err.strip().splitlines()[-1]


def test_unforeseen_error_is_one_line_and_logged(shell, monkeypatch):
    said = "what somebody said"

    def broken(*_):
        raise RuntimeError(said)

    monkeypatch.setattr(templates, "prompt_list", broken)
    log = shell.home / "errors.log"
    assert str(log) in refused(shell.run("prompts", "list"))
    assert "RuntimeError" in log.read_text("utf-8")
    assert said not in log.read_text("utf-8")
    assert refused(shell.run("prompts", "list", CHATBOT_HOME="/dev/null"))
    monkeypatch.setattr(configuration, "load", broken)
    assert "RuntimeError" in refused(shell.run("prompts", "list"))


def test_closed_and_broken_pipes_are_quiet(talked):
    shell, conversation = talked
    command = " ".join(COMMAND)
    for line in (
        f"{command} conversations show {conversation} | true",
        f"{command} conversations list --json | head -c 1",
        f"{command} conversations list <&- >&- 2>&-",
        f"{command} chat <&-",
        f"{command} prompts list >&-",
    ):
        done = subprocess.run(
            ["bash", "-c", line],
            env=shell.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == "", line


def test_odd_terminals_are_no_trouble(shell):
    for more in (
        {"LC_ALL": "C"},
        {"PYTHONIOENCODING": "ascii"},
        {"TERM": "dumb"},
    ):
        done = shell.spawn("chat", "--once", "!say Grüße ✓", **more)
        assert done.code == 0, done.err
        assert done.err == ""
    data = shell.spawn("chat", "--once", "!say Grüße ✓", "--json", PYTHONIOENCODING="ascii").data
    assert data["text"] == "Grüße ✓"


@pytest.mark.parametrize("arguments", [["conversations", "list"], ["--help"]], ids=" ".join)
def test_terminal_without_colour(talked, arguments):
    shell, _ = talked
    printed = on_terminal(shell.environment(TERM="xterm", NO_COLOR="1"), *arguments)
    assert "title" in printed or "doctor" in printed
    assert "\x1b[3" not in printed


def on_terminal(environment, *arguments):
    """What a command prints on a terminal of its own."""
    master, slave = pty.openpty()
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    subprocess.run([*COMMAND, *arguments], **streams, env=environment, timeout=60)
    os.close(slave)
    printed = os.read(master, 65536).decode()
    os.close(master)
    return printed
