"""Passages: nothing is lost, places are true, none is too long."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.documents import Parsed, Section, cut, text_of

LETTERS = st.sampled_from("ab .!?\n\n é漢。😀-\t") | st.characters(exclude_categories=("Cs",))
TEXTS = st.text(LETTERS, max_size=400)
SECTIONS = st.lists(
    st.builds(Section, st.lists(st.text(max_size=8), max_size=3).map(tuple), TEXTS), max_size=5
)


def article(*texts, heading=("A", "B")):
    return Parsed("T", tuple(Section(heading, text) for text in texts))


@settings(max_examples=150, deadline=None)
@given(SECTIONS, st.integers(1, 90), st.integers(0, 60))
def test_nothing_is_lost_and_nothing_is_too_long(sections, longest, overlap):
    parsed = Parsed("T", tuple(sections))
    whole, seen = text_of(parsed), set()
    for one in cut(parsed, longest=longest, overlap=min(overlap, longest - 1)):
        assert 0 < len(one.text) <= longest
        assert whole[one.start : one.start + len(one.text)] == one.text
        seen.update(range(one.start, one.start + len(one.text)))
    lost = [at for at, sign in enumerate(whole) if at not in seen and not sign.isspace()]
    assert lost == []


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(20, 90))
def test_passages_go_forward_and_share_little(text, longest):
    overlap = longest // 4
    cuts = cut(article(text), longest=longest, overlap=overlap)
    for one, following in pairwise(cuts):
        assert one.start < following.start
        assert one.start + len(one.text) <= following.start + overlap
        assert one.start + len(one.text) < following.start + len(following.text)


def test_a_section_is_a_passage_under_its_path():
    assert [(one.heading, one.text, one.start) for one in cut(article("One.", "Two."))] == [
        ("A › B", "One.", 0),
        ("A › B", "Two.", 6),
    ]


def test_paragraphs_then_sentences_then_words():
    text = "First paragraph here.\n\nSecond one. It has sentences. And more words without an end"
    cuts = [one.text for one in cut(article(text), longest=40, overlap=0)]
    assert cuts[0] == "First paragraph here."
    assert cuts[1] == "Second one. It has sentences."
    assert " ".join(cuts[2:]) == "And more words without an end"


def test_neighbours_share_whole_sentences():
    text = "One is here. Two is here. Three is here. Four is here. Five is here."
    first, second, *_ = cut(article(text), longest=40, overlap=18)
    assert first.text.endswith("Three is here.")
    assert second.text.startswith("Three is here.")


def test_a_word_without_end_is_cut_hard():
    cuts = cut(article("x" * 95), longest=40, overlap=0)
    assert [len(one.text) for one in cuts] == [40, 40, 15]


def test_sizes_that_make_no_sense_are_refused():
    for sizes in ({"longest": 0}, {"longest": 10, "overlap": 10}, {"overlap": -1}):
        with pytest.raises(ValueError, match="A passage needs room"):
            cut(article("x"), **sizes)
