"""What production asks of a model before it serves: pure, from what was found about it.

    evaluation, files, what serves now ─▶ decide ─▶ Gate

The figures and their tolerances are the evaluation's affair (chatbot/learning/evaluate); here it is
asked whether there is one, of these files, against what production serves, and whether it passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.learning.evaluate.views import Evaluation
from chatbot.learning.evaluate.views import Line as Asked
from chatbot.promotion.views import Gate, Line
from store.model_releases import ModelMark


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the gate looks at. `sha`: of the model's files now; `serving`: production's label.

    `evaluation`: the newest complete one of this model.
    """

    model: str
    sha: str
    serving: str
    evaluation: Evaluation | None = None
    marks: tuple[ModelMark, ...] = ()


def decide(evidence: Evidence) -> Gate:
    """The gate, a line for each thing. Without an evaluation there is nothing else to look at."""
    found = evidence.evaluation
    if found is None:
        told = f"There is no evaluation of {evidence.model}. {_how(evidence)}"
        return Gate((Line("evaluated", False, told),), None, evidence.marks)
    lines = [_of_these_files(evidence, found), _against_served(evidence, found)]
    lines += [_asked(line) for line in found.gate]
    if not found.passed and all(line.passed for line in lines):
        lines.append(Line("evaluated", False, found.said or "It did not pass its evaluation."))
    return Gate(tuple(lines), found.id, evidence.marks)


def _of_these_files(evidence: Evidence, found: Evaluation) -> Line:
    if found.tuned_sha == evidence.sha:
        told = f"Evaluated on {found.created_at:%d %b %Y} with {found.dataset}, as it is now."
        return Line("files", True, told)
    told = f"The files of {evidence.model} are others than those that were evaluated."
    return Line("files", False, f"{told} {_how(evidence)}")


def _against_served(evidence: Evidence, found: Evaluation) -> Line:
    if found.base == evidence.serving:
        told = f"Compared with {evidence.serving}, which production serves."
        return Line("served", True, told)
    told = f"It was compared with {found.base}, and production serves {evidence.serving}."
    return Line("served", False, f"{told} {_how(evidence)}")


def _how(evidence: Evidence) -> str:
    against = f"--against {evidence.serving}"
    return f"Run: chatbot evaluate {evidence.model} --dataset NAME {against}"


def _asked(line: Asked) -> Line:
    change = "" if line.change is None else _short(line.change)
    return Line(line.name, line.passed, line.said, change)


def _short(change: float) -> str:
    """A change with its sign: tenths, and hundredths of small ones."""
    return f"{change:+.1f}" if abs(change) >= 1 else f"{change:+.2f}"


def reasons(lines: Sequence[Line]) -> list[str]:
    """What stands against it, a sentence each."""
    return [line.said for line in lines if not line.passed]
