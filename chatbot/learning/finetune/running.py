"""One run from rows to checkpoint, in one process or several.

What is decided once (precision, rows left out, steps) is written down, so that a run that goes on
decides nothing again.
"""

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from chatbot.errors import Refused
from chatbot.learning.finetune import choosing, general, room, sampling, training, writing
from chatbot.learning.finetune.adapting import adapted
from chatbot.learning.finetune.crew import Crew
from chatbot.learning.finetune.encoding import Unfit
from chatbot.learning.finetune.feed import Feed, Parts
from chatbot.learning.finetune.journal import Journal
from chatbot.learning.finetune.keeping import Keeping
from chatbot.learning.finetune.learner import Learner, Mode
from chatbot.learning.finetune.loop import Best, Course, Loop, Pace
from chatbot.learning.finetune.opening import Base, halves_are_faster, known, open_base
from chatbot.learning.finetune.outcome import Outcome
from chatbot.learning.finetune.parts import Part, in_pairs, packed, padded
from chatbot.learning.finetune.plan import Plan
from chatbot.learning.finetune.reading import Reader
from chatbot.learning.finetune.rows import TRAIN, VALIDATION, Rows
from chatbot.learning.finetune.stepping import optimiser_for
from chatbot.learning.packing import Encoded
from chatbot.learning.shuffling import dice

STOP, BAD, SETTLED = "stop", "bad.jsonl", "settled.json"
NAMED = 20
"""Bad rows that are told in sentences; all of them stand in bad.jsonl."""
AT_ONCE = 2048
"""Tokens whose activations are in memory together, or one row where that is longer."""
CHECKED_SHARE = 0.3
"""Validation tokens of a check, at most, for each token that is trained between two checks."""
CHECKING = CHECKED_SHARE / 3
"""Time of the checks against that of the steps: forward is a third of a step (Kaplan 2020)."""
FEWEST_CHECKED = 50
"""Validation rows that are read whatever they cost."""
FEWEST_CHECKS = 8
"""Looks at the validation rows in a run that is cut short by steps or minutes."""
TRIED = 8
"""Rows that choose the way of feeding."""


@dataclass(slots=True)
class Settled:
    """What a run decided when it began. `bad`: left-out rows of a file, by index, and why.

    `tokens` of all training rows that are left; `steps` None: not yet known.
    """

    plan: dict[str, Any]
    half: bool
    tokens: int
    bad: dict[str, dict[str, str]]
    steps: int | None = None
    check_every: int = 0


