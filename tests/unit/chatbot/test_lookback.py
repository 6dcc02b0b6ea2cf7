"""Questions that look back: when a person's own words are said again, and which."""

import numpy as np

from chatbot.grounding import Ground
from chatbot.lookback import _head, looks_back, told

SAID = ("code's G26 and the store is in Kyoto", "Thanks!", "Monday after work, so about 9 pm")


class Encoder:
    """One to which every question looks back, or none does."""

    def __init__(self, back, name="minilm"):
        self.name = name
        self._sign = 10 if back else -10

    def encode(self, texts):
        weights = _head()["weights"]
        return np.stack([self._sign * weights / (weights @ weights) for _ in texts])


def test_what_holds_a_value_or_a_name_is_told_in_order():
    assert told(Encoder(back=True), "what did I say?", SAID) == (SAID[0], SAID[2])
    again = told(Encoder(back=True), "what did I say?", ["ask for my aunt Aoife", "it's urgent"])
    assert again == ("ask for my aunt Aoife",)


def test_nothing_is_told_where_nobody_asks_or_nobody_can_tell():
    assert told(Encoder(back=False), "opening hours?", SAID) == ()
    assert told(None, "what did I say?", SAID) == ()
    assert told(Encoder(back=True), "what did I say?", ["Thanks!", "ok"]) == ()


def test_a_head_judges_only_vectors_of_its_own_encoder():
    assert looks_back(Encoder(back=True), "what did I say?")
    assert not looks_back(Encoder(back=True, name="another"), "what did I say?")


def test_the_newest_are_kept_and_none_twice():
    many = [f"number {n}" for n in range(20)]
    assert told(Encoder(back=True), "all numbers?", many) == tuple(many[-6:])
    assert told(Encoder(back=True), "which?", ["order 77", "order 77"]) == ("order 77",)


def test_what_the_answer_says_already_is_not_said_again():
    held = Ground(told=("order 77.", "on Monday at 9 pm"))
    assert held.missing("Your order 77. is on its way.") == (
        "\n\nYou told me: “on Monday at 9 pm”."
    )
    assert held.missing("") == "You told me: “order 77”, “on Monday at 9 pm”."
    assert Ground().missing("Hello.") == ""
