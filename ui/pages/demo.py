"""The demo's shop on the pages that may be empty: offered, put in, taken out.

#demo-data   its commands   (carrier, on the Desk and the Knowledge page)
"""

from typing import Any

from chatbot.bootstrap import Product
from chatbot.learning.inside.views import Work
from chatbot.views import Person
from ui.pages.commands import calling, command
from ui.pages.frame import island
from ui.pages.search_commands import Name
from ui.pages.works import Works

Json = dict[str, Any]
ROLES = ("agent", "admin")


class DemoCommands:
    """The commands of one product, for agents and administrators."""

    def __init__(self, product: Product, works: Works) -> None:
        self._demo = product.demo
        self._works = works

    @command
    def facts(self, person: Person) -> Json:
        """Whether to offer it, and whether there is something of it to take out."""
        return {"wanted": self._demo.is_wanted(person), "loaded": self._demo.is_loaded()}

    @command
    async def load(self, person: Person) -> Json:
        """Begin to put it in; it is followed as a work."""

        def run(work: Work) -> Json:
            self._demo.load(person, lambda done, of: work.now("Demo", done, of))
            return {}

        return self._works.begin(person, run)

    @command
    async def follow(self, person: Person, *, work: Name) -> Json:
        """How far it is."""
        return await self._works.follow(person, work)

    @command
    def clear(self, person: Person) -> Json:
        """Take everything of it out, and nothing else."""
        self._demo.clear(person)
        return {}


def carry(product: Product) -> Works:
    """Put the carrier into the page that is being built. Returns its works, to be closed."""
    works = Works()
    commands = calling(product, DemoCommands(product, works), ROLES)
    island("demo-data", calls=[commands], visible=False)
    return works
