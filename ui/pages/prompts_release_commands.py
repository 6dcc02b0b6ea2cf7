"""What authors can ask of the tabs History, Releases and Use, and of the Publish and Roll back
dialogs. For two roles.

Services check the roles again; only an administrator publishes against the gate.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.errors import GateClosed
from chatbot.views import Person
from ui.pages import prompts_release_view, prompts_tests_view
from ui.pages.commands import command
from ui.pages.search_commands import Name

Json = dict[str, Any]
Hash = Annotated[str, Field(max_length=80)]
Before = Annotated[int, Field(ge=1, le=2**53)]
Text = Annotated[str, Field(max_length=1_000)]
Environment = Literal["staging", "production"]
ENVIRONMENTS: tuple[Environment, ...] = ("staging", "production")


class PromptsReleaseCommands:
    """The commands of one product."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._authoring = product.authoring

    def _model(self) -> str:
        registry = self._product.registry
        return registry.resolve().label

    def _models(self) -> list[str]:
        return [one.label for one in self._product.registry.list()]

    # History -------------------------------------------------------------------------------------

    @command
    def history(self, person: Person, *, prompt: Name, before: Before | None = None) -> Json:
        """Versions, newest first. `before`: the number of the last one that the page has."""
        page = self._authoring.history(person, prompt, before=before)
        return {
            "versions": [prompts_tests_view.version(one) for one in page.versions],
            "more": page.before is not None,
        }

    @command
    def compare(self, person: Person, *, prompt: Name, old: Hash, new: Hash) -> Json:
        """What two versions differ in: source, rendered messages, answers to the tests."""
        found = self._authoring.compare(person, prompt, old, new)
        answers = self._product.results.answers(person, old, new, self._model())
        return prompts_release_view.comparison(found, answers)

    @command
    def measured(self, person: Person, *, prompt: Name) -> Json:
        """How each version did in use, and whether what differs could be chance."""
        arms = self._product.arms.measured(person, prompt)
        served = (
            self._authoring.serving(person, prompt, "production"),
            self._authoring.serving(person, prompt, "staging"),
        )
        return prompts_release_view.arms(arms, *served)

    @command
    def noted(self, person: Person, *, prompt: Name) -> Json:
        """What reviewers said of this prompt's answers, without what customers wrote."""
        found = self._product.review.notes_for(person, prompt)
        return {"notes": [prompts_release_view.noted(one) for one in found]}

    # Publishing ----------------------------------------------------------------------------------

    @command
    def publishing(self, person: Person, *, prompt: Name, version: Hash) -> Json:
        """What the Publish dialog shows: the gate, what is served now, the version's note."""
        draft = self._authoring.open(person, prompt, version)
        serving = {
            one: prompts_tests_view.shares(self._authoring.serving(person, prompt, one))
            for one in ENVIRONMENTS
        }
        return {
            "note": draft.version.note if draft.version else "",
            "serving": serving,
            "may_override": "admin" in person.roles,
            "gate": self._gate(person, prompt, version, serving["production"]),
        }

    @command
    def publish(
        self,
        person: Person,
        *,
        prompt: Name,
        version: Hash,
        environment: Environment,
        share: Annotated[int, Field(ge=1, le=100)],
        note: Text,
        override: Text = "",
    ) -> Json:
        """Serve a version to a share of new conversations; the rest goes to what most get now."""
        now = self._authoring.serving(person, prompt, environment)
        weights = {version: share if share < 100 else 1}
        rest = next((one.sha for one in now if one.sha != version), None)
        if share < 100 and rest is not None:
            weights[rest] = 100 - share
        try:
            made = self._authoring.publish(
                person, prompt, weights, environment, note=note, override=override
            )
        except GateClosed as error:
            gate = self._gate(person, prompt, version, prompts_tests_view.shares(now))
            return {"error": str(error), "code": error.code, "gate": gate}
        return {"release": prompts_tests_view.release(made)}

    @command
    def earlier(self, person: Person, *, prompt: Name, to: Hash | None = None) -> Json:
        """What rolling production back would serve, and what it serves now."""
        back = self._authoring.earlier(person, prompt, "production", to)
        now = self._authoring.serving(person, prompt, "production")
        return {
            "to": prompts_tests_view.release(back),
            "now": {"weights": prompts_tests_view.shares(now)},
        }

    @command
    def roll_back(self, person: Person, *, prompt: Name, to: Hash) -> Json:
        """Let production serve what an earlier release served."""
        made = self._authoring.roll_back(person, prompt, "production", to)
        return {"release": prompts_tests_view.release(made)}

    @command
    def releases(self, person: Person, *, prompt: Name, before: Before | None = None) -> Json:
        """Releases, newest first. `before`: what the last page said."""
        page = self._authoring.releases(person, prompt, before=before)
        return {
            "releases": [prompts_tests_view.release(one) for one in page.releases],
            "before": page.before,
        }

    def _gate(self, person: Person, prompt: str, version: str, served: list[Json]) -> Json:
        """The gate; what production serves already has passed it."""
        if any(one["sha"] == version for one in served):
            line = {"ok": True, "sentence": "Production serves this version already."}
            return {"open": True, "lines": [line | {"detail": "", "link": ""}]}
        return prompts_release_view.gate(self._authoring.gate(person, prompt, version))

    # Use -----------------------------------------------------------------------------------------

    @command
    def use(self, person: Person, *, prompt: Name) -> Json:
        """Counts of the last 30 days, and how a program uses the prompt."""
        arms = self._product.arms.measured(person, prompt)
        draft = self._authoring.open(person, prompt)
        read = self._product.releases.prompt(draft.parent or "")
        return prompts_release_view.use(arms, read)
