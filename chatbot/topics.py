"""What people write about: clusters of tickets and conversations, week by week."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from chatbot.archive import Archive
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Example:
    """A masked text of a topic and what it comes from: a ticket's or a conversation's id."""

    text: str
    where: str
    source: str


@dataclass(frozen=True, slots=True)
class Topic:
    """One cluster: named by its typical words; `weeks` counts texts by the week's Monday (UTC)."""

    name: str
    size: int
    weeks: tuple[tuple[date, int], ...]
    examples: tuple[Example, ...]


class Topics:
    """Groups what customers wrote. For agents, reviewers, authors and administrators."""

    def __init__(self, archive: Archive, open_encoder: "Callable[[], Encoder | None]") -> None:
        self._archive = archive
        self._open_encoder = open_encoder

    def clusters(self, person: Person, *, days: int = 90, channel: str = "") -> list[Topic]:
        """Topics of the last `days`, the largest first. Raises NotAllowed."""
        raise NotImplementedError
