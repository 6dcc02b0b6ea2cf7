"""`chatbot dataset` from outside: what is printed where, and bad input."""

import json

import pytest

from tests.support.shell import Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    return Shell(tmp_path_factory.mktemp("dataset") / "home")


def test_a_file_becomes_a_dataset_that_is_shown_exported_and_removed(shell, tmp_path):
    quiet = {"CHATBOT_ENCODER": "none", "CHATBOT_MODEL": "scripted"}
    assert shell.run("dataset", "list", "--json", **quiet).data == []
    path = tmp_path / "own.csv"
    rows = [f"Does door {number} open?,It opens at {number}.,hours" for number in range(30)]
    path.write_text("\n".join(["question,answer,label", *rows, "Open?", ",x,y"]))

    looked = shell.run("dataset", "check", str(path), "--json", **quiet)
    assert (looked.code, looked.data["counts"]) == (1, {"broken": 2, "few": 1, "one class": 1})
    dry = shell.run(
        "dataset", "build", "own", "--only-files", "--file", str(path), "--dry", **quiet
    )
    assert (dry.code, "would have 30 rows" in dry.out) == (0, True)
    assert "own.csv:32: the row has 1 cells" in dry.err

    done = shell.run(
        "dataset", "build", "own", "--only-files", "--file", str(path), "--json", **quiet
    )
    assert (done.code, done.data["card"]["counts"]["rows"]) == (0, 30)
    assert [one["line"] for one in done.data["bad"]] == [32, 33]
    [one] = shell.run("dataset", "list", "--json", **quiet).data
    assert (one["name"], one["rows"], sum(one["splits"].values())) == ("own", 30, 30)
    shown = shell.run("dataset", "show", "own", **quiet)
    assert one["sha"] in shown.out
    out = shell.run("dataset", "export", "own", str(tmp_path / "out"), "--json", **quiet)
    assert out.data["rows"] == 30
    line = json.loads((tmp_path / "out" / "train.jsonl").read_text("utf-8").splitlines()[0])
    assert line["messages"][-1]["role"] == "user"

    for arguments in (
        ("build", "own", "--only-files", "--file", str(path)),
        ("check", str(tmp_path / "missing.csv")),
    ):
        refused = shell.run("dataset", *arguments, **quiet)
        assert (refused.code, "Traceback" in refused.err) == (1, False)
        assert refused.err.count("\n") == 1
    assert shell.run("dataset", "remove", "own", **quiet).out == "Removed: own\n"
