"""Recalling: what is asked for was told and comes back to the letter, or was never told."""

from itertools import islice
from random import Random

from chatbot.learning.starter import mixing
from chatbot.learning.starter.recalling import THINGS, UNTOLD, recalls
from chatbot.learning.starter.slots import GENERATORS


def chats(count=200):
    return [*islice(recalls(Random(1)), count)]


def test_every_thing_has_a_slot():
    assert set(THINGS.values()) <= set(GENERATORS)


def test_answers_hold_what_was_said_before():
    """A number whose kind depends on the words around it may get two tags: that chat is dropped."""
    dropped = sum(mixing.invents(mixing.concealed(chat)) for chat in chats())
    assert dropped < 0.15 * len(chats())


def test_roles_alternate_and_the_last_answers():
    for chat in chats(50):
        roles = [message["role"] for message in chat if message["role"] != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2)


def test_some_ask_for_what_was_never_told():
    def untold(text):
        return any(text.startswith(form.partition("{")[0]) for form in UNTOLD)

    answers = [chat[-1]["content"] for chat in chats()]
    assert 0 < sum(map(untold, answers)) < len(answers) / 2
