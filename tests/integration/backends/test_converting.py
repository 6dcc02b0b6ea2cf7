"""Conversions by a real child process: kept, verified, killed, refused; models that use them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from chatbot import errors
from chatbot.backends import converting, fast, local
from chatbot.backends import registry as rooms
from chatbot.backends.checkpoint import MANIFEST, adopt, read_manifest
from chatbot.backends.converting import (
    SEAL,
    Conversion,
    Conversions,
    NoFastRuntime,
    Stopped,
    unsupported,
)
from chatbot.backends.fast import Fast
from chatbot.backends.local import LocalModel
from chatbot.backends.registry import Registry

TALK = [{"role": "user", "content": "hello"}]


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "converted"


@pytest.fixture
def folder(checkpoint, tmp_path, monkeypatch):
    """A copy of the tiny checkpoint, alone in a models folder."""
    monkeypatch.setattr(rooms, "STARTER", tmp_path / "no-starter")
    copy = tmp_path / "models" / "tiny@1"
    shutil.copytree(checkpoint, copy)
    return copy


@pytest.fixture(scope="session")
def made_once(checkpoint, tmp_path_factory):
    """A cache with the tiny checkpoint in it, to be copied; and what was told meanwhile."""
    cache, told = tmp_path_factory.mktemp("made") / "converted", []
    wanted = Conversion(checkpoint, read_manifest(checkpoint), "int8")
    Conversions(cache).make(wanted, told.append)
    return cache, told


@pytest.fixture
def filled(made_once, cache):
    shutil.copytree(made_once[0], cache)
    return cache


def wanted(folder, precision="int8"):
    return Conversion(folder, read_manifest(folder), precision)


def spoil(folder, **fields):
    """Change config.json and make the manifest agree."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    (folder / MANIFEST).unlink()
    adopt(folder)


def rests(cache):
    """What lies in the cache beside whole conversions and the lock."""
    whole = {path for path in cache.iterdir() if (path / SEAL).is_file()}
    return {path.name for path in cache.iterdir()} - {path.name for path in whole} - {".lock"}


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_a_conversion_holds_what_is_read_and_nothing_else(made_once):
    cache, told = made_once
    (made,) = (path for path in cache.iterdir() if path.is_dir())
    assert {path.name for path in made.iterdir()} == {*converting._KEPT, SEAL}
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] < 1
    assert rests(cache) == set()


def test_it_is_found_again_and_not_for_other_weights_or_precisions(filled, folder):
    found = Conversions(filled)
    assert found.find(wanted(folder)) is not None
    assert found.find(wanted(folder, "int4")) is None
    (folder / MANIFEST).unlink()
    (folder / "generation_config.json").write_text('{"eos_token_id": 3}')
    adopt(folder)
    assert found.find(wanted(folder)) is None


