"""Calls of a model of this machine: seeds, log probabilities, JSON held to a schema, raw text.

The model is tiny and random: what it says is nonsense, how it is asked is not.
"""

import asyncio
import json
import math
import shutil

import pytest

from chatbot.bootstrap import build
from chatbot.completions import Ask, Schema, Unsupported
from chatbot.completions.embedding import Embedding
from chatbot.errors import ContextTooSmall, ModelUnavailable, UnknownModel
from store.engine import Database
from tests.conftest import UNSAFE
from tests.integration.chatbot.conftest import settings_for
from tests.support import tiny_encoder, tiny_model
from tests.support.calling import asked, call, caller

SCHEMA = {
    "type": "object",
    "properties": {"mood": {"enum": ["good", "bad"]}, "n": {"type": "integer"}},
    "required": ["mood", "n"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def product(sqlite_template, tmp_path_factory):
    """With a tiny model and a tiny encoder."""
    home = tmp_path_factory.mktemp("home")
    tiny_model.make(home / "models" / "tiny", name="tiny", version="1")
    encoder = str(tiny_encoder.make(home / "encoder"))
    copy = shutil.copy(sqlite_template, home / "calls.db")
    database = Database(f"sqlite:///{copy}", journal=UNSAFE)
    settings = settings_for(database, home, encoder=encoder, model="tiny", runtime="transformers")
    product = build(settings)
    yield product
    product.close()
    database.close()


@pytest.fixture(scope="module")
def who(product):
    """A key that may use everything."""
    return caller(product, requests_minute=0)


def run(scene):
    """Whatever a call comes to."""
    return asyncio.run(asyncio.wait_for(scene, 60))


def test_a_seed_gives_the_same_answers_again(product, who):
    given = {"model": "tiny", "seed": 7, "n": 3, "max_tokens": 12, "temperature": 1.5}
    one, two = (run(call(product, who, "Where is it?", **given)) for _ in range(2))
    texts = [one.text(n) for n in range(3)]
    assert texts == [two.text(n) for n in range(3)]
    assert len(set(texts)) > 1
    assert one.ended.fingerprint == two.ended.fingerprint
    assert one.ended.reply_tokens <= 36
    assert one.ended.model == "tiny@1"


def test_log_probabilities_are_told_for_each_token(product, who):
    given = {"model": "tiny", "max_tokens": 10, "temperature": 0.0}
    came = run(call(product, who, "Hello", logprobs=True, top_logprobs=3, **given))
    told = [one for piece in came.pieces for one in piece.logprobs or ()]
    ended = came.finish() == "stop"
    assert len(told) == came.ended.reply_tokens - ended
    for one in told:
        assert one.top[0].logprob == one.logprob <= 0  # greedy: the likeliest was taken
        assert len(one.top) == 3
        assert sum(math.exp(top.logprob) for top in one.top) <= 1.0001
    if "\ufffd" not in came.text():
        assert b"".join(one.data for one in told).decode() == came.text()
    plain = run(call(product, who, "Hello", **given))
    assert plain.text() == came.text()
    assert all(piece.logprobs is None for piece in plain.pieces)
    bare = run(call(product, who, "Hello", logprobs=True, **given))
    assert all(one.top == () for piece in bare.pieces for one in piece.logprobs or ())


@pytest.mark.parametrize("model", ["tiny", "prompt:assistant"])
def test_json_is_held_to_its_schema_while_it_is_written(product, who, model):
    given = {"max_tokens": 200, "temperature": 1.0, "n": 3, "seed": 1}
    came = run(call(product, who, "Judge", model=model, shape=Schema(SCHEMA), **given))
    for choice in range(3):
        value = json.loads(came.text(choice))
        assert value["mood"] in ("good", "bad")
        assert isinstance(value["n"], int)
        assert set(value) == {"mood", "n"}
        assert came.finish(choice) == "stop"


def test_a_text_is_gone_on_with_as_it_is(product, who):
    ask = Ask("tiny", text="The parcel left", max_tokens=8, temperature=0.0)
    came = run(asked(product, who, ask))
    model = product.registry.open("tiny")
    assert came.ended.prompt_tokens == len(model._tokens.encode_start("The parcel left"))
    assert came.text() == run(asked(product, who, ask)).text()
    assert came.ended.reply_tokens <= 8
    with pytest.raises(ContextTooSmall):
        run(asked(product, who, Ask("tiny", text="word " * 600)))
    with pytest.raises(Unsupported):
        run(asked(product, who, Ask("tiny", text="Once", shape="json")))


def test_more_than_the_context_is_refused_without_a_trace_of_it(product, who):
    with pytest.raises(ContextTooSmall):
        run(call(product, who, *["word " * 3000] * 3, model="tiny"))
    with pytest.raises(ContextTooSmall):
        run(call(product, who, "word " * 600, model="tiny"))


def test_texts_become_vectors_of_length_one(product, who):
    texts = ["where is my parcel", "the order", "where is my parcel"]
    made = run(product.completions.embed(who, texts))
    assert made.vectors[0] == pytest.approx(made.vectors[2], abs=1e-6)
    assert all(math.hypot(*row) == pytest.approx(1, abs=1e-5) for row in made.vectors)
    assert len(made.vectors[0]) == tiny_encoder.WIDTH
    assert (made.model, made.tokens) == ("encoder", 6 + 4 + 6)
    named = {line.id: line for line in product.completions.models(who)}
    assert named["encoder"].kind == "embedding"
    few = caller(product, models=("encoder",))
    assert [line.id for line in product.completions.models(few)] == ["encoder"]
    assert run(product.completions.embed(few, ["the order"], 16, "encoder")).tokens == 4


def test_what_cannot_be_embedded_is_refused_by_name(product, who):
    for given, param in (
        ({"texts": []}, "input"),
        ({"texts": ["a", " "]}, "input"),
        ({"texts": ["the"] * 2049}, "input"),
        ({"texts": ["order " * 40]}, "input"),
        ({"texts": ["the"], "dimensions": 8}, "dimensions"),
    ):
        with pytest.raises(Unsupported) as refused:
            run(product.completions.embed(who, **given))
        assert refused.value.param == param
    with pytest.raises(UnknownModel):
        run(product.completions.embed(who, ["the"], model="ada"))


def test_without_an_encoder_a_sentence_says_what_is_missing():
    embedding = Embedding(lambda: None, lambda: "No sentence encoder is installed.")
    assert embedding.lines() == []
    with pytest.raises(ModelUnavailable, match="No sentence encoder"):
        embedding.embed(["the"])


def test_stop_texts_are_not_shown(product, who):
    given = {"model": "tiny", "max_tokens": 40, "temperature": 0.0}
    whole = run(call(product, who, "Hello", **given)).text()
    middle = whole[len(whole) // 2 : len(whole) // 2 + 2]
    came = run(call(product, who, "Hello", stop=(middle,), logprobs=True, **given))
    assert came.text() == whole[: whole.index(middle)]
    assert came.finish() == "stop"
    told = [one.token for piece in came.pieces for one in piece.logprobs or ()]
    assert "\ufffd" in whole or len("".join(told[:-1])) < len(came.text()) <= len("".join(told))
