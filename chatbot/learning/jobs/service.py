"""Runs of fine-tuning for people: start, watch, stop, resume; and the queue behind them.

A run belongs to no page and no server: a process of its own trains it and writes how it goes to the
database, which is all that this module reads. Trains nothing itself.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.backends.registry import Registry
from chatbot.errors import NotAllowed, NotFound, Refused
from chatbot.learning.dataset import Datasets
from chatbot.learning.evaluate.service import Evaluations
from chatbot.learning.jobs import checks, keeping, liveness, spawning
from chatbot.learning.jobs.process import Parts, empty, folder_of, work
from chatbot.learning.private import private
from chatbot.settings import Settings
from store import accounts
from store import runs as rows
from store.columns import now
from store.engine import Session
from store.records import Person
from store.runs import Run, State

log = logging.getLogger(__name__)

ROLES = ("reviewer", "admin")
METHODS = ("full", "lora", "preference")
LOOK_EVERY = 3.0
"""Seconds between two looks at the queue."""
KEPT = timedelta(days=30)
"""So long a run that ended early can be resumed; then what it wrote is removed."""


class Runs:
    """Starts and tells of runs. Methods may be called from any thread."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        datasets: Datasets,
        registry: Registry,
        settings: Settings,
        evaluations: Evaluations,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._registry = registry
        self._settings = settings
        self.parts = Parts(archive, datasets, registry, evaluations, settings)

    # For people ----------------------------------------------------------------------------------

    def start(
        self,
        person: Person,
        *,
        dataset: str,
        base: str = "",
        method: str = "full",
        name: str = "tuned",
        settings: dict[str, Any] | None = None,
    ) -> Run:
        """Queue a run, and begin it where none goes. `settings`: fields of a plan.

        Everything is looked at first: base, dataset, settings, disk. Raises Refused, UnknownModel,
        ModelCorrupt, ModelUnavailable, NotFound, NotAllowed.
        """
        self._require(person)
        checked = self._checked(person, dataset, base, method, name, settings or {})
        with self._archive.main.writing() as session:
            require(session, person)
            run = rows.add(
                session,
                name=checked["name"],
                taken=_versions(self._registry, checked["name"]),
                base=checked["base"],
                dataset=checked["dataset"],
                method=method,
                settings=checked["settings"],
                facts=checked["facts"],
                actor=person.name,
            )
            self._audit.note_in(
                session, person, "run_started", "run", run.public_id, base=run.base, model=run.model
            )
        self.advance()
        return self.get(person, run.public_id)

    def prepare(
        self,
        person: Person,
        folder: Path,
        *,
        dataset: str,
        base: str = "",
        method: str = "full",
        name: str = "tuned",
        settings: dict[str, Any] | None = None,
    ) -> None:
        """Write what a training needs into a new folder, to be trained there by hand.

        For several processes or machines: `torchrun … -m chatbot.learning.finetune FOLDER`. Raises
        as `start` does.
        """
        self._require(person)
        checked = self._checked(person, dataset, base, method, name, settings or {})
        if folder.exists() and any(folder.iterdir()):
            raise Refused(f"{folder} is not empty. Name a new folder.")
        version = max(map(_number, _versions(self._registry, checked["name"])), default=0) + 1
        info = self._registry.resolve(checked["base"])
        label = f"{checked['name']}@{version}"
        with private():
            checks.plan_of(checked["settings"], info, method, label).write(folder)
            self.parts.datasets.write(checked["dataset"], folder)
        self._audit.note(person, "run_prepared", "dataset", checked["dataset"])

    def list(self, person: Person, limit: int = 50) -> list[Run]:
        """The newest runs, without their points. Raises NotAllowed."""
        with self._archive.main.reading() as session:
            require(session, person)
            return rows.runs(session, limit=limit)

    def get(self, person: Person, run: str) -> Run:
        """A run, by its id or by the model that it makes, with its points.

        Raises NotFound, NotAllowed.
        """
        with self._archive.main.reading() as session:
            require(session, person)
            return rows.get(session, _id(session, run), points=True)

    def follow(self, person: Person, run: str, every: float = 0.5) -> Iterator[Run]:
        """A run again and again, until it has ended; its end is the last.

        Raises NotFound, NotAllowed.
        """
        looked = monotonic()
        while True:
            found = self.get(person, run)
            yield found
            if found.state not in ("queued", *rows.GOING):
                return
            sleep(every)
            if monotonic() - looked > LOOK_EVERY:
                looked = monotonic()
                self.recover()

    def stop(self, person: Person, run: str) -> Run:
        """Ask a run to end and to keep the best it had; a queued one does not begin.

        Raises NotFound, NotAllowed, Conflict.
        """
        with self._archive.main.writing() as session:
            require(session, person)
            found = rows.ask_stop(session, _id(session, run))
            self._audit.note_in(session, person, "run_stopped", "run", found.public_id)
        return found

    def resume(self, person: Person, run: str) -> Run:
        """Let a run that ended early go on from where it was kept, when it is its turn.

        Raises NotFound, NotAllowed, Conflict, Refused: its dataset or its base is not there any
        more as it was.
        """
        found = self.get(person, run)
        if found.state in rows.RESUMABLE and not found.kept:
            self._check_again(found)
        with self._archive.main.writing() as session:
            require(session, person)
            rows.requeue(session, found.public_id)
            self._audit.note_in(session, person, "run_resumed", "run", found.public_id)
        self.advance()
        return self.get(person, found.public_id)

    def like(self, person: Person, run: str) -> dict[str, Any]:
        """What `start` takes to begin a run of the same settings. Raises NotFound, NotAllowed."""
        found = self.get(person, run)
        return {
            "dataset": found.dataset,
            "base": found.base,
            "method": found.method,
            "name": found.name,
            "settings": dict(found.settings),
        }

    def defaults(
        self, person: Person, *, dataset: str, base: str = "", method: str = "full"
    ) -> dict[str, Any]:
        """The settings that a run would have if none was chosen. Raises as `start` does."""
        self._require(person)
        found: dict[str, Any] = self._checked(person, dataset, base, method, "tuned", {})[
            "settings"
        ]
        return found

    # The queue -----------------------------------------------------------------------------------

    def recover(self) -> int:
        """Give up runs whose process is gone, and let the queue go on; how many were given up."""
        lost = 0
        with self._archive.main.reading() as session:
            going = rows.in_states(session, rows.GOING)
            waiting = rows.in_states(session, ("queued",))
        for run in going:
            if liveness.is_gone(run, self._folder(run)):
                with self._archive.main.writing() as session:
                    lost += rows.interrupt(session, run, _lost(run))
        if waiting and (lost or not going):
            self.advance()
        return lost

    def advance(self) -> Run | None:
        """Begin the next queued run, where none goes; None where nothing began."""
        with self._archive.main.writing() as session:
            run = rows.claim(session, liveness.host())
        if run is None:
            return None
        try:
            spawning.begin(run.public_id, self._settings, self._folder(run))
        except Refused as error:
            with self._archive.main.writing() as session:
                rows.end(session, run, "failed", str(error), {})
            return None
        return run

    async def keep(self) -> None:
        """Look every few seconds whether the next run can begin, until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.recover)
            except Exception as error:  # noqa: BLE001  the next look may succeed
                log.warning("the queue of runs was not looked at: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    def tidy(self) -> None:
        """Remove what runs here learned from and wrote where turns of it left, or it is too old.

        Their answers to sample questions go as well: a model may recite a turn. Cards of kept
        models name their person as the database does now.
        """
        root = folder_of(self._settings, "x").parent
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            try:
                with self._archive.main.reading() as session:
                    run = rows.get(session, folder.name)
                    sha = rows.dataset_sha(session, run)
            except NotFound:
                continue
            if run.state in ("queued", *rows.GOING):
                continue
            old = run.ended_at is not None and now() - run.ended_at > KEPT
            changed = sha != run.dataset_sha
            if changed or old:
                empty(folder)
            if changed and run.samples:
                with self._archive.main.writing() as session:
                    rows.drop_samples(session, run)
            if run.kept:
                keeping.rename_person(self._settings.models_folder, run)

    def work(self, run: str) -> State:
        """Bring a claimed run to its end in this process, then let the next one begin.

        Raises Conflict, NotFound, StoreUnavailable.
        """
        try:
            return work(self.parts, run)
        finally:
            self.recover()

    # Inside --------------------------------------------------------------------------------------

    def _require(self, person: Person) -> None:
        with self._archive.main.reading() as session:
            require(session, person)

    def _checked(
        self,
        person: Person,
        dataset: str,
        base: str,
        method: str,
        name: str,
        given: dict[str, Any],
    ) -> dict[str, Any]:
        """What a row of the queue needs, all of it looked at. Raises as `start` does."""
        if method not in METHODS:
            raise Refused(f"There is no method {method!r:.40}. Choose {', '.join(METHODS)}.")
        found = self.parts.datasets.get(person, dataset)
        examples = checks.data_of(found, method)
        checks.extras_of(method)
        info = checks.base_of(self._registry, base)
        wanted = checks.name_of(name, self._registry)
        settings = checks.settings_of(given, info, method, examples)
        plan = checks.plan_of(settings, info, method, f"{wanted}@1")
        checks.room_for(plan, folder_of(self._settings, "x"))
        data = {"splits": dict(found.splits), "prompts": _prompts(found.card)}
        return {
            "name": wanted,
            "base": info.label,
            "dataset": found.name,
            "settings": settings,
            "facts": {"data": data},
        }

    def _check_again(self, run: Run) -> None:
        with self._archive.main.reading() as session:
            checks.unchanged(run, rows.dataset_sha(session, run))
        info = checks.base_of(self._registry, run.base)
        checks.extras_of(run.method)
        checks.room_for(
            checks.plan_of(run.settings, info, run.method, run.model), self._folder(run)
        )

    def _folder(self, run: Run) -> Path:
        return folder_of(self._settings, run.public_id)


def require(session: Session, person: Person) -> None:
    """Let pass who may see and start runs, by the database. Raises NotAllowed."""
    if not accounts.has_role(session, person.id, ROLES):
        raise NotAllowed


def _id(session: Session, run: str) -> str:
    """The id of a run that is named by its id or by its model."""
    found = rows.of_model(session, run) if "@" in run else None
    return run if found is None else found.public_id


def _lost(run: Run) -> str:
    """What is said of a run whose process is gone."""
    if run.kept:
        return f"Its process ended while {run.model} was compared. Resume to compare it."
    if run.step == 0:
        return "Its process ended before it had trained a step. Resume to begin again."
    return (
        f"Its process ended at step {run.step} of {run.steps}. "
        f"Resume goes on from step {run.kept_step}."
    )


def _versions(registry: Registry, name: str) -> list[str]:
    return [info.version for info in registry.list() if info.name == name]


def _prompts(card: Mapping[str, Any]) -> dict[str, list[str]]:
    """The versions (hashes) of each prompt that a dataset's rows were rendered by."""
    found: dict[str, list[str]] = {}
    for one in card.get("prompts", ()):
        if one["prompt"]:
            found.setdefault(one["prompt"], []).append(one["version"])
    return found


def _number(version: str) -> int:
    return int(version) if version.isdecimal() else 0
