"""Runs for people: who may, what is refused before anything begins, the commands."""

import json
import shutil

import pytest

from chatbot.bootstrap import build
from chatbot.errors import ModelCorrupt, NotAllowed, NotFound, Refused, UnknownModel
from chatbot.learning.jobs import spawning
from chatbot.settings import Settings
from store import accounts
from tests.support import tiny_model
from tests.support.learning import write_turns
from tests.support.shell import Shell


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("runs") / "home"
    tiny_model.make(home / "models" / "tiny@1")
    tiny_model.make_pair(home / "models" / "pair@1", name="pair")
    broken = home / "models" / "broken@1"
    shutil.copytree(home / "models" / "tiny@1", broken)
    manifest = json.loads((broken / "manifest.json").read_text())
    (broken / "manifest.json").write_text(json.dumps(manifest | {"name": "broken"}))
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    other = home / "models" / "other@1"
    shutil.copytree(home / "models" / "tiny@1", other)
    (other / "manifest.json").unlink()
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"architectures": ["BertModel"]}))
    write_turns(home / "turns.csv", 230)
    write_turns(home / "few.csv", 40)
    return home


@pytest.fixture(scope="module")
def product(home):
    product = build(Settings(home=home, model="scripted", encoder="none"))
    me = product.person()
    for name in ("turns", "few"):
        product.datasets.build(me, name, files=[home / f"{name}.csv"], sources=())
    yield product
    product.close()


@pytest.fixture(autouse=True)
def begun(monkeypatch):
    """Runs whose process would have been started."""
    found = []
    monkeypatch.setattr(spawning, "begin", lambda run, *_: found.append(run))
    return found


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"dataset": "none"}, NotFound, "."),
        ({"dataset": "few"}, Refused, "needs 200 reviewed turns; few has 40"),
        ({"base": "nothing"}, UnknownModel, "no model 'nothing'"),
        ({"base": "broken"}, ModelCorrupt, "does not have its checksum"),
        ({"base": "scripted"}, Refused, "runs elsewhere"),
        ({"base": "other"}, Refused, r"another kind \(BertModel\)"),
        ({"method": "magic"}, Refused, "no method 'magic'"),
        ({"method": "preference"}, Refused, "worse answer beside the good one; turns has 0"),
        ({"name": "starter"}, Refused, "Give it another name"),
        ({"name": "../up"}, Refused, "begins with a letter"),
        ({"settings": {"speed": 3}}, Refused, "no setting 'speed'"),
        ({"settings": {"epochs": -1}}, Refused, "epochs must be"),
        ({"settings": {"rate": "fast"}}, Refused, "rate must be"),
        ({"settings": {"window": 4096}}, Refused, "reads 512 tokens"),
        ({"settings": {"window": "wide"}}, Refused, "window must be"),
        ({"settings": {"cases": -1}}, Refused, "cases must be"),
        ({"settings": {"samples": 7}}, Refused, "samples must be"),
        ({"settings": {"samples": ["Why?"] * 21}}, Refused, "at most 20 questions"),
    ],
)
def test_what_cannot_end_well_is_refused_before_it_begins(product, begun, given, error, said):
    me = product.person()
    with pytest.raises(error, match=said):
        product.runs.start(me, **{"dataset": "turns", "base": "tiny"} | given)
    assert product.runs.list(me) == []
    assert begun == []


def test_only_reviewers_and_administrators_use_runs(product):
    with product.database.transaction() as session:
        agent = accounts.add_person(session, "Agent", ("agent", "author", "chatter"))
        accounts.add_person(session, "Reviewer", ("reviewer",))
    calls = (
        lambda: product.runs.start(agent, dataset="turns", base="tiny"),
        lambda: product.runs.list(agent),
        lambda: product.runs.get(agent, "x"),
        lambda: product.runs.stop(agent, "x"),
        lambda: product.runs.resume(agent, "x"),
        lambda: product.runs.like(agent, "x"),
        lambda: product.runs.defaults(agent, dataset="turns"),
    )
    for call in calls:
        with pytest.raises(NotAllowed):
            call()


def test_a_run_is_begun_with_all_its_settings_and_another_like_it(product, begun):
    me = product.person()
    run = product.runs.start(me, dataset="turns", base="tiny", settings={"rate": 0.002})
    assert (run.state, run.model, run.base) == ("running", "tuned@1", "tiny@1")
    assert run.settings["rate"] == 0.002
    assert {"epochs", "batch_tokens", "window", "samples", "cases"} <= set(run.settings)
    assert run.facts["data"]["splits"]["train"] > 100
    assert begun == [run.public_id]
    like = product.runs.start(me, **product.runs.like(me, run.public_id))
    assert (like.state, like.model) == ("queued", "tuned@2")
    assert like.settings == run.settings
    assert product.runs.get(me, "tuned@2").public_id == like.public_id
    assert product.runs.stop(me, "tuned@2").state == "stopped"
    pair = product.runs.start(me, dataset="turns", base="pair", name="sums")
    assert pair.model == "sums@1"
    assert product.runs.stop(me, "sums@1").state == "stopped"
    assert product.runs.stop(me, run.public_id).state == "stopping"


def test_commands_tell_of_runs(home, product):
    shell = Shell(home)
    given = {"CHATBOT_ENCODER": "none"}
    listed = shell.run("train", "list", "--json", **given).data
    assert {one["model"] for one in listed} >= {"tuned@1", "tuned@2", "sums@1"}
    shown = shell.run("train", "show", "tuned@2", "--json", **given).data
    assert (shown["state"], shown["points"]) == ("stopped", [])
    plain = shell.run("train", "show", "tuned@2", **given)
    assert "rate\t0.002" in plain.out
    told = shell.run("train", "settings", "--dataset", "turns", "--base", "tiny", "--json", **given)
    assert {one["name"]: one["value"] for one in told.data}["cases"] == 300
    for wrong, said in (
        (["show", "tuned@99"], "does not exist"),
        (["stop", "tuned@2"], "has ended already"),
        (["--dataset", "few"], "needs 200"),
        (["--dataset", "turns", "--base", "tiny", "--set", "speed=3"], "no setting"),
    ):
        done = shell.run("train", *wrong, **given)
        assert (done.code, done.out) == (1, "")
        assert said in done.err
    for usage in ([], ["--dataset", "turns", "list"], ["--dataset", "turns", "--set", "x"]):
        assert shell.run("train", *usage, **given).code in (0, 2)


def test_a_folder_is_prepared_for_training_by_hand(home, product, tmp_path):
    product.runs.prepare(product.person(), tmp_path / "job", dataset="turns", base="tiny")
    assert {path.name for path in (tmp_path / "job").iterdir()} >= {"plan.json", "train.jsonl"}
    with pytest.raises(Refused, match="is not empty"):
        product.runs.prepare(product.person(), tmp_path / "job", dataset="turns", base="tiny")
