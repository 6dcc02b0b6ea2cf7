"""The words by which a passage was found: those that tell something."""

import pytest

from chatbot.knowledge.views import Hit
from chatbot.knowledge.why import matched


def hit(text, language):
    return Hit("p", "a", "Returns", "", text, False, language, 1.0, 1, None, 0)


@pytest.mark.parametrize(
    ("language", "question", "text", "words"),
    [
        (
            "en",
            "What is the fee on returned lamps?",
            "The fee on a lamp.",
            ("fee", "returned", "lamps"),
        ),
        ("en", "On returning", "Returned on Monday", ("returning",)),
        ("de", "Was kostet die Lampe?", "Die Lampe kostet 5 Euro.", ("kostet", "Lampe")),
        ("", "Is it on?", "It is on.", ()),
        ("sv", "på lampan", "på lampan", ("på", "lampan")),
    ],
)
def test_grammar_is_no_reason(language, question, text, words):
    assert matched(question, hit(text, language)) == words
