"""Labelled file → a head in a folder, with its scores on rows that it never saw."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.backends.heads import About, Task, Trunk, write_head
from chatbot.errors import Refused
from chatbot.learning.classify.rows import BadRow, Example, read

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder
    from chatbot.learning.classify.tuning import Plan

FEWEST = 20
"""Good rows below which nothing is learned."""
HELD_OUT = 5
"""Every so manieth row is held out for scores where no file is named."""

Tell = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it: rows learned from and held out, bad ones, scores, and the folder."""

    learned: int
    held_out: int
    bad: tuple[BadRow, ...]
    labels: tuple[str, ...]
    scores: dict[str, float]
    folder: Path


def train(
    encoder: "Encoder",
    task: Task,
    data: Path,
    out: Path,
    *,
    test: Path | None = None,
    plan: "Plan | None" = None,
    tell: Tell = lambda _done, _all, _loss: None,
) -> Trained:
    """Train a head on a file's rows; where it was killed before, it goes on.

    A fifth of the rows is held out (the same at every start), or the rows of `test`. Raises
    Refused, ModelUnavailable.
    """
    from chatbot.learning.classify.tasks import work_of
    from chatbot.learning.classify.tuning import Plan, Tuning

    examples, bad = read(data, task)
    held, worse = read(test, task) if test is not None else (None, [])
    learn, held = (examples, held) if held is not None else _apart(examples)
    _refuse(task, learn, held)
    plan = plan or Plan()
    trunk = Trunk(encoder)
    work = work_of(task, learn)
    tuning = Tuning(trunk, work, task, plan, out)
    tuning.run(learn, work.begin(encoder, learn), tell)
    scores, threshold = work.score(tuning.read(held), held)
    rounded = {name: round(score, 4) for name, score in scores.items()}
    about = About(task, trunk.weights, tuning.lower, tuning.rank, work.labels, threshold, rounded)
    write_head(out, about, tuning.tensors())
    tuning.finish()
    return Trained(len(learn), len(held), (*bad, *worse), work.labels, rounded, out)


def _apart(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Rows to learn from and rows held out; the same text is never in both."""
    texts = sorted({example.text for example in examples})
    random.Random(0).shuffle(texts)  # noqa: S311  an order, no secret
    held = set(texts[::HELD_OUT])
    return (
        [example for example in examples if example.text not in held],
        [example for example in examples if example.text in held],
    )


def _refuse(task: Task, learn: Sequence[Example], held: Sequence[Example]) -> None:
    """Raises Refused where there is too little to learn from or nothing to score on."""
    if len(learn) < FEWEST or not held:
        raise Refused(f"There are {len(learn)} rows to learn from; at least {FEWEST} are needed.")
    kinds = {
        "sentiment": len({example.score for example in learn}),
        "intent": len({example.intent for example in learn} - {""}),
        "entities": 2 * any(span.labels for example in learn for span in example.spans),
    }
    if kinds[task] < 2:
        raise Refused("All rows have the same label, so there is nothing to tell apart.")
