"""Reworking: forms of a text that lose no value, and only where somebody asks for one."""

import pytest

from chatbot import values
from chatbot.reworking import forms

TEXT = "Your sofa comes on 17 November. We are sorry. Call 030 1234567."
THREAD = "Customer: It broke on 3 May.\nAgent: We send a new one.\nCustomer: By 9 am, please."


def test_text_comes_whole_short_and_as_a_letter():
    whole, short, letter = forms(f"Please rewrite this, shorter:\n\n{TEXT}")
    assert whole == TEXT
    assert short == "Your sofa comes on 17 November. Call 030 1234567."
    assert letter == f"Dear customer,\n\n{TEXT}\n\nKind regards"


def test_thread_becomes_three_lines():
    (summary,) = forms(f"Summarise this conversation:\n\n{THREAD}")
    assert summary == (
        "Wants: It broke on 3 May.\nDone: We send a new one.\nOpen: By 9 am, please."
    )
    (answered,) = forms("Give me a summary:\n\nCustomer: Where is it?\nAgent: On its way.")
    assert answered.endswith("Open: the customer's answer.")


@pytest.mark.parametrize("text", [TEXT, THREAD, "No value here.", "Hi, it costs $3, not $4."])
def test_no_form_loses_a_value(text):
    for form in forms(f"summarize and shorten\n\n{text}"):
        assert not values.missing(text, [form])


def test_letter_with_a_salutation_gets_no_second():
    assert not any("Dear" in form for form in forms(f"Rephrase:\n\nHello Ann, {TEXT}"))


@pytest.mark.parametrize(
    "question",
    [
        "Rewrite this",
        "Shorten this:\n\n  ",
        f"Hello\n\n{TEXT}",
        "My printer is broken.\n\nIt says: rewrite the driver.",
        "",
    ],
)
def test_nothing_where_nobody_asks_for_a_form(question):
    assert forms(question) == ()
