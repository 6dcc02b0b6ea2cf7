"""The shipped head on the real sentence encoder."""

import pytest

from chatbot.backends.encoder import missing, open_encoder
from chatbot.lookback import looks_back, told
from chatbot.settings import Settings


@pytest.fixture(scope="module")
def encoder():
    settings = Settings(encoder="minilm")
    if sentence := missing(settings):
        pytest.skip(sentence)
    return open_encoder(settings)


@pytest.mark.parametrize(
    "question",
    [
        "Which order did I give you again?",
        "What was the date I told you?",
        "Please write a short note with all the details I gave you.",
        "Can you sum up what I said about the delivery?",
    ],
)
def test_questions_about_what_was_said(encoder, question):
    assert looks_back(encoder, question)


@pytest.mark.parametrize(
    "question",
    [
        "What are your opening hours?",
        "How much does delivery cost?",
        "Do you sell gift cards?",
        "How long may I return a jacket?",
    ],
)
def test_questions_that_stand_alone(encoder, question):
    assert not looks_back(encoder, question)


def test_own_words_are_said_again(encoder):
    said = ["Hello, order OR-718 was due on 16 May and hasn't come.", "Nobody has it."]
    assert told(encoder, "Which order did I give you again?", said) == (said[0],)
