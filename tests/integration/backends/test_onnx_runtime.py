"""The fast runtime on real conversions: equal to transformers at fp32, whoever joins or leaves."""

import warnings

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from chatbot.backends import builder
from chatbot.backends.converting import ARCHITECTURES, unsupported
from chatbot.backends.registry import STARTER
from chatbot.backends.runtimes import onnx_runtime
from chatbot.backends.runtimes.base import Request, Sampling
from chatbot.backends.runtimes.onnx_runtime import OnnxRuntime
from tests.integration.backends.test_architectures import PROMPTS, SIZE, run
from tests.support import tiny_model

GROUPED = {"num_key_value_heads": 2, "head_dim": 16}
GEMMA = GROUPED | {"hidden_activation": "gelu_pytorch_tanh"}
KINDS = {
    "gemma": GEMMA,
    "granite": GROUPED,
    "llama": GROUPED,
    "mistral": GROUPED | {"sliding_window": None},
    "phi3": {"num_key_value_heads": 2, "original_max_position_embeddings": 256},
    "qwen2": GROUPED,
    "qwen3": GROUPED,
    "smollm3": GROUPED | {"layer_types": ["full_attention"] * 2},
}
TOKENS = 20


def convert(folder, target, precision="fp32"):
    """In this process: how the child does it is told in test_converting.py."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the builder's libraries
        builder.convert(str(folder), str(target), precision)
    return target


def opened(made, *, keep_bytes=10**7, context=256, threads=2):
    return OnnxRuntime(made, "fp32", context=context, threads=threads, keep_bytes=keep_bytes)


def greedy(model, prompt, tokens=TOKENS):
    ids = torch.tensor([prompt])
    with torch.inference_mode():
        out = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=tokens,
            do_sample=False,
            eos_token_id=None,
        )
    return out[0, len(prompt) :].tolist()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The tiny Llama: its fp32 conversion, and transformers on the same weights."""
    home = tmp_path_factory.mktemp("onnx")
    tiny_model.make(home / "tiny@1")
    model = AutoModelForCausalLM.from_pretrained(home / "tiny@1", dtype="float32").eval()
    model.generation_config.eos_token_id = None
    return convert(home / "tiny@1", home / "converted"), model


@pytest.fixture
def runtime(tiny):
    return opened(tiny[0], context=512)


def drive(runtime, requests, tokens=TOKENS):
    """Start all at once and run each to its end."""
    given = {request: [] for request in requests}
    for request in requests:
        runtime.start(request)
    left = set(requests)
    while left:
        for stepped in runtime.step():
            assert stepped.error is None
            given[stepped.request].append(stepped.token)
            if len(given[stepped.request]) == tokens:
                runtime.stop(stepped.request)
                left.remove(stepped.request)
    return [given[request] for request in requests]


def test_every_architecture_we_convert_is_compared():
    names = {
        AutoModelForCausalLM._model_mapping[type(AutoConfig.for_model(kind))].__name__
        for kind in KINDS
    }
    assert names == ARCHITECTURES


@pytest.mark.parametrize("kind", KINDS)
def test_rows_together_equal_generate_alone(kind, tmp_path, monkeypatch):
    torch.manual_seed(1)
    config = AutoConfig.for_model(kind, **SIZE | {"hidden_size": 64} | KINDS[kind])
    model = AutoModelForCausalLM.from_config(config).float().eval()
    model.save_pretrained(tmp_path / "tiny@1")
    tiny_model._tokenizer(256).save_pretrained(tmp_path / "tiny@1")
    assert unsupported(tmp_path / "tiny@1") is None
    monkeypatch.setattr(onnx_runtime, "FIRST_PIECE", 7)
    monkeypatch.setattr(onnx_runtime, "LEAST_PIECE", 99)  # pieces stay as small as that
    runtime = opened(convert(tmp_path / "tiny@1", tmp_path / "converted"))
    model.generation_config.eos_token_id = None
    for prompt, ours in zip(PROMPTS, run(runtime, PROMPTS), strict=True):
        assert ours == greedy(model, prompt)


def test_fifty_prompts_of_a_tiny_model_equal_transformers(tiny, runtime):
    generator = torch.Generator().manual_seed(2)
    lengths = torch.randint(1, 300, (50,), generator=generator).tolist()
    prompts = [torch.randint(6, 450, (n,), generator=generator).tolist() for n in lengths]
    ours = drive(runtime, [Request(prompt, Sampling()) for prompt in prompts])
    assert ours == [greedy(tiny[1], prompt) for prompt in prompts]


