"""Quantiles from buckets are within the error they promise; histograms add up."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.monitoring import histograms
from chatbot.monitoring.histograms import ERROR, LONGEST, SHORTEST

TIMES = st.floats(min_value=SHORTEST, max_value=LONGEST, allow_nan=False)


def exact(times, share):
    return sorted(times)[max(1, math.ceil(share * len(times))) - 1]


def test_the_error_is_at_most_seven_percent():
    assert ERROR < 0.07


@given(st.lists(TIMES, min_size=1, max_size=200), st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_its_error(times, share):
    found = histograms.quantile(histograms.of(times), share)
    assert found == pytest.approx(exact(times, share), rel=ERROR * 1.000001)


def test_of_many_times_few_numbers_are_kept():
    dice = random.Random(3)
    times = [dice.lognormvariate(-1, 1) for _ in range(20_000)]
    kept = histograms.of(times)
    assert len(kept) < 80
    for share in (0.5, 0.95, 0.99):
        assert histograms.quantile(kept, share) == pytest.approx(exact(times, share), rel=ERROR)


@given(st.lists(TIMES), st.lists(TIMES))
def test_histograms_add_up(some, others):
    both = histograms.of(some)
    histograms.merge(both, histograms.of(others))
    assert both == histograms.of(some + others)


@given(TIMES)
def test_a_time_is_between_the_edges_of_its_bucket(seconds):
    low, high = histograms.edges(histograms.bucket_of(seconds))
    assert low * 0.999999 <= seconds <= high * 1.000001


def test_what_is_no_time_is_left_out():
    assert histograms.of([None, math.nan, math.inf, -1.0]) == {}
    assert histograms.quantile({}, 0.5) is None
    assert histograms.quantile(histograms.of([0.0]), 0.5) == pytest.approx(SHORTEST, rel=ERROR)
