"""Judges what only meaning can tell, by a sentence encoder: whether a reply is on the topic.

Values are replaced by their type first, so that a shared price does not make two replies
alike. Knows vectors and references; which encoder there is, its caller knows.
"""

from collections.abc import Sequence

import numpy as np

from chatbot import values
from chatbot.backends.encoder import Encoder
from chatbot.learning.evaluate.cases import Reference


class Topics:
    """Whose reference a reply is nearest to. `references` are those of one pool."""

    def __init__(self, encoder: Encoder, references: Sequence[Reference]) -> None:
        self._encoder = encoder
        self._topics = [reference.topics for reference in references]
        self._vectors = encoder.encode([without_values(r.text) for r in references])

    def are_met(self, reply: str, topics: frozenset[str]) -> bool:
        """Return whether the nearest reference shares a topic with `topics`."""
        [vector] = self._encoder.encode([without_values(reply)])
        return not topics.isdisjoint(self._topics[int(np.argmax(self._vectors @ vector))])


def without_values(text: str) -> str:
    """Return the text with the type of each value in its place: "until date"."""
    pieces, done = [], 0
    for value in values.find(text):
        pieces += [text[done : value.start], value.type]
        done = value.end
    return "".join([*pieces, text[done:]])
