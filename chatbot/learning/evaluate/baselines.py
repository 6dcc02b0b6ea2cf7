"""What no model is needed for: the passage copied as it is, or its best sentence.

A model that is worse than this is not worth running. Finds by the sentence encoder, or by
shared words where there is none.
"""

import re
from collections.abc import Sequence

from chatbot.backends.encoder import Encoder
from chatbot.learning.evaluate.cases import Case
from chatbot.learning.evaluate.running import Answer

COPIES = ("copy", "quote")
"""Names of the baselines: the whole passage, and one sentence of it."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def copied(name: str, cases: Sequence[Case], encoder: Encoder | None) -> list[Answer]:
    """Return what the baseline of this name answers."""
    return [Answer(_copy(case, encoder, sentence=name == "quote")) for case in cases]


def _copy(case: Case, encoder: Encoder | None, *, sentence: bool) -> str:
    """Return the passage or sentence nearest to the question; a text to work on as it came."""
    if not case.passages:
        return case.question.partition("\n\n")[2]
    titles = [f"{title}: {text}" for title, text in case.passages]
    text = case.passages[_nearest(case.question, titles, encoder)][1]
    if not sentence:
        return text
    sentences = _SENTENCE.split(text)
    return sentences[_nearest(case.question, sentences, encoder)]


def _nearest(question: str, texts: Sequence[str], encoder: Encoder | None) -> int:
    if encoder is not None:
        asked, *found = encoder.encode([question, *texts])
        scores = [float(vector @ asked) for vector in found]
    else:
        words = _words(question)
        scores = [len(words & _words(text)) / (1 + len(_words(text)) ** 0.5) for text in texts]
    return max(range(len(texts)), key=scores.__getitem__)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 2}
