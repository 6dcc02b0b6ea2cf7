"""What changed between two texts: whole, and any part of it accepted."""

from hypothesis import given
from hypothesis import strategies as st

from chatbot.drafting import apply, changes, distance, words

TEXTS = st.text(st.sampled_from("ab .,\n€1é"), max_size=60)


def numbers(tokens):
    return {token.change for token in tokens if token.change is not None}


@given(TEXTS, TEXTS)
def test_all_accepted_is_after_and_none_is_before(before, after):
    tokens = changes(before, after)
    assert apply(tokens, numbers(tokens)) == after
    assert apply(tokens, set()) == before


@given(TEXTS, TEXTS, st.data())
def test_any_part_of_the_changes_is_made_of_whole_tokens(before, after, data):
    tokens = changes(before, after)
    every = sorted(numbers(tokens))
    accepted = set(data.draw(st.lists(st.sampled_from(every)))) if every else set()
    made = apply(tokens, accepted)
    kept = [t for t in tokens if t.kind == "same" or (t.kind == "ins") == (t.change in accepted)]
    assert made == "".join(token.text for token in kept)
    assert every == list(range(len(every)))
    assert all(token.text for token in tokens)
    assert all((token.change is None) == (token.kind == "same") for token in tokens)


@given(TEXTS, TEXTS)
def test_distance_is_a_share_and_the_same_both_ways(one, other):
    far = distance(one, other)
    assert 0 <= far <= 1
    assert far == distance(other, one)
    assert (far == 0) == (one.split() == other.split())


def test_a_replaced_word_is_one_change():
    tokens = changes("It costs $3.50 today.", "It costs $4.00 today.")
    assert [(token.kind, token.text, token.change) for token in tokens] == [
        ("same", "It costs $", None),
        ("del", "3.50", 0),
        ("ins", "4.00", 0),
        ("same", " today.", None),
    ]


def test_distance_counts_words():
    assert distance("one two three four", "one two three five") == 0.25
    assert distance("", "one") == 1.0
    assert distance("", "") == 0.0


def test_long_texts_are_one_change_between_equal_ends(monkeypatch):
    monkeypatch.setattr(words, "MOST", 16)
    tokens = changes("Dear Ada, it is late. Bye", "Dear Ada, we are sorry. Bye")
    assert [(token.kind, token.text) for token in tokens] == [
        ("same", "Dear Ada, "),
        ("del", "it is late"),
        ("ins", "we are sorry"),
        ("same", ". Bye"),
    ]
    assert changes("a b c d e f", "a b c d e f")[0].kind == "same"
    monkeypatch.setattr(words, "MOST", 0)
    assert distance("a b c d", "a x y d") == 0.5


def test_texts_of_any_length_are_told_apart_soon():
    one, other = "a b " * 25_000, "b c a " * 16_000
    tokens = changes(one, other)
    assert apply(tokens, numbers(tokens)) == other
    assert distance(one, other) == 1.0