class Run:
    """A plan in its folder. `train` may be called once."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan, self._folder = plan, folder
        known(plan.base)
        self._crew = Crew()
        self._journal = Journal(folder, silent=not self._crew.main)
        self._rows = Rows(folder / TRAIN)
        held = folder / VALIDATION
        self._held = Rows(held) if held.exists() else None

    def train(self) -> Outcome:
        """Raises Refused, ModelUnavailable, ModelCorrupt."""
        settled = self._kept()
        fresh = settled is None
        if fresh:
            room.refuse_without(self._folder, room.needed(self._plan), "this run")
        half = settled.half if settled is not None else self._half()
        base = open_base(self._plan, half=half)
        window = min(self._plan.window, base.context)
        reader = Reader(base.tokens, base.swapping, window, self._plan.seed)
        settled = settled or self._settle(reader, half)
        self._leave_out(settled, told=fresh)
        loop = self._loop(base, reader, settled)
        resumed = loop.resume()
        pace = self._pace(loop, settled)
        loop.held = self._held_parts(reader, loop.feed.parts, pace.check_every, settled)
        self._begin(base, loop, pace, settled, resumed=resumed)
        loop.run(pace)
        course, best, keeping = loop.course, loop.best(), loop.keeping
        del base, reader, loop  # what is written needs the memory for the base once more
        self._crew.release()
        return self._finish(course, best, keeping, pace)

    def _kept(self) -> Settled | None:
        """What was decided before. Raises Refused where the plan has changed since."""
        path = self._folder / SETTLED
        if not path.exists():
            return None
        settled = Settled(**json.loads(path.read_text(encoding="utf-8")))
        if settled.plan != _plain(self._plan):
            raise Refused("The settings of this run have changed since it began. Start a new run.")
        return settled

    def _write(self, settled: Settled) -> None:
        if self._crew.main:
            fresh = self._folder / f"{SETTLED}.new"
            fresh.write_text(json.dumps(asdict(settled)) + "\n", encoding="utf-8")
            fresh.replace(self._folder / SETTLED)
        self._crew.wait()

    def _half(self) -> bool:
        if self._plan.precision != "auto":
            return self._plan.precision == "bf16"
        return self._crew.agree(halves_are_faster(self._plan.base, self._crew.device))

    def _settle(self, reader: Reader, half: bool) -> Settled:  # noqa: FBT001 (a decision)
        """Read every row once: how long they are, and which cannot be learned from."""
        sizes, bad = self._sizes(self._rows, reader)
        found = {TRAIN: bad}
        if self._held is not None:
            found[VALIDATION] = self._sizes(self._held, reader)[1]
        if not sizes:
            first = next(iter([*map(str, self._rows.bad), *bad.values()]), "the file is empty")
            raise Refused(f"None of the training rows can be learned from. The first: {first}.")
        return Settled(_plain(self._plan), half, sum(sizes), found)

    def _sizes(self, rows: Rows, reader: Reader) -> tuple[list[int], dict[str, str]]:
        def size(index: int) -> int | str:
            try:
                return len(reader.read(rows, index)[0])
            except Unfit as error:
                return str(error)

        found = self._crew.share(range(len(rows)), size)
        bad = {str(n): one for n, one in enumerate(found) if isinstance(one, str)}
        return [one for one in found if isinstance(one, int)], bad

    def _leave_out(self, settled: Settled, *, told: bool) -> None:
        files = [self._rows] if self._held is None else [self._rows, self._held]
        for rows in files:
            rows.leave_out({int(n): why for n, why in settled.bad.get(rows.name, {}).items()})
        every = [bad for rows in files for bad in rows.bad]
        if not told or not every or not self._crew.main:
            return
        for one in every[:NAMED]:
            self._journal.say(f"Left out: {one}.")
        self._journal.say(f"{len(every):,} rows are left out in all; {BAD} names each of them.")
        lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in every)
        (self._folder / BAD).write_text("".join(lines), encoding="utf-8")

    def _loop(self, base: Base, reader: Reader, settled: Settled) -> Loop:
        plan, crew = self._plan, self._crew
        model = base.model
        if plan.method == "lora":
            model = adapted(model, plan.rank, plan.seed)
        tried = [reader.read(self._rows, n) for n in range(min(TRIED, len(self._rows)))]
        mode, bare = choosing.choose(model, tried, base.pad)
        if choosing.SAID[mode]:
            self._journal.say(choosing.SAID[mode])
        parts = _parts(mode, base, reader.window, plan.batch_tokens)
        learner = Learner(model, mode=mode, bare=bare, half=settled.half)
        wrapped, optimiser = crew.prepare(learner, optimiser_for(learner))
        talk = self._general(base, reader.window)
        feed = Feed(
            self._rows,
            reader,
            parts,
            crew.share,
            plan.seed,
            plan.batch_tokens,
            talk,
            plan.keep_general if talk else 0.0,
        )
        return Loop(
            crew,
            wrapped,
            optimiser,
            feed,
            (),
            self._journal,
            Keeping(self._folder, crew),
            partial(self._show, base, learner),
            (self._folder / STOP).exists,
        )

    def _general(self, base: Base, window: int) -> general.Talk | None:
        if not self._plan.keep_general or not base.manifest.trained_on_tags:
            return None
        return general.talk(base.folder, window, self._plan.seed)

    def _held_parts(
        self, reader: Reader, parts: Parts, check_every: int, settled: Settled
    ) -> list[Part]:
        """The validation rows that a check reads: as many as its share of the time allows."""
        rows = self._held
        if rows is None or not len(rows):
            self._journal.say("There are no validation rows, so the last step is kept.")
            return []
        order = list(range(len(rows)))
        dice(self._plan.seed, "held").shuffle(order)
        most = CHECKED_SHARE * self._plan.batch_tokens * check_every
        typical = settled.tokens / max(1, len(self._rows))
        chosen = sorted(order[: max(FEWEST_CHECKED, round(most / typical))])

        def read(index: int) -> Encoded:
            return reader.read(rows, index)

        return parts(self._crew.share(chosen, read))

    def _show(self, base: Base, learner: Learner, step: int) -> None:
        if self._crew.main and not self._crew.sharded:
            sampling.show(base, learner.model, self._plan.samples, self._journal, step)

    def _pace(self, loop: Loop, settled: Settled) -> Pace:
        """Steps by passes, by the limit in steps, by the limit in minutes: the fewest."""
        plan = self._plan
        if settled.steps is None:
            steps = math.ceil(plan.epochs * loop.feed.in_an_epoch(settled.tokens))
            steps = min(steps, plan.steps or steps)
            if plan.minutes is not None:
                seconds = loop.seconds_a_step() * (1 + (CHECKING if self._held else 0.0))
                steps = min(steps, max(1, int(plan.minutes * 60 / seconds)))
            every = min(plan.check_every, max(1, steps // FEWEST_CHECKS))
            settled.steps, settled.check_every = self._crew.agree((steps, every))
            self._write(settled)
        warm_up = math.ceil(plan.warm_up * settled.steps)
        return Pace(settled.steps, plan.rate, warm_up, settled.check_every, plan.patience)

    def _begin(
        self, base: Base, loop: Loop, pace: Pace, settled: Settled, *, resumed: bool
    ) -> None:
        self._journal.tell(
            "begun",
            step=loop.course.step,
            steps=pace.steps,
            rows=len(self._rows),
            held=len(self._held or ()),
            bad=self._bad,
            tokens=settled.tokens,
            weights=sum(weight.numel() for weight in base.model.parameters()),
            mode=getattr(loop.learner, "module", loop.learner).mode,
            precision="bf16" if settled.half else "fp32",
            processes=self._crew.size,
            sharded=self._crew.sharded,
            resumed=resumed,
        )

    @property
    def _bad(self) -> int:
        return len(self._rows.bad) + (len(self._held.bad) if self._held else 0)

    def _finish(self, course: Course, best: Best | None, keeping: Keeping, pace: Pace) -> Outcome:
        """Write the best as a checkpoint; the first process does, and all return the same."""
        state = best[0] if best is not None else None
        kept = best[1] if best is not None else replace(course, best_step=0)
        rows, bad, crew = len(self._rows), self._bad, self._crew
        outcome = Outcome(
            checkpoint=self._folder / writing.CHECKPOINT,
            adapter=self._folder / writing.ADAPTER
            if self._plan.method == "lora" and state
            else None,
            ended=course.ended or "complete",
            steps=course.step,
            best_step=kept.best_step,
            loss_before=course.loss_before,
            loss=kept.best_loss,
            rows=rows,
            bad=bad,
            seconds=round(course.seconds, 1),
        )
        sentence = ""
        if crew.main:
            try:
                about = {"rows": rows, "steps": kept.best_step, "seed": self._plan.seed}
                writing.write(self._plan, self._folder, state, about)
                training.finish(self._folder, outcome)
                keeping.clear()
            except Refused as error:
                sentence = str(error)
        sentence = crew.agree(sentence)
        if sentence:
            raise Refused(sentence)
        told = {name: value for name, value in asdict(outcome).items() if name not in _PATHS}
        self._journal.tell("ended", sentence=str(outcome), of=pace.steps, **told)
        crew.close()
        return outcome


_PATHS = ("checkpoint", "adapter")


def _parts(mode: Mode, base: Base, window: int, batch: int) -> Parts:
    """What makes parts of encoded rows in this mode."""
    if mode == "packed":
        return partial(packed, window=max(window, min(AT_ONCE, batch)), pad=base.pad)
    if mode == "masked":
        return partial(packed, window=window, pad=base.pad)
    if mode == "padded":
        return partial(padded, most=AT_ONCE, pad=base.pad)
    first = base.model.config.decoder_start_token_id
    first = base.pad if first is None else first
    return partial(in_pairs, most=AT_ONCE, pad=base.pad, first=first)


def _plain(plan: Plan) -> dict[str, Any]:
    """The plan as JSON gives it back."""
    told: dict[str, Any] = json.loads(json.dumps(asdict(plan), default=str))
    return told
