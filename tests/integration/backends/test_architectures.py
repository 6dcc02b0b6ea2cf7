"""The runtime on tiny models of many kinds: batched rows of different lengths equal `generate`."""

import pytest
import torch

from chatbot.backends.runtimes.base import Request, Sampling
from chatbot.backends.runtimes.torch_runtime import TorchRuntime
from tests.support.tiny_kinds import KINDS, SIZE, tiny

ALONE = {"mamba", "lfm2"}
PROMPTS = [[5, 6, 7], list(range(3, 43)), [9], [*range(60, 80), 3, 3], [50, 40, 30, 20, 10]]
TOKENS = 20


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
