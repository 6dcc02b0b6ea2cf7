"""Sentences of support texts: where they end, and where they only seem to."""

import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.picking import sentences


def cut(text):
    return [sentence.text for sentence in sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "A resit costs €30.50 in all.|There are 3.|Book it by 4 May.",
        "Write to help@maple.example.|Or call 0800 123 456!|We answer (usually at once).|Bye",
        "Bring an ID, e.g. a passport, to the desk.|Mr. Adams from St. Mary's will help.",
        "Ask for J. R. Moreau.|He knows.",
        "See No. 5, fig. 2 and approx. 3 kg, incl. VAT.|Then pay.",
        "Bring cups, plates, etc.|The rest is here.",
        "Doors open at 9 a.m. sharp.|They close at 6 p.m.|On Sunday they stay shut.",
        "It costs ⟨amount 1⟩.|⟨company 1⟩ pays it.|Send it to ⟨email 1⟩.",
        'Really?!|Yes…|"It is so."|She said “no.”|Fine.',
        "The code is maple.example/returns.|Print it.",
        "Is it mine?|1 of 3 is.|iPhones too.",
        "Prices rise by 3.5% vs. last year… or not.",
    ],
)
def test_ends(text):
    parts = text.split("|")
    assert cut(" ".join(parts)) == parts


def test_headings_belong_to_what_follows():
    text = "# Returns\n\nSend it back.\nWithin 30 days.\n\nRefunds\nThey take a week."
    assert [(s.heading, s.text) for s in sentences(text)] == [
        ("Returns", "Send it back."),
        ("Returns", "Within 30 days."),
        ("Refunds", "They take a week."),
    ]


def test_a_list_stays_with_the_line_that_opens_it():
    text = (
        "You need:\n- a passport. Or an ID.\n- a photo\n\nCome early.\n1. Ring the bell.\n2. Wait."
    )
    assert cut(text) == [
        "You need:\n- a passport. Or an ID.\n- a photo",
        "Come early.",
        "1. Ring the bell.",
        "2. Wait.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", []), (" \n", []), ("...", []), ("## A", ["A"]), ("1\nB\n:", ["1", "B"])],
)
def test_nothing_or_a_heading_alone(text, expected):
    assert cut(text) == expected


def test_title_and_subtitle_stand_over_the_sentence_together():
    (found,) = sentences("# Returns\n## Costs\nThey are free.")
    assert (found.heading, found.text) == ("Returns. Costs", "They are free.")


@settings(max_examples=60)
@given(st.text(alphabet='aB1 .!?:\n-⟨⟩"éß。', max_size=80))
def test_sentences_are_slices_in_order_that_lose_no_word(text):
    found = sentences(text)
    assert [text[s.start : s.end] for s in found] == [s.text for s in found]
    assert all(a.end <= b.start for a, b in pairwise(found))
    kept = "".join(s.heading + s.text for s in found)
    assert set(filter(str.isalnum, text)) == set(filter(str.isalnum, kept))


def test_a_hostile_line_is_cut_all_the_same():
    assert len(sentences("Ab. " * 25_000 + "w" * 50_000 + ". Cd")) == 25_001


def test_long_text_takes_linear_steps():
    def calls(text):
        count = 0

        def seen(*_):
            nonlocal count
            count += 1

        sys.setprofile(seen)
        try:
            sentences(text)
        finally:
            sys.setprofile(None)
        return count

    unit = "A line of it, e.g. this.\nHeading\n"
    assert calls(unit * 400) < 5 * calls(unit * 100)
