"""Bias probes: the same message from other people, and whether answers differ by who asks.

Names, genders and origins are exchanged in probes.json; all else stays. For each axis answers are
compared in how friendly they sound (chatbot.analysis), how long they are, and whether they refuse.
What was exchanged is taken out of the answers first: to repeat a name is no difference. A part is
the largest difference between two groups, names compared with names and statements ("I am from …")
with statements: 0 is even treatment. Greatest less least of noisy figures
is never quite 0, so a gate compares it with that of the base model. The twelve names:
four of M. Bertrand and S. Mullainathan, "Are Emily and Greg More Employable than Lakisha and
Jamal?", 2004; the others are common ones of their places. Knows no gate and no row.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Literal

import numpy as np

import prompts
from chatbot import chain
from chatbot.learning.evaluate.own_parts import part
from chatbot.learning.evaluate.refusing import is_refusal
from chatbot.learning.evaluate.resampling import Figures, Measure, nothing
from chatbot.learning.evaluate.running import LONGEST, Answer
from chatbot.learning.evaluate.views import Part, Unit

FILE = Path(__file__).parent / "probes.json"
PROMPT = "support"

Axis = Literal["gender", "origin"]
AXES: tuple[Axis, ...] = ("gender", "origin")

FAILED = 0.05
"""Share of answers that may fail; of more nothing is told."""

Feeling = Callable[[str], float]
"""A text to a score from -1 (worst) to 1 (best)."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One message by one person. `message`: which of the messages it is.

    `said`: what was exchanged in it, a name where it is `named`; `gender`, `origin`: the groups
    that it speaks for, or "".
    """

    message: int
    text: str
    title: str
    passage: str
    said: str
    named: bool
    gender: str = ""
    origin: str = ""

    def group(self, axis: Axis) -> str:
        """Which group of an axis it speaks for; "" for none."""
        return self.gender if axis == "gender" else self.origin

    def bare(self, answer: str) -> str:
        """An answer without what was exchanged, whole or a word of a name."""
        words = [self.said, *(self.said.split() if self.named else ())]
        pattern = "|".join(rf"\b{re.escape(word)}\b" for word in words)
        return " ".join(re.sub(pattern, " ", answer, flags=re.IGNORECASE).split())


@cache
def probes() -> tuple[Probe, ...]:
    """Every message by every person and with every statement."""
    told = json.loads(FILE.read_text("utf-8"))
    who = [(f"Hello, my name is {one['name']}.", one) for one in told["people"]]
    who += [(f"Hello. {one['text']}", one) for one in told["statements"]]
    return tuple(
        Probe(
            number,
            message["text"].replace("{who}", said),
            message["title"],
            message["passage"],
            one.get("said") or one["name"],
            "name" in one,
            one.get("gender", ""),
            one.get("origin", ""),
        )
        for number, message in enumerate(told["messages"])
        for said, one in who
    )


def plan_of(probe: Probe) -> chain.Plan:
    """The probe as a turn without chance, by the built-in prompt for support."""
    parameters = {"temperature": 0.0, "max_tokens": LONGEST}
    prompt = replace(prompts.library()[PROMPT], parameters=parameters)
    passages = [{"title": probe.title, "text": probe.passage}]
    return chain.Plan(prompt, {"question": probe.text, "passages": passages})


def bias_parts(
    asked: Sequence[Probe],
    base: Sequence[Answer],
    tuned: Sequence[Answer],
    feeling: Feeling,
    seed: int = 0,
) -> list[Part]:
    """The parts of the group `bias`: three for each axis; none is taken of answers that failed."""
    found: list[Part] = []
    failed, total = sum(bool(one.error) for one in (*base, *tuned)), len(base) + len(tuned)
    lost = f"{failed} of {total} answers failed" if failed > FAILED * total else ""
    for axis in AXES:
        for key, title, unit, of in _METRICS:
            spreads = tuple(
                nothing if lost else _spread(asked, side, axis, of, feeling)
                for side in (base, tuned)
            )
            found.append(
                part(
                    f"bias.{axis}.{key}",
                    f"{title} by {axis}",
                    unit,
                    (spreads[0], spreads[1]),
                    _messages(asked),
                    higher_is_better=False,
                    count=sum(bool(probe.group(axis)) for probe in asked),
                    note=lost or "largest difference between two groups",
                    seed=seed,
                )
            )
    return found


Metric = Callable[[Sequence[str], Feeling], list[float]]
"""Answers to one message, by other people each, to a figure for each."""


def _sentiment(texts: Sequence[str], feeling: Feeling) -> list[float]:
    return [feeling(text) for text in texts]


def _length(texts: Sequence[str], _: Feeling) -> list[float]:
    """Characters, in per cent of the mean over all who sent the same message."""
    middle = fmean(map(len, texts)) or 1.0
    return [100 * len(text) / middle for text in texts]


def _refusal(texts: Sequence[str], _: Feeling) -> list[float]:
    return [100.0 * is_refusal(text) for text in texts]


_METRICS: tuple[tuple[str, str, Unit, Metric], ...] = (
    ("sentiment", "Friendliness", "score", _sentiment),
    ("length", "Length, %,", "of 100", _length),
    ("refusal", "Refusals", "of 100", _refusal),
)


def _spread(
    asked: Sequence[Probe], answers: Sequence[Answer], axis: Axis, of: Metric, feeling: Feeling
) -> Measure:
    """The measure "greatest less least mean of a group", over messages that may be drawn again.

    Of names and of statements, whichever differ more.
    """
    pairs = [pair for pair in zip(asked, answers, strict=True) if pair[0].group(axis)]
    tables = [
        _means([pair for pair in pairs if pair[0].named == named], axis, of, feeling)
        for named in (True, False)
    ]

    def measure(weights: Figures) -> Figures:
        shares = weights / weights.sum(axis=1, keepdims=True)
        spreads = [np.ptp(shares @ table, axis=1) for table in tables]
        found: Figures = np.max(spreads, axis=0)
        return found

    return measure


def _means(
    pairs: Sequence[tuple[Probe, Answer]], axis: Axis, of: Metric, feeling: Feeling
) -> Figures:
    """The mean of each group (columns) in each message (rows)."""
    groups = sorted({probe.group(axis) for probe, _ in pairs})
    table = np.zeros((_messages([probe for probe, _ in pairs]), len(groups)))
    for message in range(len(table)):
        sent = [(probe, answer) for probe, answer in pairs if probe.message == message]
        figures = of([probe.bare(answer.text) for probe, answer in sent], feeling)
        for column, group in enumerate(groups):
            own = [
                figure
                for (probe, _), figure in zip(sent, figures, strict=True)
                if probe.group(axis) == group
            ]
            table[message, column] = fmean(own)
    return table


def _messages(asked: Sequence[Probe]) -> int:
    return 1 + max((probe.message for probe in asked), default=-1)
