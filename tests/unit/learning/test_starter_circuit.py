"""The circuit of a fresh model: heads that look back, and heads that find a repetition."""

import pytest
import torch

from chatbot.learning.starter.plan import Shape
from chatbot.learning.starter.training import build_model

SHAPE = Shape(vocabulary=2000)
IDS = {"pad": 0, "bos": 1, "eos": 2}
LENGTH = 40


@pytest.fixture(scope="module")
def seen():
    """Return what every head of a fresh model attends to in a sequence said twice."""
    model = build_model(SHAPE, 3, IDS).eval()
    model.set_attn_implementation("eager")
    said = torch.randint(300, 2000, (LENGTH,), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        output = model(torch.cat([said, said])[None], output_attentions=True)
    return [layer[0] for layer in output.attentions]


@pytest.mark.parametrize("head", range(4))
def test_first_layer_looks_back(seen, head):
    back = torch.diagonal(seen[0][head], -(head + 1))[10:]
    assert back.mean() > 0.7


def test_second_layer_finds_what_followed_before(seen):
    places = range(LENGTH + 4, 2 * LENGTH)
    found = [
        float(torch.stack([head[at, at - LENGTH + 1] for at in places]).mean())
        for head in seen[1][:5]
    ]
    assert max(found) > 10 / (2 * LENGTH)


def test_small_model_is_left_alone():
    small = Shape(vocabulary=500, hidden=32, layers=2, heads=2, feed_forward=64)
    model = build_model(small, 3, IDS)
    assert abs(model.model.embed_tokens.weight[:, 0].mean().item()) < 0.01


def test_same_seed_same_weights():
    one, two = (build_model(SHAPE, 3, IDS).state_dict() for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)
