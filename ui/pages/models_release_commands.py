"""What the tabs Registry and Evaluations can ask for: gates, promotion, evaluations, answers.

Reviewers and administrators look; services check who promotes, rolls back and promotes against the
gate: administrators alone.
"""

import time
from typing import Annotated, Any, Literal

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.errors import GateClosed, Refused
from chatbot.learning.inside.views import Work
from chatbot.promotion import ModelRelease
from chatbot.views import Person
from ui.pages import models_files
from ui.pages import models_judged_view as view
from ui.pages.commands import command
from ui.pages.models_evaluating import Evaluating, Job
from ui.pages.works import Works

Json = dict[str, Any]
Key = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=1_000)]
Pair = Annotated[list[Key], Field(min_length=2, max_length=2)]
Prompts = Annotated[list[Pair], Field(max_length=50)]
Environment = Literal["staging", "production"]
Change = Literal["all", "better", "worse"]

AT_ONCE = 20
"""Answers that are fetched at a time."""
BEGINS = 10.0
"""Seconds in which an evaluation that was begun has its row, or has failed."""
LOOK = 0.1


class ModelsReleaseCommands:
    """The commands of one product."""

    _product: Product
    _evaluating: Evaluating
    _works: Works

    # Evaluations ---------------------------------------------------------------------------------

    @command
    def evaluations(self, person: Person) -> Json:
        """The evaluations, the newest first."""
        return {"evaluations": [view.line(one) for one in self._product.evaluations.list(person)]}

    @command
    def evaluation(self, person: Person, *, evaluation: Key) -> Json:
        """One of them: its parts, its gate, how many answers went which way."""
        return {"evaluation": view.evaluation(self._product.evaluations.get(person, evaluation))}

    @command
    def evaluate(self, person: Person, *, model: Key, against: Key, dataset: Key) -> Json:
        """Begin to evaluate a model against another, on the held-out turns of a dataset."""
        evaluations, registry = self._product.evaluations, self._product.registry
        evaluations.require(person)
        self._product.datasets.get(person, dataset)
        base, tuned = registry.resolve(against).label, registry.resolve(model).label
        if base == tuned:
            raise Refused("A model cannot be compared with itself. Choose another one.")
        job = self._evaluating.begin(
            lambda cancel: evaluations.run(person, base, tuned, dataset, shared=True, cancel=cancel)
        )
        return {"evaluation": self._begun(person, job, tuned)}

    @command
    def stop_evaluation(self, person: Person, *, evaluation: Key) -> Json:
        """End one early."""
        self._product.evaluations.stop(person, evaluation)
        return {}

    @command
    def replies(
        self,
        person: Person,
        *,
        evaluation: Key,
        change: Change,
        after: Annotated[int, Field(ge=0, le=2**31)] = 0,
    ) -> Json:
        """Answers side by side, those that changed most first. `after`: how many to pass over."""
        found = self._product.evaluations.replies(
            person, evaluation, change, limit=AT_ONCE, after=after
        )
        return {"replies": [view.pair(one) for one in found]}

    @command
    def report(self, person: Person, *, evaluation: Key, form: Literal["markdown", "html"]) -> Json:
        """The whole report, as the text of a file."""
        return {"text": self._product.evaluations.report_text(person, evaluation, form)}

    # Promotion -----------------------------------------------------------------------------------

    @command
    def gate(self, person: Person, *, model: Key) -> Json:
        """What production asks of a model, and what the asker may do about it."""
        return {
            "gate": view.gate(self._product.promotion.gate(person, model)),
            "may_promote": "admin" in person.roles,
        }

    @command
    def promoting(self, person: Person, *, model: Key) -> Json:
        """What the Promote dialog shows: the gate, what is served now, prompts that wait."""
        found = self.gate(person, model=model)
        lines = self._product.authoring.list(person) if "admin" in person.roles else ()
        waiting = [
            {"name": one.name, "sha": one.newest, "seq": one.versions}
            for one in lines
            if not one.archived and all(live.sha != one.newest for live in one.production)
        ]
        return found | {"serves": self._serves(), "prompts": waiting}

    @command
    def promote(
        self,
        person: Person,
        *,
        model: Key,
        environment: Environment,
        reason: Text,
        override: Text = "",
        prompts: Prompts = [],  # noqa: B006  pydantic copies it
    ) -> Json:
        """Let the name in CHATBOT_MODEL stand for a model, and release prompts with it."""
        try:
            made = self._product.promotion.promote(
                person,
                model,
                reason=reason,
                environment=environment,
                override=override,
                prompts={one[0]: one[1] for one in prompts},
            )
        except GateClosed as error:
            told = self.gate(person, model=model)
            return {"error": str(error), "code": error.code, "gate": told["gate"]}
        return {"release": view.release(made)}

    @command
    def model_releases(self, person: Person) -> Json:
        """What the name stood for, the newest first, and what rolling back would serve."""
        found = self._product.promotion.history(person)
        now = _newest(found)
        back = None
        if now is not None:
            older = next((one for one in found if one.id == now.previous), None)
            back = older.model if older is not None else "what the settings say"
        return {
            "releases": [view.release(one) for one in found],
            "now": now.model if now else None,
            "back": back,
            "may_promote": "admin" in person.roles,
        }

    @command
    def roll_back_model(self, person: Person, *, reason: Text) -> Json:
        """Serve again what was served before, its prompts too."""
        return {"release": view.release(self._product.promotion.roll_back(person, reason=reason))}

    @command
    async def export_model(self, person: Person, *, model: Key, form: models_files.Form) -> Json:
        """Begin to write a model as a file that the caller then fetches."""

        def write(work: Work) -> Json:
            work.now("Writing, and opening it again to prove it")
            return models_files.make(self._product, person, model, form)

        return self._works.begin(person, write)

    def _begun(self, person: Person, job: Job, tuned: str) -> str | None:
        """The row of an evaluation that begins. Raises what kept it from beginning."""
        late = time.monotonic() + BEGINS
        while time.monotonic() < late:
            if job.ended.wait(LOOK) and job.error is not None:
                raise job.error
            for one in self._product.evaluations.list(person, 5):
                if one.tuned == tuned and (one.state == "running" or job.ended.is_set()):
                    return one.id
        return None

    def _serves(self) -> str:
        return self._product.registry.resolve().label


def _newest(releases: list[ModelRelease]) -> ModelRelease | None:
    """The one that production stands on."""
    return next((one for one in releases if one.environment == "production"), None)


def standing(product: Product, person: Person) -> dict[str, Json]:
    """Where each model stands, what it came from, how it was judged, by label."""
    stages = product.promotion.stages()
    runs = {one.model: one for one in product.runs.list(person) if one.kept}
    marks = product.promotion.marks(person)
    found: dict[str, Json] = {}
    for label, stage in stages.items():
        judged = product.evaluations.newest(label)
        run = runs.get(label)
        found[label] = {
            "stage": stage,
            "score": view.score(judged),
            "evaluation": judged.id if judged else None,
            "from": view.origin(run) if run else None,
            "marks": [view.mark(one) for one in marks if one.model == label],
        }
    return found
