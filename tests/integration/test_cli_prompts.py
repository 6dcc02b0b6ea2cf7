"""`chatbot prompts` from outside: listed, checked, published, exchanged, and what is refused."""

import json

import pytest

from tests.support.greeting import greeting_prompt
from tests.support.shell import Shell

SOURCE = greeting_prompt()
REASON = "Only a test publishes this."


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """One home for all: each test uses a prompt of its own."""
    return Shell(tmp_path_factory.mktemp("prompts") / "home")


@pytest.fixture
def imported(shell, tmp_path, request):
    """A prompt of the test's own, imported from a file; its name and the file."""
    name = "p-" + str(abs(hash(request.node.name)))[:12]
    file = tmp_path / "own.prompty"
    file.write_text(SOURCE.replace("greeting", name), "utf-8")
    done = shell.run("prompts", "import", str(file), "--json")
    assert done.data["version"] == 1, done
    return name, file


def refused(done):
    """One line of reason on stderr, nothing on stdout, status 1."""
    assert "Traceback" not in done.err
    assert (done.code, done.out) == (1, ""), done
    [line] = done.err.strip().splitlines()
    return line


def test_list_names_what_serves(shell, imported):
    name, _ = imported
    lines = {line["name"]: line for line in shell.run("prompts", "list", "--json").data}
    assert set(lines["support"]) >= {"name", "kind", "description", "version", "inputs"}
    assert [(one["seq"], one["percent"]) for one in lines["support"]["production"]] == [(1, 100)]
    assert (lines[name]["production"], lines[name]["versions"]) == ([], 1)
    assert "not live" in shell.run("prompts", "list").out


def test_check_reads_the_database_and_files(shell, imported):
    name, file = imported
    [check] = shell.run("prompts", "check", name, "--json").data
    assert (check["ok"], check["problems"]) == (True, [])
    file.write_text(SOURCE.replace("Be brief.", "Be {{ brief }}.\n{{ short }}"), "utf-8")
    done = shell.run("prompts", "check", str(file), "--json")
    [check] = done.data
    assert (done.code, check["ok"], check["line"], check["column"]) == (1, False, 10, 7)
    assert [one["line"] for one in check["problems"] if one["severity"] == "error"] == [10, 11]
    lines = shell.run("prompts", "check", str(file))
    assert "10:7: error:" in lines.out
    assert "1 of 1 prompts have a mistake." in lines.err


def test_warning_is_shown_and_is_no_mistake(shell, tmp_path):
    file = tmp_path / "own.prompty"
    unused = "inputs:\n  - {name: unused, kind: text, description: Not used.}"
    file.write_text(SOURCE.replace("inputs:", unused), "utf-8")
    done = shell.run("prompts", "check", str(file))
    assert (done.code, "warning:" in done.out) == (0, True)


def test_render_takes_an_own_prompt(shell, imported):
    name, _ = imported
    done = shell.run("prompts", "render", name, "--set", "question=Well?", "--json")
    assert done.data["messages"][-1] == {"role": "user", "content": "Well?"}


def test_import_compare_publish_and_roll_back(shell, imported):
    name, file = imported
    file.write_text(file.read_text("utf-8").replace("brief", "kind"), "utf-8")
    done = shell.run("prompts", "import", str(file), "--note", "kinder", "--json")
    assert done.data["version"] == 2
    assert "makes its next version" in done.data["notes"][-1]
    assert "-Be brief.\n+Be kind." in shell.run("prompts", "diff", name, "1", "2").out
    assert "+Be kind." in shell.run("prompts", "diff", name, "1", "2", "--rendered").out
    assert "Not published." in refused(shell.run("prompts", "publish", name))
    for version in ("1", "v2"):
        done = shell.run("prompts", "publish", name, version, "--override", REASON)
        assert done.out == f"{name}: production serves v{version.removeprefix('v')}.\n"
    found = shell.run("prompts", "diff", name, "--json").data
    assert (found["old"]["seq"], found["new"]["seq"]) == (2, 2)
    assert shell.run("prompts", "rollback", name, "--json").data["shares"][0]["seq"] == 1
    releases = shell.run("prompts", "releases", name, "--json").data
    assert [each["shares"][0]["seq"] for each in releases] == [1, 2, 1]
    assert releases[1]["override"] == REASON
    back = shell.run("prompts", "rollback", name, "--to", releases[1]["id"], "--json").data
    assert back["shares"][0]["seq"] == 2
    history = shell.run("prompts", "history", name, "--limit", "1")
    assert "kinder" in history.out
    assert "--before 2" in history.err


