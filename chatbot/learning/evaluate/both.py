"""The way through an evaluation of a tuned model against its base: start reading here.

    for each model: own rows, general questions, probes asked ─▶ read ─▶ (prompts' tests, attacks)
    then: judged ─▶ parts ─▶ pairs

Both models answer the same questions in one run, greedily, on the way that a turn goes. Knows no
row's home and no gate.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import ModelInfo, Registry
from chatbot.chain import Plan
from chatbot.errors import BackendError, Refused
from chatbot.learning.evaluate import bias, general, own, perplexity, running, suite
from chatbot.learning.evaluate.cases import Case
from chatbot.learning.evaluate.general import Graded
from chatbot.learning.evaluate.own import OwnCase
from chatbot.learning.evaluate.own_judging import Judged, compared, judge
from chatbot.learning.evaluate.own_parts import own_parts
from chatbot.learning.evaluate.perplexity import Reading
from chatbot.learning.evaluate.running import Answer
from chatbot.learning.evaluate.trials import Judge
from chatbot.learning.evaluate.views import Pair, Part, Said, Stopped

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel
    from chatbot.backends.encoder import Encoder

Tell = Callable[[str, int, int], None]
"""What goes on, how much of it is done, and of how much."""

LOCAL_ONLY = "only checkpoints of this machine tell probabilities"


class Probing(Protocol):
    """What else both models are put through: tests and attacks of prompts."""

    def __call__(self, base: str, tuned: str, *, tell: Tell, cancel: CancelToken) -> Sequence[Part]:
        """The parts of groups `tests` and `injection`. Raises Stopped."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What both models are asked."""

    own: Sequence[OwnCase]
    general: Sequence[Case]
    probes: Sequence[bias.Probe] = ()


@dataclass(frozen=True, slots=True)
class Tools:
    """What an evaluation stands on. `probing` None: no tests and no attacks.

    `shared`: others answer with the registry's models meanwhile, so none is unloaded.
    """

    registry: Registry
    encoder: "Encoder | None"
    feeling: bias.Feeling
    tell: Tell
    cancel: CancelToken
    probing: Probing | None = None
    seed: int = 0
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out. `pairs`: own rows first, in order of number, then general cases."""

    parts: tuple[Part, ...]
    pairs: tuple[Pair, ...]
    counts: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Column:
    """What one model said to all that it was asked."""

    own: Sequence[Judged]
    general: Sequence[Graded]
    probes: Sequence[Answer]
    read: Sequence[Reading | None]
    unread: str = ""


def evaluate(base: ModelInfo, tuned: ModelInfo, asked: Questions, tools: Tools) -> Outcome:
    """Ask both models everything. Takes minutes; must not be called from an event loop.

    Raises Stopped, ModelUnavailable or ModelCorrupt, and Refused when a model answers nothing.
    """
    begun = time.monotonic()
    judging = Judge(tools.encoder)
    first = _column(base, asked, tools, judging)
    second = _column(tuned, asked, tools, judging)
    parts = own_parts(
        asked.own,
        first.own,
        second.own,
        (first.read, second.read),
        unread=first.unread or second.unread,
        by_meaning=tools.encoder is not None,
        seed=tools.seed,
    )
    parts += general.general_parts(first.general, second.general, tools.seed)
    if tools.probing is not None:
        with _opened(tools, base.label), _opened(tools, tuned.label):
            parts += tools.probing(base.label, tuned.label, tell=tools.tell, cancel=tools.cancel)
    if asked.probes:
        both = first.probes, second.probes
        parts += bias.bias_parts(asked.probes, *both, tools.feeling, tools.seed)
    pairs = [*_pairs(asked.own, first.own, second.own)]
    pairs += general.general_pairs(asked.general, first.general, second.general, len(pairs) + 1)
    counts = {
        "own": len(asked.own),
        "general": len(asked.general),
        "probes": len(asked.probes),
    }
    return Outcome(tuple(parts), tuple(pairs), counts, time.monotonic() - begun)


def _column(info: ModelInfo, asked: Questions, tools: Tools, judging: Judge) -> _Column:
    with _opened(tools, info.label) as model:

        def answers(what: str, plans: Sequence[Plan]) -> Sequence[Answer]:
            def tell(done: int, of: int) -> None:
                tools.tell(f"{info.label}: {what}", done, of)

            encoder = tools.encoder
            return running.ask(model, plans, tell, lambda: encoder, tools.cancel).answers

        rows = answers("your own data", [own.plan_of(case) for case in asked.own])
        _refuse_silence(info, rows)
        suite_answers = answers("general questions", [running.plan_of(c) for c in asked.general])
        probes = answers("bias probes", [bias.plan_of(probe) for probe in asked.probes])
    read, unread = _read(info, asked.own, tools)
    return _Column(
        judge(asked.own, rows, tools.encoder),
        general.graded(asked.general, suite_answers, judging),
        probes,
        read,
        unread,
    )


@contextmanager
def _opened(tools: Tools, label: str) -> Iterator["ChatModel"]:
    """The ready model; unloaded afterwards unless it was open before, or others may use it."""
    before = tools.registry.state(label).state == "ready"
    model = tools.registry.open(label)
    try:
        yield model
    finally:
        if not before and not tools.shared:
            tools.registry.unload(label)


def _refuse_silence(info: ModelInfo, answers: Sequence[Answer]) -> None:
    if answers and all(answer.error for answer in answers):
        raise Refused(f"{info.label} answered no row: {answers[0].error}")


def _read(
    info: ModelInfo, cases: Sequence[OwnCase], tools: Tools
) -> tuple[list[Reading | None], str]:
    """How a model read the approved replies; else nothing, and why."""
    if info.path is None:
        return [None] * len(cases), LOCAL_ONLY
    pairs = ((case.messages, case.reference) for case in cases)
    found: list[Reading | None] = []
    try:
        for one in perplexity.read(info.path, info.context, pairs, tagged=info.trained_on_tags):
            found.append(one)
            tools.tell(f"{info.label}: reading approved replies", len(found), len(cases))
            if tools.cancel.cancelled:
                raise Stopped
    except BackendError as error:
        return [None] * len(cases), str(error)
    return found, ""


def _pairs(
    cases: Sequence[OwnCase], base: Sequence[Judged], tuned: Sequence[Judged]
) -> Iterator[Pair]:
    for number, (case, one, other) in enumerate(zip(cases, base, tuned, strict=True), 1):
        change, gain = compared(one, other)
        yield Pair(
            number=number,
            part="own",
            change=change,
            gain=gain,
            question=case.question,
            expected=case.reference,
            base=_said(one),
            tuned=_said(other),
            row=case.row,
        )


def _said(found: Judged) -> Said:
    return Said(found.text, found.right, found.faults, found.similarity)


def questions(
    cases: Sequence[OwnCase], options: suite.Options, *, probes: bool = True
) -> tuple[Questions, tuple[str, ...]]:
    """All that is asked, and a sentence for each group that is missing. Raises Refused."""
    found, notes = suite.gather(options) if options.cases else ([], {})
    told = tuple(dict.fromkeys(f"General questions: {note}." for note in notes.values()))
    return Questions(cases, found, bias.probes() if probes else ()), told
