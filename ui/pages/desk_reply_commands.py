"""What agents can ask about a reply: keep it, check it, send it; macros and sources for it.

Texts of replies go to the services and are neither logged nor kept here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from chatbot import macros
from chatbot.bootstrap import Product
from chatbot.desk import Blocked, Reason, TextConflict
from chatbot.drafting import Check, changes
from chatbot.errors import NotFound
from chatbot.views import Person
from ui.pages import desk_view
from ui.pages.commands import command
from ui.pages.search_commands import Name, SearchCommands

Json = dict[str, Any]
TicketId = Annotated[str, Field(min_length=1, max_length=200)]
"""Something of the workspace's: everybody with the role may open it."""
Text = Annotated[str, Field(max_length=100_000)]
Facts = Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=12)]
Words = Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=50)]
Seconds = Annotated[int, Field(ge=0, le=10_000_000)]

FOUND = 8
"""Passages that a search for another source shows."""


Sources = Annotated[dict[Name, Annotated[int, Field(ge=1, le=99)]], Field(max_length=30)]
"""The sources of a reply as the page knows them: passages (ids), and the number of each."""


class DeskReplyCommands(SearchCommands):
    """The commands of one product."""

    def __init__(self, product: Product) -> None:
        super().__init__(product)
        self._product = product
        self._desk = product.desk

    # The unsent text -----------------------------------------------------------------------------

    @command
    def keep(
        self,
        person: Person,
        *,
        ticket: TicketId,
        text: Text,
        version: int,
        draft: Name,
        facts: Facts,
        confirmed: Words,
        sources: Sources,
    ) -> Json:
        """Keep the text for this and other devices, and say what stands in the way of sending."""
        try:
            version = self._desk.keep(
                person,
                ticket,
                text,
                version=version,
                draft=draft or None,
                facts=facts,
                confirmed=confirmed,
            )
        except TextConflict as error:
            return _conflict(error)
        checked = self._checked(person, ticket, text, facts, confirmed, sources)
        return {"version": version} | checked

    @command
    def check(
        self,
        person: Person,
        *,
        ticket: TicketId,
        text: Text,
        draft: Name,  # noqa: ARG002  the page gives what it gives `keep`
        facts: Facts,
        confirmed: Words,
        sources: Sources,
    ) -> Json:
        """What stands in the way of sending a text; keeps nothing."""
        return self._checked(person, ticket, text, facts, confirmed, sources)

    def _checked(
        self,
        person: Person,
        ticket: str,
        text: str,
        facts: Sequence[str],
        confirmed: Sequence[str],
        given: Mapping[str, int],
    ) -> Json:
        opened = self._desk.look(person, ticket)
        sources = self._desk.sources(person, ticket, given)
        found: Check = self._product.drafting.check(text, opened.said, sources, facts, confirmed)
        return {
            "marks": desk_view.marks(found.marks),
            "blocking": desk_view.marks(found.blocking),
        }

    @command
    def changes(self, person: Person, *, before: Text, after: Text) -> Json:  # noqa: ARG002
        """What differs between two texts, by words: `[kind, text, change]`."""
        tokens = changes(before, after)
        return {"tokens": [[one.kind, one.text, one.change] for one in tokens]}

    # Sending -------------------------------------------------------------------------------------

    @command
    def send(
        self,
        person: Person,
        *,
        ticket: TicketId,
        text: Text,
        draft: Name,
        facts: Facts,
        confirmed: Words,
        sources: Sources,
        seconds: Seconds,
        how: Literal["reply", "clipboard"],
        version: int,
        seen: Name,
    ) -> Json:
        """Send a reply; it can be taken back until the undo window has passed."""
        try:
            sending = self._desk.send(
                person,
                ticket,
                text,
                draft=draft or None,
                confirmed=confirmed,
                facts=facts,
                seconds=seconds,
                how=how,
                version=version,
                seen=seen or None,
                passages=sources,
            )
        except Blocked as error:
            told = {"error": str(error), "code": error.code}
            return told | {"marks": desk_view.marks(error.marks)}
        except TextConflict as error:
            return _conflict(error)
        left = (sending.until - datetime.now(UTC)).total_seconds()
        return {"sending": sending.id, "undo_s": max(0.0, left)}

    @command
    def unsend(self, person: Person, *, sending: TicketId) -> Json:
        """Take a reply back before it leaves."""
        taken = self._desk.unsend(person, sending)
        return {"text": taken.text, "stands": taken.stands}

    @command
    def explain(self, person: Person, *, reply: TicketId, reason: Reason) -> Json:
        """Say why the draft was changed."""
        self._desk.explain(person, reply, reason)
        return {}

    # Sources -------------------------------------------------------------------------------------

    @command
    def find(self, person: Person, *, text: Annotated[str, Field(max_length=1000)]) -> Json:
        """Passages for a question, internal ones too."""
        knowledge = self._product.knowledge
        internal = knowledge.may_see_internal(person)
        hits = knowledge.search(text, most=FOUND, internal=internal)
        return {"hits": [desk_view.hit(one) for one in hits]}

    @command
    def passage(self, person: Person, *, passage: TicketId) -> Json:
        """The article of a passage, and which of its passages that is."""
        article, number = self._product.knowledge.passage(person, passage)
        return {"article": desk_view.article(article), "number": number}

    # Macros --------------------------------------------------------------------------------------

    @command
    def macros(self, person: Person) -> Json:
        """Every macro with what it asks for."""
        return {"macros": [desk_view.macro(one) for one in self._product.macros.list(person)]}

    @command
    def fill(
        self,
        person: Person,
        *,
        ticket: TicketId,
        name: Name,
        values: Annotated[dict[Name, Annotated[str, Field(max_length=500)]], Field(max_length=40)],
    ) -> Json:
        """A macro's text for a ticket; what nobody filled in stays, and blocks sending."""
        book = self._product.macros
        macro = next((one for one in book.list(person) if one.name == name), None)
        if macro is None:
            raise NotFound(f"There is no macro /{name} any more. Choose another one.")
        opened = self._desk.look(person, ticket)
        known = book.known_of(
            customer=opened.row.customer,
            agent=person.name,
            company=self._product.settings.title,
            thread="\n".join(one.text for one in opened.said),
        )
        return {"text": macros.fill(macro.text, values, known)}

    @command
    def save_macro(self, person: Person, *, name: Name, title: Name, text: Text) -> Json:
        """Make a macro, or another wording of it."""
        return {"macro": desk_view.macro(self._product.macros.save(person, name, title, text))}

    @command
    def remove_macro(self, person: Person, *, name: Name) -> Json:
        """Remove a macro."""
        self._product.macros.remove(person, name)
        return {}


def _conflict(error: TextConflict) -> Json:
    """Both texts are the person's to compare."""
    return {
        "error": str(error),
        "code": error.code,
        "theirs": error.theirs,
        "who": error.who,
        "version": error.version,
        "sent": error.sent,
    }
