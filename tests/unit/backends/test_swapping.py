"""Tags at a checkpoint's door: what is hidden, and what an answer may not hold."""

import pytest

from chatbot import errors
from chatbot.backends.swapping import Swapping
from chatbot.values import TAGS_A_TYPE, TYPES, Tags

TAGS = [f"⟨{kind} {number}⟩" for kind in TYPES for number in range(1, TAGS_A_TYPE + 1)]
WORDS = ["", " ", "the", "order", "[", "five", "²", "⟨phone 99", *"0123456789", " 20", "٣", "x3y"]
VOCABULARY = [*WORDS, *TAGS]
DIGITS = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", " 20", "٣", "x3y", "⟨phone 99"}
MANY = ", ".join(f"€{number}" for number in range(1, TAGS_A_TYPE + 1))


def ids(*texts):
    return [VOCABULARY.index(text) for text in texts]


def banned(prompt, tags):
    return {VOCABULARY[number] for number in Swapping(VOCABULARY).banned(prompt, tags)}


def user(*contents):
    return [{"role": "user", "content": content} for content in contents]


def test_one_numbering_over_all_messages():
    hidden, tags = Swapping(VOCABULARY).hide(user("€5 to Anna", "Anna got €6, not €5"))
    assert hidden == user("⟨amount 1⟩ to ⟨name 1⟩", "⟨name 1⟩ got ⟨amount 2⟩, not ⟨amount 1⟩")
    assert tags.show("⟨name 1⟩") == "Anna"


def test_messages_given_are_left_alone():
    given = user("€5")
    Swapping(VOCABULARY).hide(given)
    assert given == user("€5")


def test_digits_and_tags_outside_the_prompt_are_banned():
    prompt = ids("the", "⟨amount 1⟩", "⟨name 1⟩")
    assert banned(prompt, Tags()) == DIGITS | set(TAGS) - {"⟨amount 1⟩", "⟨name 1⟩"}


def test_digits_in_layout_of_the_prompt_stay_banned():
    assert banned(ids("[", "1", "⟨date 8⟩"), Tags()) >= DIGITS


def test_values_without_a_tag_lend_their_digits_and_no_others():
    swapping = Swapping(VOCABULARY)
    _, tags = swapping.hide(user(f"{MANY}, €20"))
    allowed = {VOCABULARY[number] for number in set(range(len(WORDS))) - swapping.banned([], tags)}
    assert allowed & DIGITS == {"2", "0", " 20"}


@pytest.mark.parametrize("vocabulary", [[], WORDS, VOCABULARY[:-1]])
def test_tokenizer_without_the_tags_is_refused(vocabulary):
    with pytest.raises(errors.ModelUnavailable, match="lacks"):
        Swapping(vocabulary)