def test_the_starter_equals_transformers(tmp_path):
    made = convert(STARTER, tmp_path / "converted")
    model = AutoModelForCausalLM.from_pretrained(STARTER, dtype="float32").eval()
    model.generation_config.eos_token_id = None
    generator = torch.Generator().manual_seed(2)
    lengths = torch.randint(4, 60, (20,), generator=generator).tolist()
    prompts = [torch.randint(20, 8000, (n,), generator=generator).tolist() for n in lengths]
    runtime = opened(made, context=model.config.max_position_embeddings)
    ours = drive(runtime, [Request(prompt, Sampling()) for prompt in prompts], tokens=8)
    assert ours == [greedy(model, prompt, 8) for prompt in prompts]


def test_rows_grow_to_the_whole_context(tiny, runtime):
    prompts = [list(range(10, 20)), list(range(30, 330))]
    together = drive(runtime, [Request(prompt, Sampling()) for prompt in prompts], tokens=200)
    assert together == [greedy(tiny[1], prompt, 200) for prompt in prompts]
    whole = [Request(list(range(10, 20)), Sampling())]
    assert len(drive(opened(tiny[0], context=512), whole, tokens=502)[0]) == 502


def test_a_next_turn_computes_only_what_is_new(tiny, runtime, monkeypatch):
    first = list(range(20, 220))
    (answer,) = drive(runtime, [Request(first, Sampling())])
    computed = []
    fill = runtime._graph.fill.__func__
    for graph in runtime._graphs.values():
        monkeypatch.setattr(
            graph,
            "fill",
            lambda row, piece, graph=graph: computed.extend(piece) or fill(graph, row, piece),
        )
    second = [*first, *answer, 7, 8, 9]
    (ours,) = drive(runtime, [Request(second, Sampling())])
    assert ours == greedy(tiny[1], second)
    assert computed == [answer[-1], 7, 8, 9]


def test_bans_hold_at_every_step(tiny, runtime):
    prompt = [9, 10, 11]
    free = greedy(tiny[1], prompt)
    (ours,) = drive(runtime, [Request(prompt, Sampling(), banned=frozenset(free))])
    assert not set(ours) & set(free)
    sampled = Sampling(temperature=1.5, seed=3)
    (drawn,) = drive(runtime, [Request(prompt, sampled, banned=frozenset(range(240)))], tokens=60)
    assert min(drawn) >= 240


def test_a_seed_gives_the_same_answer_whoever_else_is_there(tiny):
    def answers(*others):
        asked = Request([9, 10, 11], Sampling(temperature=1.0, top_p=0.9, seed=11))
        return drive(opened(tiny[0], keep_bytes=0), [asked, *others])[0]

    alone = answers()
    assert answers(Request([5] * 40, Sampling(temperature=1.0)), Request([8], Sampling())) == alone


def test_a_stop_in_the_prompt_or_the_answer_frees_the_place(tiny, runtime):
    stay, leave, early = (Request([n] * 30, Sampling()) for n in (6, 7, 8))
    for request in (leave, stay, early):
        runtime.start(request)
    runtime.stop(early)
    for _ in range(4):
        runtime.step()
    runtime.stop(leave)
    runtime.stop(leave)
    assert {stepped.request for stepped in runtime.step()} == {stay}
    runtime.stop(stay)
    assert (len(runtime._rows), runtime.step()) == (0, [])


def test_a_fault_of_one_request_is_its_own(tiny, runtime):
    good, bad = Request([9, 10, 11], Sampling()), Request([10**6], Sampling())
    runtime.start(good)
    runtime.start(bad)
    found = [stepped for _ in range(4) for stepped in runtime.step()]
    assert {stepped.request for stepped in found if stepped.error} == {bad}
    assert [stepped.token for stepped in found if stepped.request is good] == greedy(
        tiny[1], good.prompt
    )[:4]


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_lower_precisions_run(tmp_path, precision):
    tiny_model.make(tmp_path / "tiny@1")
    runtime = opened(convert(tmp_path / "tiny@1", tmp_path / "converted", precision))
    assert len(drive(runtime, [Request([9, 10], Sampling())])[0]) == TOKENS
