"""From judged answers of both models to the lines of the table on one's own data.

Every line counts the same rows for both; those that a line is not about (no source, no value) are
left out of it. Knows no text: judges have looked at those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

from chatbot.learning.evaluate import resampling
from chatbot.learning.evaluate.own import OwnCase
from chatbot.learning.evaluate.own_judging import Judged
from chatbot.learning.evaluate.perplexity import Reading
from chatbot.learning.evaluate.resampling import Measure, difference
from chatbot.learning.evaluate.views import Part, Unit

SHORTEST = 0.01
"""The least length, against the approved reply's, that is told apart."""

Counts = Callable[[Judged], tuple[float, float]]
"""Of one answer: how much was met, of how much."""


@dataclass(frozen=True, slots=True)
class _Line:
    key: str
    title: str
    counts: Counts
    higher_is_better: bool = True


def _share(*, met: bool, asked: bool = True) -> tuple[float, float]:
    return (float(met and asked), float(asked))


_LINES = (
    _Line("own.exact", "Numbers and names kept", lambda one: (one.kept, one.facts)),
    _Line(
        "own.invented",
        "Answers with a value from nowhere",
        lambda one: _share(met=bool(one.invented)),
        higher_is_better=False,
    ),
    _Line(
        "own.lacking",
        "Says what is missing",
        lambda one: _share(met=one.says_lack, asked=one.lacking),
    ),
    _Line(
        "own.refused",
        "Refuses though there is an answer",
        lambda one: _share(met=one.refuses, asked=not one.refusal_wanted),
        higher_is_better=False,
    ),
    _Line(
        "own.language",
        "Right language",
        lambda one: _share(met=one.language is True, asked=one.language is not None),
    ),
    _Line("own.similarity", "Likeness to the approved reply", lambda one: (one.similarity, 1.0)),
)


def own_parts(
    cases: Sequence[OwnCase],
    base: Sequence[Judged],
    tuned: Sequence[Judged],
    read: tuple[Sequence[Reading | None], Sequence[Reading | None]],
    *,
    unread: str = "",
    by_meaning: bool = True,
    seed: int = 0,
) -> list[Part]:
    """The parts of the group `own`, the whole first. `unread`: why there is no perplexity."""
    found = [
        _of_rows("own", f"Own data, all {len(cases)}", [True] * len(cases), base, tuned, seed),
        _of_rows(
            "own.passages",
            "Answers from the passages",
            [bool(case.passages) for case in cases],
            base,
            tuned,
            seed,
        ),
    ]
    found += [_of_line(line, base, tuned, seed, by_meaning=by_meaning) for line in _LINES]
    return [*found, _length(base, tuned, seed), _perplexity(*read, unread, seed)]


def part(
    key: str,
    title: str,
    unit: Unit,
    measures: tuple[Measure, Measure],
    cases: int,
    *,
    higher_is_better: bool | None = True,
    count: int | None = None,
    note: str = "",
    seed: int = 0,
) -> Part:
    """A part of two measures over the same cases. Its group is what its key begins with."""
    found = difference(*measures, cases, seed)
    return Part(
        key=key,
        title=title,
        group=key.partition(".")[0],
        unit=unit,
        base=found.base,
        tuned=found.tuned,
        change=found.change,
        low=found.low,
        high=found.high,
        higher_is_better=higher_is_better,
        count=cases if count is None else count,
        note=note or ("" if found.base is not None else NOTHING),
    )


NOTHING = "no held-out row is about this"


def _of_rows(
    key: str,
    title: str,
    wanted: Sequence[bool],
    base: Sequence[Judged],
    tuned: Sequence[Judged],
    seed: int,
) -> Part:
    """Rows that were answered right, of those that are wanted."""
    counts = [float(one) for one in wanted]
    measures = tuple(
        resampling.rate([one.right * n for one, n in zip(side, counts, strict=True)], counts, 100)
        for side in (base, tuned)
    )
    return part(
        key, title, "of 100", (measures[0], measures[1]), len(base), count=sum(wanted), seed=seed
    )


def _of_line(
    line: _Line, base: Sequence[Judged], tuned: Sequence[Judged], seed: int, *, by_meaning: bool
) -> Part:
    """A share of rows. A row for which one model's answer tells nothing counts for neither."""
    pairs = [(line.counts(one), line.counts(other)) for one, other in zip(base, tuned, strict=True)]
    pairs = [pair if pair[0][1] and pair[1][1] else ((0, 0), (0, 0)) for pair in pairs]
    first, second = (
        resampling.rate([one[side][0] for one in pairs], [one[side][1] for one in pairs], 100)
        for side in (0, 1)
    )
    by_words = line.key == "own.similarity" and not by_meaning
    return part(
        line.key,
        line.title,
        "of 100",
        (first, second),
        len(pairs),
        higher_is_better=line.higher_is_better,
        count=int(sum(one[0][1] for one in pairs)),
        note="by words in common: there is no sentence encoder" if by_words else "",
        seed=seed,
    )


def _length(base: Sequence[Judged], tuned: Sequence[Judged], seed: int) -> Part:
    """The geometric mean of how long answers are against approved replies; 1 is as long."""
    first, second = (
        resampling.exponential([log(max(SHORTEST, one.ratio)) for one in side], [1.0] * len(side))
        for side in (base, tuned)
    )
    title = "Length against the approved reply"
    return part(
        "own.length",
        title,
        "ratio",
        (first, second),
        len(base),
        higher_is_better=None,
        seed=seed,
    )


def _perplexity(
    base: Sequence[Reading | None], tuned: Sequence[Reading | None], unread: str, seed: int
) -> Part:
    """How surprised each model is by the approved replies, over those that both could read."""
    both = [(one, other) for one, other in zip(base, tuned, strict=False) if one and other]
    alike = all(one.tokens == other.tokens for one, other in both)
    note = "" if alike else "per character, since the models cut texts into other tokens"
    first, second = (
        resampling.exponential(
            [pair[side].nats for pair in both],
            [pair[side].tokens if alike else pair[side].characters for pair in both],
        )
        for side in (0, 1)
    )
    return part(
        "own.perplexity",
        "Perplexity of the approved replies",
        "perplexity",
        (first, second),
        len(both),
        higher_is_better=False,
        note=note if both else unread or "no reply fits both models",
        seed=seed,
    )
