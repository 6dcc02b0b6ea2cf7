"""Whether a tuned model has forgotten what it knew: the suite `starter`, with fewer cases.

The same cases, judges and measures as `chatbot evaluate MODEL --suite starter`; here both models
are compared case by case. Knows no row of a dataset.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.learning.evaluate import resampling
from chatbot.learning.evaluate.cases import Case
from chatbot.learning.evaluate.measures import AIMS, Trial
from chatbot.learning.evaluate.own_parts import part
from chatbot.learning.evaluate.resampling import Measure
from chatbot.learning.evaluate.running import Answer
from chatbot.learning.evaluate.trials import Judge
from chatbot.learning.evaluate.views import Change, Pair, Part, Said


@dataclass(frozen=True, slots=True)
class Graded:
    """An answer to a case, and the verdicts on it: (measure, met) each."""

    answer: Answer
    trials: tuple[tuple[str, bool], ...]

    @property
    def share(self) -> float:
        """The verdicts that are met, 0 to 1; 1 where there is none."""
        return sum(met for _, met in self.trials) / len(self.trials) if self.trials else 1.0

    @property
    def said(self) -> Said:
        """It for people; the faults are the measures that were missed."""
        missed = tuple(dict.fromkeys(AIMS[key].title for key, met in self.trials if not met))
        return Said(self.answer.text, not missed, missed)


def graded(cases: Sequence[Case], answers: Sequence[Answer], judge: Judge) -> list[Graded]:
    """Judge the answers to cases, in their order."""
    return [
        Graded(answer, tuple(map(_met, judge.trials(case, answer))))
        for case, answer in zip(cases, answers, strict=True)
    ]


def general_parts(base: Sequence[Graded], tuned: Sequence[Graded], seed: int = 0) -> list[Part]:
    """The parts of the group `general`: the mean of all measures, then each that was taken."""
    taken = [key for key in AIMS if any(key == one for side in base for one, _ in side.trials)]
    first, second = ({key: _share(key, side) for key in taken} for side in (base, tuned))
    found = [
        part(
            "general",
            f"General questions, all {len(base)}",
            "of 100",
            (resampling.mean(list(first.values())), resampling.mean(list(second.values())))
            if taken
            else (resampling.nothing, resampling.nothing),
            len(base),
            note="the mean of the lines below" if taken else "no case was asked",
            seed=seed,
        )
    ]
    for key in taken:
        counted = sum(one == key for side in base for one, _ in side.trials)
        both = first[key], second[key]
        title = _title(key)
        found.append(
            part(f"general.{key}", title, "of 100", both, len(base), count=counted, seed=seed)
        )
    return found


def general_pairs(
    cases: Sequence[Case], base: Sequence[Graded], tuned: Sequence[Graded], start: int = 1
) -> list[Pair]:
    """Every case with both answers, numbered from `start`; better: more verdicts are met."""
    found = []
    for number, (case, one, other) in enumerate(zip(cases, base, tuned, strict=True), start):
        gain = round(other.share - one.share, 4)
        change: Change = "same" if not gain else "better" if gain > 0 else "worse"
        pair = Pair(
            number, "general", change, gain, case.question, case.reference, one.said, other.said
        )
        found.append(pair)
    return found


def _met(trial: Trial) -> tuple[str, bool]:
    """A verdict as met or not: what should be rare is met where it did not happen."""
    return trial.key, trial.hit != AIMS[trial.key].at_most


def _share(key: str, side: Sequence[Graded]) -> Measure:
    hits = [float(sum(met for one, met in each.trials if one == key)) for each in side]
    counts = [float(sum(one == key for one, _ in each.trials)) for each in side]
    return resampling.rate(hits, counts, 100)


def _title(key: str) -> str:
    """The measure's title without its number; what should be rare is turned round."""
    title = AIMS[key].title.partition(" ")[2]
    return f"not: {title}" if AIMS[key].at_most else title
