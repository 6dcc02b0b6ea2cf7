"""Queries become terms; snippets show the original text around what matched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import folding, terms


def snippet(content, query):
    return terms.snippet(content, terms.parse(query))


def hits(content, query):
    return [part for part, is_hit in snippet(content, query) if is_hit]


def test_last_term_may_be_unfinished():
    assert [(t.run, t.prefix) for t in terms.parse("Red APP")] == [("red", False), ("app", True)]


def test_repeated_words_count_once():
    assert [t.run for t in terms.parse("a b A b")] == ["a", "b"]


def test_endless_queries_are_cut():
    assert len(terms.parse("word " * 10_000)) == 1
    assert len(terms.parse(" ".join(f"w{number}" for number in range(1000)))) == 12
    assert terms.parse("\x00 \ud800 !") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("red", [("red", True)]),
        ("東", [("東", True)]),
        ("東京都", [("東京", False), ("京都", False)]),
        ("x" * 99, [("x" * folding.LONGEST_WORD, True)]),
    ],
)
def test_terms_are_looked_up_as_indexed(query, expected):
    assert terms.parse(query)[0].index_words() == expected


def test_pairs_that_stand_apart_are_no_match():
    (term,) = terms.parse("東京都")
    assert term.confirmed("私は東京都民です")
    assert not term.confirmed("京都と東京")


@pytest.mark.parametrize(
    ("content", "query", "expected"),
    [
        ("The Straße", "strasse", ["Straße"]),
        ("parcels", "parc", ["parc"]),
        ("Zürich zürich", "zur", ["Zür", "zür"]),
        ("a ﬁle", "fi", ["ﬁ"]),
        ("e\u0301te\u0301", "ete", ["e\u0301te\u0301"]),
        ("日本語のテキスト", "本語", ["本語"]),
        ("各各各", "各", ["各各各"]),
        ("done 🎉!", "🎉", ["🎉"]),
        ("red green red", "red green", ["red", "green", "red"]),
        ("nothing", "else", []),
        ("", "x", []),
    ],
)
def test_original_letters_are_marked(content, query, expected):
    assert hits(content, query) == expected


def test_hit_far_inside_is_shown():
    content = "é " * 30_000 + "needle" + " é" * 100
    found = snippet(content, "needle")
    assert ("needle", True) in found
    assert (found[0], found[-1]) == (("…", False), ("…", False))


def test_short_text_is_shown_whole():
    assert snippet("all of it", "it") == [("all of ", False), ("it", True)]


@given(st.text(), st.text(max_size=20))
def test_snippet_is_a_piece_of_the_text(content, query):
    parts = snippet(content, query)
    if parts and parts[0] == ("…", False) and not content.startswith("…"):
        parts = parts[1:]
    if parts and parts[-1] == ("…", False) and not content.endswith("…"):
        parts = parts[:-1]
    assert "".join(part for part, _ in parts) in content
    assert all(part for part, _ in parts)
