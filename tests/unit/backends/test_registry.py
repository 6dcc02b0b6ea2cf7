import json
import threading
import time

import pytest

from chatbot import errors
from chatbot.backends import registry as rooms
from chatbot.backends.checkpoint import adopt
from chatbot.backends.registry import ModelState, Registry
from chatbot.settings import HostedModel


@pytest.fixture
def models_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "STARTER", tmp_path / "no-starter")
    return tmp_path / "models"


def checkpoint(models_dir, folder, **manifest):
    path = models_dir / folder
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps({"max_position_embeddings": 512}))
    (path / "model.safetensors").write_bytes(b"not opened by these tests")
    if manifest:
        adopt(path, **manifest)
    return path


def labels(registry):
    return [info.label for info in registry.list()]


def test_missing_folder_is_an_empty_list(models_dir):
    assert Registry(models_dir).list() == []


def test_lists_newest_version_first_and_kinds_in_order(models_dir):
    for version in ("0.9", "0.10", "0.2"):
        checkpoint(models_dir, f"own@{version}")
    hosted = HostedModel(name="big", model="lab/big-1", context=32000)
    registry = Registry(models_dir, [hosted], scripted=True)
    expected = ["own@0.10", "own@0.9", "own@0.2", "big@lab/big-1", "scripted@1"]
    assert labels(registry) == expected
    assert [info.where for info in registry.list()][2:] == ["local", "hosted", "scripted"]


def test_manifest_tells_context_description_and_tags(models_dir):
    checkpoint(models_dir, "x", name="own", version="3", context=99, trained_on_tags=True)
    (info,) = Registry(models_dir).list()
    assert (info.label, info.context, info.trained_on_tags) == ("own@3", 99, True)


@pytest.mark.parametrize("name", ["own", "big", "scripted", "shipped"])
def test_name_that_answers_by_itself_gets_no_new_version(models_dir, monkeypatch, name):
    checkpoint(models_dir, "own@1")
    shipped = checkpoint(models_dir.parent, "inside", name="shipped", version="2")
    monkeypatch.setattr(rooms, "STARTER", shipped)
    hosted = HostedModel(name="big", model="lab/big-1", context=32000)
    registry = Registry(models_dir, [hosted], default="own@1", scripted=True)
    with pytest.raises(errors.Refused, match=f"^{name} is the name of a model that answers"):
        registry.refuse_unseen(name)
    registry.refuse_unseen("another")


def test_resolves_labels_names_and_the_default(models_dir):
    checkpoint(models_dir, "own@1")
    checkpoint(models_dir, "own@2")
    registry = Registry(models_dir, default="own")
    assert registry.resolve("own@1").version == "1"
    assert registry.resolve("own").version == "2"
    assert registry.resolve().label == "own@2"


@pytest.mark.parametrize("name", ["nobody", "own@9", "../own", "own@", "x" * 5000, "\x00"])
def test_unknown_names_are_refused_in_one_short_sentence(models_dir, name):
    checkpoint(models_dir, "own@1")
    with pytest.raises(errors.UnknownModel) as caught:
        Registry(models_dir).resolve(name)
    assert len(str(caught.value)) < 200


def test_damaged_folders_are_told_and_do_not_hide_the_others(models_dir):
    checkpoint(models_dir, "own@1")
    (checkpoint(models_dir, "bad@1") / "manifest.json").write_text('{"name": "../x"}')
    (models_dir / "empty").mkdir()
    registry = Registry(models_dir)
    assert labels(registry) == ["own@1"]
    bad, empty = registry.problems()
    assert "bad@1" in bad
    assert "empty" in empty


def test_opens_once_for_many_threads(models_dir):
    registry, opened = Registry(models_dir, scripted=True, default="scripted"), []
    threads = [threading.Thread(target=lambda: opened.append(registry.open())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(model) for model in opened}) == 1
    assert registry.state("scripted").state == "ready"


def test_state_before_and_after(models_dir):
    registry = Registry(models_dir, scripted=True)
    assert registry.state("scripted") == ModelState("idle", "scripted@1 is not loaded yet.")
    first = registry.open("scripted")
    registry.unload("scripted")
    assert registry.state("scripted").state == "idle"
    assert registry.open("scripted") is not first


def test_background_failure_is_told_by_the_state(models_dir):
    path = checkpoint(models_dir, "own@1", name="own")
    (path / "model.safetensors").write_bytes(b"changed afterwards")
    registry = Registry(models_dir)
    registry.load_in_background("own")
    while (state := registry.state("own")).state == "loading":
        time.sleep(0.01)
    assert state.state == "failed"
    assert "model.safetensors" in state.sentence
