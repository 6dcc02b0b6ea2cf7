"""Loads the shop of the demo and clears it: its rows are known by their source, `demo:…`."""

from collections.abc import Callable
from dataclasses import dataclass

from chatbot.archive import Archive
from chatbot.desk import Desk
from chatbot.knowledge import Knowledge
from store.records import Person

SOURCE = "demo:"


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many of each there are now."""

    articles: int
    tickets: int


class Demo:
    """The shop's articles and tickets. For agents, authors and administrators."""

    def __init__(self, archive: Archive, knowledge: Knowledge, desk: Desk) -> None:
        self._archive = archive
        self._knowledge = knowledge
        self._desk = desk

    def is_loaded(self) -> bool:
        """Whether anything of the demo is here."""
        raise NotImplementedError

    def load(self, person: Person, tell: Callable[[int, int], None] | None = None) -> Loaded:
        """Put the shop in; what is there already stays. `tell`: done and total."""
        raise NotImplementedError

    def clear(self, person: Person) -> Loaded:
        """Take everything of the demo out for good, and nothing else; how many went."""
        raise NotImplementedError
