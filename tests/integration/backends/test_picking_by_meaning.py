"""Picking with MiniLM: sentences that answer without sharing a word with the question."""

import pytest

from chatbot.backends.encoder import missing, open_encoder
from chatbot.picking import pick
from chatbot.settings import Settings

PASSAGES = [
    {
        "title": "Parcel on the way",
        "text": "Dispatch takes ⟨number 1⟩ working days. You may follow your shipment at ⟨url 1⟩. "
        "Gift wrapping costs ⟨amount 1⟩.",
    },
    {"title": "Opening times", "text": "Our shop is open until ⟨time 1⟩. On Sundays it is shut."},
]


@pytest.fixture(scope="module")
def minilm():
    encoder = open_encoder(Settings(encoder="minilm"))
    if encoder is None:
        pytest.skip(missing(Settings(encoder="minilm")))
    return encoder


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("where's the package now? can i track it", "You may follow your shipment at ⟨url 1⟩."),
        ("how much to make it look like a present", "Gift wrapping costs ⟨amount 1⟩."),
    ],
)
def test_meaning_is_enough(minilm, question, answer):
    assert pick(minilm, question, PASSAGES).sentences[0].sentence.text == answer


def test_another_subject_scores_lower(minilm):
    own = pick(minilm, "Are you open on Sunday?", PASSAGES).best
    strange = pick(minilm, "Which visa does my aunt need?", PASSAGES).best
    assert strange < 0.3 < own
