"""Tokens drawn in numpy against transformers' own processors, and bans and seeds."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.backends.runtimes.base import Request, Sampling
from chatbot.backends.runtimes.drawing import Drawing, candidates, draw_all
from chatbot.backends.runtimes.sampler import _processors
from tests.support.guides import Fixed

VOCABULARY = 200
GENERATOR = np.random.default_rng(3)


def some_logits(scale=3.0):
    return (GENERATOR.standard_normal(VOCABULARY) * scale).astype(np.float32)


def drawing(banned=frozenset(), prompt=(1, 2), **sampling):
    return Drawing(
        Request(list(prompt), Sampling(**sampling), banned=frozenset(banned)), VOCABULARY
    )


@settings(max_examples=100, deadline=None)
@given(
    st.floats(0.1, 3.0),
    st.integers(0, 250),
    st.floats(0.0, 1.0),
    st.floats(0.2, 8.0),
)
def test_candidates_are_those_of_transformers(temperature, top_k, top_p, scale):
    logits = some_logits(scale)
    scores = torch.from_numpy(logits.copy()).unsqueeze(0)
    sampling = Sampling(temperature=temperature, top_k=top_k, top_p=top_p)
    theirs = torch.softmax(_processors(sampling)(torch.empty(1, 0), scores).double(), -1)[0].numpy()
    ids, weights = candidates(logits, temperature, top_k, top_p)
    ours = np.zeros(VOCABULARY)
    ours[ids] = weights / weights.sum()
    differ = np.flatnonzero((ours > 0) != (theirs > 0))
    assert len(differ) <= 1  # one token may lie on the edge of top-p in one arithmetic alone
    if not len(differ):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_repetition_penalty_is_that_of_transformers():
    logits, prompt = some_logits(), [3, 5, 7, 7]
    sampling = Sampling(repetition_penalty=1.7)
    scores = torch.from_numpy(logits.copy()).unsqueeze(0)
    theirs = _processors(sampling)(torch.tensor([prompt]), scores)[0].numpy()
    one = drawing(prompt=prompt, repetition_penalty=1.7)
    assert one.draw(logits) == int(theirs.argmax())
    np.testing.assert_allclose(logits, theirs, rtol=1e-6)


def test_what_was_drawn_is_penalised_too():
    one = drawing(prompt=[0], repetition_penalty=100.0)
    logits = np.full(VOCABULARY, 1.0, np.float32)
    logits[[7, 8]] = 3.0, 2.9
    assert [draw_all(logits[None].copy(), [one])[0] for _ in range(2)] == [7, 8]
    assert one.tokens == [0, 7, 8]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_banned_tokens_are_never_drawn(temperature):
    banned = frozenset(range(VOCABULARY)) - {11, 12}
    one = drawing(banned, temperature=temperature, seed=1)
    drawn = {draw_all(some_logits()[None], [one])[0] for _ in range(50)}
    assert drawn <= {11, 12}


def test_bans_hold_for_their_own_row():
    logits = np.zeros((2, VOCABULARY), np.float32)
    logits[:, 9], logits[:, 8] = 2.0, 1.0
    assert draw_all(logits, [drawing({9}), drawing()]) == [8, 9]


@pytest.mark.parametrize("token", [-1, VOCABULARY])
def test_a_ban_outside_the_vocabulary_is_refused(token):
    with pytest.raises(IndexError):
        drawing({token})


@pytest.mark.parametrize("seed", [0, 7, -(2**63), 2**63 - 1])
def test_a_seed_draws_the_same_again(seed):
    rows = [some_logits() for _ in range(20)]

    def run(number):
        one = drawing(temperature=1.0, seed=number)
        return [draw_all(row[None].copy(), [one])[0] for row in rows]

    assert run(seed) == run(seed)
    assert run(seed) != run(seed + 1 if seed < 0 else seed - 1)


def test_frequencies_follow_the_chances():
    logits = np.full(VOCABULARY, -np.inf, np.float32)
    logits[[4, 5]] = np.log([0.25, 0.75])
    one = drawing(temperature=1.0, seed=5)
    drawn = [one.draw(logits.copy()) for _ in range(2000)]
    assert set(drawn) == {4, 5}
    assert 0.70 < drawn.count(5) / 2000 < 0.80


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_guide_allows_against_bans_and_forbids_beside_them(temperature):
    sampling = Sampling(temperature=temperature, seed=1)
    guides = Fixed({3}), Fixed(None, {8, 9})
    only = Drawing(Request([1], sampling, frozenset({3}), guides[0]), 10)
    beside = Drawing(Request([1], sampling, frozenset(range(7)), guides[1]), 10)
    logits = np.arange(20, dtype=np.float32).reshape(2, 10)
    assert draw_all(logits, [only, beside]) == [3, 7]
    assert [guide.taken for guide in guides] == [[3], [7]]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_guide_may_allow_many_as_an_array(temperature):
    guide, sampling = Fixed(np.array([2, 5])), Sampling(temperature=temperature, seed=1)
    one = Drawing(Request([1], sampling, frozenset(), guide), 10)
    logits = np.arange(10, dtype=np.float32).reshape(1, 10)
    assert {draw_all(logits.copy(), [one])[0] for _ in range(20)} <= {2, 5}
