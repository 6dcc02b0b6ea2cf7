"""What the glass shows equals what transformers says by itself, and is what it claims to be."""

from math import isclose

import pytest
import torch

from chatbot.errors import Refused
from chatbot.learning.inside.glass import LIKELIEST, Glass
from chatbot.learning.inside.views import Work
from tests.support import tiny_model

QUESTION = [{"role": "user", "content": "Where is the parcel?"}]
SENTENCE = "The cat sat on the mat."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny@1"
    tiny_model.make(folder)
    return folder


@pytest.fixture(scope="module")
def glass(folder):
    return Glass.open(folder)


@pytest.fixture(scope="module")
def plain(folder):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()


@pytest.mark.parametrize("text", [SENTENCE, "Größe 東京 😀!", "  two  spaces\n\tand a line ", "x"])
def test_pieces_join_to_the_text(glass, text):
    pieces = glass.pieces(glass.encode(text))
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.kind == "text" or not piece.text for piece in pieces)


def test_bytes_of_a_character_show_it_once(glass):
    kinds = [piece.kind for piece in glass.pieces(glass.encode("😀"))]
    assert kinds[-1] == "text"
    assert set(kinds[:-1]) <= {"part"}


def test_control_tokens_have_names_and_cannot_be_typed(glass):
    asked = glass.pieces(glass.prompt(QUESTION))
    assert "<|user|>" in [piece.text for piece in asked if piece.kind == "control"]
    typed = glass.pieces(glass.encode("<|user|>"))
    assert {piece.kind for piece in typed} == {"text"}


def test_probabilities_equal_a_plain_call(glass, plain):
    prompt, answer = glass.prompt(QUESTION), glass.encode(SENTENCE)
    with torch.inference_mode():
        shares = plain(torch.tensor([prompt + answer])).logits[0].softmax(-1)
    steps = glass.steps(prompt, answer)
    assert [step.piece.id for step in steps] == answer
    for place, step in enumerate(steps):
        row = shares[len(prompt) + place - 1]
        assert isclose(step.probability, row[answer[place]], rel_tol=1e-3, abs_tol=1e-7)
        best = row.topk(LIKELIEST)
        assert [one.piece.id for one in step.candidates] == best.indices.tolist()
        told = torch.tensor([one.probability for one in step.candidates])
        torch.testing.assert_close(told, best.values, rtol=1e-3, atol=1e-6)
        assert step.rank == 1 + int((row > row[answer[place]]).sum())


def test_all_candidates_sum_to_one(glass, monkeypatch):
    monkeypatch.setattr("chatbot.learning.inside.glass.LIKELIEST", 10**9)
    (step,) = glass.steps(glass.prompt(QUESTION), glass.encode("x"))
    assert isclose(sum(one.probability for one in step.candidates), 1.0, abs_tol=1e-4)


def test_written_answer_is_the_likeliest_one(glass):
    prompt = glass.prompt(QUESTION)
    ids, cut = glass.write(prompt, 12, Work())
    assert {step.rank for step in glass.steps(prompt, ids)} == {1}
    assert cut == (glass.pieces(ids)[-1].text != "<|end|>")
    assert len(ids) == 12 or not cut


def test_stopped_writing_keeps_what_there_is(glass):
    work = Work()
    work.cancel.cancel()
    ids, cut = glass.write(glass.prompt(QUESTION), 100, work)
    assert (len(ids), cut) == (1, True)
    assert (work.stage, work.done, work.of) == ("Writing", 1, 100)


@pytest.mark.parametrize("layer", [1, 2])
def test_attention_equals_a_plain_call(glass, plain, layer):
    ids = glass.encode(SENTENCE)
    with torch.inference_mode():
        expected = plain(torch.tensor([ids]), output_attentions=True).attentions[layer - 1][0]
    heads = glass.attention(ids, layer)
    assert (glass.layers, len(heads)) == (2, 4)
    for head, wanted in zip(heads, expected, strict=True):
        assert [len(row) for row in head] == list(range(1, len(ids) + 1))
        for place, row in enumerate(head):
            assert isclose(sum(row), 1.0, abs_tol=1e-4)
            torch.testing.assert_close(torch.tensor(row), wanted[place, : place + 1])


def test_model_without_attention_is_told(glass):
    from transformers import MambaConfig, MambaForCausalLM

    config = MambaConfig(vocab_size=480, hidden_size=16, num_hidden_layers=2, state_size=4)
    other = Glass(MambaForCausalLM(config).eval(), glass._tokens)
    with pytest.raises(Refused, match="no attention"):
        other.attention(glass.encode(SENTENCE), 1)
