"""What everybody can ask of the Prompts page, one method each: published task prompts as tools.

What is filled in goes to the model and is neither stored nor logged.
"""

import asyncio
from typing import Annotated, Any

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.views import Person
from ui.pages import prompts_view
from ui.pages.commands import command
from ui.pages.prompts_runs import Runs
from ui.pages.search_commands import Name, SearchCommands

Json = dict[str, Any]
AUTHORS = ("author", "admin")
Values = Annotated[Json, Field(max_length=60)]


class PromptsCommands(SearchCommands):
    """The commands of one product."""

    def __init__(self, product: Product, runs: Runs) -> None:
        super().__init__(product)
        self._product = product
        self._runs = runs

    @command
    def start(self, person: Person) -> Json:
        """What a fresh page needs to know."""
        registry = self._product.registry
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "writes": not set(AUTHORS).isdisjoint(person.roles),
            "models": [
                prompts_view.model(one, registry.host(one.label)) for one in registry.list()
            ],
            "model": registry.resolve().label,
        }

    @command
    def tools(self, person: Person) -> Json:  # noqa: ARG002
        """Every tool with its form."""
        return {"tools": [prompts_view.tool(one) for one in self._product.workbench.tools()]}

    @command
    def tool(self, person: Person, *, name: Name) -> Json:
        """A tool with its form."""
        return {"tool": prompts_view.tool(self._product.workbench.tool(person, name))}

    @command
    async def use(self, person: Person, *, name: Name, values: Values, model: Name = "") -> Json:
        """Begin an answer of a tool. An empty `model` is the default one."""
        bench = self._product.workbench
        prompt = (await asyncio.to_thread(bench.tool, person, name)).prompt
        return self._runs.begin(
            person, lambda cancel: bench.run(person, prompt, values, model or None, cancel)
        )

    @command
    async def follow(
        self, person: Person, *, work: Name, have: Annotated[int, Field(ge=0)] = 0
    ) -> Json:
        """What a run has written after its first `have` characters, and how it ended."""
        return await self._runs.follow(person, work, have)

    @command
    async def stop(self, person: Person, *, work: Name) -> Json:
        """End a run early; `follow` tells what it has."""
        self._runs.stop(person, work)
        return {}
