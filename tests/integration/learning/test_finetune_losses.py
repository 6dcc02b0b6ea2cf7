"""What is learned from a row is what transformers says of that row alone, whatever the model."""

from random import Random

import pytest
import torch

from chatbot.learning.finetune import choosing
from chatbot.learning.finetune.learner import Learner
from chatbot.learning.finetune.parts import packed, padded
from tests.support.tiny_kinds import KINDS, tiny

PACKED = {"gpt2", "opt", "gpt_neox", "qwen2", "qwen3", "mistral", "gemma3_text", "smollm3"}
"""Kinds that take rows packed, with or without a mask; the others get them padded."""
BARE = set(KINDS) - {"gemma2"}
"""Kinds whose logits are their output layer's and nothing else (gemma2 caps them)."""


def documents(seed=1):
    rng = Random(seed)
    made = []
    for size in (9, 30, 17, 44, 12):
        prompt = rng.randint(2, size - 3)
        ids = [rng.randrange(3, 99) for _ in range(size)]
        made.append((ids, [False] * prompt + [True] * (size - prompt)))
    return made


def alone(model, some):
    """The losses of replies by transformers' own labels, each row by itself, summed."""
    total = 0.0
    for ids, learn in some:
        row = torch.tensor([ids])
        labels = torch.tensor([[i if w else -100 for i, w in zip(ids, learn, strict=True)]])
        loss = model(input_ids=row, labels=labels).loss
        total += float(loss.detach()) * sum(learn)
    return total


def parts_for(mode, some):
    return padded(some, 256, 0) if mode == "padded" else packed(some, 64, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_packed_or_padded_every_kind_has_the_loss_and_gradient_of_single_rows(kind):
    model, some = tiny(kind), documents()
    wanted = alone(model, some)
    mode, bare = choosing.choose(model, some, 0)
    assert (mode != "padded") == (kind in PACKED)
    assert bare == (kind in BARE)
    learner = Learner(model, mode=mode, bare=bare, half=False)
    loss = sum(learner(part) for part in parts_for(mode, some))
    assert float(loss.detach()) == pytest.approx(wanted, rel=1e-4)
    loss.backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_logits_in_slices_give_the_same_gradient(monkeypatch):
    model, some = tiny("qwen2"), documents()
    [part] = packed(some, 128, 0)
    learner = Learner(model, mode="masked", bare=True, half=False)
    whole = gradient(learner, part)
    monkeypatch.setattr("chatbot.learning.finetune.learner.LOGITS_AT_ONCE", 1)
    monkeypatch.setattr("chatbot.learning.finetune.learner.LEARNED_AT_ONCE", 16)
    assert torch.allclose(gradient(learner, part), whole, rtol=1e-4, atol=1e-5)


def gradient(learner, part):
    learner.zero_grad()
    learner(part).backward()
    return torch.cat([weight.grad.flatten() for weight in learner.parameters()])


def test_no_logits_are_made_for_the_prompt():
    model, seen = tiny("qwen2"), []
    model.lm_head.register_forward_hook(lambda _m, given, _o: seen.append(given[0].shape[0]))
    long = [([5] * 600, [False] * 590 + [True] * 10)]
    Learner(model, mode="padded", bare=True, half=False)(padded(long, 1024, 0)[0])
    assert seen == [256]
