"""Models out and in: a folder, merged LoRA, GGUF; each opened again, and what is refused."""

import json
import shutil
import warnings
from pathlib import Path

import pytest

from chatbot.backends.checkpoint import read_manifest
from chatbot.errors import Conflict, ModelCorrupt, ModelUnavailable, Refused
from chatbot.learning.exporting import adapters, layout, proof, room, take, write
from chatbot.learning.exporting.writing import ADAPTER
from tests.support import tiny_model


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny@1"
    tiny_model.make(folder, context=1024, trained_on_tags=True, parameters={"temperature": 0.2})
    return folder


@pytest.fixture
def copied(checkpoint, tmp_path):
    """A copy that a test may damage, as it comes from elsewhere: without our manifest."""
    folder = tmp_path / "came"
    shutil.copytree(checkpoint, folder)
    (folder / "manifest.json").unlink()
    return folder


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


def logits(folder):
    import torch

    from chatbot.backends.loading import load_to_train

    model, tokens, _ = load_to_train(folder, torch.float32, "")
    with torch.inference_mode():
        ids = torch.tensor([tokens.encode([{"role": "user", "content": "Wo ist 48213, 😀?"}])])
        return model(input_ids=ids).logits


@pytest.fixture
def adapter_of():
    with warnings.catch_warnings():
        # peft asks transformers for a name that will be gone in version 6.
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        yield _adapter_of


def _adapter_of(base: Path, out: Path):
    """An adapter that adds noise to every layer, as peft writes one; the merged logits."""
    import torch
    from peft import LoraConfig, get_peft_model

    from chatbot.backends.loading import load_to_train

    model, tokens, _ = load_to_train(base, torch.float32, "")
    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False)
    model = get_peft_model(model, config).eval()
    model.save_pretrained(out)
    with torch.inference_mode():
        ids = torch.tensor([tokens.encode([{"role": "user", "content": "Wo ist 48213, 😀?"}])])
        return model(input_ids=ids).logits


def test_a_folder_goes_out_and_comes_back_the_same(checkpoint, models, tmp_path):
    made = write(checkpoint, tmp_path / "out", "folder")

    assert made.proof.difference == 0.0
    assert read_manifest(tmp_path / "out") == read_manifest(checkpoint)
    taken = take(made.path, models, "again@2")
    manifest = read_manifest(taken)
    assert (manifest.name, manifest.version, manifest.trained_on_tags) == ("again", "2", True)
    assert (
        manifest.files["model.safetensors"] == read_manifest(checkpoint).files["model.safetensors"]
    )
    assert take(made.path, models).name == "tiny@1"
    with pytest.raises(Conflict, match="again@2 already"):
        take(made.path, models, "again@2")
    asked = []
    take(made.path, models, "again@3", admit=lambda *label: asked.append(label))
    assert asked == [("again", "3")]


def test_gguf_goes_out_and_comes_back_the_same(checkpoint, models, tmp_path):
    made = write(checkpoint, tmp_path / "tiny.gguf", "gguf")

    assert made.path.is_file()
    assert made.proof.difference < proof.TOLERANCE
    taken = take(made.path, models, "back@1")
    old, new = read_manifest(checkpoint), read_manifest(taken)
    assert (new.trained_on_tags, new.parameters) == (True, old.parameters)
    assert (taken / "tokenizer.json").read_text() == (checkpoint / "tokenizer.json").read_text()
    assert (logits(taken) - logits(checkpoint)).abs().max() < 1e-3
    made.path.write_bytes(made.path.read_bytes()[:5000])
    with pytest.raises(ModelCorrupt, match="no whole GGUF"):
        take(made.path, models, "cut@1")
    assert [path.name for path in models.iterdir()] == ["back@1"]


def test_an_adapter_is_merged_into_its_base(adapter_of, checkpoint, models, tmp_path):
    wanted = adapter_of(checkpoint, tmp_path / "adapter")
    with pytest.raises(Refused, match="Name its base"):
        take(tmp_path / "adapter", models, "shop@1")

    taken = take(tmp_path / "adapter", models, "shop@1", base=checkpoint)

    for same in ("trained_on_tags", "parameters", "phrases", "context"):
        assert getattr(read_manifest(taken), same) == getattr(read_manifest(checkpoint), same)
    assert (logits(taken) - wanted).abs().max() / wanted.abs().max() < proof.TOLERANCE
    with pytest.raises(Refused, match="not trained by LoRA"):
        write(taken, tmp_path / "merged", "merged")
    shutil.copytree(tmp_path / "adapter", taken / ADAPTER)
    told = json.loads((taken / "manifest.json").read_text()) | {"trained": {"base": "tiny@1"}}
    (taken / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(Refused, match="tiny@1, which it was trained from, is not here"):
        write(taken, tmp_path / "merged", "merged")
    made = write(taken, tmp_path / "merged", "merged", {"tiny@1": checkpoint}.get)
    assert made.proof.difference < 1e-6
    assert read_manifest(made.path).name == "shop"
    assert "trained" in json.loads((made.path / "manifest.json").read_text())


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"peft_type": "IA3"}, "does not tell of a LoRA"),
        ({"bias": "all"}, "changes more than it adds"),
        ({"r": 2}, "does not fit this base"),
        ({"target_modules": ["nowhere"]}, "does not fit this base"),
        ({"megatron_config": {"a": 1}, "megatron_core": "antigravity"}, None),
    ],
)
def test_an_adapters_settings_cannot_ask_for_anything_else(
    adapter_of, checkpoint, tmp_path, changes, match
):
    adapter_of(checkpoint, tmp_path / "adapter")
    file = tmp_path / "adapter" / adapters.CONFIG
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    if match is None:
        adapters.merge(tmp_path / "adapter", checkpoint, tmp_path)
        return
    with pytest.raises(Refused, match=match):
        adapters.merge(tmp_path / "adapter", checkpoint, tmp_path)


