"""Models that wait to be fetched: by whom, how long, under which names."""

import os
from types import SimpleNamespace

import pytest

from chatbot.errors import NotFound, Refused
from ui.pages import models_files

ADA = SimpleNamespace(public_id="ada", id=1)
BOB = SimpleNamespace(public_id="bob", id=2)


class Promotion:
    """Writes a folder or a file of a few bytes, or refuses."""

    def export(self, _person, model, out, form):
        if model == "none@1":
            raise Refused("There is no room.")
        if form == "gguf":
            out.write_bytes(b"GGUF")
        else:
            out.mkdir()
            (out / "config.json").write_text("{}")
        return SimpleNamespace(path=out)


@pytest.fixture
def product(tmp_path):
    return SimpleNamespace(
        settings=SimpleNamespace(home_folder=tmp_path),
        registry=SimpleNamespace(resolve=lambda label: SimpleNamespace(label=label)),
        promotion=Promotion(),
    )


@pytest.mark.parametrize(("form", "ending"), [("folder", ".zip"), ("gguf", ".gguf")])
def test_a_model_waits_as_one_file_for_whoever_had_it_written(product, form, ending):
    made = models_files.make(product, ADA, "tuned@1", form)
    assert made["name"] == f"tuned@1{ending}"
    found = models_files.waiting(product, ADA, made["file"])
    assert found.stat().st_size == made["size"] > 0
    with pytest.raises(NotFound):
        models_files.waiting(product, BOB, made["file"])


@pytest.mark.parametrize("key", ["", "..", "0" * 32, "../ada-" + "0" * 32])
def test_a_key_that_nobody_got_finds_nothing(product, key):
    with pytest.raises(NotFound):
        models_files.waiting(product, ADA, key)


def test_what_nobody_fetched_is_removed(product, tmp_path):
    made = models_files.make(product, ADA, "tuned@1", "gguf")
    folder = models_files.waiting(product, ADA, made["file"]).parent
    for path in (*folder.iterdir(), folder):
        os.utime(path, (1, 1))
    with pytest.raises(NotFound):
        models_files.waiting(product, ADA, made["file"])
    assert not folder.exists()


def test_what_waits_beside_them_stays(product, tmp_path):
    models_files.make(product, ADA, "tuned@1", "gguf")
    of_bob = tmp_path / "exports" / "8d7a3f0e-6a51-4d6e-9f6c-0123456789ab"
    slow = tmp_path / "exports" / f"bob-{'0' * 32}"
    for folder in (of_bob, slow):
        folder.mkdir()
        (folder / "data.zip").write_bytes(b"PK")
        os.utime(folder, (1, 1))
    os.utime(of_bob / "data.zip", (1, 1))
    models_files.make(product, ADA, "tuned@1", "gguf")
    assert (of_bob / "data.zip").exists()
    assert (slow / "data.zip").exists()
    assert (tmp_path / "exports").stat().st_mode & 0o077 == 0


def test_nothing_stays_of_a_model_that_was_not_written(product, tmp_path):
    with pytest.raises(Refused):
        models_files.make(product, ADA, "none@1", "folder")
    assert list((tmp_path / "exports").iterdir()) == []
