"""What agents can ask models for: drafts, rewrites, refined texts; begun, followed, stopped.

    draft | rework | refine ─▶ {"work": id}      follow(work, have) ─▶ text, then {"ended": …}

A run's text goes to the person who began it and is not logged; ended drafts are kept by the desk.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from chatbot.backends.cancel import CancelToken
from chatbot.drafting import ReworkTold, Want
from chatbot.drafting.leaving import Leaves
from chatbot.masking import masked_words
from chatbot.views import Person
from ui.pages import desk_view
from ui.pages.commands import command
from ui.pages.desk_reply_commands import DeskReplyCommands, Facts, Sources, Text, TicketId
from ui.pages.prompts_runs import Runs
from ui.pages.search_commands import Name

Json = dict[str, Any]
Instruction = Annotated[str, Field(max_length=1000)]
Selection = Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=2)]
Variant = Annotated[int, Field(ge=0, le=20)]
KEPT = "Numbers, links and names kept."


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text that is written; `beside` comes before it, `ended` at its end."""

    text: str = ""
    ended: Json | None = None
    beside: Json | None = None


class DeskDraftCommands(DeskReplyCommands):
    """The commands of one product. `_runs` are the page's."""

    _runs: Runs

    @command
    async def draft(
        self,
        person: Person,
        *,
        ticket: TicketId,
        tone: Name = "",
        facts: Facts,
        instruction: Instruction = "",
        model: Name = "",
        variant: Variant = 0,
    ) -> Json:
        """Begin a draft for a ticket."""
        asked: Json = {"tone": tone, "facts": tuple(facts), "instruction": instruction}
        asked |= {"model": model, "variant": variant}
        how = {name: value for name, value in asked.items() if value}

        def start(cancel: CancelToken) -> AsyncGenerator[Piece]:
            return self._draft(person, ticket, cancel, how)

        return self._runs.begin(person, start)

    async def _draft(
        self, person: Person, ticket: str, cancel: CancelToken, how: Json
    ) -> AsyncGenerator[Piece]:
        async with aclosing(self._desk.draft(person, ticket, cancel, **how)) as told:
            async for one in told:
                if one.sources is not None:
                    yield Piece(beside={"sources": [desk_view.source(s) for s in one.sources]})
                if one.text:
                    yield Piece(one.text)
                if one.ended is not None:
                    kept = await asyncio.to_thread(self._desk.drafted, person, ticket)
                    draft = desk_view.draft(kept) if kept else None
                    yield Piece(ended={"draft": draft})

    @command
    def leaving(self, person: Person, *, ticket: TicketId, model: Name, facts: Facts) -> Json:
        """What would leave this machine for a draft of a ticket."""
        product = self._product
        looks = Leaves(
            product.registry,
            product.releases,
            product.knowledge,
            workspace=product.settings.workspace,
        )
        opened = self._desk.look(person, ticket)
        found = looks.of(
            person,
            opened.said,
            model=model,
            agent=person.name,
            facts=facts,
            subject=opened.row.subject,
        )
        return {
            "model": found.model,
            "leaves": found.leaves,
            "host": found.host,
            "count": len(found.messages),
            "masked": None if found.masked is None else masked_words(found.masked),
            "values": sum((found.masked or {}).values()),
            "messages": found.messages,
        }

    @command
    async def rework(
        self,
        person: Person,
        *,
        ticket: TicketId,
        text: Text,
        selection: Selection,
        want: Want,
        language: Name = "",
        model: Name = "",
    ) -> Json:
        """Begin to rewrite a text, or the part of it from the first to the second place."""
        await asyncio.to_thread(self._desk.look, person, ticket)
        part = (selection[0], selection[1]) if len(selection) == 2 else None

        def start(cancel: CancelToken) -> AsyncGenerator[Piece]:
            told = self._product.drafting.rework(
                person,
                text,
                cancel,
                selection=part,
                want=want,
                language=language,
                model=model or None,
            )
            return _reworked(told)

        return self._runs.begin(person, start)

    @command
    async def refine(
        self,
        person: Person,
        *,
        ticket: TicketId,
        text: Text,
        instruction: Instruction,
        sources: Sources,
        facts: Facts,
        model: Name = "",
    ) -> Json:
        """Begin to change a text as a sentence says."""
        opened = await asyncio.to_thread(self._desk.look, person, ticket)
        known = await asyncio.to_thread(self._desk.sources, person, ticket, sources)

        def start(cancel: CancelToken) -> AsyncGenerator[Piece]:
            told = self._product.drafting.refine(
                person,
                opened.said,
                text,
                instruction,
                known,
                cancel,
                facts=tuple(facts),
                model=model or None,
            )
            return _reworked(told)

        return self._runs.begin(person, start)

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


async def _reworked(told: AsyncGenerator[ReworkTold]) -> AsyncGenerator[Piece]:
    async with aclosing(told) as pieces:
        async for one in pieces:
            if one.text:
                yield Piece(one.text)
            if one.ended is not None:
                notes = " ".join([KEPT, *one.notes])
                yield Piece(ended={"text": one.ended, "note": notes})
