"""Folding makes words comparable and keeps the way back to the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import folding


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, World!", ["hello", "world"]),
        ("don't stop_it", ["don", "t", "stop", "it"]),
        ("Crème BRÛLÉE", ["creme", "brulee"]),
        ("x² + y₃", ["x2", "y3"]),
        ("東京 tower", ["東京", "tower"]),
        ("abc東京def", ["abc", "東京", "def"]),
        ("🎉🎉ok", ["🎉", "🎉", "ok"]),
        ("مُحَمَّد", ["محمد"]),
        ("…—\u200b", []),
    ],
)
def test_runs_are_the_words_in_order(text, expected):
    assert folding.runs(folding.fold(text)) == expected


def test_voiced_kana_stay_apart():
    assert folding.fold("が") != folding.fold("か")
    assert folding.fold("か\u3099") == folding.fold("が") == folding.fold("ｶﾞ").replace("ガ", "が")


def test_unspaced_runs_become_pairs():
    assert folding.words("東京都") == sorted(["東京", "京都", "都"])
    assert folding.words("猫") == ["猫"]


def test_words_are_different_and_sorted():
    assert folding.words("b a B á c a") == ["a", "b", "c"]


def test_long_words_are_cut():
    assert folding.words("x" * 500) == ["x" * folding.LONGEST_WORD]


def test_limits_hold():
    many = " ".join(f"{number:x}" for number in range(60_000))
    assert len(folding.words(many)) <= folding.INDEXED_WORDS
    assert folding.words("a " * folding.INDEXED_CHARACTERS + "end") == ["a"]


@given(st.text())
def test_folding_twice_changes_nothing(text):
    once = folding.fold(text)
    assert folding.fold(once) == once


@given(st.text())
def test_words_fit_any_index(text):
    for word in folding.words(text):
        assert word
        assert not set(word) & set(" \t\n\x00'\"\\_*&|!:()<>-")
        word.encode()


@given(st.text())
def test_every_folded_character_has_its_origin(text):
    folded, origins = folding.fold_with_origins(text)
    assert len(folded) == len(origins)
    for low, high in origins:
        assert 0 <= low < high <= len(text)
    assert origins == sorted(origins)


@given(st.text(st.characters(codec="utf-8")))
def test_words_with_places_are_the_words(text):
    folded, _ = folding.fold_with_origins(text)
    assert [run for _, run in folding.runs_with_places(folded)] == folding.runs(folding.fold(text))
