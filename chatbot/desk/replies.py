"""Replies: written down by an agent, taken back within the undo window, explained.

What may not leave is looked for here once more, whatever the page said. Of two agents who answer at
the same moment the second is shown what the first one wrote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from chatbot.desk import making
from chatbot.desk.errors import Blocked, TextConflict
from chatbot.desk.parts import Part, require_agent
from chatbot.desk.views import REASONS, How, Sending, Source, TakenBack
from chatbot.drafting import distance
from chatbot.errors import Conflict, NotFound, Refused
from store import (
    ticket_presence,
    ticket_replies,
    ticket_texts,
    ticket_threads,
    tickets,
)
from store.engine import Session
from store.records import Person
from store.ticket_records import Reply, State, Ticket, TicketDraft

THREAD = 200
"""Messages of a thread in which values may stand that a reply names."""

NO_PASSAGES: Mapping[str, int] = MappingProxyType({})

CLOSED = "This ticket was closed meanwhile. Reopen it, then send the reply."
NO_WAY = (
    "This ticket came from a file, so no reply can reach its customer from here. "
    "Copy the reply and send it where the customer wrote."
)
NO_ADDRESS = "This ticket has no e-mail address. Copy the reply and send it another way."
GONE = "This reply has left already."


class Replies(Part):
    """Replies on their way out."""

    def send(
        self,
        person: Person,
        ticket: str,
        text: str,
        *,
        draft: str | None,
        confirmed: Sequence[str] = (),
        facts: Sequence[str] = (),
        seconds: int,
        how: How = "reply",
        version: int | None = None,
        seen: str | None = None,
        passages: Mapping[str, int] = NO_PASSAGES,
    ) -> Sending:
        """Write the reply down; it leaves when the undo window has passed.

        `seconds`: how long the agent took. `version`: that of the unsent text which is sent;
        `seen`: the last message (id) that the agent saw. `passages`: those that the agent was
        shown or found (ids), by the numbers that the text cites them with.

        Raises:
            Blocked: marks in the text must be filled in or confirmed.
            TextConflict: somebody else answered, or changed the text, meanwhile.
            Refused: no reply reaches this customer from here; copy it (`how="clipboard"`).
            Conflict: the ticket was closed.
            EmptyText, TextTooLong, UnstorableText, NotFound, NotAllowed.
        """
        self._parts.check(text)
        begun = self._checked(person, ticket, text, draft, facts, confirmed, passages)
        with self._archive.main.writing() as session:
            require_agent(session, person)
            found = tickets.lock(session, ticket)
            if found.state == "closed":
                raise Conflict(CLOSED)
            if how == "reply":
                _require_way(found)
            self._refuse_second(session, person, found, version, seen)
            made = ticket_replies.add(
                session,
                found.id,
                person.id,
                text=text,
                how=how,
                due_at=tickets.soon(self._parts.undo_seconds),
                seconds=max(0, seconds),
                draft_id=begun.id if begun else None,
                distance=distance(begun.text, text) if begun else None,
                facts=facts,
                confirmed=confirmed,
            )
            ticket_texts.put_text(session, found.id, "", version=None, writer_id=person.id)
            state: State = "open" if found.state == "new" else found.state
            tickets.change(session, found, state=state, assignee_id=found.assignee_id or person.id)
        return Sending(made.public_id, made.due_at)

    def _checked(
        self,
        person: Person,
        ticket: str,
        text: str,
        draft: str | None,
        facts: Sequence[str],
        confirmed: Sequence[str],
        passages: Mapping[str, int],
    ) -> TicketDraft | None:
        """The draft that a reply began from. Raises Blocked."""
        with self._archive.main.reading() as session:
            require_agent(session, person)
            found = tickets.get(session, ticket)
            begun = ticket_texts.draft(session, found.id, draft) if draft else None
            # Values may come from the sources of any draft that the agent has seen.
            latest = ticket_texts.newest_draft(session, found.id)
            said = ticket_threads.read(session, found, limit=THREAD)
        given = begun or latest
        stored = making.sources(given) if given else ()
        named = self._named(person, stored, passages)
        sources = [*named, *(one for one in stored if one.passage not in passages)]
        thread = [making.said(each) for each in said]
        check = self._parts.drafting.check(text, thread, sources, facts, confirmed)
        if check.blocking:
            raise Blocked(check.blocking)
        return begun

    def sources(
        self, person: Person, ticket: str, passages: Mapping[str, int]
    ) -> tuple[Source, ...]:
        """The passages (ids) of a reply under its numbers; one that is gone stands for nothing.

        Those of the newest draft are as they were then. Raises NotAllowed, NotFound.
        """
        with self._archive.main.reading() as session:
            require_agent(session, person)
            latest = ticket_texts.newest_draft(session, tickets.get(session, ticket).id)
        return self._named(person, making.sources(latest) if latest else (), passages)

    def _named(
        self, person: Person, stored: Sequence[Source], passages: Mapping[str, int]
    ) -> tuple[Source, ...]:
        known = {one.passage: one for one in stored}
        found = []
        for passage, number in passages.items():
            one = known.get(passage) or self._passage(person, passage)
            if one is not None:
                found.append(replace(one, n=number))
        return tuple(found)

    def _passage(self, person: Person, passage: str) -> Source | None:
        try:
            article, number = self._parts.knowledge.passage(person, passage)
        except NotFound:
            return None
        pieces = (each for each in article.pieces if each.number == number)
        piece = next(pieces, None)
        return None if piece is None else making.source(article, piece)

    def _refuse_second(
        self,
        session: Session,
        person: Person,
        found: Ticket,
        version: int | None,
        seen: str | None,
    ) -> None:
        """Refuse when somebody answered since this person looked, or changed the text."""
        family = tickets.family(session, found.id)
        work = ticket_texts.text(session, found.id)
        at = work.version if work else 0
        same = version is not None and version == at
        last = ticket_replies.last(session, family)
        if last is not None and not same:
            waits = last.state == "waiting"  # without a version: sent twice by a second click
            newer = waits or self._came_after(session, person, found, last, seen)
            if newer and (waits or last.author_id != person.id):
                raise TextConflict(last.text, last.author, at, sent=True)
        if work is not None and version is not None and not same:
            raise TextConflict(work.text, work.writer, at)

    def _came_after(
        self, session: Session, person: Person, found: Ticket, last: Reply, seen: str | None
    ) -> bool:
        """Whether a reply was sent after what this person saw last."""
        if seen is None:
            since = ticket_presence.since(session, found.id, person.id)
            return since is not None and last.created_at > since
        said = [each.public_id for each in ticket_threads.read(session, found, limit=THREAD)]
        if seen not in said or last.message not in said:
            return False
        return said.index(last.message) > said.index(seen)

    def unsend(self, person: Person, sending: str) -> TakenBack:
        """Take a reply back before it left.

        Its text is the unsent text again, unless another one was written meanwhile: that stays.
        Whoever may answer may take back. Raises NotAllowed, NotFound, Conflict when it has left.
        """
        with self._archive.main.writing() as session:
            require_agent(session, person)
            found = ticket_replies.get(session, sending)
            tickets.lock(session, found.ticket)
            if not ticket_replies.take_back(session, found.id):
                raise Conflict(GONE)
            work = ticket_texts.text(session, found.ticket_id)
            stands = work is None or not work.text.strip()
            if stands:
                ticket_texts.put_text(
                    session,
                    found.ticket_id,
                    found.text,
                    version=work.version if work else 0,
                    writer_id=person.id,
                    draft_id=found.draft_id,
                    facts=found.facts,
                    confirmed=found.confirmed,
                )
        return TakenBack(found.text, stands)

    def explain(self, person: Person, reply: str, reason: str) -> None:
        """Say why the draft was changed: one of `REASONS`, or "" to take it back.

        Raises NotAllowed, NotFound, Refused for another word.
        """
        if reason and reason not in REASONS:
            raise Refused(f"Say one of: {', '.join(REASONS)}.")
        with self._archive.main.writing() as session:
            require_agent(session, person)
            found = ticket_replies.get(session, reply)
            if found.state == "taken back":
                raise NotFound
            ticket_replies.explain(session, found.id, reason)


def _require_way(found: Ticket) -> None:
    """Let pass what a reply can reach from here. Raises Refused."""
    if found.channel == "chat" or is_demo(found):
        return
    if found.channel != "e-mail":
        raise Refused(NO_WAY)
    if not found.address:
        raise Refused(NO_ADDRESS)


def is_demo(found: Ticket) -> bool:
    """Whether a ticket was invented for the demo: nothing is mailed to its customer."""
    return found.source.startswith("demo:")
