"""Picking by words, which is what is left without an encoder; and what any scores lead to."""

import numpy as np
import pytest

from chatbot.picking import pick
from chatbot.picking.words import likeness, stems

RETURNS = {
    "title": "Returning an item",
    "text": "Send it back within 30 days. Keep the receipt. Swimwear cannot be returned.",
}
REFUNDS = {"title": "Refunds", "text": "Money comes back within a week. Gift cards are refunded."}


class Lettered:
    """A real encoder of a little world: a text is the letters it holds."""

    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked += texts
        rows = np.array([[1.0 + text.lower().count(c) for c in "zqx"] for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def texts(picked):
    return [found.sentence.text for found in picked.sentences]


def test_the_sentence_with_the_words_comes_first():
    picked = pick(None, "Can I return swimwear?", [REFUNDS, RETURNS], most=2)
    assert texts(picked)[0] == "Swimwear cannot be returned."
    assert picked.sentences[0].passage == 1
    assert len(picked.sentences) == 2
    assert picked.best == picked.sentences[0].score


def test_the_title_counts():
    passages = [
        {"title": "Parking", "text": "It is free."},
        {"title": "Sauna", "text": "Not free."},
    ]
    assert texts(pick(None, "what does the sauna cost", passages))[0] == "Not free."


def test_the_heading_counts():
    text = "# Parking\nIt is free.\n# Sauna\nNot free."
    assert texts(pick(None, "sauna?", [{"title": "Hotel", "text": text}]))[0] == "Not free."


def test_reading_order():
    picked = pick(None, "gift cards refunded receipt", [RETURNS, REFUNDS], most=3)
    places = [(found.passage, found.sentence.start) for found in picked.in_order()]
    assert places == sorted(places)
    assert set(picked.in_order()) == set(picked.sentences)


@pytest.mark.parametrize("passages", [[], [{"title": "Empty", "text": " \n"}]])
def test_nothing_to_pick_from(passages):
    picked = pick(None, "anything?", passages)
    assert (picked.sentences, picked.best) == ((), 0.0)


@pytest.mark.parametrize("question", ["", "?!", "what is it", "日本"])
def test_a_question_without_words_of_its_own_picks_in_order(question):
    picked = pick(None, question, [RETURNS], most=9)
    assert texts(picked) == [found.sentence.text for found in picked.in_order()]
    assert picked.best == 0


def test_an_encoder_sees_what_words_do_not():
    passages = [{"title": "", "text": "Aaa zzzz. Bbb xxxx."}]
    assert texts(pick(Lettered(), "xx", passages))[0] == "Bbb xxxx."
    assert texts(pick(None, "xx", passages))[0] == "Aaa zzzz."


def test_what_was_said_before_is_read_with_the_question():
    encoder = Lettered()
    passages = [{"title": "", "text": "Aaa zzzz. Bbb xxxx."}]
    assert texts(pick(encoder, "and?", passages, earlier=["xxx", "xx"]))[0] == "Bbb xxxx."
    assert encoder.asked[0] == "xxx xx and?"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("returns", "returned"),
        ("delivery", "deliveries"),
        ("shipping", "shipped"),
        ("cancel", "cancellation"),
        ("charge", "charging"),
        ("Store", "store's"),
        ("ÄRZTE", "ärzte"),
    ],
)
def test_forms_of_a_word_meet(one, other):
    assert stems(one) == stems(other) != []


def test_other_words_do_not_meet():
    found = stems("bus bill billet plan fee feed price prize glass card care")
    assert len(set(found)) == 11


def test_a_rare_word_counts_for_more():
    common, rare = likeness("order zebra", ["your order", "a zebra", "the order", "order it"])[:2]
    assert rare > common
    assert likeness("order zebra", ["zebra order"]) == [pytest.approx(1)]
