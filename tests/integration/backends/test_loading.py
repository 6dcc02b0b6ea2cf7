"""Checkpoint folders that are damaged, hostile, too large, or of another kind."""

import json
import pickle
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbot import errors
from chatbot.backends import reference
from chatbot.backends import registry as rooms
from chatbot.backends.checkpoint import MANIFEST, adopt, read_manifest
from chatbot.backends.encoder import Encoder
from chatbot.backends.local import LocalModel
from chatbot.backends.registry import Registry
from tests.support import tiny_encoder


@pytest.fixture
def folder(checkpoint, tmp_path, monkeypatch):
    """A copy of the tiny checkpoint to spoil, in a models folder of its own."""
    monkeypatch.setattr(rooms, "STARTER", tmp_path / "no-starter")
    copy = tmp_path / "models" / "tiny@1"
    shutil.copytree(checkpoint, copy)
    return copy


def open_it(folder):
    registry = Registry(folder.parent, default="tiny")
    try:
        return registry.open()
    finally:
        registry.close()


def spoil(folder, name="config.json", **fields):
    """Change a JSON file and make the manifest agree, as a hostile author would."""
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    (folder / MANIFEST).unlink()
    adopt(folder)


def test_opens_with_its_manifest(folder):
    model = open_it(folder)
    assert (model.label, model.context, model.where) == ("tiny@1", 512, "local")
    assert model.runtime == "transformers, float32, cpu"


def test_folder_without_manifest_is_adopted(folder):
    (folder / MANIFEST).unlink()
    assert open_it(folder).label == "tiny@1"
    assert read_manifest(folder).context == 512


def test_damaged_weights_are_refused(folder):
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    with pytest.raises(errors.ModelCorrupt, match=r"model\.safetensors"):
        open_it(folder)


@pytest.mark.parametrize("keep", [0, 5, 1000])
def test_truncated_weights_are_refused_even_when_the_manifest_agrees(folder, keep):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    (folder / MANIFEST).unlink()
    adopt(folder)
    with pytest.raises((errors.ModelCorrupt, errors.ModelUnavailable)) as caught:
        open_it(folder)
    assert "\n" not in str(caught.value)


def test_missing_weights_are_not_made_up(folder):
    spoil(folder, num_hidden_layers=3)
    with pytest.raises(errors.ModelCorrupt, match="missing"):
        open_it(folder)


def test_pickle_is_refused_by_name_and_not_run(folder, tmp_path):
    canary = tmp_path / "canary"

    class Bomb:
        def __reduce__(self):
            return canary.write_text, ("boom",)

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(errors.ModelUnavailable, match=r"pytorch_model\.bin is a pickle"):
        open_it(folder)
    assert not canary.exists()


def test_program_code_in_a_checkpoint_is_not_run(folder, tmp_path):
    canary = tmp_path / "canary"
    (folder / "mine.py").write_text(f"open({str(canary)!r}, 'w')")
    auto_map = {"AutoConfig": "mine.Config", "AutoModelForCausalLM": "mine.Model"}
    spoil(folder, model_type="mine", auto_map=auto_map)
    with pytest.raises(errors.ModelUnavailable):
        open_it(folder)
    assert not canary.exists()


def test_attention_from_somewhere_else_is_not_fetched(folder):
    spoil(folder, _attn_implementation="somebody/kernel", attn_implementation="somebody/kernel")
    model = open_it(folder)
    assert model.runtime.startswith("transformers")


@pytest.mark.parametrize(
    "fields", [{"model_type": "no-such"}, {"hidden_size": "wide"}, {"num_attention_heads": 0}]
)
def test_nonsense_is_one_typed_sentence(folder, fields):
    spoil(folder, **fields)
    with pytest.raises((errors.ModelUnavailable, errors.ModelCorrupt)) as caught:
        open_it(folder)
    assert "\n" not in str(caught.value)


def test_no_chat_template_says_so(folder):
    (folder / "chat_template.jinja").unlink()
    (folder / MANIFEST).unlink()
    adopt(folder)
    with pytest.raises(errors.ModelUnavailable, match="chat template"):
        open_it(folder)


def test_template_without_a_system_role_still_gets_the_system_text(folder):
    template = (
        "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}"
        "{{ raise_exception('no system') }}{% endif %}"
        "{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}<|assistant|>"
    )
    (folder / "chat_template.jinja").write_text(template)
    (folder / MANIFEST).unlink()
    adopt(folder)
    tokens = open_it(folder)._tokens
    talk = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
    assert "Be kind.\n\nHello" in tokens.decode(tokens.encode(talk))


def test_more_than_the_memory_is_refused_and_the_process_lives(folder, monkeypatch):
    monkeypatch.setattr(reference, "available_bytes", lambda: 1000)
    with pytest.raises(errors.ModelUnavailable, match="memory"):
        open_it(folder)
    monkeypatch.undo()
    manifest = read_manifest(folder)
    model = LocalModel.load(folder, manifest)
    assert model.label == "tiny@1"
    model.close()


def test_state_follows_a_load_in_the_background(folder):
    registry = Registry(folder.parent, default="tiny")
    registry.load_in_background()
    model = registry.open("tiny")
    assert registry.state("tiny").state == "ready"
    assert registry.open("tiny@1") is model
    registry.unload("tiny")
    assert registry.state("tiny").state == "idle"
    with pytest.raises(errors.ModelUnavailable):
        model.invoke("hello")
    registry.close()


def test_an_encoder_and_models_open_at_the_same_time(folder, tmp_path):
    encoders = tiny_encoder.make(tmp_path / "encoder")
    manifest = read_manifest(folder)
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as threads:
            opened = [
                threads.submit(
                    lambda number: (
                        Encoder(encoders).encode(["where is my parcel"])
                        if number % 2
                        else LocalModel.load(folder, manifest).close()
                    ),
                    number,
                )
                for number in range(24)
            ]
    finally:
        sys.setswitchinterval(switching)
    assert [one.exception() for one in opened] == [None] * 24
