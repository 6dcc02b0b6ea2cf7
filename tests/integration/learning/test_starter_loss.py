"""The loss of a packed batch, against the plain computation position by position."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from chatbot.learning.packing import pack
from chatbot.learning.starter.plan import TINY
from chatbot.learning.starter.training import build_model, loss_of

IDS = {"pad": 0, "bos": 1, "eos": 2}


@pytest.fixture(scope="module")
def model():
    return build_model(TINY.shape, 1, IDS)


def documents(count, seed=1):
    dice = np.random.default_rng(seed)
    for _ in range(count):
        ids = dice.integers(5, 600, dice.integers(4, 20)).tolist()
        yield ids, [False, *(dice.random(len(ids) - 1) < 0.5).tolist()]


@pytest.mark.parametrize("count", [1, 9, 60])
def test_loss_is_that_of_each_document_alone(model, count):
    batch = pack(documents(count), 64, IDS["pad"])
    expected = torch.tensor(0.0)
    for ids, learn in documents(count):
        logits = model(torch.tensor([ids])).logits[0, :-1][learn[1:]]
        targets = torch.tensor(ids[1:])[learn[1:]]
        expected = expected + cross_entropy(logits, targets, reduction="sum")
    torch.testing.assert_close(loss_of(model, batch, 7), expected / 7, rtol=1e-4, atol=1e-4)


def test_batch_without_anything_to_learn_costs_nothing(model):
    batch = pack([([5, 6, 7], [False] * 3)], 64, IDS["pad"])
    assert float(loss_of(model, batch, 1).detach()) == 0.0
