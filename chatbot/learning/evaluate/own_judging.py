"""Judges an answer to a held-out row, and which of two answers is the better one.

An answer is *right* when no fault is found in it. Of two answers the one with fewer faults is
better. With as many faults the one is better that is more like the approved reply, when that is
more than a little. Faults are rules of text that a person can check by reading, but for likeness,
which a sentence encoder tells, or the share of words in common where there is none.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot import values
from chatbot.analysis.languages import language_of
from chatbot.backends.encoder import Encoder
from chatbot.learning.evaluate import judging, phrases
from chatbot.learning.evaluate.own import OwnCase
from chatbot.learning.evaluate.refusing import is_refusal
from chatbot.learning.evaluate.running import Answer
from chatbot.learning.evaluate.topics import without_values
from chatbot.learning.evaluate.views import Change

Fault = Literal[
    "no answer",
    "broken off",
    "value lost",
    "value invented",
    "refuses",
    "names nothing missing",
    "other language",
    "other topic",
]

WEIGHTS = {"no answer": 3}
"""Faults that count as several; every other one counts once."""

BY_MEANING, BY_WORDS = 0.35, 0.20
"""Likeness to the approved reply under which an answer is about something else.

Of replies of bitext_support to the same intent 99 % are more alike than 0.35 by MiniLM, 65 % of
those to another intent are less. By words 98 % are more alike than 0.2, but so are 97 % of the
others: words tell only what shares next to nothing. A test of evaluations measures this again.
"""

MARGIN = 0.10
"""What likeness must differ by, for answers with as many faults, to call one of them better."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer with all that was found. `kept`: how many of the case's facts are in it.

    `invented`: values that stand neither in what the model was given nor in the approved reply.
    `lacking`: the approved reply says that something is not known; `says_lack`: so does this one.
    `ratio`: its length in characters against that of the approved reply.
    """

    text: str
    faults: tuple[Fault, ...]
    kept: int
    facts: int
    invented: tuple[str, ...]
    refuses: bool
    refusal_wanted: bool
    lacking: bool
    says_lack: bool
    language: bool | None
    similarity: float
    ratio: float

    @property
    def right(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults

    @property
    def weight(self) -> int:
        """How much is wrong with it."""
        return sum(WEIGHTS.get(fault, 1) for fault in self.faults)


def judge(
    cases: Sequence[OwnCase], answers: Sequence[Answer], encoder: Encoder | None
) -> list[Judged]:
    """Judge the answers to cases, in their order. One that failed has no text."""
    texts = [answer.text for answer in answers]
    likeness = similarities(texts, [case.reference for case in cases], encoder)
    least = BY_WORDS if encoder is None else BY_MEANING
    return [
        _judged(case, answer, like, least)
        for case, answer, like in zip(cases, answers, likeness, strict=True)
    ]


def compared(base: Judged, tuned: Judged) -> tuple[Change, float]:
    """Which of two answers is the better one, and the gain: faults less, and likeness more.

    Sorted by gain, answers whose faults changed come before those that only read otherwise.
    """
    likeness = tuned.similarity - base.similarity
    faults = base.weight - tuned.weight
    gain = round(faults + likeness, 4)
    if faults:
        return ("better" if faults > 0 else "worse"), gain
    if abs(likeness) < MARGIN:
        return "same", gain
    return ("better" if likeness > 0 else "worse"), gain


def similarities(
    texts: Sequence[str], others: Sequence[str], encoder: Encoder | None
) -> list[float]:
    """How alike each two texts are, values apart: cosine of meaning, or words in common.

    0 for an empty text. Words in common: the F1 score of the words (ROUGE-1 of C.-Y. Lin, "ROUGE:
    A Package for Automatic Evaluation of Summaries", 2004).
    """
    bare = [without_values(text) for text in texts]
    wanted = [without_values(text) for text in others]
    if encoder is None:
        return [_in_common(one, other) for one, other in zip(bare, wanted, strict=True)]
    if not bare:
        return []
    first, second = encoder.encode(bare), encoder.encode(wanted)
    found = (first * second).sum(axis=1)
    return [
        max(0.0, float(like)) if text.strip() else 0.0
        for like, text in zip(found, texts, strict=True)
    ]


def _in_common(one: str, other: str) -> float:
    first = Counter(_WORD.findall(one.casefold()))
    second = Counter(_WORD.findall(other.casefold()))
    return 2 * (first & second).total() / max(1, first.total() + second.total())


def _judged(case: OwnCase, answer: Answer, likeness: float, least: float) -> Judged:
    text, wanted = answer.text, case.reference
    invented = tuple(one.text for one in values.missing(text, [*case.context, wanted]))
    kept = len(judging.carried(case.facts, wanted, text))
    lacking, wanted_refusal = phrases.refuses(wanted), is_refusal(wanted)
    says_lack = phrases.says_lack(text) or phrases.refuses(text)
    spoken, written = language_of(wanted), language_of(text)
    language = spoken == written if spoken and written else None
    faults: list[Fault] = []
    if answer.error or not text.strip():
        faults = ["no answer"]
    else:
        found: dict[Fault, bool] = {
            "broken off": judging.broken_off(text, answer.finish) or judging.repeats(text),
            "value lost": kept < len(case.facts),
            "value invented": bool(invented),
            "refuses": is_refusal(text) and not wanted_refusal,
            "names nothing missing": lacking and not says_lack,
            "other language": language is False,
            "other topic": likeness < least,
        }
        faults = [fault for fault, stands in found.items() if stands]
    return Judged(
        text=text,
        faults=tuple(faults),
        kept=kept,
        facts=len(case.facts),
        invented=invented,
        refuses=is_refusal(text),
        refusal_wanted=wanted_refusal,
        lacking=lacking,
        says_lack=says_lack,
        language=language,
        similarity=round(likeness, 4),
        ratio=len(text) / max(1, len(wanted)),
    )
