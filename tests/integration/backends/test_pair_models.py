"""Encoder–decoder checkpoints (T5): loaded from a folder, they answer as `generate` does."""

import asyncio

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from chatbot.backends.base import Ask
from chatbot.backends.cancel import CancelToken
from chatbot.backends.local import LocalModel
from tests.support import tiny_model

ASKED = "summarize: The parcel left our house on Monday and should arrive in three days."
TOKENS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models") / "pair@1"


@pytest.fixture(scope="module")
def manifest(folder):
    return tiny_model.make_pair(folder)


@pytest.fixture(scope="module")
def model(folder, manifest):
    model = LocalModel.load(folder, manifest)
    yield model
    model.close()


async def answer(model, text, **options):
    ask = Ask(
        messages=[{"role": "user", "content": text}],
        stop=(),
        cancel=CancelToken(),
        continue_final=False,
        options={"temperature": 0.0} | options,
        max_tokens=TOKENS,
    )
    return "".join([delta.text async for delta in model.deltas(ask)])


def expected(folder, text):
    """What transformers alone says."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    ids = [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]
    with torch.inference_mode():
        out = model.generate(torch.tensor([ids]), max_new_tokens=TOKENS, do_sample=False)
    return tokenizer.decode(out[0, 1:], skip_special_tokens=True)


def test_it_answers_as_generate_does(folder, model):
    said = asyncio.run(answer(model, ASKED))
    assert said
    assert said == expected(folder, ASKED)


def test_answers_at_the_same_time_do_not_mix(folder, model):
    other = "summarize: Please send us the number on the invoice."

    async def both():
        return await asyncio.gather(answer(model, ASKED), answer(model, other))

    assert asyncio.run(both()) == [expected(folder, ASKED), expected(folder, other)]


def test_a_seed_draws_the_same_answer_again(model):
    drawn = [asyncio.run(answer(model, ASKED, temperature=1.0, seed=3)) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_it_says_which_runtime_runs(model):
    assert model.runtime.startswith("transformers, float32")
