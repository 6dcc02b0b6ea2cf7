"""What the tab Compare can ask, one method each: comparisons, questions, answers, votes.

For authors, reviewers and administrators. Questions and answers go to the service and are neither
logged nor kept here.
"""

import asyncio
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chatbot.bootstrap import Product
from chatbot.comparing import Choice, Place
from chatbot.views import Person
from ui.pages import models_compare_view as view
from ui.pages.commands import command
from ui.pages.prompts_runs import Runs
from ui.pages.search_commands import Name

Json = dict[str, Any]
ComparisonId = Annotated[str, Field(min_length=1, max_length=200)]
"""Something of the workspace's: everybody with the role may open it."""
Id = Annotated[str, Field(max_length=64)]
"""A question: the person's who asked it."""
Text = Annotated[str, Field(max_length=100_000)]


class SideForm(BaseModel):
    """A side as the page names it; an empty version is the one in production."""

    model_config = ConfigDict(strict=True, extra="forbid")

    model: Name
    prompt: Name
    version: Name = ""


class CompareCommands:
    """The commands of one product."""

    def __init__(self, product: Product, runs: Runs) -> None:
        self._product = product
        self._comparing = product.comparing
        self._runs = runs

    @command
    def start(self, person: Person) -> Json:
        """What there is to choose from."""
        registry = self._product.registry
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "models": [
                {"label": one.label, "where": one.where, "host": registry.host(one.label)}
                for one in registry.list()
            ],
            "model": registry.resolve(None).label,
            "prompts": [view.prompt(one) for one in self._comparing.prompts(person)],
            "prompt": self._product.settings.prompt,
        }

    @command
    def comparisons(self, person: Person) -> Json:
        """Every comparison with how it stands, and every side over all of them."""
        return {
            "comparisons": [view.standing(one) for one in self._comparing.standings(person)],
            "table": [view.line(one) for one in self._comparing.table(person)],
        }

    @command
    def make(self, person: Person, *, left: SideForm, right: SideForm, blind: bool) -> Json:
        """Begin a comparison."""
        sides = [(one.model, one.prompt, one.version) for one in (left, right)]
        return {"comparison": view.standing(self._comparing.make(person, *sides, blind=blind))}

    @command
    def open(self, person: Person, *, comparison: ComparisonId) -> Json:
        """A comparison, and one's own questions of it."""
        return {
            "comparison": view.standing(self._comparing.get(person, comparison)),
            "mine": [view.voted(one) for one in self._comparing.mine(person, comparison)],
        }

    @command
    def remove(self, person: Person, *, comparison: ComparisonId) -> Json:
        """Remove a comparison with its votes."""
        self._comparing.remove(person, comparison)
        return {}

    @command
    def ask(self, person: Person, *, comparison: ComparisonId, question: Text) -> Json:
        """Keep a question for both sides."""
        return {"asked": view.asked(self._comparing.ask(person, comparison, question))}

    @command
    async def answer(self, person: Person, *, asked: Id, place: Place) -> Json:
        """Begin one of the two answers."""
        # Asked here, so that a question of somebody else's is refused before anything begins.
        await asyncio.to_thread(self._comparing.waiting, person, asked, place)
        return self._runs.begin(
            person, lambda cancel: self._comparing.answer(person, asked, place, cancel)
        )

    @command
    async def follow(self, person: Person, *, work: Name, have: int) -> Json:
        """What was written after the first `have` characters."""
        return await self._runs.follow(person, work, have)

    @command
    async def stop(self, person: Person, *, work: Name) -> Json:
        """End an answer early."""
        self._runs.stop(person, work)
        return {}

    @command
    def vote(self, person: Person, *, asked: Id, choice: Choice) -> Json:
        """Say which answer was better, and learn which is which."""
        voted = self._comparing.vote(person, asked, choice)
        return {"voted": view.voted(voted)}
