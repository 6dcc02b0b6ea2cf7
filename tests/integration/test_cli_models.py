"""`chatbot models` from outside: listed, promoted, rolled back, out and in."""

from functools import partial

import pytest

from tests.support import tiny_model
from tests.support.shell import Shell

AGAINST = ("--override", "Only this one is here", "--json")


@pytest.fixture
def models(tmp_path):
    tiny_model.make(tmp_path / "home" / "models" / "tiny@1")
    return partial(Shell(tmp_path / "home").run, "models", CHATBOT_ENCODER="none")


def stages(models):
    return {one["label"]: one["stage"] for one in models("list", "--json").data}


def test_promoted_and_rolled_back(models):
    assert stages(models)["scripted@1"] == "production"

    refused = models("promote", "tiny@1")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("chatbot: Not promoted. There is no evaluation of tiny@1.")
    made = models("promote", "tiny", "--reason", "To try it", *AGAINST)
    assert made.code == 0, made
    told = {name: made.data[name] for name in ("alias", "model", "reason", "by_setting")}
    assert told == {
        "alias": "scripted",
        "model": "tiny@1",
        "reason": "To try it",
        "by_setting": False,
    }
    assert (stages(models)["tiny@1"], stages(models)["scripted@1"]) == ("production", "kept")
    back = models("rollback")
    assert (back.code, back.out) == (0, "Production serves again scripted@1.\n")
    assert stages(models)["tiny@1"] == "kept"
    again = models("rollback")
    assert (again.code, again.err.count("\n")) == (1, 1)
    wrong = models("promote", "tiny", "--prompt", "support")
    assert (wrong.code, wrong.err) == (
        1,
        "chatbot: support is no NAME=VERSION. Write it as support=14.\n",
    )


def test_out_and_in(models, tmp_path):
    file = tmp_path / "tiny.gguf"
    made = models("export", "tiny@1", str(file), "--form", "gguf", "--json")
    assert made.code == 0, made
    assert made.data["path"] == str(file)
    assert made.data["bytes"] == file.stat().st_size
    assert made.data["difference"] < 1e-3
    taken = models("import", str(file), "came@7", "--json")
    assert taken.code == 0, taken
    assert (taken.data["label"], taken.data["where"], taken.data["stage"]) == (
        "came@7",
        "local",
        "",
    )
    refused = models("add", str(tmp_path / "nothing"), "x@1")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "is not there" in refused.err
