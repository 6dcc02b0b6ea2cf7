"""Stems: the same word in another form, case or width is found; every stem is one word."""

import pytest

from store import folding, stemming

ODD = "½ ﬁne Ⅻ ﷺ café naïve 東京タワー สวัสดี 한국어 😀 a😀b it's e-mail x²y\u0301 ß ſt İstanbul ǅ"


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "Returning returned RETURNS", "return return return"),
        ("de", "Häuser", "Haus"),
        ("fr", "remboursées", "remboursée"),
        ("es", "devoluciones", "devolución"),
        ("ru", "возвраты", "возврата"),
        ("", "Café ＣＡＦＥ", "cafe CAFÉ"),
    ],
)
def test_forms_have_one_stem(language, one, other):
    assert stemming.stems(one, language) == stemming.stems(other, language)


def test_order_and_repeats_stay():
    assert stemming.stems("b a b", "en") == ["b", "a", "b"]
    assert stemming.stems("東京都", "ja") == ["東京", "京都", "都"]
    assert stemming.stems(" -,. ", "en") == []


@pytest.mark.parametrize("language", ["", *stemming.STEMMERS])
def test_each_stem_is_one_word_that_an_index_takes(language):
    for stem in stemming.stems(ODD, language):
        assert stem
        assert stem == "".join(stem.split())
        assert len(stem) <= folding.LONGEST_WORD
        assert not set("\"'&|!*:()\\") & set(stem)
        assert folding.fold(stem) == stem


def test_counts_are_kept_by_hash():
    rows = stemming.counted(["a"] * 300 + ["b"])
    assert dict(rows.tolist()) == {stemming.key("a"): 255, stemming.key("b"): 1}
    assert rows["stem"].tolist() == sorted(rows["stem"].tolist())
    assert len(stemming.counted([])) == 0


def test_every_stemmer_is_there():
    for language in stemming.STEMMERS:
        assert stemming.stems("words", language)
