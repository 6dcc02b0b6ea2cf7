"""What the tabs Datasets and Runs of the Models page can ask for. For reviewers and administrators.

Services check the roles again. Building and checking are works: begun here, followed by the page. A
run is a process of its own: the page reads its row.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.errors import Refused
from chatbot.learning.dataset import reviewed
from chatbot.learning.finetune.plan import EXPLAINED, LIMITS, Plan
from chatbot.learning.inside.views import Work
from chatbot.learning.jobs.checks import FEWEST
from chatbot.views import Person
from ui.pages import models_runs_view as view
from ui.pages.commands import command
from ui.pages.knowledge_uploads import Uploads
from ui.pages.works import Works

Json = dict[str, Any]
Key = Annotated[str, Field(max_length=200)]
Day = Annotated[str, Field(max_length=10)]
Piece = Annotated[str, Field(max_length=6_000_000)]
Method = Literal["full", "lora", "preference"]
Number = Annotated[float | int, Field(allow_inf_nan=False)]
Settings = Annotated[dict[str, Number | str | list[Key] | None], Field(max_length=30)]
Origins = Annotated[list[Literal["verdict", "correction", "reply"]], Field(max_length=3)]
File = Annotated[list[Key], Field(min_length=2, max_length=2)]
Files = Annotated[list[File], Field(max_length=8)]
"""(upload, name) of each file."""

PLAIN = ("epochs", "rate", "minutes")
"""Settings that stand in the form of a new run."""
ADVANCED = (
    "batch_tokens",
    "window",
    "rank",
    "warm_up",
    "patience",
    "check_every",
    "steps",
    "keep_general",
    "precision",
    "seed",
)
"""Those that are folded away."""
SHOWN_ROWS = 20
"""Rows of a dataset that are shown at a time."""


class ModelsRunCommands:
    """The commands of one product."""

    _product: Product
    _works: Works
    _uploads: Uploads

    # Datasets ------------------------------------------------------------------------------------

    @command
    def datasets(self, person: Person) -> Json:
        """Every dataset, the newest first."""
        return {"datasets": [view.dataset(one) for one in self._product.datasets.list(person)]}

    @command
    def dataset(self, person: Person, *, dataset: Key) -> Json:
        """One of them, and which runs learned from it."""
        found = self._product.datasets.get(person, dataset)
        runs = [one for one in self._product.runs.list(person) if one.dataset == found.name]
        return {"dataset": view.dataset(found), "runs": [view.line(one) for one in runs]}

    @command
    def dataset_rows(
        self,
        person: Person,
        *,
        dataset: Key,
        split: Literal["train", "validation", "test"],
        after: Annotated[int, Field(ge=0, le=2**31)] = 0,
    ) -> Json:
        """Some rows of a part. `after`: how many the page has."""
        found = []
        for at, row in enumerate(self._product.datasets.rows(person, dataset, split)):
            if at >= after:
                found.append(view.example(row))
            if len(found) > SHOWN_ROWS:
                break
        return {"rows": found[:SHOWN_ROWS], "more": len(found) > SHOWN_ROWS}

    @command
    async def check_dataset(self, person: Person, *, dataset: Key, model: Key = "") -> Json:
        """Begin to look for what is wrong with a dataset; under a model, also what is too long."""

        def check(work: Work) -> Json:
            work.now("Checking")
            return view.checked(self._product.datasets.check(person, dataset, model=model or None))

        return self._works.begin(person, check)

    @command
    def put_file(
        self,
        person: Person,
        *,
        upload: Key,
        name: Key,
        size: int,
        start: Annotated[int, Field(ge=0)],
        data: Piece,
    ) -> Json:
        """One piece of a file that a dataset is to be made of."""
        return {"got": self._uploads.put(person, upload, name, size, start, data)}

    @command
    async def build_dataset(
        self,
        person: Person,
        *,
        name: Key,
        sources: Origins,
        since: Day = "",
        files: Files = [],  # noqa: B006  pydantic copies it
        balance: Annotated[int, Field(ge=1, le=1_000_000)] | None = None,
        least_distance: Annotated[float | int, Field(ge=0, le=1)] = 0.1,
        dry: bool = False,
    ) -> Json:
        """Begin to build a dataset; a dry one says what it would hold. Files stay for the next."""
        paths = {self._uploads.look(person, one): name for one, name in files}
        begun = _day(since)

        def build(work: Work) -> Json:
            work.now("Building")
            made = self._product.datasets.build(
                person,
                name,
                since=begun,
                sources=sources,
                files=list(paths),
                least_distance=float(least_distance),
                balance=balance,
                tell=lambda done, of: work.now("Building", done, of),
                dry=dry,
            )
            if not dry:
                for one, _ in files:
                    self._uploads.take(person, one).unlink(missing_ok=True)
            return view.built(made, {str(path): name for path, name in paths.items()})

        return self._works.begin(person, build)

    @command
    def remove_dataset(self, person: Person, *, dataset: Key) -> Json:
        """Remove a dataset for good."""
        self._product.datasets.remove(person, dataset)
        return {}

    # Runs ----------------------------------------------------------------------------------------

    @command
    def runs(self, person: Person) -> Json:
        """The newest runs, and what the next one could learn from."""
        return {
            "runs": [view.line(one) for one in self._product.runs.list(person)],
            "datasets": [view.dataset(one) for one in self._product.datasets.list(person)],
            "reviewed": reviewed.turns(self._product.archive),
            "fewest": FEWEST,
        }

    @command
    def run(
        self, person: Person, *, run: Key, after: Annotated[int, Field(ge=-1, le=2**53)] = -1
    ) -> Json:
        """A run with its points after a step."""
        return {"run": view.run(self._product.runs.get(person, run), after)}

    @command
    def settings_of(self, person: Person, *, dataset: Key, base: Key, method: Method) -> Json:
        """The settings of a run of this size, what each means, and how many turns it reads."""
        usual = self._product.runs.defaults(person, dataset=dataset, base=base, method=method)
        values = {name: getattr(Plan(Path()), name) for name in (*PLAIN, *ADVANCED)} | usual
        found = self._product.datasets.get(person, dataset)
        return {
            "turns": found.preference if method == "preference" else found.splits.get("train", 0),
            "plain": view.fields(values, EXPLAINED, LIMITS, PLAIN),
            "advanced": view.fields(values, EXPLAINED, LIMITS, ADVANCED),
        }

    @command
    def start_run(
        self,
        person: Person,
        *,
        dataset: Key,
        base: Key,
        method: Method,
        name: Key,
        settings: Settings,
    ) -> Json:
        """Queue a run; it begins at once where none goes."""
        run = self._product.runs.start(
            person, dataset=dataset, base=base, method=method, name=name, settings=dict(settings)
        )
        return {"run": run.public_id}

    @command
    def stop_run(self, person: Person, *, run: Key) -> Json:
        """Ask a run to end and to keep the best it had."""
        return {"run": view.line(self._product.runs.stop(person, run))}

    @command
    def resume_run(self, person: Person, *, run: Key) -> Json:
        """Let a run go on from where it was kept."""
        return {"run": view.line(self._product.runs.resume(person, run))}

    @command
    def like_run(self, person: Person, *, run: Key) -> Json:
        """What a run of the same settings begins with."""
        return {"like": self._product.runs.like(person, run)}


def _day(text: str) -> datetime | None:
    """A day of a date field as the moment at which it begins, UTC."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(f"{text}T00:00:00+00:00")
    except ValueError:
        raise Refused("Write the day as year-month-day, 2026-11-30.") from None
