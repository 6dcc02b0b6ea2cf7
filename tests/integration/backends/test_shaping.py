"""Guided JSON with real tokenizers and both runtimes: answers at once, each to its schema."""

import json

import jsonschema
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from chatbot.backends.chat_tokens import ChatTokens
from chatbot.backends.registry import STARTER
from chatbot.backends.runtimes.base import Request, Sampling
from chatbot.backends.runtimes.torch_runtime import TorchRuntime
from chatbot.backends.shaping import Shaping
from tests.integration.backends.test_onnx_runtime import convert, opened
from tests.support import tiny_model

MOST = 400
TEXT = {"type": "string", "maxLength": 12}
SCHEMAS = [
    {"type": "object", "properties": {"a": TEXT, "n": {"type": "number"}}, "required": ["a", "n"]},
    {"type": "array", "items": {"enum": ["東京", "ß 1", None]}, "minItems": 3, "maxItems": 5},
    {"type": "integer", "minimum": -300, "maximum": 70000},
    {"type": "object", "properties": {"a": TEXT, "n": {"type": "number"}}, "required": ["a", "n"]},
]


@pytest.fixture(scope="module", params=["transformers", "onnxruntime"])
def runtime(request, tmp_path_factory):
    """The tiny model, driven as each of the two runtimes drives it."""
    home = tmp_path_factory.mktemp("shaping")
    tiny_model.make(home / "tiny@1")
    if request.param == "onnxruntime":
        return opened(convert(home / "tiny@1", home / "converted"), context=512)
    model = AutoModelForCausalLM.from_pretrained(home / "tiny@1", dtype="float32").eval()
    return TorchRuntime(model, keep_bytes=10**7)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    """The tokenizer of the same checkpoint."""
    home = tmp_path_factory.mktemp("tokens")
    tiny_model.make(home / "tiny@1")
    tokenizer = AutoTokenizer.from_pretrained(home / "tiny@1")
    return ChatTokens(tokenizer, [tokenizer.eos_token_id])


def answers(runtime, tokens, requests):
    """Each request run to its end token, all of them at once."""
    given = {request: [] for request in requests}
    for request in requests:
        runtime.start(request)
    left = set(requests)
    while left:
        for stepped in runtime.step():
            assert stepped.error is None
            if stepped.token in tokens.ends:
                runtime.stop(stepped.request)
                left.discard(stepped.request)
            else:
                given[stepped.request].append(stepped.token)
            assert len(given[stepped.request]) < MOST
    return [tokens.decode(given[request]) for request in requests]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_answers_at_once_are_each_held_to_their_schema(runtime, tokens, temperature):
    shaping = Shaping(tokens)
    prompt = tokens.encode([{"role": "user", "content": "Judge"}])
    requests = [
        Request(prompt, Sampling(temperature, seed=seed), guide=shaping.guide(schema, ()))
        for seed, schema in enumerate(SCHEMAS)
    ]
    for schema, text in zip(SCHEMAS, answers(runtime, tokens, requests), strict=True):
        jsonschema.validate(json.loads(text), schema)
        assert text[0] in '{["-0123456789'


@pytest.fixture(scope="module")
def starter():
    """The tokenizer of the model that ships: byte-level, with a token for each tag."""
    tokenizer = AutoTokenizer.from_pretrained(STARTER)
    return ChatTokens(tokenizer, [tokenizer.eos_token_id])


@pytest.mark.parametrize("text", ["Is ⟨phone 1⟩ right?", "東京 😀 ß", 'a "b" \\ c', "17 × 3"])
def test_the_starter_may_write_any_text_with_its_own_tokens(starter, text):
    guide = Shaping(starter).guide({"type": "string"}, ())
    for token in starter.encode_text(json.dumps(text, ensure_ascii=False)):
        assert token in guide.next().allowed
        guide.take(token)
    assert set(guide.next().allowed.tolist()) == starter.ends


def test_inside_a_text_no_control_token_may_come(starter):
    guide = Shaping(starter).guide({"type": "string"}, ())
    guide.take(*starter.encode_text('"'))
    control = {token for token in range(8192) if starter.control(token) is not None}
    assert control
    assert not control & set(guide.next().allowed.tolist())
