"""Counting: shares, intervals, targets; samples that are drawn the same way twice."""

from collections import Counter

import pytest

from chatbot.learning.evaluate import baselines, cases, measures
from chatbot.learning.evaluate.measures import Trial, tally, wilson
from chatbot.learning.starter import holdout
from chatbot.learning.starter.reading import corpus
from chatbot.learning.starter.slots import SLOT


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (95, 100, 0.888, 0.9785),
    ],
)
def test_wilson_interval(hits, count, low, high):
    assert wilson(hits, count) == pytest.approx((low, high), abs=5e-4)


def test_no_interval_of_nothing():
    with pytest.raises(ValueError, match="at least one"):
        wilson(0, 0)


def test_tally_counts_and_compares():
    trials = [Trial("exact", True)] * 97 + [Trial("exact", False)] * 3
    trials += [Trial("invented", True)] * 3 + [Trial("invented", False)] * 97
    table = {measure.key: measure for measure in tally(trials, {"limit": "no data"})}
    assert list(table) == list(measures.AIMS)
    assert (table["exact"].value, table["exact"].met) == (0.97, True)
    assert (table["invented"].value, table["invented"].met) == (0.03, False)
    assert (table["limit"].value, table["limit"].met, table["limit"].note) == (
        None,
        None,
        "no data",
    )


def test_sample_is_the_same_twice_and_held_out():
    sample = cases.corpus_cases(80, 3)
    assert sample == cases.corpus_cases(80, 3)
    assert sample != cases.corpus_cases(80, 4)
    assert len({case.id for case in sample}) == 80
    trained = {r["id"]: r for r in corpus().records if not holdout.held_out(r)}
    for case in sample:
        if case.id in trained:
            assert case.wall == "wording"
            assert SLOT.sub("", trained[case.id]["asks"][-1])[:5] in case.question
    assert set(Counter(case.wall for case in sample)) == {"industry", "passage", "wording"}


def test_cases_leave_no_slot_open_and_carry_their_facts():
    for case in cases.corpus_cases(None, 0):
        assert not any(SLOT.search(text) for text in (*case.context, case.reference))
        assert all(fact in case.reference for fact in case.facts)
        assert case.remembered <= set(case.facts)
        assert not any(fact in case.question for fact in case.remembered if len(fact) > 3)


def test_astray_cases_lack_their_passage():
    found = cases.astray_cases(20, 0)
    assert {len(case.passages) for case in found} == {0, cases.ASTRAY_PASSAGES}
    assert all(case.skill == "lacking" and not case.facts for case in found)


def test_copies_quote_what_was_given():
    sample = cases.corpus_cases(60, 0)
    for case, whole, one in zip(
        sample,
        baselines.copied("copy", sample, None),
        baselines.copied("quote", sample, None),
        strict=True,
    ):
        texts = [text for _, text in case.passages]
        assert whole.text in texts or whole.text in case.question
        assert one.text in whole.text or any(one.text in text for text in texts)
