"""What the process of a run does, from taking it to its end: train, keep, compare with the base.

Everything that goes wrong becomes the run's `said`, one sentence; its folder's log keeps the rest.
"""

import gc
import os
import shutil
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.archive import Archive
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.errors import ChatbotError
from chatbot.learning.dataset import Datasets
from chatbot.learning.evaluate.service import Evaluations
from chatbot.learning.evaluate.views import Evaluation
from chatbot.learning.jobs import checks, keeping, liveness
from chatbot.learning.jobs.watching import Watch
from chatbot.learning.private import private
from chatbot.settings import Settings
from store import datasets
from store import runs as rows
from store.runs import Run, State

if TYPE_CHECKING:
    from chatbot.learning.finetune import Outcome

STOP = "stop"
DATA = ("train.jsonl", "validation.jsonl", "test.jsonl")
WORK = ("state", "checkpoint", "checkpoint.new", "adapter")

Ending = tuple[State, str]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the work needs of the product."""

    archive: Archive
    datasets: Datasets
    registry: Registry
    evaluations: Evaluations
    settings: Settings


def folder_of(settings: Settings, run: str) -> Path:
    """Where a run's files lie."""
    return settings.home_folder / "runs" / run


def clear(folder: Path, *, work: bool = True) -> None:
    """Remove the turns that a run learned from; with `work` what it needs to go on, too."""
    for name in DATA:
        (folder / name).unlink(missing_ok=True)
    for name in WORK if work else ():
        shutil.rmtree(folder / name, ignore_errors=True)


def empty(folder: Path) -> None:
    """Remove all that a run wrote: events hold answers of a model, which may recite a turn."""
    for path in folder.iterdir():
        if path.name == liveness.LOCK:
            continue  # somebody may hold it
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


