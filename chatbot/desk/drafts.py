"""Drafts of a ticket: asked for by an agent, or made ahead so that one waits; and unsent texts.

A draft is kept with its sources and versions. One that still answers what the customer said last is
told again at once. Drafts that nobody asked for are made one at a time, and only while no answer is
being written: chat comes first.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from chatbot.analysis.views import Said
from chatbot.backends.cancel import CancelToken
from chatbot.desk import making
from chatbot.desk.errors import TextConflict
from chatbot.desk.parts import Part, Parts, require_agent
from chatbot.desk.reading import Reading
from chatbot.desk.views import StoredDraft
from chatbot.drafting import Draft, Told
from chatbot.monitoring import ends
from store import accounts, ticket_replies, ticket_texts, ticket_threads, tickets
from store.records import Person
from store.ticket_records import Ticket, TicketDraft

if TYPE_CHECKING:
    from store.engine import Session

log = logging.getLogger(__name__)

AHEAD = 20
"""Of the newest tickets that wait and that nobody has, so many get a draft ahead."""
LOOK_EVERY = 1.0
"""Seconds between two looks for tickets that have no draft."""
WATCH_EVERY = 0.1
"""Seconds between two looks whether an answer is being written."""
CLAIMED = 120
"""Seconds for which a ticket is drafted for by one process; then another may."""
AFTER_FAILURE = 30.0
"""Seconds without drafts ahead after two in a row that failed, and for which a ticket is left alone
after its first failure, twice as long after each more."""
LONGEST_REST = 3600.0
"""Seconds for which a ticket is left alone at most."""
THREAD = 60
"""Messages of a thread that a draft is made from, the last ones."""


@dataclass(frozen=True, slots=True)
class Drafted(Told):
    """The end of a draft, with the id under which it is kept."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a draft is made from. `last`: the customer's last message (public id)."""

    ticket: Ticket
    thread: list[Said]
    last: str | None
    stored: TicketDraft | None


@dataclass(slots=True)
class _Rest:
    """A ticket whose draft ahead failed `times` times, left alone until then (monotonic)."""

    times: int = 0
    until: float = 0.0

    def begin(self) -> None:
        self.until = time.monotonic() + min(AFTER_FAILURE * 2**self.times, LONGEST_REST)
        self.times += 1


