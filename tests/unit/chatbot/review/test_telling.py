"""How far reviewers agree."""

import pytest

from chatbot.review.telling import agreement


def test_nobody_to_compare():
    found = agreement([], 30)
    assert (found.pairs, found.share, found.kappa, found.days) == (0, None, None, 30)


def test_kappa_takes_chance_away():
    """The example of Cohen's article is older; this one: 20 both yes, 5 and 10 apart, 15 no."""
    pairs = [(1, 1)] * 20 + [(1, -1)] * 5 + [(-1, 1)] * 10 + [(-1, -1)] * 15
    found = agreement(pairs, 7)
    assert (found.pairs, found.share) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([(1, 1), (-1, -1)], 1),
        ([(1, -1), (-1, 1)], -1),
        ([(1, 1), (1, 1)], None),
    ],
)
def test_kappa_at_its_ends(pairs, kappa):
    assert agreement(pairs, 1).kappa == kappa