def cut_weights(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-9])


def claim_much(folder):
    file = folder / "model.safetensors"
    file.write_bytes((2**60).to_bytes(8, "little") + file.read_bytes()[8:])


def index_outside(folder):
    told = {"weight_map": {"a": "../../outside.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(told))


def link(folder):
    (folder / "model.safetensors").rename(folder.parent / "elsewhere.safetensors")
    (folder / "model.safetensors").symlink_to(folder.parent / "elsewhere.safetensors")


@pytest.mark.parametrize(
    ("harm", "error", "match"),
    [
        (lambda f: (f / "model.bin").write_bytes(b"cos\nsystem\n"), ModelUnavailable, "pickle"),
        (lambda f: (f / "config.json").unlink(), ModelUnavailable, "config.json"),
        (lambda f: (f / "config.json").write_text("[" * 9000), ModelUnavailable, "config.json"),
        (lambda f: (f / "config.json").write_text('{"model_type": "no-such"}'), ModelUnavailable,
         "cannot be opened"),
        (lambda f: (f / "model.safetensors").unlink(), ModelUnavailable, "no safetensors"),
        (cut_weights, ModelCorrupt, "not whole"),
        (claim_much, ModelCorrupt, "not whole"),
        (index_outside, Refused, "no weights of this folder"),
        (link, Refused, "is a link"),
        (lambda f: (f / "chat_template.jinja").unlink(), ModelUnavailable, "no chat template"),
    ],
)  # fmt: skip
def test_what_is_no_safe_whole_model_is_refused_and_leaves_nothing(
    copied, models, harm, error, match
):
    harm(copied)

    with pytest.raises(error, match=match):
        take(copied, models, "came@1")

    assert not models.exists() or list(models.iterdir()) == []


@pytest.mark.parametrize("label", ["", "came", "../x@1", "a@b@c", ".hidden@1", "a b@1"])
def test_a_label_is_a_name_and_a_version(copied, models, label):
    with pytest.raises(Refused, match="name@version"):
        take(copied, models, label)


def test_a_full_disk_is_told_before_anything_is_written(copied, models, monkeypatch):
    few = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: few)

    with pytest.raises(Refused, match="Free some space"):
        take(copied, models, "came@1")
    with pytest.raises(Refused, match="is not there"):
        take(copied / "nothing", models, "came@1")


def test_nothing_is_overwritten(checkpoint, tmp_path):
    (tmp_path / "taken.gguf").write_text("mine")

    with pytest.raises(Refused, match="there already"):
        write(checkpoint, tmp_path / "taken.gguf", "gguf")

    assert (tmp_path / "taken.gguf").read_text() == "mine"


def test_what_answers_otherwise_is_not_kept(checkpoint, tmp_path, monkeypatch):
    other = tmp_path / "other@1"
    tiny_model.make(other, seed=5, context=1024, trained_on_tags=True)
    real = layout.placed
    monkeypatch.setattr(layout, "placed", lambda name, *rest: real(name, *rest) * 1.01)

    with pytest.raises(ModelCorrupt, match="does not answer as the model"):
        write(checkpoint, tmp_path / "tiny.gguf", "gguf")

    assert not (tmp_path / "tiny.gguf").exists()


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"model_type": "gpt2"}, "kind gpt2"),
        ({"model_type": "llama", "rope_scaling": {"type": "yarn"}}, "scaled .yarn"),
    ],
)
def test_what_gguf_cannot_tell_is_refused(config, match):
    with pytest.raises(Refused, match=match):
        layout.architecture(config)
    with pytest.raises(Refused, match="no place in GGUF"):
        layout.tensor_name("model.layers.0.mlp.experts.3.up_proj.weight")
    with pytest.raises(Refused, match="cuts texts"):
        layout.pre_tokenizer({"model": {"type": "Unigram"}})
