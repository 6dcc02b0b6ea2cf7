"""Words, how they are written, and runs of tags."""

import numpy as np
import pytest

from chatbot.backends.tagging import SHAPES, decode, places, shape_of, tags_of, words_of


def test_words_know_where_they_stand():
    text = "@anna's iPhone-15, isn't it?"
    words = words_of(text)
    assert [word.text for word in words] == ["@anna's", "iPhone-15", ",", "isn't", "it", "?"]
    assert all(text[word.start : word.end] == word.text for word in words)


@pytest.mark.parametrize("pair", [("Anna", "anna"), ("ANNA", "Anna"), ("a1", "a"), ("@a", "a")])
def test_words_written_otherwise_have_other_shapes(pair):
    one, other = map(shape_of, pair)
    assert len(one) == len(other) == SHAPES
    assert one != other


def test_tokens_are_averaged_into_their_words():
    words = words_of("where iPhone now")
    rows = places(words, [(0, 0), (0, 5), (6, 7), (7, 12), (0, 0)])
    assert rows.tolist() == [[0, 1, 0, 0, 0], [0, 0, 0.5, 0.5, 0], [0, 0, 0, 0, 0]]


def test_an_inside_needs_its_beginning():
    tags = tags_of(["person", "place"])
    assert tags == ("O", "B-person", "I-person", "B-place", "I-place")
    rows = np.full((4, 5), -9.0, np.float32)
    for word, tag in enumerate((1, 2, 0, 4)):
        rows[word, tag] = 0.0
    found = decode(rows, tags)
    assert (0, 2, "person") in [run[:3] for run in found]
    assert all(0 < run[3] <= 1 for run in found)
    assert not any(run[0] == 3 and run[2] == "person" for run in found)


def test_no_word_has_no_run():
    assert decode(np.zeros((0, 3), np.float32), tags_of(["person"])) == []
