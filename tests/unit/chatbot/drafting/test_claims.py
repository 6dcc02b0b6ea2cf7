"""Which sentences claim something, and what they cite."""

import pytest

from chatbot.drafting.claims import claims, every_sentence, is_claim, numbers, uncited


@pytest.mark.parametrize(
    "sentence",
    [
        "Hello Maja,",
        "Thank you very much for your message.",
        "I am sorry about that.",
        "I'm so sorry that this happened to you!",
        "Could you please send us the order number?",
        "Please tell us the colour that you ordered.",
        "Just ask if anything is unclear.",
        "Please do not hesitate to write to us if you have further questions.",
        "Kind regards",
        "Iris, Halden Lamps",
        "If anything is unclear, just write to us again.",
        "Vielen Dank für Ihre Nachricht.",
        "Es tut mir leid.",
        "Muchas gracias por su mensaje.",
        "I don't have that information here.",
    ],
)
def test_politeness_and_questions_claim_nothing(sentence):
    assert not is_claim(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "We send you a new shade free of charge.",
        "The parcel arrives on Thursday.",
        "Sorry, but lamps can only be returned within 30 days.",
        "Thank you for your order of 24 May.",
        "I have passed this on to the workshop.",
        "Die Lampe kommt am Freitag an.",
        "The lamp costs $5.",
    ],
)
def test_what_may_be_wrong_is_a_claim(sentence):
    assert is_claim(sentence)


def test_a_number_behind_the_full_stop_belongs_to_the_sentence_before():
    text = "The lamp is black. [2] The shade is white [1, 3]."
    assert [(one.text, one.cited) for one in claims(text)] == [
        ("The lamp is black.", (2,)),
        ("The shade is white.", (1, 3)),
    ]


def test_sentences_are_slices_of_the_text():
    text = "Hello,\n\nThe lamp is black [1]. Heading without end\nThe shade is white.\n\nRegards"
    for one in every_sentence(text):
        assert uncited(text[one.start : one.end]) == one.text


def test_a_line_over_a_sentence_is_looked_at_too():
    text = "We refund you every single order\nThe lamp is black."
    assert [one.text for one in claims(text)] == [
        "We refund you every single order",
        "The lamp is black.",
    ]


def test_numbers_are_told_once_in_order():
    assert numbers("a [2]. b [1][2]. c [10; 3]") == (2, 1, 10, 3)
