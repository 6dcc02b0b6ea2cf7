"""How likely a token was: the model's own softmax, whatever is banned or asked of the drawing."""

import numpy as np
import pytest
import torch

from chatbot.backends.chances import Likely, in_words, likely
from chatbot.backends.runtimes import drawing, sampler
from chatbot.backends.runtimes.base import Request, Sampling

LOGITS = np.array([0.5, 3.0, -1.0, 2.0, 3.0], np.float32)
PROPER = torch.log_softmax(torch.from_numpy(LOGITS).double(), -1).tolist()


def test_log_probabilities_are_those_of_torch_the_likeliest_first():
    found = likely(LOGITS, 3, 3)
    assert found.logprob == pytest.approx(PROPER[3])
    assert [token for token, _ in found.top] == [1, 4, 3]
    assert [chance for _, chance in found.top] == pytest.approx([PROPER[n] for n in (1, 4, 3)])


@pytest.mark.parametrize(("most", "told"), [(0, 0), (4, 4), (5, 5), (20, 5)])
def test_as_many_are_told_as_are_asked_for_and_there(most, told):
    assert len(likely(LOGITS, 0, most).top) == told


@pytest.mark.parametrize(
    "draw",
    [
        lambda request: (
            drawing.draw_all(LOGITS[None].copy(), [one := drawing.Drawing(request, len(LOGITS))])
            and one.likely
        ),
        lambda request: (
            sampler.draw_all(
                torch.from_numpy(LOGITS[None].copy()),
                [one := sampler.Sampler(request, torch.device("cpu"))],
            )
            and one.likely
        ),
    ],
)
def test_both_runtimes_tell_it_before_bans(draw):
    asked = Request([1], Sampling(), frozenset({1, 4}), logprobs=1)
    found = draw(asked)
    assert found.logprob == pytest.approx(PROPER[3])
    assert found.top[0][0] in (1, 4)
    assert draw(Request([1], Sampling())) is None


def test_in_words_each_token_says_what_it_is_alone():
    said = {3: "é", 1: "\ufffd"}
    told = in_words(3, Likely(-0.5, ((1, -0.1),)), lambda ids: said[ids[0]])
    assert (told.token, told.logprob, told.data) == ("é", -0.5, "é".encode())
    assert (told.top[0].token, told.top[0].data) == ("\ufffd", b"")
