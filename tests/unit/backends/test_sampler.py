"""Drawing: what a request bans is never drawn, and bans of one row leave the others alone."""

import numpy as np
import pytest
import torch

from chatbot.backends.runtimes.base import Request, Sampling
from chatbot.backends.runtimes.sampler import Sampler, draw_all
from tests.support.guides import Fixed

CPU = torch.device("cpu")
VOCABULARY = 12


def sampler(banned=(), **sampling):
    return Sampler(Request([1], Sampling(**sampling), frozenset(banned)), CPU)


def logits(rows):
    """Rows in which a higher id is likelier."""
    return torch.arange(float(VOCABULARY)).repeat(rows, 1)


def test_greedy_takes_the_likeliest_that_is_allowed():
    assert draw_all(logits(1), [sampler({11, 10})]) == [9]


def test_rows_of_a_batch_keep_their_own_bans():
    rows = [sampler(), sampler({11}), sampler({11, 10}, repetition_penalty=1.2), sampler()]
    assert draw_all(logits(4), rows) == [11, 10, 9, 11]


def test_ban_holds_at_every_step():
    one = sampler({11})
    assert [draw_all(logits(1), [one]) for _ in range(3)] == [[10]] * 3
    assert one.tokens == [1, 10, 10, 10]


def test_top_k_counts_only_what_is_allowed():
    one = sampler({11, 10}, temperature=1.0, top_k=1, seed=3)
    assert draw_all(logits(1), [one]) == [9]


@pytest.mark.parametrize("top_p", [0.3, 1.0])
def test_sampling_never_draws_a_banned_token(top_p):
    banned = set(range(3, VOCABULARY))
    one = sampler(banned, temperature=50.0, top_p=top_p, repetition_penalty=1.5, seed=5)
    drawn = {draw_all(logits(1), [one])[0] for _ in range(200)}
    assert drawn <= {0, 1, 2}
    assert len(drawn) > 1 or top_p < 1


def test_half_precision_is_banned_too():
    assert draw_all(logits(1).to(torch.bfloat16), [sampler({11})]) == [10]


def test_id_outside_the_vocabulary_is_refused():
    with pytest.raises(IndexError):
        draw_all(logits(1), [sampler({VOCABULARY})])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_guide_allows_against_bans_and_forbids_beside_them(temperature):
    sampling = Sampling(temperature=temperature, seed=1)
    guides = Fixed({3}), Fixed(None, {8, 9, 10, 11})
    only = Sampler(Request([1], sampling, frozenset({3}), guides[0]), CPU)
    beside = Sampler(Request([1], sampling, frozenset(range(7)), guides[1]), CPU)
    assert draw_all(logits(2), [only, beside]) == [3, 7]
    assert [guide.taken for guide in guides] == [[3], [7]]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_guide_may_allow_many_as_an_array(temperature):
    guide, sampling = Fixed(np.array([2, 5])), Sampling(temperature=temperature, seed=1)
    one = Sampler(Request([1], sampling, frozenset(), guide), CPU)
    assert {draw_all(logits(1), [one])[0] for _ in range(20)} <= {2, 5}
    ends = Sampler(Request([1], sampling, frozenset(), Fixed(np.array([3]))), CPU)
    assert draw_all(logits(1), [ends]) == [3]
