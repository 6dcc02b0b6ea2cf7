"""Scores by words: rarer words, more of them and shorter passages count more; never negative."""

import numpy as np
import pytest

from chatbot.knowledge import scoring
from chatbot.knowledge.views import Hit
from store.stemming import COUNTED


def held(*passages):
    """Passages as {stem: times} → what the store gives of them."""
    rows = [sorted(each.items()) for each in passages]
    counted = np.array([pair for row in rows for pair in row], COUNTED)
    lengths = np.array([sum(each.values()) for each in passages])
    return np.array([len(row) for row in rows]), counted, lengths


def scores(frequencies, *passages, total=100):
    sizes, counted, lengths = held(*passages)
    asked = scoring.asked(frequencies, total, len(frequencies))
    return scoring.by_words(asked, sizes, counted, lengths, float(lengths.mean())).tolist()


def test_a_rare_word_counts_more():
    rare, common = scores({1: 2, 2: 90}, {1: 1, 3: 4}, {2: 1, 3: 4})
    assert rare > common > 0


def test_more_of_a_word_counts_more_but_ever_less():
    one, two, nine = scores({1: 5}, {1: 1, 9: 8}, {1: 2, 9: 7}, {1: 9})
    assert one < two < nine < 2 * two


def test_a_short_passage_counts_more():
    short, long = scores({1: 5}, {1: 1, 9: 1}, {1: 1, 9: 50})
    assert short > long


def test_bm25_as_it_is_written():
    [score] = scores({7: 3}, {7: 2, 9: 3}, total=10)
    rarity = np.log(1 + (10 - 3 + 0.5) / (3 + 0.5)) / np.log(1 + 10)
    assert score == pytest.approx(rarity * 2 * 2.6 / (2 + 1.6), rel=1e-5)


@pytest.mark.parametrize("total", [1, 2, 5, 100_000])
def test_no_score_is_negative(total):
    within = {1: total, 2: 1, 3: total + 3}
    assert min(scores(within, {1: 1, 2: 1, 3: 1}, {1: 5}, total=total)) > 0


def test_nothing_asked_or_nothing_held():
    assert scores({}, {1: 1}) == [0]
    empty = scoring.by_words(
        scoring.asked({1: 1}, 5, 1), np.zeros(0, np.int64), np.zeros(0, COUNTED), np.zeros(0), 1.0
    )
    assert empty.tolist() == []


@pytest.mark.parametrize("alone", [True, False])
def test_a_long_question_weighs_its_words_more(alone):
    weights = [
        scoring.weight(scoring.asked({1: 1}, 5, words), alone=alone) for words in (1, 5, 20, 80)
    ]
    assert weights == sorted(set(weights))
    assert weights[0] > 0


def test_words_never_outweigh_what_was_measured():
    weights = [scoring.weight(scoring.asked({1: 1}, 5, words)) for words in (20, 10_000)]
    assert weights == pytest.approx([scoring.MOST / 2, scoring.MOST])


def test_words_of_a_thread_weigh_something_however_few():
    few = scoring.asked({1: 1}, 5, 3)
    assert scoring.weight(few) < 0.01 < scoring.LEAST < scoring.weight(few, later=True)
    many = scoring.asked({1: 1}, 5, 10_000)
    assert scoring.weight(many, later=True) == pytest.approx(scoring.MOST)


def test_nothing_found_fits_nothing():
    assert not scoring.fits([])


@pytest.mark.parametrize("by_meaning", [True, False])
def test_what_fits_is_near_enough(by_meaning):
    def hit(score):
        rank = 1 if by_meaning else None
        return Hit("p", "a", "T", "", "text", False, "en", score, 1, rank, 0)

    assert scoring.fits([hit(2.0), hit(0.0)])
    assert not scoring.fits([hit(0.01), hit(0.01)])
