"""The general talk that is mixed in: as much as there is of it, and an end where there is none."""

from chatbot.learning.finetune.general import _until


def test_a_window_that_nothing_fits_gets_nothing():
    assert _until(100, lambda: None) == []
    draws = iter([None, ([1, 2], [False, True])] * 2)
    assert _until(3, lambda: next(draws)) == [([1, 2], [False, True])] * 2
