"""Exercises in copying: only the context can tell the answers, and only answers are learned."""

from random import Random

import pytest

from chatbot.learning.starter import exercises
from chatbot.learning.starter.exercises import Exercises


@pytest.fixture
def made(encoder):
    return Exercises(encoder, 256)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_window_is_full_and_learns_some_of_it(made, level):
    for n in range(20):
        ids, learn = made.window(Random(n), level)
        assert len(ids) == len(learn) == 256
        assert 5 < sum(learn) < 200


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_every_learned_token_stands_before(made, level):
    for n in range(20):
        ids, learn = made.window(Random(n), level)
        for at, wanted in enumerate(learn):
            assert not wanted or ids[at] in ids[:at]


def test_looked_up_tag_follows_the_key_that_is_asked(made, encoder):
    ids, learn = made._look_up(Random(3), 0.0)
    answers = [ids[at] for at, wanted in enumerate(learn) if wanted]
    assert len(answers) == len(set(answers)) >= 2
    assert all(ids.count(answer) == 2 for answer in answers)


def test_unseen_words_are_never_keys(made):
    phrases = {number for phrase in made._phrase.values() for number in phrase}
    unseen = set(made.unseen) - phrases
    assert len(unseen) > 20
    for n in range(30):
        assert not unseen & set(made._look_up(Random(n), 1.0)[0])


def test_same_dice_make_the_same_window(made):
    assert made.window(Random(5), 0.7) == made.window(Random(5), 0.7)


def test_quoted_sentence_stands_in_its_text():
    texts = [
        "Parcels leave every evening. They arrive within two working days of leaving.",
        "Short. The museum opens early on every weekday in summer.",
        "",
    ]
    chats = list(exercises.quotations(texts, Random(6)))
    assert len(chats) == 2
    for chat in chats:
        for asked, reply in zip(chat[1::2], chat[2::2], strict=True):
            assert reply["content"] in chat[0]["content"]
            assert asked["content"].strip()
