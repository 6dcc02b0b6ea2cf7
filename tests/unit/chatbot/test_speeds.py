"""The speed of a model out of its answers."""

import pytest

from chatbot.speeds import Speed, speed
from store.speeds import Timed


def test_medians_of_what_was_measured():
    answers = [
        Timed("m@1", 0.2, 1.2, 11),  # 10 tokens in a second
        Timed("m@1", 0.4, 1.4, 21),
        Timed("m@1", 0.9, 1.9, 31),
        Timed("m@1", None, None, None),
    ]
    assert speed(answers) == Speed(4, 0.4, pytest.approx(20.0))


@pytest.mark.parametrize("tokens", [None, 0, 1])
def test_a_single_token_has_no_rate(tokens):
    assert speed([Timed("m@1", 0.2, 0.2, tokens)]) == Speed(1, 0.2, None)


def test_nothing_measured():
    assert speed([]) == Speed(0, None, None)
