"""What a reply cites, and what a person is to look at before it is sent."""

import pytest

from chatbot.analysis import Said
from chatbot.drafting.checking import check
from chatbot.drafting.citing import cite
from chatbot.drafting.views import Source

DAMAGED = "Please do not send broken glass back. We send a new shade free of charge within 14 days."
SPARE = "Spare parts leave within 2 working days. Opal glass costs € 45.00."
SOURCES = (
    Source(1, "p1", "a1", "Damaged on arrival", "Replacement", DAMAGED, False, 1.2),
    Source(2, "p2", "a2", "Spare parts", "", SPARE, True, 0.8),
)
THREAD = (Said("customer", "The shade of HL-20418 has a crack. Guests come on Friday.", "Maja"),)
SAID = [one.text for one in THREAD]


def marks(text, sources=SOURCES, **more):
    return [(mark.kind, mark.text) for mark in check(text, THREAD, sources, **more).marks]


def test_every_claim_gets_the_number_of_its_source():
    text = (
        "Hello Maja,\n\nWe send a new shade free of charge within 14 days. "
        "Opal glass costs € 45.00."
    )
    assert cite(text, SOURCES, SAID) == (
        "Hello Maja,\n\nWe send a new shade free of charge within 14 days [1]. "
        "Opal glass costs € 45.00 [2]."
    )


def test_a_wrong_number_is_put_right():
    assert cite("Spare parts leave within 2 working days [1].", SOURCES, SAID) == (
        "Spare parts leave within 2 working days [2]."
    )


@pytest.mark.parametrize("number", [2, 7])
def test_a_number_that_supports_nothing_is_taken_out_and_the_claim_marked(number):
    text = cite(f"Your dog gets a medal from the queen [{number}].", SOURCES, SAID)
    assert text == "Your dog gets a medal from the queen."
    assert marks(text) == [("unsupported", text)]


def test_numbers_behind_full_stops_come_before_them():
    text = "We send a new shade free of charge within 14 days. [1] Regards"
    assert cite(text, SOURCES, SAID).startswith(
        "We send a new shade free of charge within 14 days [1]. Regards"
    )


def test_what_the_thread_says_needs_no_source():
    text = "The shade of HL-20418 has a crack."
    assert cite(text, SOURCES, SAID) == text
    assert marks(text) == []


def test_what_a_given_fact_says_needs_no_source():
    text = "The courier comes on Monday at noon."
    assert marks(text, facts=["the courier comes on Monday at noon"]) == []
    assert [kind for kind, _ in marks(text)] == ["unsupported", "invented"]


def test_a_denied_sentence_is_not_held_by_its_opposite():
    assert marks("Please send broken glass back to our workshop.") == [
        ("unsupported", "Please send broken glass back to our workshop.")
    ]


def test_a_changed_figure_is_not_held():
    text = "We send a new shade free of charge within 30 days [1]."
    assert marks(text) == [("unsupported", text), ("invented", "30")]


def test_a_value_from_nowhere_blocks_until_somebody_vouches_for_it():
    text = "Your credit is $812.40."
    assert [mark.text for mark in check(text, THREAD, SOURCES).blocking] == ["$812.40"]
    assert check(text, THREAD, SOURCES, confirmed=["$812.40"]).blocking == ()


def test_a_place_to_fill_in_blocks():
    found = check("It is collected on [[pickup_date]].", THREAD, SOURCES)
    assert [(one.kind, one.text) for one in found.blocking] == [("unfilled", "[[pickup_date]]")]


def test_citing_an_internal_source_warns():
    found = check("Opal glass costs € 45.00 [2].", THREAD, SOURCES)
    assert [(one.kind, one.text) for one in found.marks] == [("internal", "[2]")]
    assert found.blocking == ()
    assert found.cited == (2,)


def test_a_number_without_source_is_said_to_be_none():
    found = check("We send a new shade free of charge [9].", THREAD, SOURCES)
    assert [one.why for one in found.marks] == ["There is no source with this number."]
    assert found.cited == ()


def test_marks_are_slices_of_the_text():
    text = "Hello,\n\nPay $4 now [7]. It is [[x]]. Glass costs € 45.00 [2]."
    for mark in check(text, THREAD, SOURCES).marks:
        assert text[mark.start : mark.end] == mark.text


def test_in_another_language_the_models_own_numbers_stand_where_figures_fit():
    right, wrong = "Opalglas kostet 45.00 Euro [2].", "Opalglas kostet 60.00 Euro [2]."
    assert cite(right, SOURCES, SAID, foreign=True) == right
    assert "[2]" not in cite(wrong, SOURCES, SAID, foreign=True)


def test_numbers_of_list_items_are_no_values():
    assert marks("1. Hello\n2. Could you tell us more?") == []


def test_an_empty_reply_has_no_marks():
    assert check("", THREAD, SOURCES).marks == ()
