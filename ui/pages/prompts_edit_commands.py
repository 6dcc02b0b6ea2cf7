"""What authors can ask of the Prompts page, one method each: the list, the editor, trying a text.

Services check the role again. Texts of prompts and values that are tried are not logged.
"""

import asyncio
from typing import Annotated, Any, Literal

from pydantic import Field

from chatbot.authoring import Draft
from chatbot.bootstrap import Product
from chatbot.errors import PromptInvalid, VersionConflict
from chatbot.looking import Texts
from chatbot.views import Person
from ui.pages import prompts_view
from ui.pages.commands import command
from ui.pages.prompts_runs import Runs
from ui.pages.search_commands import Name

Json = dict[str, Any]
Id = Annotated[str, Field(max_length=64)]
Hash = Annotated[str, Field(max_length=80)]
Text = Annotated[str, Field(max_length=2_000_000)]
Line = Annotated[str, Field(max_length=2_000)]
Partials = Annotated[dict[str, Text], Field(max_length=100)]
Values = Annotated[Json, Field(max_length=60)]
Form = Literal["prompty", "promptfoo", "langfuse"]


class PromptsEditCommands:
    """The commands of one product."""

    def __init__(self, product: Product, runs: Runs) -> None:
        self._product = product
        self._authoring = product.authoring
        self._runs = runs

    # The list ------------------------------------------------------------------------------------

    @command
    def prompts(self, person: Person) -> Json:
        """Every prompt with what is live, how its tests stand, what people thought of it."""
        return {"prompts": [prompts_view.line(one) for one in self._authoring.list(person)]}

    @command
    def open(self, person: Person, *, prompt: Name, version: Name = "") -> Json:
        """A version to change; an empty one is the newest."""
        draft = self._authoring.open(person, prompt, version or None)
        newest = self._authoring.open(person, prompt) if version else draft
        return {"prompt": prompts_view.draft(draft) | self._where(person, newest)}

    @command
    def archive(self, person: Person, *, prompt: Name, archived: bool) -> Json:
        """Take a prompt off the lists, or put it back."""
        self._authoring.archive(person, prompt, archived=archived)
        return {}

    @command
    def head(self, person: Person, *, prompt: Name) -> Json:
        """Where a prompt is live, and how much of everything there is."""
        return {"head": self._where(person, self._authoring.open(person, prompt))}

    def _where(self, person: Person, newest: Draft) -> Json:
        """A prompt's live versions and counts, and its newest version."""
        releases = self._authoring.releases(person, newest.prompt).releases
        return prompts_view.where(newest, releases)

    # The editor ----------------------------------------------------------------------------------

    @command
    def look(
        self,
        person: Person,  # noqa: ARG002
        *,
        source: Text,
        partials: Partials,
        examples: Text,
        values: Values | None = None,
        model: Name = "",
    ) -> Json:
        """What is wrong with the texts, and what a model would get. No `values`: samples."""
        texts = Texts(source, partials, examples)
        return prompts_view.looked(self._product.looking.look(texts, values, model or None))

    @command
    async def run(
        self,
        person: Person,
        *,
        source: Text,
        partials: Partials,
        examples: Text,
        values: Values,
        model: Name = "",
    ) -> Json:
        """Begin an answer of these texts."""
        texts = Texts(source, partials, examples)
        prompt = await asyncio.to_thread(self._product.looking.parse, texts)
        bench, draw = self._product.workbench, self._product.sandbox.render
        return self._runs.begin(
            person, lambda cancel: bench.run(person, prompt, values, model or None, cancel, draw)
        )

    @command
    def save(
        self,
        person: Person,
        *,
        prompt: Name,
        source: Text,
        partials: Partials,
        examples: Text,
        note: Line,
        parent: Hash | None = None,
        tests: Text | None = None,
    ) -> Json:
        """Save a version. Of a conflict theirs is told; of errors all of them.

        `tests`: those that a new prompt was taken in with.
        """
        try:
            stored = self._product.looking.examples(examples)
            saved = self._authoring.save(
                person, prompt, source, partials, stored, parent=parent, note=note
            )
        except VersionConflict as error:
            theirs = prompts_view.theirs(error.theirs)
            return {"error": str(error), "code": error.code, "theirs": theirs}
        except PromptInvalid as error:
            problems = [prompts_view.problem(one) for one in error.problems]
            return {"error": str(error), "code": error.code, "problems": problems}
        if tests and saved.new:
            self._authoring.save_tests(person, prompt, tests, parent=None)
        draft = self._authoring.open(person, prompt)
        return {
            "prompt": prompts_view.draft(draft) | self._where(person, draft),
            "new": saved.new,
        }

    # Stored turns --------------------------------------------------------------------------------

    @command
    def turns(self, person: Person, *, text: Name = "") -> Json:
        """Answered turns that may be asked again."""
        found = self._product.replay.turns(person, text)
        return {"turns": [prompts_view.glance(one) for one in found]}

    @command
    def turn(self, person: Person, *, message: Id) -> Json:
        """The values of a turn, and what was said."""
        return {"turn": prompts_view.replayed(self._product.replay.of(person, message))}

    # Files ---------------------------------------------------------------------------------------

    @command
    def take(self, person: Person, *, text: Text, name: Name = "") -> Json:
        """A prompt out of a file of Prompty, promptfoo or Langfuse; nothing is saved."""
        draft = self._authoring.take(person, text, name or None)
        return {"prompt": prompts_view.draft(draft)}

    @command
    def give(self, person: Person, *, version: Hash, form: Form) -> Json:
        """A version as the file of another program."""
        return {"text": self._authoring.give(person, version, form)}
