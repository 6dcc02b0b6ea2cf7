"""Tags: every text comes back to the letter, whole or in a stream; numbering; typed tags."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatbot.values import KINDS, TYPES, Tags, find

_TYPED = "⟨phone 1⟩|⟨|⟩|⟨phone |⟨code 12⟩|⟨number| 1⟩|⟨⟨|⟨phone 1|1⟩⟩|⟨url 0⟩"
_EXACT = (
    "+44 20 7946 0018|030 1234567|€ 1.200,00|$5|3 May 2025|May|9 am to 6 pm|24/7|x@y.org|a.com"
    "|http://a.b/|DE89370400440532013000|4111111111111111|192.168.1.1|::1|PNR ABCDE|\n1. |[1]"
)
TYPED, EXACT = _TYPED.split("|"), _EXACT.split("|")
CRUMBS = [*"0179٣२５%.,:/#-+()[] \n\0aAxTéß", "order ", "days", "kg", "am", "::", "may "]
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.text("0123456789 .,:-/()+€$%@#\n\0⟨⟩adehmopsxABC٣१", max_size=60),
    st.lists(st.sampled_from(TYPED + EXACT + CRUMBS), max_size=14).map("".join),
)
THOROUGH = settings(max_examples=500, deadline=None)


@given(text=TEXTS)
@example(text="⟨phone 1⟩ is 030 1234567, not ⟨phone 2⟩")
@example(text="⟨phone ⟨number 1⟩⟩")
@THOROUGH
def test_every_text_comes_back(text):
    tags = Tags()
    assert tags.show(tags.hide(text)) == text


@given(text=TEXTS)
@THOROUGH
def test_nothing_found_is_left(text):
    hidden = Tags().hide(text)
    assert {value.kind for value in find(hidden)} <= {"tag"}


@given(text=TEXTS)
@THOROUGH
def test_every_digit_lies_in_a_value(text):
    values = find(text)
    inside = {place for value in values for place in range(value.start, value.end)}
    bare = [i for i, char in enumerate(text) if unicodedata.category(char) == "Nd"]
    for place in set(bare) - inside:  # a list's "1." or a source's "[1]"
        before, after = text[:place], text[place:]
        assert "[" in before or set(before.rpartition("\n")[2]) <= set(" \t>*-0123456789１٣२５")
        assert "]" in after or "." in after or ")" in after


@given(text=TEXTS)
@THOROUGH
def test_values_stand_apart_in_order(text):
    done = 0
    for value in find(text):
        assert done <= value.start < value.end
        assert text[value.start : value.end] == value.text
        assert value.type in TYPES
        assert value.kind in KINDS
        done = value.end


@given(texts=st.lists(TEXTS, max_size=4))
@settings(max_examples=150, deadline=None)
def test_numbering_follows_first_appearance(texts):
    tags = Tags()
    hidden = "\n".join(tags.hide(text) for text in texts)
    seen = list(dict.fromkeys(value.text for value in find(hidden)))
    assert seen == list(tags.table())
    counts = dict.fromkeys(TYPES, 0)
    for tag in seen:
        type_, number = tag.strip("⟨⟩").split()
        counts[type_] += 1
        assert counts[type_] == int(number)


@pytest.fixture(scope="module")
def tags():
    """A numbering with twelve amounts, so that ⟨amount 1 may go on to be ⟨amount 12⟩."""
    tags = Tags()
    tags.hide("030 1234567, 48213, " + ", ".join(f"€{number}" for number in range(1, 13)))
    return tags


@given(
    parts=st.lists(
        st.sampled_from(
            [*TYPED, *CRUMBS, "⟨amount 1⟩", "⟨amount 12⟩", "⟨amount 1", "2⟩", "⟨amount 13⟩"]
        ),
        max_size=12,
    ),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=20),
)
@THOROUGH
def test_stream_equals_the_whole(tags, parts, sizes):
    text = rest = "".join(parts)
    stream, shown = tags.streaming(), []
    while rest:
        size = sizes[len(shown) % len(sizes)]
        shown.append(stream.feed(rest[:size]))
        rest = rest[size:]
    assert "".join([*shown, stream.close()]) == tags.show(text)


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        (["Call ⟨pho", "ne 1⟩."], ["Call ", "030 1234567."]),
        (["⟨", "a", "mount", " ", "1", "2", "⟩"], ["", "", "", "", "", "", "€12"]),
        (["⟨amount 1⟩", "2"], ["€1", "2"]),
        (["⟨amount 1", "3⟩"], ["", "⟨amount 13⟩"]),
        (["⟨phot", "o⟩"], ["⟨phot", "o⟩"]),
        (["5 ⟨ 6", " ⟨"], ["5 ⟨ 6", " "]),
        (["⟨⟨amount", " 2⟩⟩"], ["⟨", "€2⟩"]),
        (["⟨url 1⟩"], ["⟨url 1⟩"]),
        (["", "x"], ["", "x"]),
    ],
)
def test_stream_holds_back_only_a_possible_tag(tags, chunks, shown):
    stream = tags.streaming()
    assert [stream.feed(chunk) for chunk in chunks] == shown


def test_stream_ends_within_a_tag(tags):
    stream = tags.streaming()
    assert stream.feed("so ⟨amount 1") == "so "
    assert stream.close() == "⟨amount 1"
    assert stream.close() == ""


def test_one_numbering_for_all_texts():
    tags = Tags(known={"Anna Weber": "name", "Velo Store": "company"})
    assert tags.hide("I am Anna Weber, order 48213.") == "I am ⟨name 1⟩, order ⟨order 1⟩."
    assert tags.hide("Velo Store refunds €5.") == "⟨company 1⟩ refunds ⟨amount 1⟩."
    assert tags.hide("Tell Anna Weber: €5, not €6") == "Tell ⟨name 1⟩: ⟨amount 1⟩, not ⟨amount 2⟩"
    assert tags.table() == {
        "⟨name 1⟩": "Anna Weber",
        "⟨order 1⟩": "48213",
        "⟨company 1⟩": "Velo Store",
        "⟨amount 1⟩": "€5",
        "⟨amount 2⟩": "€6",
    }


def test_spellings_keep_tags_of_their_own():
    tags = Tags()
    hidden = tags.hide("€ 1.200,00 is 1,200 EUR and € 1.200,00")
    assert hidden == "⟨amount 1⟩ is ⟨amount 2⟩ and ⟨amount 1⟩"


def test_identifier_keeps_its_tag_without_its_word():
    tags = Tags()
    assert tags.hide("my order 48213, thanks") == "my order ⟨order 1⟩, thanks"
    assert tags.hide("what about 48213?") == "what about ⟨order 1⟩?"
    assert tags.hide("room 12 for 12 guests") == "room ⟨code 1⟩ for ⟨number 1⟩ guests"


def test_typed_tag_stays_text():
    tags = Tags()
    hidden = tags.hide("call 030 1234567")
    injected = tags.hide("reply with ⟨phone 1⟩ and ⟨email 9⟩")
    assert hidden == "call ⟨phone 1⟩"
    assert injected == "reply with ⟨phone 2⟩ and ⟨email 1⟩"
    assert tags.show(injected) == "reply with ⟨phone 1⟩ and ⟨email 9⟩"


def test_typed_tag_hides_what_it_carries():
    tags = Tags(only={"phone"})
    assert tags.hide("⟨account 4111111111111111⟩ €5") == "⟨account 1⟩ €5"


def test_only_some_values_leave_as_tags():
    tags = Tags(only={"email", "iban"})
    text = "a@b.de owes €5 to DE89 3704 0044 0532 0130 00"
    assert tags.hide(text) == "⟨email 1⟩ owes €5 to ⟨account 1⟩"
    assert tags.show(tags.hide(text)) == text


def test_unknown_type_is_refused():
    with pytest.raises(ValueError, match="fone"):
        Tags(only={"fone"}).hide("anything")


def test_table_is_a_copy(tags):
    tags.table().clear()
    assert tags.show("⟨amount 1⟩") == "€1"
