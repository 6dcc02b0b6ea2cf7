"""What agents can ask of the Desk: the queue, a ticket, and what happens to it. Shows nothing.

The desk's services ask for the role again and find tickets themselves: no id is believed.
"""

import base64
import binascii
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.desk import REASONS, Brought
from chatbot.errors import NotFound, Refused
from chatbot.ticket_files import SUFFIXES, read
from chatbot.views import Person
from ui.pages import desk_view
from ui.pages.commands import command
from ui.pages.desk_draft_commands import DeskDraftCommands
from ui.pages.desk_reply_commands import DeskReplyCommands, TicketId
from ui.pages.prompts_runs import Runs
from ui.pages.search_commands import Name

Json = dict[str, Any]
Limit = Annotated[int, Field(ge=1, le=500)]
Code = Annotated[str, Field(max_length=20)]

IMPORT_LIMIT = 4 * 2**20
"""Bytes of a file that the page may send; larger ones go through the command line."""
FEW = 3
"""Refused threads that are named in the sentence after an import."""
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv")
"""Offered to filter by and to translate to."""


class DeskCommands(DeskDraftCommands, DeskReplyCommands):
    """The commands of one product."""

    def __init__(self, product: Product, runs: Runs) -> None:
        super().__init__(product)
        self._runs = runs

    @command
    def start(self, person: Person) -> Json:
        """What a fresh page needs to know."""
        registry = self._product.registry
        local = registry.at_home()
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "people": [{"id": id_, "name": name} for id_, name in self._desk.agents(person)],
            "models": [
                {"label": one.label, "where": one.where, "host": registry.host(one.label)}
                for one in registry.list()
            ],
            "model": registry.resolve().label,
            "local": local.label if local else None,
            "languages": list(LANGUAGES),
            "translate": list(LANGUAGES),
            "reasons": list(REASONS),
            "import_limit": IMPORT_LIMIT,
        }

    # The queue -----------------------------------------------------------------------------------

    @command
    def queue(
        self,
        person: Person,
        *,
        which: Literal["mine", "new", "all"],
        text: Name = "",
        state: Code = "",
        language: Code = "",
        mood: Code = "",
        assignee: Name = "",
        sort: Literal["longest", "newest"] = "longest",
        limit: Limit = 50,
        ticket: Name = "",
        typing: bool = False,
    ) -> Json:
        """The tickets of a list that fit; with the open `ticket` also what is new there."""
        found = self._desk.queue(
            person,
            which=which,
            text=text,
            state=state,
            language=language,
            mood=mood,
            assignee="nobody" if assignee == "none" else assignee,
            sort=sort,
            limit=limit,
        )
        told = desk_view.queue(found)
        if ticket:
            shown = next((row for row in found.rows if row.id == ticket), None)
            told["stamp"] = desk_view.stamp(shown) if shown else ""
            told["others"] = desk_view.others(self._desk.here(person, ticket, typing))
        return told

    @command
    def bring(
        self,
        person: Person,
        *,
        name: Name,
        data: Annotated[str, Field(max_length=IMPORT_LIMIT * 4 // 3 + 8)],
        modified: Annotated[int, Field(ge=0, le=2**32)],
    ) -> Json:
        """Take in a file of tickets; `data` is its bytes in Base64.

        `modified`: when it was changed last, in seconds since 1970. Messages without a time get
        that one, so that the same file again is the same messages.
        """
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            raise Refused(
                f"{suffix or 'Such a file'} holds no tickets. Take {', '.join(SUFFIXES)}."
            )
        try:
            content = base64.b64decode(data, validate=True)
        except binascii.Error:
            raise Refused("The file did not arrive whole. Choose it again.") from None
        with tempfile.TemporaryDirectory() as folder:
            # Named by us: a name from a page never becomes a path.
            file = Path(folder) / f"tickets{suffix}"
            file.write_bytes(content)
            os.utime(file, (modified, modified))
            brought = self._desk.bring(person, read(file))
        return _brought(brought)

    # A ticket ------------------------------------------------------------------------------------

    @command
    def open(self, person: Person, *, ticket: TicketId) -> Json:
        """A ticket with its thread, unsent text, draft, and who else has it open."""
        box = self._product.settings.mailbox
        found = self._desk.open(person, ticket)
        return {"ticket": desk_view.ticket(found, mails=bool(box and box.smtp_host))}

    @command
    def card(self, person: Person, *, ticket: TicketId) -> Json:
        """The thread at a glance, and what its messages name."""
        found = self._desk.card(person, ticket)
        said = self._desk.look(person, ticket).said
        named = [desk_view.entities(self._product.analysis.entities(one.text)) for one in said]
        return {"card": desk_view.card(found), "entities": named}

    @command
    def away(self, person: Person, *, ticket: TicketId) -> Json:
        """The page has left the ticket."""
        self._desk.away(person, ticket)
        return {}

    @command
    def assign(self, person: Person, *, ticket: TicketId, whom: Name) -> Json:
        """Give a ticket to "me", to somebody, or with an empty `whom` to nobody."""
        to = person.public_id if whom == "me" else whom or None
        self._desk.assign(person, ticket, to)
        return {}

    @command
    def close_ticket(self, person: Person, *, ticket: TicketId) -> Json:
        """Close it."""
        self._desk.close(person, ticket)
        return {}

    @command
    def reopen(self, person: Person, *, ticket: TicketId) -> Json:
        """Take a closed one up again."""
        self._desk.reopen(person, ticket)
        return {}

    @command
    def merge(self, person: Person, *, ticket: TicketId, into: Name) -> Json:
        """Let the ticket of another number go on with this one."""
        other = self._numbered(person, into)
        self._desk.merge(person, ticket, other.id)
        return {"ticket": other.id, "number": other.number}

    def _numbered(self, person: Person, number: str) -> Any:
        for state in ("", "closed"):
            found = self._desk.queue(person, text=number, state=state)
            for row in found.rows:
                if str(row.number) == number:
                    return row
        raise NotFound(f"There is no ticket #{number}. Look its number up in the queue.")

    @command
    def settle(self, person: Person, *, reply: TicketId, again: bool) -> Json:
        """Decide about a mail that failed or may have gone out: send it `again`, or it arrived."""
        self._product.mailroom.settle(person, reply, again=again)
        return {}

    @command
    def flag(self, person: Person, *, answer: TicketId) -> Json:
        """Want a reviewer to look at an answer of the chat before it came here."""
        self._product.review.flag(person, answer)
        return {}

    @command
    def export(self, person: Person, *, ticket: TicketId) -> Json:
        """A ticket as a file."""
        name, text = self._desk.export(person, ticket)
        return {"name": name, "text": text}


def _brought(found: Brought) -> Json:
    parts = [
        f"{found.new:,} new" if found.new else "",
        f"{found.appended:,} with more messages" if found.appended else "",
        f"{found.known:,} known already" if found.known else "",
        f"{len(found.refused):,} refused" if found.refused else "",
    ]
    text = f"Tickets: {', '.join(filter(None, parts)) or 'none in this file'}."
    reasons = [
        f"{f'Line {one.line}: ' if one.line else ''}{one.reason}" for one in found.refused[:FEW]
    ]
    return {"text": " ".join([text, *reasons]), "refused": [one.reason for one in found.refused]}