class Drafts(Part):
    """Drafts and unsent texts."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._resting: dict[int, _Rest] = {}

    def keep(
        self,
        person: Person,
        ticket: str,
        text: str,
        *,
        version: int,
        draft: str | None = None,
        facts: Sequence[str] = (),
        confirmed: Sequence[str] = (),
    ) -> int:
        """Keep the unsent text; the new version. `version`: the one that it was made from.

        Raises NotAllowed, NotFound, TextTooLong, UnstorableText, TextConflict (with the other text)
        when somebody wrote meanwhile.
        """
        self._parts.check_length(text)
        with self._archive.main.writing() as session:
            require_agent(session, person)
            found = tickets.get(session, ticket)
            begun = ticket_texts.draft(session, found.id, draft) if draft else None
            kept = ticket_texts.put_text(
                session,
                found.id,
                text,
                version=version,
                writer_id=person.id,
                draft_id=begun.id if begun else None,
                facts=facts,
                confirmed=confirmed,
            )
            if kept is not None:
                return kept
            theirs = ticket_texts.text(session, found.id)
            last = ticket_replies.last(session, tickets.family(session, found.id))
        if theirs is None:
            raise TextConflict("", None, 0)
        if last is not None and not theirs.text:  # it was sent
            raise TextConflict(last.text, last.author, theirs.version, sent=True)
        raise TextConflict(theirs.text, theirs.writer, theirs.version)

    def drafted(self, person: Person, ticket: str) -> StoredDraft | None:
        """The draft that was made last, if any was. Raises NotAllowed, NotFound."""
        with self._archive.main.reading() as session:
            require_agent(session, person)
            asked = self._asked(session, ticket)
        return making.draft(asked.stored, asked.last) if asked.stored else None

    async def draft(
        self, person: Person, ticket: str, cancel: CancelToken, **how: Any
    ) -> AsyncGenerator[Told, None]:
        """Draft a reply (arguments as for Drafting.draft); the ended draft is stored.

        The last that is told is a `Drafted`. Without `how`, a stored draft that still answers what
        the customer said last is told at once. Raises NotAllowed, NotFound, BackendError …
        """
        asked = await asyncio.to_thread(self._ask, person, ticket)
        if not how and asked.stored is not None and asked.stored.answers == asked.last:
            again = await asyncio.to_thread(self._again, asked, asked.stored)
            yield Told(sources=again.sources)
            yield Drafted(ended=again, id=asked.stored.public_id)
            return
        try:
            async with aclosing(self._written(person, asked, cancel, how)) as told:
                async for each in told:
                    yield each
        finally:
            await asyncio.shield(asyncio.to_thread(self._let_go, asked.ticket.id))

    async def _written(
        self, person: Person, asked: _Asked, cancel: CancelToken, how: dict[str, Any]
    ) -> AsyncGenerator[Told, None]:
        how = {"agent": person.name, **how}
        subject = asked.ticket.subject
        pieces = self._parts.drafting.draft(person, asked.thread, cancel, subject=subject, **how)
        async with aclosing(pieces):
            async for each in pieces:
                if each.ended is None or each.ended.status == "stopped":
                    yield each
                    continue
                kept = await asyncio.to_thread(self._store, person, asked, each.ended, how)
                _tell(each.ended, kept)
                yield Drafted(each.sources, each.text, each.ended, kept)

    def _ask(self, person: Person, ticket: str) -> _Asked:
        with self._archive.main.writing() as session:
            require_agent(session, person)
            asked = self._asked(session, ticket)
            if asked.stored is None or asked.stored.answers != asked.last:
                tickets.mark(session, asked.ticket.id, drafting_until=tickets.soon(CLAIMED))
        return asked

    def _asked(self, session: "Session", ticket: str) -> _Asked:
        found = tickets.get(session, ticket)
        said = ticket_threads.read(session, found, limit=THREAD)
        last = next((each.public_id for each in reversed(said) if each.role == "customer"), None)
        stored = ticket_texts.newest_draft(session, found.id)
        return _Asked(found, [making.said(each) for each in said], last, stored)

    def _again(self, asked: _Asked, stored: TicketDraft) -> Draft:
        """A stored draft as it was told, checked against the thread as it is now."""
        sources = making.sources(stored)
        check = self._parts.drafting.check(stored.text, asked.thread, sources)
        return Draft(
            text=stored.text,
            sources=sources,
            missing=tuple(stored.missing),
            unsupported=tuple(stored.unsupported),
            marks=check.marks,
            language=stored.language,
            model=stored.model,
            prompt=stored.prompt,
            version=stored.version,
            number=stored.number or 0,
            release_id=stored.release_id,
            first_s=stored.first_s,
            total_s=stored.total_s or 0,
            notes=tuple(stored.notes),
        )

    def _store(self, person: Person, asked: _Asked, ended: Draft, how: dict[str, Any]) -> str:
        made_for = None if person.id == self._parts.local_person else person.id
        with self._archive.main.writing() as session:
            kept = ticket_texts.add_draft(
                session,
                asked.ticket.id,
                made_for,
                answers=asked.last,
                text=ended.text,
                sources=[asdict(each) for each in ended.sources],
                missing=list(ended.missing),
                unsupported=list(ended.unsupported),
                notes=list(ended.notes),
                language=ended.language,
                model=ended.model,
                prompt=ended.prompt,
                version=ended.version,
                number=ended.number,
                release_id=ended.release_id,
                tone=str(how.get("tone", "")),
                instruction=str(how.get("instruction", "")),
                variant=int(how.get("variant", 0)),
                first_s=ended.first_s,
                total_s=ended.total_s,
            )
            tickets.mark(session, asked.ticket.id, draft=_note(ended), drafting_until=None)
        return kept.public_id

    def _let_go(self, ticket_id: int) -> None:
        with self._archive.main.writing() as session:
            tickets.mark(session, ticket_id, drafting_until=None)

    # Ahead ---------------------------------------------------------------------------------------

    async def keep_drafted(self) -> None:
        """See what customers wrote, and draft for tickets that came, until cancelled.

        For the server only.
        """
        failed = False
        while True:
            pause = LOOK_EVERY
            try:
                await asyncio.to_thread(Reading(self._parts).read_new)
                if not self._is_busy() and self._parts.drafts_ahead() and await self.draft_ahead():
                    failed = False
            except Exception as error:  # noqa: BLE001  the next look may succeed
                log.warning("no draft was made ahead: %s", type(error).__name__)
                # One may be the ticket's fault; two in a row are the model's or the database's.
                pause, failed = AFTER_FAILURE if failed else LOOK_EVERY, True
            await asyncio.sleep(pause)

    async def draft_ahead(self) -> bool:
        """Draft for one ticket that has no draft; whether there was one. Stops for a chat.

        One that fails is left alone for a while. Raises what `draft` does.
        """
        claimed = await asyncio.to_thread(self._claim)
        if claimed is None:
            return False
        person, ticket = claimed
        cancel = CancelToken()
        watch = asyncio.create_task(self._make_way(cancel))
        try:
            async for _ in self.draft(person, ticket.public_id, cancel):
                pass
            self._resting.pop(ticket.id, None)
        except Exception:
            self._resting.setdefault(ticket.id, _Rest()).begin()
            raise
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        return True

    def _claim(self) -> tuple[Person, Ticket] | None:
        moment = time.monotonic()
        self._resting = {
            ticket: rest
            for ticket, rest in self._resting.items()
            if rest.until > moment - LONGEST_REST
        }
        resting = [ticket for ticket, rest in self._resting.items() if rest.until > moment]
        with self._archive.main.writing() as session:
            found = tickets.claim_draft(session, tickets.soon(CLAIMED), AHEAD, resting)
            if found is None:
                return None
            return accounts.person(session, self._parts.local_person), found

    async def _make_way(self, cancel: CancelToken) -> None:
        """Stop a draft as soon as somebody asks something in a chat."""
        while not self._is_busy():  # noqa: ASYNC110  the chat rings no bell
            await asyncio.sleep(WATCH_EVERY)
        cancel.cancel()

    def _is_busy(self) -> bool:
        return any(not job.turn.done for job in self._parts.chat.jobs)


def _tell(ended: Draft, kept: str) -> None:
    """A line of the log for a draft that ended; `kept`: its public id."""
    figures = ends.Figures(
        model=ended.model,
        prompt=ended.prompt,
        version=ended.version,
        release=ended.release_id,
        first_s=ended.first_s,
        total_s=ended.total_s,
    )
    ends.ended("desk", ended.status, figures, turn=kept)


def _note(ended: Draft) -> str:
    """How a draft stands in the queue."""
    return f"needs {ended.missing[0]}"[:200] if ended.missing else "ready"
