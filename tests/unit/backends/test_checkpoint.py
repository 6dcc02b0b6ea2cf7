import json

import pytest

from chatbot import errors
from chatbot.backends.checkpoint import adopt, fingerprint, read_manifest, sha256, verify


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "own@2"
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"max_position_embeddings": 512}))
    (path / "model.safetensors").write_bytes(b"weights" * 1000)
    (path / "README.md").write_text("may change")
    return path


def test_adopted_folder_verifies_and_reads_back(folder):
    manifest = adopt(folder, description="ours")
    verify(folder, manifest)
    assert read_manifest(folder) == manifest
    assert (manifest.name, manifest.version, manifest.context) == ("own", "2", 512)
    assert sorted(manifest.files) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"parameters": {"temperature": 0.9}}, False),
        ({"phrases": {"openings": ["Sure."]}}, False),
        ({"trained_on_tags": True}, False),
        ({"context": 256}, False),
        ({"files": {"model.safetensors": "0" * 64}}, False),
        ({"name": "other", "version": "3", "description": "renamed"}, True),
        ({"parameters": {}, "phrases": None, "trained": {"base": "x"}}, True),
    ],
)
def test_fingerprint_covers_what_changes_answers(folder, changed, same):
    adopt(folder)
    before, file = fingerprint(folder), folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))
    assert (fingerprint(folder) == before) is same


def test_no_manifest_is_none(folder):
    assert read_manifest(folder) is None


def test_one_changed_byte_is_found(folder):
    manifest = adopt(folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(b"x" + weights.read_bytes()[1:])
    with pytest.raises(errors.ModelCorrupt, match=r"model\.safetensors"):
        verify(folder, manifest)


def test_truncated_file_is_found(folder):
    manifest = adopt(folder)
    (folder / "model.safetensors").write_bytes(b"weights" * 999)
    with pytest.raises(errors.ModelCorrupt):
        verify(folder, manifest)


def test_missing_file_is_named(folder):
    manifest = adopt(folder)
    (folder / "config.json").unlink()
    with pytest.raises(errors.ModelCorrupt, match=r"config\.json is missing"):
        verify(folder, manifest)


def test_planted_file_is_refused(folder):
    manifest = adopt(folder)
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(errors.ModelCorrupt, match=r"adapter_config\.json"):
        verify(folder, manifest)


def test_an_adapter_beside_a_model_is_refused_also_where_it_is_listed(folder):
    adapter = folder / "adapter_config.json"
    adapter.write_text(json.dumps({"peft_type": "LORA"}))
    with pytest.raises(errors.ModelUnavailable, match="added to the model unseen"):
        adopt(folder)
    adapter.unlink()
    manifest = adopt(folder)
    adapter.write_text("{}")
    known = manifest.model_copy(update={"files": manifest.files | {adapter.name: sha256(adapter)}})
    with pytest.raises(errors.ModelUnavailable, match="added to the model unseen"):
        verify(folder, known)


def test_file_outside_the_folder_is_refused(folder):
    adopt(folder)
    (folder.parent / "secret").write_text("x")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["../secret"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(errors.ModelCorrupt, match="missing"):
        verify(folder, read_manifest(folder))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "x.PT", "optimizer.pt", "a.pkl", "b.ckpt"])
def test_pickles_are_refused_by_name(folder, name):
    (folder / name).write_bytes(b"\x80\x04.")
    with pytest.raises(errors.ModelUnavailable, match=name):
        adopt(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "{}",
        '{"name": "a/b", "version": "1", "files": {}, "context": 1}',
        '{"name": "a", "version": "1", "files": {"x": "short"}, "context": 1}',
        '{"name": "a", "version": "1", "files": {}, "context": -1}',
        "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"),
    ],
)
def test_damaged_manifest_is_one_sentence(folder, text):
    (folder / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(errors.ModelCorrupt) as caught:
        read_manifest(folder)
    assert "\n" not in str(caught.value)


def test_folder_that_is_no_checkpoint(tmp_path):
    with pytest.raises(errors.ModelUnavailable, match=r"config\.json"):
        adopt(tmp_path)