@private()
def work(parts: Parts, public_id: str) -> State:
    """Take a claimed run and bring it to its end; the state it ended in.

    Raises Conflict when another process has it, NotFound, StoreUnavailable.
    """
    folder = folder_of(parts.settings, public_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = liveness.hold(folder)
    try:
        with parts.archive.main.writing() as session:
            run = rows.take(session, public_id, liveness.host(), os.getpid())
        return _Work(parts, run, folder).do()
    finally:
        lock.release()


class _Work:
    """One run in its process."""

    def __init__(self, parts: Parts, run: Run, folder: Path) -> None:
        self._parts = parts
        self._run = run
        self._folder = folder
        self._watch = Watch(parts.archive, run, folder)

    def do(self) -> State:
        """The whole way; whatever happens, the row gets a true end."""
        with self._watch:
            try:
                state, said = self._through()
            except ChatbotError as error:
                state, said = "failed", str(error)
            except Exception as error:  # noqa: BLE001  a person gets a sentence, the log the rest
                traceback.print_exc(file=sys.stderr)
                state, said = "failed", _sentence(error, self._folder)
        self._watch.end(state, said)
        if state == "complete":
            clear(self._folder)
        return state

    def _through(self) -> Ending:
        if not self._run.kept:
            ending = self._make()
            if ending is not None:
                return ending
        return self._compare()

    def _make(self) -> Ending | None:
        """Train and keep; an ending where there is nothing to compare."""
        (self._folder / STOP).unlink(missing_ok=True)
        self._watch.fact("phase", "preparing")
        self._prepare()
        self._watch.on_stop(lambda: (self._folder / STOP).touch())
        self._watch.fact("phase", "training")
        outcome = self._trained()
        if self._watch.why == "lost":
            return "interrupted", "It was taken for dead, so it ended. Resume goes on from there."
        if self._watch.why == "changed":
            empty(self._folder)
            return "failed", (
                f"Dataset {self._run.dataset} changed: somebody in it was forgotten, or it was "
                "removed. Nothing was kept; start a new run."
            )
        if outcome.best_step == 0 and outcome.loss_before is not None:
            return self._no_gain(outcome)
        self._watch.fact("phase", "keeping")
        keeping.keep(
            outcome.checkpoint,
            outcome.adapter,
            self._parts.settings.models_folder,
            self._watch.now(),
        )
        self._watch.fact("kept", self._run.model)
        self._watch.fact("told", str(outcome))
        return None

    def _prepare(self) -> None:
        parts, run = self._parts, self._run
        with parts.archive.main.writing() as session:
            datasets.renew(session)  # turns may have left since anybody looked
        with parts.archive.main.reading() as session:
            checks.unchanged(run, rows.dataset_sha(session, run))
        info = checks.base_of(parts.registry, run.base)
        checks.extras_of(run.method)
        plan = checks.plan_of(run.settings, info, run.method, run.model)
        checks.room_for(plan, self._folder)
        plan.write(self._folder)
        parts.datasets.write(run.dataset, self._folder)

    def _trained(self) -> "Outcome":
        from chatbot.learning.finetune import train

        outcome = train(self._folder)
        gc.collect()  # the next two models need the room
        return outcome

    def _no_gain(self, outcome: "Outcome") -> Ending:
        base = self._run.base
        if outcome.ended == "stopped":
            from chatbot.learning.finetune.training import OUTCOME

            (self._folder / OUTCOME).unlink(missing_ok=True)  # resumed, it trains again
            return "stopped", f"Stopped before any step was better than {base}; no model was kept."
        return "complete", (
            f"No step was better than {base} on the validation turns, so no model was kept. "
            "Try a lower rate, more turns, or another method."
        )

    def _compare(self) -> Ending:
        """Evaluate the kept model against its base; that it was kept stays true in any case."""
        run, why = self._run, self._watch.why
        told = str(self._watch.now().facts.get("told", ""))
        if why:
            return "stopped", (
                f"{told} Stopped and kept as {run.model}. Nobody compared it with {run.base}: a "
                f"stop ends all of a run. {_how(run)}"
            )
        cases, general = (int(run.settings.get(name, n)) for name, n in checks.COMPARED.items())
        if cases == 0:
            return "complete", f"{told} It was not compared with {run.base} yet. {_how(run)}"
        self._watch.fact("phase", "comparing")
        cancel = CancelToken()
        self._watch.on_stop(cancel.cancel)
        try:
            found = self._parts.evaluations.run(
                run.actor,
                run.base,
                run.model,
                run.dataset,
                cases=cases,
                general=general,
                cancel=cancel,
            )
        except ChatbotError as error:
            return "complete", f"{told} It was not compared with {run.base}: {error}"
        with suppress(ChatbotError):
            self._parts.registry.unload(run.model)
        self._watch.fact("evaluation", found.id)
        return "complete", f"{told} {_verdict(found)}"


def _how(run: Run) -> str:
    """What compares a kept model with its base, by hand."""
    return (
        f"Compare them with `chatbot evaluate {run.model} --dataset {run.dataset} --against "
        f"{run.base}`, or by Evaluate… on the Models page."
    )


def _verdict(found: Evaluation) -> str:
    if found.passed is None:
        return "It was not compared to the end."
    return "The gate is open." if found.passed else "The gate is closed: the evaluation says why."


def _sentence(error: Exception, folder: Path) -> str:
    text = str(error).lower()
    if "no space left" in text or "os error 28" in text or "disk quota" in text:
        return "The disk is full. Make room, then resume: the run goes on from its last checkpoint."
    if isinstance(error, MemoryError) or "memory" in text or "OutOfMemory" in type(error).__name__:
        return (
            "There is not enough memory. Choose fewer tokens a step, a shorter window, lora, "
            "or a smaller model."
        )
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'}: {error.strerror or type(error).__name__}."
    kind = type(error).__name__
    return f"Something unexpected went wrong ({kind}). The details are in {folder / 'log.txt'}."
