"""What is said of two versions, against another form of the test and against chance itself."""

import math
import random
from statistics import NormalDist

import pytest

from chatbot.arms import FEWEST, Arm, sentence
from chatbot.tally import Rate, difference


def arm(seq, up, judged):
    share = Rate(up, judged)
    return Arm("a" * 64, seq, judged, judged, share, share, share, *[None] * 5, 0)


def chi_square(one, other):
    """Pearson's statistic of the table of two shares, from its four cells."""
    a, c = one[0], other[0]
    b, d = one[1] - a, other[1] - c
    return (a + b + c + d) * (a * d - b * c) ** 2 / ((a + b) * (c + d) * (a + c) * (b + d))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((45, 100), (55, 100)),
        ((180, 200), (160, 200)),
        ((914, 1000), (934, 1000)),
        ((5, 30), (9, 40)),
    ],
)
def test_chance_is_that_of_pearsons_test(one, other):
    """The same test by its other form: the square of a normal value is chi-square."""
    expected = 2 * NormalDist().cdf(-math.sqrt(chi_square(one, other)))
    assert difference(Rate(*one), Rate(*other)) == pytest.approx(expected)
    assert difference(Rate(*other), Rate(*one)) == pytest.approx(expected)


@pytest.mark.parametrize("rates", [((30, 30), (30, 30)), ((0, 30), (0, 40)), ((0, 0), (9, 40))])
def test_shares_without_spread_are_told_apart_by_nothing(rates):
    assert difference(*(Rate(*one) for one in rates)) == 1.0


def test_equal_versions_are_called_different_once_in_twenty():
    """Drawn many times from one share: the promise that 5 % of differences are by chance."""
    rng = random.Random(5)
    drawn = 2_000
    called = 0
    for _ in range(drawn):
        ups = [sum(rng.random() < 0.8 for _ in range(200)) for _ in range(2)]
        called += "does better" in sentence(arm(1, ups[0], 200), arm(2, ups[1], 200))
    assert 0.035 < called / drawn < 0.065


def test_too_few_judged_answers_say_nothing():
    told = sentence(arm(1, 29, FEWEST - 1), arm(2, 0, 500))
    assert told == (
        f"Too few to tell: v1 has 29 judged answers. From {FEWEST} judged answers of each version "
        "on, a difference can be looked for."
    )
    assert "v2 has 1 judged answer." in sentence(arm(1, 29, 500), arm(2, 1, 1))


def test_difference_that_may_be_chance_is_called_so():
    told = sentence(arm(13, 914, 1000), arm(14, 934, 1000))
    assert told.startswith("v14: 93.4% of 1,000 thumbs are up, v13: 91.4% of 1,000 thumbs are up.")
    assert "could be chance" in told
    assert "9 times in 100" in told


def test_clear_difference_names_the_better_version():
    told = sentence(arm(13, 700, 1000), arm(14, 900, 1000))
    assert "v14 does better" in told
    assert "less than once in 1,000 times" in told
    assert "v13 does better" in sentence(arm(13, 900, 1000), arm(14, 700, 1000))
    assert "once in 100 times" in sentence(arm(1, 180, 200), arm(2, 158, 200))
