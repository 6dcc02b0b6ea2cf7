"""The queue, and one ticket of it with all that the page shows."""

from datetime import UTC, datetime, timedelta

from chatbot.analysis.views import Card
from chatbot.desk import making
from chatbot.desk.parts import AGENTS, Part, require_agent
from chatbot.desk.views import Counts, Other, Queue, Reply, Sort, Ticket, Which
from chatbot.errors import NotFound
from store import (
    accounts,
    mail,
    ticket_presence,
    ticket_queue,
    ticket_replies,
    ticket_texts,
    ticket_threads,
    tickets,
)
from store.engine import Session
from store.records import Person
from store.ticket_queue import Only
from store.ticket_records import Reply as ReplyRow
from store.ticket_records import Ticket as TicketRow

SHOWN = 200
"""Messages of a thread that are shown, the last ones."""
STALE = 20
"""Seconds after which somebody who was not heard of has left a ticket."""
PRESENT = timedelta(days=1)
"""How long is kept when somebody opened a ticket that they did not leave: a page that slept may
still send a reply, and is then told what others sent since it opened."""
NOBODY = "nobody"
"""Stands for no assignee, where one is asked for."""


class Lists(Part):
    """Lists of tickets, and one that is opened."""

    def queue(
        self,
        person: Person,
        *,
        which: Which = "all",
        text: str = "",
        state: str = "",
        language: str = "",
        mood: str = "",
        assignee: str = "",
        sort: Sort = "longest",
        limit: int = 50,
        after: str | None = None,
    ) -> Queue:
        """A page of tickets; closed ones only with `state="closed"`.

        `text` finds words of subject, customer, number and messages (of a chat: not its messages),
        the newest ticket first. `assignee`: a person's public id, or "nobody". `after`: the `more`
        of the page before. Raises NotAllowed, NotFound.
        """
        with self._archive.main.reading() as session:
            require_agent(session, person)
            if which == "mine":
                assignee = person.public_id
            elif which == "new":
                state = state or "new"
            only = Only(
                active=state != "closed",
                state=state,
                language=language,
                mood=mood,
                assignee_id=_assignee(session, assignee),
            )
            last = tickets.get(session, after) if after else None
            if text.strip():
                before = last.id if last else None
                found = ticket_queue.find(session, text, only, before=before, limit=limit + 1)
            else:
                newest = sort == "newest"
                found = ticket_queue.page(session, only, newest=newest, after=last, limit=limit + 1)
            counts = self._counts(session, person)
        moment, late = datetime.now(UTC), self._parts.late_hours
        rows = [making.row(each, moment, late) for each in found[:limit]]
        return Queue(counts, rows, rows[-1].id if len(found) > limit else None)

    def _counts(self, session: Session, person: Person) -> Counts:
        return Counts(
            mine=ticket_queue.count(session, Only(assignee_id=person.id)),
            new=ticket_queue.count(session, Only(state="new")),
            all=ticket_queue.count(session, Only()),
        )

    def open(self, person: Person, ticket: str) -> Ticket:
        """A ticket with its thread, unsent text, draft, and who else is there.

        That an agent reads a chat is noted in the audit, once for each sitting.
        Raises NotAllowed, NotFound.
        """
        with self._archive.main.writing() as session:
            require_agent(session, person)
            found = tickets.get(session, ticket)
            since = ticket_presence.since(session, found.id, person.id)
            here = ticket_presence.of(session, found.id, _stale())
            ticket_presence.open_now(session, found.id, person.id)
            if found.unread:
                tickets.mark(session, found.id, unread=False)
            if since is None or all(each.user_id != person.id for each in here):
                self._note_reading(session, person, found)
            return self._opened(session, person, found)

    def look(self, person: Person, ticket: str) -> Ticket:
        """A ticket that one has open already, as it is now; writes nothing.

        What one has not open is opened. Raises NotAllowed, NotFound.
        """
        with self._archive.main.reading() as session:
            require_agent(session, person)
            found = tickets.get(session, ticket)
            if ticket_presence.since(session, found.id, person.id) is not None:
                return self._opened(session, person, found)
        return self.open(person, ticket)

    def _note_reading(self, session: Session, person: Person, found: TicketRow) -> None:
        if found.conversation_id is not None:
            self._parts.audit.note_in(
                session, person, "chat_read", "ticket", found.public_id, number=found.id
            )

    def _opened(self, session: Session, person: Person, found: TicketRow) -> Ticket:
        messages = ticket_threads.read(session, found, limit=SHOWN + 1)
        shown = messages[-SHOWN:]
        ids = tickets.family(session, found.id)
        drafted = ticket_texts.newest_draft(session, found.id)
        replied = ticket_replies.of_ticket(session, ids)
        known = {m.reply_id for m in shown if m.reply_id is not None}
        last = next((m.public_id for m in reversed(shown) if m.role == "customer"), None)
        into = tickets.by_id(session, found.merged_into) if found.merged_into else None
        return Ticket(
            row=making.row(found, datetime.now(UTC), self._parts.late_hours),
            address=found.address,
            source=found.source,
            conversation=tickets.conversation_of(session, found),
            reason=found.reason,
            thread=making.thread(
                shown,
                mail.of_replies(session, known),
                {each.id: each.public_id for each in replied},
            ),
            has_earlier=len(messages) > SHOWN,
            work=making.work(ticket_texts.text(session, found.id)),
            draft=making.draft(drafted, last) if drafted else None,
            others=making.others(ticket_presence.of(session, found.id, _stale()), person),
            replies=tuple(_replies(session, replied)),
            merged_into=into.public_id if into else None,
        )

    def card(self, person: Person, ticket: str) -> Card:
        """The thread at a glance; quotes name messages of `Ticket.thread` by place.

        Raises NotAllowed, NotFound.
        """
        with self._archive.main.reading() as session:
            require_agent(session, person)
            found = tickets.get(session, ticket)
            messages = ticket_threads.read(session, found, limit=SHOWN)
        return self._parts.analysis.card([making.said(each) for each in messages])

    def agents(self, person: Person) -> list[tuple[str, str]]:
        """Who may be given a ticket: public id and name, by name. Raises NotAllowed."""
        with self._archive.main.reading() as session:
            require_agent(session, person)
            found = accounts.with_roles(session, AGENTS)
        return [(each.public_id, each.name) for each in found]

    def here(self, person: Person, ticket: str, typing: bool) -> list[Other]:  # noqa: FBT001
        """Say that one has it open, and hear who else has. Stale after 20 seconds.

        Raises NotAllowed, NotFound.
        """
        with self._archive.main.writing() as session:
            require_agent(session, person)
            found = tickets.get(session, ticket)
            ticket_presence.still(session, found.id, person.id, typing=typing)
            return list(making.others(ticket_presence.of(session, found.id, _stale()), person))

    def away(self, person: Person, ticket: str) -> None:
        """Say that one has left it. Raises NotAllowed, NotFound."""
        with self._archive.main.writing() as session:
            require_agent(session, person)
            ticket_presence.leave(session, tickets.get(session, ticket).id, person.id)

    def tidy(self) -> None:
        """Forget who had a ticket open long ago. For the server. Raises StoreUnavailable."""
        with self._archive.main.writing() as session:
            ticket_presence.forget(session, datetime.now(UTC) - PRESENT)

    def replies(self, person: Person, *, limit: int = 100, after: str | None = None) -> list[Reply]:
        """What was sent, newest first, with the drafts. Raises NotAllowed, NotFound."""
        with self._archive.main.reading() as session:
            require_agent(session, person)
            before = ticket_replies.get(session, after).id if after else None
            return _replies(session, ticket_replies.recent(session, before=before, limit=limit))


def _replies(session: Session, found: list[ReplyRow]) -> list[Reply]:
    drafts = {each.draft_id for each in found if each.draft_id is not None}
    begun = ticket_texts.drafts_of(session, list(drafts))
    mails = mail.of_replies(session, [each.id for each in found])
    return [making.reply(each, begun, mails) for each in found]


def _assignee(session: Session, public_id: str) -> int | None:
    if not public_id:
        return None
    if public_id == NOBODY:
        return 0
    known = accounts.with_roles(session, AGENTS)
    found = next((each.id for each in known if each.public_id == public_id), None)
    if found is None:
        raise NotFound
    return found


def _stale() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=STALE)
