"""The steps of a run, its looks at the validation rows, and the state it keeps.

Knows parts and losses; what rows say and where results go is others' affair.
"""

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from torch import nn

from chatbot.errors import Refused
from chatbot.learning.finetune import stepping
from chatbot.learning.finetune.crew import Crew
from chatbot.learning.finetune.feed import Feed, Place
from chatbot.learning.finetune.journal import Journal
from chatbot.learning.finetune.keeping import Keeping, state_of
from chatbot.learning.finetune.outcome import Ended
from chatbot.learning.finetune.parts import Part

LAST_SHARE = 0.05
"""Of the peak rate, at the end of the cosine."""
REPORTS = 500
"""Lines of training loss in a run, at most."""
SAVE_SECONDS = 180.0
"""Between two states when no check comes."""
TRIAL_STEPS = 3


@dataclass(slots=True)
class Course:
    """How far a run is. Plain values, kept with its state."""

    step: int = 0
    place: Place = field(default_factory=Place)
    best_step: int = 0
    best_loss: float | None = None
    loss_before: float | None = None
    without_gain: int = 0
    seconds: float = 0.0
    ended: Ended | None = None

    def told(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Course":
        """The other way round."""
        return cls(**told | {"place": Place(**told["place"])})


Best = tuple[dict[str, Any], Course]
"""Weights by name, and the course when they were."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`steps` in all, `rate` at its peak after `warm_up` steps, a check every `check_every`."""

    steps: int
    rate: float
    warm_up: int
    check_every: int
    patience: int

    def at(self, step: int) -> float:
        """The learning rate of a step, from 0: up in a line, down on half a cosine."""
        if step < self.warm_up:
            return self.rate * (step + 1) / self.warm_up
        along = (step - self.warm_up) / max(1, self.steps - self.warm_up)
        wave = 0.5 * (1 + math.cos(math.pi * min(1.0, along)))
        return self.rate * (LAST_SHARE + (1 - LAST_SHARE) * wave)


@dataclass(slots=True)
class Loop:
    """One run. `held`: parts of the validation rows; none: the last step is kept.

    `show` lets the model answer the sample questions; `stop` says whether somebody asked to end.
    """

    crew: Crew
    learner: nn.Module
    optimiser: Any
    feed: Feed
    held: Sequence[Part]
    journal: Journal
    keeping: Keeping
    show: Callable[[int], None]
    stop: Callable[[], bool]
    course: Course = field(default_factory=Course)
    _saved: float = 0.0
    _waiting: tuple[dict[str, Any], dict[str, Any]] | None = None

    def resume(self) -> bool:
        """Go on from the state that was kept; False where there is none. Raises Refused."""
        told = self.keeping.restore(self.learner, self.optimiser)
        if told is not None:
            self.course = Course.of(told)
        return told is not None

    def seconds_a_step(self) -> float:
        """How long a step takes here with its share of reading; nothing changes."""
        begun = time.monotonic()
        steps = self.feed.steps(Place())
        first = next(steps)
        reading = time.monotonic() - begun
        times = []
        for _ in range(TRIAL_STEPS):
            begun = time.monotonic()
            stepping.gradients(self.crew, self.learner, first.parts)
            self.optimiser.zero_grad(set_to_none=True)
            times.append(time.monotonic() - begun)
        seconds = sorted(times)[len(times) // 2] + reading / first.siblings
        return max(self.crew.agree(seconds), 1e-6)

    def run(self, pace: Pace) -> None:
        """Take the steps that are left. Raises Refused where nothing at all could be kept."""
        course = self.course
        self._saved = time.monotonic()
        if course.loss_before is None and course.step == 0:
            self._look(pace)
        losses: list[float] = []
        tokens, begun, before = 0, time.monotonic(), course.seconds
        started, every = time.monotonic(), max(1, pace.steps // REPORTS)
        for step in self.feed.steps(course.place):
            if course.ended or course.step >= pace.steps:
                break
            loss, asked = self._take(step.parts, pace.at(course.step))
            if not math.isfinite(loss):
                self._lost_its_way()
                break
            course.step, course.place = course.step + 1, step.after
            course.seconds = before + time.monotonic() - started
            losses.append(loss)
            tokens += sum(part.real for part in step.parts)
            if course.step % every == 0:
                self._report(pace, losses, tokens / (time.monotonic() - begun))
                losses, tokens, begun = [], 0, time.monotonic()
            if course.step % pace.check_every == 0 or course.step == pace.steps or asked:
                looked = time.monotonic()
                self._look(pace)
                begun += time.monotonic() - looked
            if asked:
                course.ended = "stopped"
            self._perhaps_save(pace, asked=asked)
        course.ended = course.ended or "complete"
        self._save()

    def best(self) -> Best | None:
        """The weights to keep, and the course when they were; None: the base was the best."""
        kept = self._waiting or self.keeping.best()
        if kept is not None:
            return kept[0], Course.of(kept[1])
        return None if self.held else (state_of(self.learner), self.course)

    def _lost_its_way(self) -> None:
        """End with the best look so far. Raises Refused where there is none."""
        sentence = f"At step {self.course.step + 1:,} the loss is no number any more"
        if self.best() is None or not self.held:
            raise Refused(f"{sentence}. Start a new run with a lower rate.")
        self.journal.say(f"{sentence}, so the run ends with its best. A lower rate may help.")
        self.course.ended = "early"

    def _take(self, parts: Sequence[Part], rate: float) -> tuple[float, bool]:
        """Learn from one step; return its mean loss, and whether somebody asked to stop."""
        total = stepping.gradients(self.crew, self.learner, parts)
        stepping.step(self.crew, self.learner, self.optimiser, rate)
        asked = float(self.crew.main and self.stop())
        total, asked = self.crew.sums(total, asked)
        return total / stepping.learned(parts), bool(asked)

    def _look(self, pace: Pace) -> None:
        """Measure the validation rows, keep the best, let the samples be answered."""
        course = self.course
        self.show(course.step)
        if not self.held:
            course.best_step = course.step
            return
        loss = stepping.measured(self.crew, self.learner, self.held)
        if course.step == 0:
            course.loss_before = course.best_loss = loss
        elif course.best_loss is None or loss < course.best_loss:
            course.best_loss, course.best_step, course.without_gain = loss, course.step, 0
            self._waiting = state_of(self.learner), course.told()
        else:
            course.without_gain += 1
        self.journal.tell(
            "check",
            step=course.step,
            validation_loss=round(loss, 5),
            best_step=course.best_step,
            best_loss=round(course.best_loss or loss, 5),
            without_gain=course.without_gain,
            patience=pace.patience,
        )
        if course.without_gain >= pace.patience and course.step < pace.steps:
            course.ended = "early"
            self.journal.say(
                f"The run ends at step {course.step:,}: {course.without_gain} checks brought "
                f"nothing better than step {course.best_step:,}."
            )

    def _report(self, pace: Pace, losses: list[float], speed: float) -> None:
        course = self.course
        left = (pace.steps - course.step) * course.seconds / course.step
        self.journal.tell(
            "step",
            step=course.step,
            steps=pace.steps,
            train_loss=round(sum(losses) / len(losses), 5),
            rate=pace.at(course.step - 1),
            tokens_s=round(speed, 1),
            left_s=round(left, 1),
        )

    def _perhaps_save(self, pace: Pace, *, asked: bool) -> None:
        """At checks, and where the last state is old; which of both changes no result."""
        due = self.course.step % pace.check_every == 0 or asked or self.course.ended is not None
        old = time.monotonic() - self._saved > SAVE_SECONDS
        if self.crew.agree(due or old):
            self._save()

    def _save(self) -> None:
        """The best first, then the state that counts on it. A full disk is told and outlived."""
        self._saved = time.monotonic()
        try:
            if self._waiting is not None:
                self.keeping.save_best(*self._waiting)
                self._waiting = None
            size = self.keeping.save(self.learner, self.optimiser, self.course.told())
        except Refused as error:
            self.journal.say(str(error))
            # On a CPU they are the very weights that the next steps move.
            self._waiting = copy.deepcopy(self._waiting)
        else:
            self.journal.tell("kept", step=self.course.step, bytes=size)
