"""Grounding: what a small model gets of its sources, and what is added where it quotes none."""

import numpy as np

import prompts
from chatbot.grounding import MOST, Ground, ground

SUPPORT = prompts.library()["support"]
REFUNDS = {
    "title": "Refunds",
    "text": "We refund within 14 days. The money goes to your card. Keep the receipt. "
    "Shops may take longer. Gift cards are not refunded. Call 0800 123 456 for help.",
}
PARKING = {"title": "Parking", "text": "The garage opens at 7 am. It costs $3 an hour."}


class Strangers:
    """An encoder to which no two texts are alike."""

    def encode(self, texts):
        return np.eye(len(texts), dtype=np.float32)


def no_encoder():
    return None


def grounded(question, *passages, history=()):
    values = {"question": question, "passages": list(passages)}
    return ground(SUPPORT, values, history, no_encoder)


def test_passages_are_cut_down_to_the_sentences_that_answer():
    values, held = grounded("Within how many days do you refund?", REFUNDS, PARKING)
    kept = " ".join(passage["text"] for passage in values["passages"])
    assert held.best == "We refund within 14 days."
    assert held.best in held.quotation
    assert held.quotation.count(".") == MOST
    assert kept == held.quotation
    assert values["passages"][0]["title"] == "Refunds"
    assert held.sure


def test_nothing_changes_without_passages():
    assert grounded("Hello") == ({"question": "Hello", "passages": []}, Ground())
    assistant = prompts.library()["assistant"]
    values, held = ground(assistant, {"question": "Hello"}, [], no_encoder)
    assert (values, held) == ({"question": "Hello"}, Ground())


def test_passages_of_another_subject_are_left_out():
    values, held = ground(
        SUPPORT,
        {"question": "zebra", "passages": [PARKING]},
        [],
        Strangers,
    )
    assert values["passages"] == []
    assert held == Ground(kept=())


def test_encoder_is_opened_only_where_there_are_passages():
    def broken():
        raise AssertionError

    assert ground(SUPPORT, {"question": "Hello"}, [], broken)[1] == Ground()


def test_sentences_keep_the_order_of_their_passages():
    _, held = grounded("Does the garage cost anything, and when does it open?", PARKING)
    assert held.quotation == PARKING["text"]


HELD = Ground("We refund within 14 days. Keep it.", "Keep it.", asked=("I'm at 0171 555 1234.",))


def test_answer_that_quotes_stands():
    assert HELD.missing("Of course. We  refund within 14 days. Keep it. Does that help?") == ""


def test_answer_that_quotes_nothing_gets_the_best_sentence():
    assert HELD.missing("My sources do not say.").endswith(": Keep it.")
    assert HELD.missing("") == "Keep it."


def test_answer_with_a_value_that_the_person_gave_stands():
    assert HELD.missing("Your number is 0171 555 1234.") == ""
    assert HELD.missing("Your number is 0171 555 9999.")


def test_a_text_for_others_gets_the_sentence_and_nothing_about_sources():
    held = Ground(quotation="It is red.", best="It is red.", told=("I have two lamps.",))
    assert held.missing("I understand.", for_others=True) == " It is red."
    assert held.missing("It is red.", for_others=True) == ""
