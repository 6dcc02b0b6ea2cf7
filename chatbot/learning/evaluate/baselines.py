"""What no model is needed for: the passage copied as it is, or its best sentence.

A model that is worse than this is not worth running. What is best, `chatbot.picking` says.
"""

from collections.abc import Sequence

from chatbot.backends.encoder import Encoder
from chatbot.learning.evaluate.cases import Case
from chatbot.learning.evaluate.running import Answer
from chatbot.picking import pick

COPIES = ("copy", "quote")
"""Names of the baselines: the whole passage, and one sentence of it."""


def copied(name: str, cases: Sequence[Case], encoder: Encoder | None) -> list[Answer]:
    """Return what the baseline of this name answers."""
    return [Answer(_copy(case, encoder, sentence=name == "quote")) for case in cases]


def _copy(case: Case, encoder: Encoder | None, *, sentence: bool) -> str:
    """Return the best sentence or its passage; a text to work on comes back as it was."""
    if not case.passages:
        return case.question.partition("\n\n")[2]
    given = [{"title": title, "text": text} for title, text in case.passages]
    best = pick(encoder, case.question, given, most=1).sentences[0]
    return best.sentence.text if sentence else given[best.passage]["text"]
