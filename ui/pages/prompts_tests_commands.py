"""What authors can ask of the Tests tab: the matrix, its cases, runs, attacks. For two roles.

Services check the roles again. What models answered to cases is shown to authors, and not logged.
"""

import asyncio
from typing import Annotated, Any, Literal

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.testing import Column
from chatbot.views import Person
from ui.pages import prompts_release_view, prompts_tests_view, prompts_view
from ui.pages.commands import command
from ui.pages.prompts_release_commands import PromptsReleaseCommands
from ui.pages.search_commands import Name

Json = dict[str, Any]
Hash = Annotated[str, Field(max_length=80)]
Pair = Annotated[list[Name], Field(min_length=2, max_length=2)]
Columns = Annotated[list[Pair], Field(max_length=8)]
Number = Annotated[int, Field(ge=0, le=10_000)]
Id = Annotated[str, Field(max_length=64)]
Case = Annotated[Json, Field(max_length=20)]
Source = Annotated[str, Field(max_length=1_100_000)]


class PromptsTestsCommands(PromptsReleaseCommands):
    """The commands of one product."""

    def __init__(self, product: Product) -> None:
        super().__init__(product)
        self._testing = product.testing
        self._results = product.results
        self._casework = product.casework

    # The matrix ----------------------------------------------------------------------------------

    @command
    def matrix(self, person: Person, *, prompt: Name, columns: Columns) -> Json:
        """Cases, columns and results. No columns: those that matter now."""
        table = self._results.table(person, prompt, [(sha, model) for sha, model in columns])
        read = self._product.releases.prompt(table.versions[0].sha)
        shown = prompts_tests_view.matrix(prompt, table, prompts_view.fields(read))
        return shown | {"models": self._models(), "model": self._model()}

    @command
    def cell(
        self, person: Person, *, prompt: Name, run: Hash, version: Hash, model: Name, no: Number
    ) -> Json:
        """The answers of one cell, with each assertion."""
        found = self._results.cell(person, run, version, model, no)
        cases = self._casework.sheet(person, prompt).cases
        checks = cases[no].assertions if no < len(cases) else ()
        return {"outputs": prompts_tests_view.outputs(found.outputs, checks)}

    @command
    def rendered(self, person: Person, *, prompt: Name, version: Hash, no: Number) -> Json:
        """What a version makes of a case."""
        shown = self._results.rendered(person, prompt, version, no)
        return {"messages": prompts_tests_view.messages(shown)}

    @command
    def injection(self, person: Person, *, prompt: Name) -> Json:
        """How versions did under attack, and what the gate asks of them."""
        found = self._results.attacks(person, prompt)
        bars = self._product.releases.prompt(found.versions[0].sha).gate
        shown = prompts_release_view.injection(found.rates, found.versions, bars)
        running = found.running.public_id if found.running else None
        return shown | {"running": running, "model": self._model()}

    # Cases ---------------------------------------------------------------------------------------

    @command
    def put_case(
        self, person: Person, *, prompt: Name, no: Number | None, case: Case, parent: Hash | None
    ) -> Json:
        """Save a case in the place of another, or after the last."""
        return {"tests": self._casework.put(person, prompt, no, case, parent=parent)}

    @command
    def drop_case(self, person: Person, *, prompt: Name, no: Number, parent: Hash | None) -> Json:
        """Take a case out."""
        return {"tests": self._casework.drop(person, prompt, no, parent=parent)}

    @command
    def turn_case(self, person: Person, *, prompt: Name, message: Id, parent: Hash | None) -> Json:
        """Add a case made of a stored turn, named by its answer."""
        tests, name = self._product.turn_cases.add(person, prompt, message, parent=parent)
        return {"tests": tests, "name": name}

    @command
    def save_tests(
        self, person: Person, *, prompt: Name, source: Source, parent: Hash | None
    ) -> Json:
        """Save the whole file."""
        return {"tests": self._authoring.save_tests(person, prompt, source, parent=parent)}

    # Runs ----------------------------------------------------------------------------------------

    @command
    async def run(
        self,
        person: Person,
        *,
        prompt: Name,
        columns: Columns,
        cases: Annotated[list[Number], Field(max_length=1000)] | None = None,
        suite: Literal["tests", "injection"] = "tests",
    ) -> Json:
        """Begin a run of all cases, or of some by number."""
        wanted = [Column(version, model) for version, model in columns]
        run = await self._testing.begin(person, prompt, wanted, cases=cases, suite=suite)
        return {"run": run}

    @command
    async def progress(self, person: Person, *, run: Hash) -> Json:
        """How far a run is, and its results so far."""
        found, cells = await asyncio.to_thread(self._results.so_far, person, run)
        told = self._testing.progress(person, run)
        return {
            "status": found.status,
            # Answers are counted where the run is; elsewhere, and at its end, cells are.
            "done": told.answers if told.of else found.done,
            "total": told.of or found.total,
            "results": prompts_tests_view.cells(cells),
        }

    @command
    async def stop(self, person: Person, *, run: Hash) -> Json:
        """End a run early: what is done stays."""
        await self._testing.stop(person, run)
        return {}

    @command
    def report(self, person: Person, *, run: Hash, form: Literal["json", "junit"]) -> Json:
        """A run as a file."""
        return {"text": self._testing.report(person, run, form)}
