"""A correction that was written with tags becomes what it meant, or is refused."""

import pytest

from chatbot.errors import Conflict
from chatbot.masking import Rules
from chatbot.review.hiding import Veil, spans

QUESTION = "I am Anna Schmidt, call +49 30 1234567 about order 12345678."
ANSWER = "Dear Anna Schmidt, order 12345678 comes tomorrow."


class Sealing:
    """Seals that tell what they seal, which real ones do not."""

    def seal(self, tag, value):
        return f"{tag[1:-1]} {value}".encode().hex()


def veiled(*texts, people=()):
    veil = Veil()
    veil.add(*texts)
    veil.drop(Rules(), people)
    return veil


def test_one_value_is_one_tag_everywhere():
    veil = veiled(QUESTION, ANSWER)
    assert veil.text(1) == "Dear ⟨name 1⟩, order ⟨order 1⟩ comes tomorrow."
    assert "Anna" not in veil.text(0)
    assert veil.words() == "1 name, 1 phone number, 1 reference number"
    assert [(span.kind, veil.text(1)[span.start : span.end]) for span in spans(veil.text(1))] == [
        ("name", "⟨name 1⟩"),
        ("order", "⟨order 1⟩"),
    ]


@pytest.mark.parametrize("written", ["⟨phone 1⟩", "[phone 1]", "< Phone 1 >"])
def test_tags_come_back_however_they_are_written(written):
    veil = veiled(QUESTION, ANSWER)
    text = veil.restored(f"Dear ⟨name 1⟩, we call {written}.", veil.seal(Sealing()), Sealing())
    assert text == "Dear Anna Schmidt, we call +49 30 1234567."


def test_what_is_no_tag_of_the_view_stays_text():
    veil = veiled(QUESTION, ANSWER)
    assert veil.restored("See ⟨email 9⟩.", veil.seal(Sealing()), Sealing()) == "See ⟨email 9⟩."


def test_a_tag_that_means_something_else_now_is_refused():
    seal = veiled(QUESTION, ANSWER).seal(Sealing())
    later = veiled("I am Bob Miller, order 87654321.", ANSWER)
    with pytest.raises(Conflict, match="open it again"):
        later.restored("Dear ⟨name 1⟩", seal, Sealing())
    fewer = veiled("Nothing", ANSWER)
    with pytest.raises(Conflict):
        fewer.restored("Call ⟨phone 1⟩", seal, Sealing())


def test_a_thread_that_went_on_changes_no_other_tag():
    seal = veiled(QUESTION, ANSWER).seal(Sealing())
    later = veiled(QUESTION, ANSWER, "My mail is anna@example.com.")
    assert later.restored("Order ⟨order 1⟩", seal, Sealing()) == "Order 12345678"
    assert later.restored("No tags", seal, Sealing()) == "No tags"