def test_weights_are_shares(shell, imported):
    name, file = imported
    file.write_text(file.read_text("utf-8").replace("brief", "kind"), "utf-8")
    shell.run("prompts", "import", str(file))
    staged = shell.run("prompts", "publish", name, "1=3", "2", "-e", "staging")
    assert staged.out == f"{name}: staging serves v1 75 %, v2 25 %.\n"
    [line] = [one for one in shell.run("prompts", "list", "--json").data if one["name"] == name]
    assert [one["percent"] for one in line["staging"]] == [75, 25]


def test_export_and_import_again(shell, imported, tmp_path):
    name, _ = imported
    source = shell.run("prompts", "export", name, "--source").out
    assert source == SOURCE.replace("greeting", name)
    for form in ("prompty", "promptfoo", "langfuse"):
        file = tmp_path / form
        done = shell.run("prompts", "export", name, "--format", form, "--output", str(file))
        assert done.code == 0, done
        again = ("prompts", "import", str(file), "--name", f"{name}-{form[0]}{form[-1]}", "--json")
        assert shell.run(*again, "--dry-run").data["version"] is None
        assert shell.run(*again).data["version"] == 1, form
    assert "is there already" in refused(
        shell.run("prompts", "export", name, "--output", str(tmp_path / "prompty"))
    )


def test_folder_goes_there_and_back(shell, imported, tmp_path):
    name, _ = imported
    folder = tmp_path / "folder"
    assert shell.run("prompts", "pull", str(folder), name, "--json").data == [
        {"prompt": name, "action": "written", "version": 1}
    ]
    file = folder / name / "prompt.prompty"
    file.write_text(file.read_text("utf-8").replace("brief", "calm"), "utf-8")
    done = shell.run("prompts", "push", str(folder), "--note", "calmer", "--json")
    assert done.data == [{"prompt": name, "action": "saved", "version": 2}]
    file.write_text(file.read_text("utf-8").replace("calm", "loud"), "utf-8")
    other = tmp_path / "other.prompty"
    other.write_text(SOURCE.replace("greeting", name).replace("brief", "odd"), "utf-8")
    shell.run("prompts", "import", str(other))
    for command in ("pull", "push"):
        assert f"in the database: {name}." in refused(shell.run("prompts", command, str(folder)))
    assert "loud" in file.read_text("utf-8")
    done = shell.run("prompts", "push", str(folder), "--force", "--json")
    assert done.data == [{"prompt": name, "action": "saved", "version": 4}]


def test_somebody_acts_by_their_roles(shell, imported):
    name, _ = imported
    added = shell.run("users", "add", "ada", "--role", "chatter", "--link")
    assert added.code == 0, added
    for command in (
        ["history", name],
        ["releases", name],
        ["diff", name, "1", "1"],
        ["publish", name, "-e", "staging"],
        ["rollback", name],
        ["export", name],
    ):
        line = refused(shell.run("prompts", *command, "--as", "ada"))
        assert "Only authors and administrators" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["diff", "no-such-prompt"],
        ["diff", "support", "1", "99"],
        ["publish", "no-such-prompt"],
        ["publish", "support", "99"],
        ["publish", "support", "1=0"],
        ["publish", "support", "1", "--override", "short"],
        ["rollback", "no-such-prompt"],
        ["rollback", "support"],
        ["rollback", "support", "--to", "nonsense"],
        ["export", "no-such-prompt"],
        ["history", "no-such-prompt"],
        ["releases", "no-such-prompt"],
        ["import", "/nowhere.prompty"],
        ["import", "/dev/null"],
        ["push", "/nowhere"],
        ["pull", "/dev/null/folder"],
        ["pull", "/tmp", "no-such-prompt"],
    ],
    ids=" ".join,
)
def test_refusals_say_one_line(shell, arguments):
    assert refused(shell.run("prompts", *arguments))


@pytest.mark.parametrize("weight", ["1=many", "=1", "1=-1", "1=1.5"])
def test_wrong_weights_are_wrong_usage(shell, weight):
    done = shell.run("prompts", "publish", "support", weight)
    assert (done.code, done.out) == (2, "")


def test_values_of_a_comparison_come_from_a_file(shell, imported, tmp_path):
    name, _ = imported
    file = tmp_path / "values.json"
    file.write_text(json.dumps({"question": "Where is it?"}), "utf-8")
    found = shell.run("prompts", "diff", name, "1", "1", "--values", str(file), "--json").data
    assert found["messages"][-1]["lines"][0]["marks"][0]["text"] == "Where is it?"
