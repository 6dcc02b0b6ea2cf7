"""The way through an evaluation: cases, answers, verdicts, figures. Start reading here."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatbot.backends.encoder import Encoder, missing, open_encoder
from chatbot.backends.registry import ModelInfo, Registry
from chatbot.errors import BackendError, Refused
from chatbot.learning.evaluate import baselines, cases, public
from chatbot.learning.evaluate.cases import Case
from chatbot.learning.evaluate.measures import Measure, Trial, tally
from chatbot.learning.evaluate.perplexity import MOST, Perplexity, perplexity
from chatbot.learning.evaluate.running import Answer, Answers, answers
from chatbot.learning.evaluate.trials import BY_ENCODER, Judge
from chatbot.settings import Settings

CASES = 400
"""Situations of the corpus in a run by default; the other groups are parts of it."""

ASTRAY_PART, OUTSIDE_PART, INTENTS_PART = 8, 4, 5
"""One case of these groups for so many of the corpus."""

Tell = Callable[[str, int, int], None]
"""Called with whose answers come, how many are there, and how many there will be."""


@dataclass(frozen=True, slots=True)
class Options:
    """How large, from which data. `cases` None: all there are. `data`: public sets, or None."""

    suite: str = "starter"
    cases: int | None = CASES
    seed: int = 0
    data: Path | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One case, what was answered, and the verdicts."""

    case: Case
    answer: Answer
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """The figures of one model or baseline. `seconds` is None for a baseline.

    `read` says why there is no perplexity, where there is none.
    """

    model: str
    measures: tuple[Measure, ...]
    replies: tuple[Reply, ...]
    seconds: float | None = None
    perplexity: Perplexity | None = None
    read: str = ""

    @property
    def failed(self) -> list[dict[str, str]]:
        """The calls that gave no answer: which case, and why."""
        return [
            {"case": reply.case.id, "reason": reply.answer.error}
            for reply in self.replies
            if reply.answer.error
        ]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole evaluation. `notes` say which measures could not be taken, and why."""

    suite: str
    seed: int
    groups: dict[str, int]
    columns: tuple[Column, ...]
    notes: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON, without the replies."""
        return {
            "suite": self.suite,
            "seed": self.seed,
            "cases": self.groups,
            "notes": self.notes,
            "models": [_column_dict(column) for column in self.columns],
        }


def evaluate(
    names: Sequence[str], registry: Registry, settings: Settings, options: Options, tell: Tell
) -> Report:
    """Evaluate models and baselines (`copy`, `quote`) on the same cases, in the order of `names`.

    Raises UnknownModel before anything is asked, ModelUnavailable or ModelCorrupt, and Refused
    when a model answered nothing at all or the public data are damaged.
    """
    infos = {n: registry.resolve(n) for n in names if n not in baselines.COPIES}
    encoder = open_encoder(settings)
    asked, notes = gather(options)
    if encoder is None:
        notes |= dict.fromkeys(BY_ENCODER, missing(settings))
    judge = Judge(encoder)
    columns = []
    for name in dict.fromkeys(names):
        if name in infos:
            column = _of_model(infos[name], registry, asked, judge, notes, tell, encoder)
        else:
            column = _of_copy(name, asked, judge, notes, encoder)
        columns.append(column)
    groups: dict[str, int] = dict(Counter(str(case.wall) for case in asked))
    return Report(options.suite, options.seed, groups, tuple(columns), notes)


def gather(options: Options) -> tuple[list[Case], dict[str, str]]:
    """Return the cases of a run, and why groups of them are missing. Raises Refused."""
    count, seed = options.cases, options.seed

    def part(of: int) -> int | None:
        return None if count is None else max(1, count // of)

    found = cases.corpus_cases(count, seed) + cases.astray_cases(part(ASTRAY_PART), seed)
    if options.data is None:
        absent = "the public data are not here: name their folder by --data or CHATBOT_TEST_DATA"
        return found, {"limit": absent, "intent": absent}
    found += public.outside_cases(options.data, part(OUTSIDE_PART), seed)
    found += public.intent_cases(options.data, part(INTENTS_PART), seed)
    return found, {}


def judged(
    model: str, asked: Sequence[Case], given: Sequence[Answer], judge: Judge, notes: dict[str, str]
) -> Column:
    """Return the column of these answers."""
    pairs = zip(asked, given, strict=True)
    replies = tuple(Reply(case, one, tuple(judge.trials(case, one))) for case, one in pairs)
    trials = (trial for reply in replies for trial in reply.trials)
    return Column(model, tuple(tally(trials, notes)), replies)


def _of_copy(
    name: str,
    asked: Sequence[Case],
    judge: Judge,
    notes: dict[str, str],
    encoder: Encoder | None,
) -> Column:
    return judged(name, asked, baselines.copied(name, asked, encoder), judge, notes)


def _of_model(
    info: ModelInfo,
    registry: Registry,
    asked: Sequence[Case],
    judge: Judge,
    notes: dict[str, str],
    tell: Tell,
    encoder: Encoder | None,
) -> Column:
    model = registry.open(info.label)
    given: Answers = answers(
        model, asked, lambda done, of: tell(info.label, done, of), lambda: encoder
    )
    if all(answer.error for answer in given.answers):
        raise Refused(f"{info.label} answered no case: {given.answers[0].error}")
    column = judged(info.label, asked, given.answers, judge, notes)
    found, why = _read(info, asked)
    return Column(column.model, column.measures, column.replies, given.seconds, found, why)


def _read(info: ModelInfo, asked: Sequence[Case]) -> tuple[Perplexity | None, str]:
    if info.path is None:
        return None, "only checkpoints of this machine tell probabilities"
    texts = [case for case in asked if case.wall in ("industry", "passage") and case.reference]
    try:
        found = perplexity(info.path, info.context, texts[:MOST], tagged=info.trained_on_tags)
    except (BackendError, ValueError) as error:
        return None, str(error)
    return found, ""


def _column_dict(column: Column) -> dict[str, Any]:
    return {
        "model": column.model,
        "seconds": column.seconds,
        "perplexity": asdict(column.perplexity) if column.perplexity else None,
        "perplexity_note": column.read,
        "failed": column.failed,
        "measures": [measure.as_dict() for measure in column.measures],
    }
