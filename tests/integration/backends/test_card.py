"""Facts of a checkpoint folder, read without opening the model; damage is left out, not raised."""

import json

import pytest

from chatbot.backends.card import CARD, LONGEST_CARD, MOST_FIGURES, card_text, facts
from chatbot.backends.checkpoint import EVALUATION, MANIFEST, read_manifest, verify
from chatbot.backends.registry import SCRIPTED, ModelInfo
from tests.support import tiny_model


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny@1"
    tiny_model.make(folder, parameters={"temperature": 0.5})
    return folder


@pytest.fixture
def info(made, tmp_path):
    folder = tmp_path / "tiny@1"
    folder.mkdir()
    for path in made.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return ModelInfo("tiny", "1", "local", folder, 512, "")


def test_facts_of_a_folder(info):
    from transformers import AutoModelForCausalLM

    found = facts(info)
    weights = AutoModelForCausalLM.from_pretrained(info.path).num_parameters()
    assert found.weights == weights
    assert found.size == sum(path.stat().st_size for path in info.path.iterdir())
    assert found.sampling == {"temperature": 0.5}
    assert (found.figures, found.has_card, card_text(info)) == ((), False, "")


def test_model_elsewhere_has_no_folder():
    assert facts(SCRIPTED).size is None
    assert card_text(SCRIPTED) == ""


def test_card_is_read_and_bounded(info):
    (info.path / CARD).write_bytes("Größe\n".encode() + b"\xff" * LONGEST_CARD * 2)
    assert facts(info).has_card
    assert card_text(info).startswith("Größe\n\ufffd")
    assert len(card_text(info)) == LONGEST_CARD


def test_figures_are_flattened_in_order(info):
    told = {"suite": "starter", "fit": 0.61, "by": {"talk": {"n": 46, "ok": True}, "deep": 2}}
    (info.path / EVALUATION).write_text(json.dumps(told))
    assert facts(info).figures == (("fit", 0.61), ("by · talk · n", 46), ("by · deep", 2))


def test_evaluation_may_come_after_the_manifest(info):
    (info.path / EVALUATION).write_text("{}")
    verify(info.path, read_manifest(info.path))


@pytest.mark.parametrize(
    "text", ["", "[", "[1, 2]", "3", '{"a": NaN, "b": 1e999, "c": "x"}', "[" * 100_000]
)
def test_odd_evaluations_give_no_figures(info, text):
    (info.path / EVALUATION).write_text(text)
    assert facts(info).figures == ()


def test_figures_are_bounded(info):
    told = {"a": {"b": {"c": {"too": 1}}}} | {f"{n}": n for n in range(1000)}
    (info.path / EVALUATION).write_text(json.dumps(told))
    assert len(facts(info).figures) == MOST_FIGURES


@pytest.mark.parametrize(
    "head",
    [b"", b"\x05", (2**60).to_bytes(8, "little") + b"{", (4).to_bytes(8, "little") + b"[1 ]"],
)
def test_damaged_files_leave_facts_out(info, head):
    (info.path / "model.safetensors").write_bytes(head)
    (info.path / MANIFEST).write_text("{")
    assert facts(info).weights is None
    assert facts(info).sampling == {}
