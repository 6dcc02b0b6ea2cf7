"""The runtime on tiny models of many kinds: batched rows of different lengths equal `generate`."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from chatbot.backends.runtimes.base import Request, Sampling
from chatbot.backends.runtimes.torch_runtime import TorchRuntime

SIZE = {
    "vocab_size": 99,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
    "initializer_range": 0.6,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GROUPED = {"num_key_value_heads": 2, "head_dim": 8}
WINDOW = {"sliding_window": 8}
KINDS = {
    "gpt2": {"n_positions": 256},
    "opt": {"ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {},
    "gpt_neox": {},
    "qwen2": GROUPED,
    "qwen3": GROUPED,
    "mistral": GROUPED | WINDOW,
    "gemma2": GROUPED | WINDOW | {"query_pre_attn_scalar": 8},
    "gemma3_text": GROUPED | WINDOW | {"query_pre_attn_scalar": 8, "sliding_window_pattern": 2},
    "smollm3": GROUPED,
    "mamba": {"state_size": 8},
    "lfm2": GROUPED | {"layer_types": ["conv", "full_attention"]},
}
ALONE = {"mamba", "lfm2"}
PROMPTS = [[5, 6, 7], list(range(3, 43)), [9], [*range(60, 80), 3, 3], [50, 40, 30, 20, 10]]
TOKENS = 20


def tiny(kind):
    torch.manual_seed(1)
    config = AutoConfig.for_model(kind, **SIZE | KINDS[kind])
    return AutoModelForCausalLM.from_config(config).float().eval()


def expected(model, prompt):
    ids = torch.tensor([prompt])
    with torch.inference_mode():
        out = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=TOKENS,
            min_new_tokens=TOKENS,
            do_sample=False,
        )
    return out[0, len(prompt) :].tolist()


def run(runtime, prompts):
    """Drive the prompts to TOKENS tokens each, a new one joining every third step."""
    waiting = [Request(prompt, Sampling()) for prompt in prompts]
    order, given, step = list(waiting), {}, 0
    while waiting or given.keys() - {r for r in given if len(given[r]) == TOKENS}:
        if waiting and step % 3 == 0:
            request = waiting.pop(0)
            given[request] = []
            runtime.start(request)
        for stepped in runtime.step():
            assert stepped.error is None
            given[stepped.request].append(stepped.token)
            if len(given[stepped.request]) == TOKENS:
                runtime.stop(stepped.request)
        step += 1
    return [given[request] for request in order]


def same_but_the_end(ours, theirs):
    """`generate` was kept from ending: it may differ from where the end token was likeliest."""
    cut = ours.index(SIZE["eos_token_id"]) if SIZE["eos_token_id"] in ours else len(ours)
    return ours[:cut] == theirs[:cut]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_together_equal_generate_alone(kind):
    model = tiny(kind)
    runtime = TorchRuntime(model, keep_bytes=10**7, piece=7)
    assert runtime._batched is (kind not in ALONE)
    for prompt, ours in zip(PROMPTS, run(runtime, PROMPTS), strict=True):
        assert same_but_the_end(ours, expected(model, prompt))


@pytest.mark.parametrize("kind", ["qwen2", "mistral", "gpt2", "lfm2"])
def test_kept_beginnings_change_nothing(kind):
    model = tiny(kind)
    fresh = TorchRuntime(model, keep_bytes=0)
    keeping = TorchRuntime(model, keep_bytes=10**7)
    first, (second,) = PROMPTS[1], run(fresh, [[*PROMPTS[1][:30], 7, 8]])
    run(keeping, [first])
    assert len(keeping._prefixes) == (kind not in ALONE)
    assert run(keeping, [[*PROMPTS[1][:30], 7, 8]]) == [second]
