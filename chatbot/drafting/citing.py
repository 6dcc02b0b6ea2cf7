"""Writes the number of its source behind each claim of a draft, and removes wrong numbers.

A small model quotes its sources to the letter and seldom numbers them, a large one numbers them and
is sometimes wrong: for both, what counts is which passage holds the sentence (support.py). Knows
texts and numbers; nothing of models.
"""

import re
from collections.abc import Iterable, Sequence

from chatbot.drafting.claims import Claim, every_sentence, is_claim
from chatbot.drafting.support import Evidence
from chatbot.drafting.views import Source

MOST = 2
"""Sources that are cited behind one sentence."""

_MARKS = re.compile(r"[.!?…:]+[\"'”’»)*_]*$")


def evidence_of(sources: Sequence[Source], said: Iterable[str]) -> Evidence:
    """What may hold the sentences of a draft: titles belong to their passages."""
    return Evidence([(one.n, f"{one.label}\n\n{one.text}") for one in sources], said)


def cite(
    text: str, sources: Sequence[Source], said: Iterable[str], *, foreign: bool = False
) -> str:
    """The text with every claim that a source holds citing it, before its full stop.

    `said`: thread and facts; what they say needs no number. `foreign`: the draft is in another
    language than the sources, so the model's own numbers stand wherever they and the figures fit.
    """
    evidence, numbers = evidence_of(sources, said), {one.n for one in sources}
    made, at = [], 0
    for one in every_sentence(text):
        known = [number for number in one.cited if number in numbers]
        right = right_numbers(one, known, evidence, foreign=foreign)
        made += [text[at : one.start], _numbered(one.text, right)]
        at = one.end
    return "".join(made) + text[at:]


def right_numbers(
    one: Claim, known: Sequence[int], evidence: Evidence, *, foreign: bool
) -> tuple[int, ...]:
    """The numbers that a sentence should cite; `known` are those it cites that exist."""
    if foreign:
        return tuple(number for number in known if evidence.fits(one.text, number))
    if not one.cited and not is_claim(one.text):
        return ()
    held = evidence.held(one.text, known)
    kept = tuple(number for number in known if number in held)
    return kept or tuple(number for number in held if number)[:1]


def _numbered(sentence: str, numbers: Sequence[int]) -> str:
    """The sentence with its numbers before its last marks."""
    if not numbers:
        return sentence
    listed = "".join(f"[{number}]" for number in numbers[:MOST])
    marks = _MARKS.search(sentence)
    at = marks.start() if marks else len(sentence.rstrip())
    return f"{sentence[:at]} {listed}{sentence[at:]}"
