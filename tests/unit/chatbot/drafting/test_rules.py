"""What is done by rule: what is missing, frames, what must stay as it is, small reworks."""

import pytest

from chatbot.drafting.exact import keep
from chatbot.drafting.lacking import asked_for, without_line
from chatbot.drafting.letter import called, framed, parted, reframed
from chatbot.drafting.small import insert, rework, to_last_quotation, whole
from chatbot.drafting.views import REWORKS, ValuesChanged
from chatbot.errors import Refused

LETTER = (
    "Hello Maja,\n\nThe  lamp costs € 45.00 [1]. It is made of glass. i think it it fits."
    "\n\nKind regards\nIris"
)


def test_the_last_line_that_names_what_is_missing_is_taken_out():
    assert without_line("Hello.\n\nMissing: the order number, a photo.") == (
        "Hello.",
        ("the order number", "a photo"),
    )
    assert without_line("**Missing:** the invoice") == ("", ("the invoice",))
    assert without_line("Hello.\nMissing: none.") == ("Hello.", ())
    text = "Missing: screws are sent by letter.\nRegards"
    assert without_line(text) == (text, ())


def test_what_a_text_asks_for_and_the_thread_lacks_is_missing():
    text = "To change it, tell us your order number and the new address."
    assert asked_for([text], ["Change my address please"]) == (
        "the order number",
        "the new address",
    )
    assert asked_for([text], ["Order HL-20418, now 12 Mill Street, London SW1A 1AA"]) == ()
    assert asked_for(["If a part is missing, send us a photo."], ["Hello"]) == ()
    assert asked_for(["You get a tracking number by e-mail."], ["Hello"]) == ()


def test_a_frame_has_greeting_tone_and_name():
    text = framed("It is sent.", "apologetic", "Maja", "Iris")
    assert text == (
        "Hello Maja,\n\nI am sorry for the trouble that this has caused you. It is sent."
        "\n\nKind regards\nIris"
    )
    assert framed("Ja.", "warm", "", "Iris", "de") == "Guten Tag,\n\nJa.\n\nFreundliche Grüße\nIris"


def test_another_tone_is_another_frame_and_the_same_body():
    formal = reframed(LETTER, "formal")
    assert formal.startswith("Dear Maja,\n\n")
    assert formal.endswith("Yours sincerely\nIris")
    assert parted(reframed(formal, "neutral"))[1] == parted(reframed(LETTER, "neutral"))[1]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Maja Lindqvist", "Maja"),
        ("pat", "Pat"),
        ("L. Ferrante", "L. Ferrante"),
        ("Anne Marie de Vries", "Anne Marie de Vries"),
        ("user4711", ""),
        ("", ""),
    ],
)
def test_customers_are_called_by_their_names(name, first):
    assert called(name) == first


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It costs $4.", "It costs $5."),
        ("It costs $4.", "It is not expensive."),
        ("It is free.", "It is free until 3 May."),
        ("See https://a.example/x.", "See https://a.example/y."),
        ("Ask Maja Lindqvist for it.", "Ask them for it."),
        ("It comes on [[day]].", "It comes soon."),
    ],
)
def test_changed_values_are_refused_by_name(before, after):
    with pytest.raises(ValuesChanged) as refused:
        keep(before, after)
    assert "Your text stays as it was" in str(refused.value)
    assert refused.value.lost or refused.value.added


def test_the_same_values_in_other_words_are_kept():
    keep("Pay $4 within 2 weeks [1].", "Within two weeks, please pay $4.")
    keep("Comes on 17 November, € 129.00", "Kommt am 17. November, 129,00 €", translated=True)
    with pytest.raises(ValuesChanged):
        keep("Comes on 17 November", "Kommt am 18. November", translated=True)


@pytest.mark.parametrize("want", [one for one in REWORKS if one not in ("longer", "translate")])
def test_rules_lose_no_value(want):
    keep(LETTER, rework(LETTER, want, "starter@1"))


def test_rules_shorten_and_mend():
    assert "made of glass" not in rework(LETTER, "shorter", "starter@1")
    assert "The lamp costs € 45.00 [1]." in rework(LETTER, "grammar", "starter@1")
    assert "I think it fits." in rework(LETTER, "grammar", "starter@1")


@pytest.mark.parametrize("want", ["longer", "translate"])
def test_what_rules_cannot_do_is_refused(want):
    with pytest.raises(Refused, match="larger model"):
        rework(LETTER, want, "starter@1")


def test_a_sentence_is_inserted_before_the_closing_lines():
    text = insert("Hello,\n\nIt is sent.\n\nKind regards\nIris", "It is insured.")
    assert text == "Hello,\n\nIt is sent. It is insured.\n\nKind regards\nIris"


def test_a_quoted_body_becomes_a_letter_with_facts_and_a_question():
    text = whole(
        "I understand. It is sent [1].",
        tone="neutral",
        customer="Maja",
        signed="Iris",
        facts=["The courier rings twice"],
        missing=["the order number", "a photo"],
        sorry=True,
        language="en",
    )
    assert text == (
        "Hello Maja,\n\nI am sorry about that. It is sent [1].\n\nThe courier rings twice.\n\n"
        "Could you please send us the order number and a photo?\n\nKind regards\nIris"
    )


def test_a_sentence_that_was_cut_off_is_left_out():
    assert to_last_quotation("It is red. It is bl", ["It is red. It is blue."]) == "It is red."
    assert to_last_quotation("It is red. It is blue.", ["It is red. It is blue."]) == (
        "It is red. It is blue."
    )