@pytest.mark.parametrize("name", [*converting._KEPT, SEAL])
@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_one_is_not_taken(filled, folder, name, how):
    path = Conversions(filled).find(wanted(folder)) / name
    data = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes(data if how == "flipped" else data[: len(data) // 2])
    assert Conversions(filled).find(wanted(folder)) is None


def test_a_file_that_was_put_in_is_not_taken(filled, folder):
    (Conversions(filled).find(wanted(folder)) / "more.onnx").write_bytes(b"x")
    assert Conversions(filled).find(wanted(folder)) is None


def test_a_damaged_one_is_made_again(filled, folder):
    place = Conversions(filled).find(wanted(folder))
    (place / "model.onnx").write_bytes(b"nonsense")
    assert Conversions(filled).make(wanted(folder)) == place
    assert Conversions(filled).find(wanted(folder)) == place


def test_stop_kills_the_child_and_leaves_nothing(folder, cache):
    stop = threading.Event()
    with pytest.raises(Stopped):
        Conversions(cache).make(wanted(folder), lambda share: stop.set(), stop)
    assert rests(cache) == set()
    assert Conversions(cache).find(wanted(folder)) is None


def test_what_a_killed_process_left_does_not_count_and_is_removed(folder, cache):
    program = (
        "import sys; from pathlib import Path;"
        "from chatbot.backends.checkpoint import read_manifest;"
        "from chatbot.backends.converting import Conversion, Conversions;"
        "folder, cache = map(Path, sys.argv[1:]);"
        "Conversions(cache).make(Conversion(folder, read_manifest(folder), 'int8'))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, folder, cache])
    until(lambda: cache.is_dir() and list(cache.glob(f"{converting._UNFINISHED}*")))
    child = children(parent.pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    until(lambda: not any(map(alive, child)))
    assert len(rests(cache)) == 1
    assert Conversions(cache).find(wanted(folder)) is None
    Conversions(cache).tidy()
    assert rests(cache) == set()


def children(pid):
    psutil = pytest.importorskip("psutil")
    found = []
    until(lambda: found.extend(psutil.Process(pid).children(recursive=True)) or found)
    return found


def alive(process):
    import psutil

    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_what_is_being_made_is_not_tidied_away(folder, cache):
    seen = []

    def say(share):
        Conversions(cache).tidy()
        seen.append(rests(cache))

    Conversions(cache).make(wanted(folder), say)
    assert all(len(names) == 1 for names in seen)


def test_two_at_once_make_one(folder, cache):
    places, told = [], []
    threads = [
        threading.Thread(
            target=lambda: places.append(Conversions(cache).make(wanted(folder), told.append))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert places[0] == places[1]
    assert len(told) == len(set(told))  # only one of them worked


def test_an_older_one_of_the_same_model_goes(filled, folder):
    old = Conversions(filled).find(wanted(folder))
    (folder / MANIFEST).unlink()
    (folder / "generation_config.json").write_text('{"eos_token_id": 3}')
    adopt(folder)
    new = Conversions(filled).make(wanted(folder))
    assert new.is_dir()
    assert not old.exists()


def test_a_cache_that_cannot_be_made_is_one_sentence(folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NoFastRuntime, match="could not be written"):
        Conversions(tmp_path / "file" / "converted").make(wanted(folder))


@pytest.mark.parametrize(
    "fields",
    [
        {"architectures": ["MambaForCausalLM"]},
        {"architectures": None},
        {"architectures": "LlamaForCausalLM"},
        {"architectures": [{}]},
        {"quantization_config": {"quant_method": "gptq"}},
        {"sliding_window": 8},
        {"original_max_position_embeddings": 8},
    ],
)
def test_what_the_fast_runtime_does_not_know_is_said(folder, fields):
    spoil(folder, **fields)
    assert unsupported(folder)


def test_a_model_opens_on_its_conversion(filled, folder):
    model = LocalModel.load(folder, read_manifest(folder), fast=Fast(filled))
    try:
        assert model.runtime == "onnxruntime, int8, cpu"
        assert model.invoke(TALK, max_tokens=5, temperature=0).usage_metadata["output_tokens"] > 0
    finally:
        model.close()


def test_one_that_waits_converts_first_and_says_how_far(folder, cache):
    registry = Registry(folder.parent, default="tiny", fast=Fast(cache, "fp32", wait=True))
    said = []
    opening = threading.Thread(target=registry.open)
    opening.start()
    while opening.is_alive():
        said.append(registry.state("tiny").sentence)
        opening.join(0.005)
    try:
        assert registry.runtime("tiny") == "onnxruntime, fp32, cpu"
        assert any(sentence.startswith("Preparing tiny@1") for sentence in said)
    finally:
        registry.close()


def test_transformers_answers_until_the_fast_one_takes_over(folder, cache, monkeypatch):
    monkeypatch.setattr(local, "PAUSE_BEFORE_CONVERTING", 0)
    model = LocalModel.load(folder, read_manifest(folder), fast=Fast(cache, "fp32"))
    try:
        assert model.runtime.startswith("transformers, float32, cpu")
        before = model.invoke(TALK, max_tokens=20, temperature=0).content
        until(lambda: model.runtime == "onnxruntime, fp32, cpu")
        assert model.invoke(TALK, max_tokens=20, temperature=0).content == before
    finally:
        model.close()


def test_closing_gives_the_conversion_up(folder, cache, monkeypatch):
    monkeypatch.setattr(local, "PAUSE_BEFORE_CONVERTING", 0)
    model = LocalModel.load(folder, read_manifest(folder), fast=Fast(cache))
    until(lambda: cache.is_dir() and list(cache.glob(f"{converting._UNFINISHED}*")))
    model.close()
    assert rests(cache) == set()


def opened(folder, fast_way):
    registry = Registry(folder.parent, default="tiny", fast=fast_way)
    try:
        registry.open()
        return registry.runtime("tiny")
    finally:
        registry.close()


def test_an_unknown_architecture_falls_to_transformers_and_says_so(folder, cache):
    spoil(folder, sliding_window=8, model_type="mistral", architectures=["MistralForCausalLM"])
    runtime = opened(folder, Fast(cache, wait=True))
    assert runtime.startswith("transformers, float32, cpu (onnxruntime would")


def test_too_little_memory_to_convert_falls_to_transformers(folder, cache, monkeypatch):
    monkeypatch.setattr(fast, "available_bytes", lambda: 1000)
    assert "too little memory" in opened(folder, Fast(cache, wait=True))


def test_too_little_memory_to_open_falls_to_transformers(folder, filled, monkeypatch):
    monkeypatch.setattr(fast, "available_bytes", lambda: 1000)
    assert "too little memory" in opened(folder, Fast(filled))


def test_a_form_that_cannot_run_falls_to_transformers(folder, filled):
    """Sealed as it is: what came out of a builder of another kind."""
    place = Conversions(filled).find(wanted(folder))
    (place / "model.onnx").write_bytes(b"no graph")
    seal = json.loads((place / SEAL).read_text())
    seal["files"]["model.onnx"] = converting.sha256(place / "model.onnx")
    (place / SEAL).write_text(json.dumps(seal))
    assert "cannot run" in opened(folder, Fast(filled))


def test_missing_weights_are_not_made_up_by_the_builder(folder, cache):
    spoil(folder, num_hidden_layers=3)
    with pytest.raises(errors.ModelCorrupt, match="missing"):
        opened(folder, Fast(cache, wait=True))
    assert not cache.exists()


def test_a_checkpoint_that_was_changed_is_refused_before_its_conversion_is_taken(filled, folder):
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    with pytest.raises(errors.ModelCorrupt, match="checksum"):
        opened(folder, Fast(filled))
