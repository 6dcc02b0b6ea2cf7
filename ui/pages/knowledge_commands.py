"""What the Knowledge page can ask, one method each: read and search for all who work with it.

Writing is for agents, authors and administrators; the service behind checks it. Files come in
pieces (`knowledge_uploads`), are read and taken in as works that the page follows.
"""

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.documents import LARGEST, SUFFIXES, Bad, Parsed, cut, parse_text, read
from chatbot.errors import Busy, Refused
from chatbot.learning.inside.views import Work
from chatbot.views import Person
from ui.guard import admit
from ui.pages import knowledge_view as view
from ui.pages.commands import command
from ui.pages.knowledge_uploads import PIECE, Uploads
from ui.pages.search_commands import Name, SearchCommands
from ui.pages.works import Works

Json = dict[str, Any]
Id = Annotated[str, Field(max_length=64)]
Text = Annotated[str, Field(max_length=4_000_000)]
Piece = Annotated[str, Field(max_length=PIECE * 4 // 3 + 8)]
Line = Annotated[str, Field(max_length=2_000)]
Source = Annotated[str, Field(max_length=500)]
Tags = Annotated[list[Name], Field(max_length=30)]
Visibility = Literal["public", "internal"]

WRITERS = ("agent", "author", "admin")
SHOWN = 12
"""Passages that a question shows."""
_PREVIEWED = 240
"""Passages that a preview shows at most."""


class KnowledgeCommands(SearchCommands):
    """The commands of one product."""

    def __init__(self, product: Product, works: Works, uploads: Uploads) -> None:
        super().__init__(product)
        self._product = product
        self._knowledge = product.knowledge
        self._works = works
        self._uploads = uploads
        self._topics = product.topics

    @command
    def start(self, person: Person) -> Json:
        """What a fresh page needs to know."""
        writes = not set(WRITERS).isdisjoint(person.roles)
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "writes": writes,
            "formats": list(SUFFIXES),
            "largest": LARGEST,
            "piece": PIECE,
            "state": view.state(self._knowledge.state()),
        }

    # Reading -------------------------------------------------------------------------------------

    @command
    def articles(
        self,
        person: Person,
        *,
        text: Name = "",
        visibility: Literal["", "public", "internal"] = "",
        tag: Name = "",
        after: Name | None = None,
    ) -> Json:
        """A page of the list, and how far the passages are."""
        found = self._knowledge.articles(
            person, text=text, visibility=visibility, tag=tag, after=after
        )
        return view.listing(found) | {"state": view.state(self._knowledge.state())}

    @command
    def article(self, person: Person, *, article: Name) -> Json:
        """An article with its passages and versions."""
        return {"article": view.article(self._knowledge.article(person, article))}

    @command
    def passage(self, person: Person, *, passage: Name) -> Json:
        """The article of a citation, and the passage's number."""
        found, number = self._knowledge.passage(person, passage)
        return {"article": view.article(found), "number": number}

    @command
    def ask(self, person: Person, *, question: Line, tag: Name = "") -> Json:
        """The passages that a question finds, with scores and reasons. Nothing is noted."""
        internal = self._knowledge.may_see_internal(person)
        tags = (tag,) if tag else ()
        found = self._knowledge.search(question, most=SHOWN, internal=internal, tags=tags)
        return view.hits(question, found, fitting=self._knowledge.is_fitting(found))

    @command
    def lacking(self, person: Person) -> Json:
        """Questions of the last 30 days that found nothing."""
        return view.lacks(self._knowledge.lacking(person))

    @command
    def topics(self, person: Person, *, days: Annotated[int, Field(ge=7, le=365)] = 90) -> Json:
        """What customers write about, week by week."""
        return view.topics(self._topics.clusters(person, days=days))

    # Writing -------------------------------------------------------------------------------------

    @command
    def preview(self, person: Person, *, title: Line, text: Text) -> Json:  # noqa: ARG002
        """The passages that a text would be cut into."""
        try:
            parsed = parse_text(text, title=title)
        except ValueError as error:
            raise Refused(str(error)) from None
        return view.cuts(parsed.title, cut(parsed)[:_PREVIEWED])

    @command
    def write(
        self,
        person: Person,
        *,
        article: Name | None,
        title: Line,
        text: Text,
        visibility: Visibility,
        tags: Tags,
        language: Annotated[str, Field(max_length=20)],
        valid_from: Annotated[str, Field(max_length=10)],
        valid_until: Annotated[str, Field(max_length=10)],
        base: int | None,
    ) -> Json:
        """Save an article; a conflict where somebody saved since `base`."""
        saved = self._knowledge.write(
            person,
            article,
            title=title,
            text=text,
            visibility=visibility,
            tags=tags,
            language=language,
            valid_from=_day(valid_from),
            valid_until=_day(valid_until),
            base_version=base,
        )
        return {"article": view.article(saved)}

    @command
    def show_to(self, person: Person, *, article: Name, visibility: Visibility) -> Json:
        """Say who may see an article."""
        self._knowledge.set_visibility(person, article, visibility)
        return {}

    @command
    def remove(self, person: Person, *, article: Name) -> Json:
        """Take an article out of everything; it can be brought back."""
        self._knowledge.remove(person, article)
        return {}

    @command
    def restore(self, person: Person, *, article: Name) -> Json:
        """Bring a removed article back."""
        self._knowledge.restore(person, article)
        return {}

    @command
    def drop_lack(self, person: Person, *, lack: Name) -> Json:
        """Take a question off the list of those that found nothing."""
        self._knowledge.drop_lack(person, lack)
        return {}

    # Files ---------------------------------------------------------------------------------------

    @command
    def put(
        self,
        person: Person,
        *,
        upload: Id,
        name: Source,
        size: int,
        start: Annotated[int, Field(ge=0)],
        data: Piece,
    ) -> Json:
        """One piece of a file."""
        self._may_write(person)
        return {"got": self._uploads.put(person, upload, name, size, start, data)}

    @command
    async def take(
        self, person: Person, *, upload: Id, name: Source, visibility: Visibility
    ) -> Json:
        """Begin to read a file that is here, into articles; it is followed as a work.

        `name` is the source by which its articles are known again. `visibility` is for new ones
        that do not say themselves who may see them.
        """
        self._may_write(person)
        path = await asyncio.to_thread(self._uploads.take, person, upload)

        def run(work: Work) -> Json:
            rows = read(path, tell=lambda done, of: work.now("Reading", done, of), source=name)
            wanted = _until(work, rows)
            return view.added(self._knowledge.add(person, wanted, visibility=visibility))

        def throw_away() -> None:
            path.unlink(missing_ok=True)

        try:
            return self._works.begin(person, run, after=throw_away)
        except Busy:
            throw_away()
            raise

    @command
    async def follow(self, person: Person, *, work: Id) -> Json:
        """How far a file is, or what it gave."""
        return await self._works.follow(person, work)

    @command
    async def stop(self, person: Person, *, work: Id) -> Json:
        """End the reading of a file; articles that are in stay."""
        self._works.stop(person, work)
        return {}

    def _may_write(self, person: Person) -> None:
        admit(person, WRITERS)


def _until(work: Work, rows: Iterator[Parsed | Bad]) -> Iterator[Parsed | Bad]:
    """Articles as they are read, until somebody stops the work."""
    for row in rows:
        if work.cancel.cancelled:
            return
        yield row


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused("A day is written as 2026-03-31.") from None
