"""The one door of the review."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.options import Options
from chatbot.review.views import (
    Agreement,
    Choices,
    Comment,
    Filters,
    Item,
    Note,
    Queue,
    Row,
    Shape,
    Which,
)
from chatbot.tracing import Traces
from store.records import Person

NOTHING = Filters()


class Review:
    """Items for reviewers. Blocking: call it from threads. `workspace`: a name that is no secret.

    Only people who are reviewers in the database may use it, but for what says otherwise. A
    foreign or unknown id is NotFound.
    """

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        options: Options,
        traces: Traces,
        analysis: Analysis,
        workspace: str,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._options = options
        self._traces = traces
        self._analysis = analysis
        self._workspace = workspace

    def queue(
        self,
        person: Person,
        *,
        which: Which = "open",
        filters: Filters = NOTHING,
        text: str = "",
        limit: int = 50,
        after: str | None = None,
    ) -> Queue:
        raise NotImplementedError

    def waiting(self, person: Person) -> int:
        return 0

    def choices(self, person: Person) -> Choices:
        raise NotImplementedError

    def open(self, person: Person, item: str) -> Item:
        raise NotImplementedError

    def take_over(self, person: Person, item: str) -> None:
        raise NotImplementedError

    def judge(
        self,
        person: Person,
        item: str,
        *,
        rating: Literal[-1, 0, 1],
        text: str | None = None,
        tags: Sequence[str] = (),
        note: str = "",
        use: bool = True,
        seen: str | None = None,
    ) -> Row | None:
        """The next open row, if there is one."""
        raise NotImplementedError

    def bulk(
        self,
        person: Person,
        items: Sequence[str],
        *,
        rating: Literal[-1, 0, 1] | None = None,
        tag: str = "",
        second: bool | None = None,
    ) -> int:
        raise NotImplementedError

    def flag(self, person: Person, message: str, note: str = "") -> str:
        """Returns the item's id."""
        raise NotImplementedError

    def unflag(self, person: Person, message: str) -> None:
        raise NotImplementedError

    def comment(self, person: Person, item: str, text: str) -> Comment:
        raise NotImplementedError

    def comments(self, person: Person, item: str) -> list[Comment]:
        raise NotImplementedError

    def ask_second(self, person: Person, item: str, on: bool) -> None:  # noqa: FBT001
        raise NotImplementedError

    def agreement(self, person: Person, days: int = 30) -> Agreement:
        raise NotImplementedError

    def reviewed(self, person: Person, since: datetime) -> int:
        """How many items were judged since then."""
        raise NotImplementedError

    def export(
        self,
        person: Person,
        filters: Filters,
        shape: Shape,
        out: Path | BinaryIO,
        *,
        masked: bool = True,
    ) -> int:
        raise NotImplementedError

    def notes_for(self, person: Person, prompt: str, version: str = "") -> list[Note]:
        raise NotImplementedError
