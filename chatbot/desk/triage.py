"""What is done with a ticket beside answering it: given, closed, reopened, merged, exported."""

import re

from chatbot.audit import require_admin
from chatbot.desk.parts import AGENTS, Part, require_agent
from chatbot.errors import Conflict, NotFound, Refused
from store import accounts, datasets, ticket_threads, tickets
from store.columns import now
from store.engine import Session
from store.records import Person
from store.ticket_records import State, Ticket, TicketMessage

CHAT_STAYS = (
    "A chat's customer reads answers in that chat alone. Merge the other ticket into this one."
)
MERGED = "This ticket was merged into another one. Go on there."
SPEAKERS = {"customer": "Customer", "agent": "Agent", "assistant": "Assistant"}


class Triage(Part):
    """Changes of tickets. Every one is noted in the audit."""

    def assign(self, person: Person, ticket: str, whom: str | None) -> None:
        """Give a ticket to an agent (public id), or to nobody. Raises NotAllowed, NotFound."""
        with self._archive.main.writing() as session:
            require_agent(session, person)
            found = tickets.lock(session, ticket)
            whose = None if whom is None else _agent(session, whom)
            state: State = found.state
            if state in ("new", "open"):
                state = "open" if whose else "new"
            tickets.change(session, found, state=state, assignee_id=whose and whose.id)
            given = whose.public_id if whose else ""
            self._note(session, person, "ticket_assigned", found, whom=given)

    def close(self, person: Person, ticket: str) -> None:
        """Close it: in a chat the assistant answers again. Closed stays closed.

        Raises NotAllowed, NotFound.
        """
        with self._archive.main.writing() as session:
            require_agent(session, person)
            found = tickets.lock(session, ticket)
            if found.state != "closed":
                tickets.change(
                    session, found, state="closed", answered=True, at=now(), unread=False
                )
                self._note(session, person, "ticket_closed", found)
            self._tell(session, found)

    def reopen(self, person: Person, ticket: str) -> None:
        """Take it up again. Raises NotAllowed, NotFound, Conflict when it was merged."""
        with self._archive.main.writing() as session:
            require_agent(session, person)
            if tickets.get(session, ticket).merged_into is not None:
                raise Conflict(MERGED)
            found = tickets.lock(session, ticket)
            if found.state == "closed":
                state: State = "open" if found.assignee_id else "new"
                since = ticket_threads.unanswered_since(session, found.id)
                tickets.change(session, found, state=state, waiting_since=since, at=now())
                self._note(session, person, "ticket_reopened", found)
            self._tell(session, found)

    def merge(self, person: Person, ticket: str, into: str) -> None:
        """Let another ticket go on with this one: its thread shows both in order of time.

        Raises NotAllowed, NotFound, Conflict when either was merged, Refused when a chat would lose
        its answers.
        """
        with self._archive.main.writing() as session:
            require_agent(session, person)
            both = [tickets.get(session, each) for each in (ticket, into)]
            for each in sorted(both, key=lambda each: each.id):
                tickets.lock(session, each.public_id)
            source, target = (tickets.by_id(session, each.id) for each in both)
            if source.id == target.id or source.merged_into or target.merged_into:
                raise Conflict(MERGED)
            if source.conversation_id is not None and (
                target.conversation_id is None or target.customer_id != source.customer_id
            ):
                raise Refused(CHAT_STAYS)
            tickets.merge(session, source, target, now())
            self._note(session, person, "ticket_merged", source, into=target.public_id)
            self._tell(session, source)
            self._tell(session, target)

    def export(self, person: Person, ticket: str) -> tuple[str, str]:
        """File name and text (Markdown) of a ticket. Raises NotAllowed, NotFound."""
        with self._archive.main.writing() as session:
            require_agent(session, person)
            found = tickets.get(session, ticket)
            said = ticket_threads.read(session, found, limit=10_000)
            self._note(session, person, "exported", found)
        words = re.sub(r"[\W_]+", "-", found.subject.casefold()).strip("-")[:40]
        return f"ticket-{found.id}-{words or 'thread'}.md", _markdown(found, said)

    def remove_source(self, person: Person, beginning: str) -> int:
        """Remove the tickets whose source begins so, such as `demo:`; how many.

        Raises NotAllowed, StoreUnavailable (what was removed by then stays removed).
        """
        if not beginning:
            raise Refused("Say which tickets: the beginning of their source is missing.")
        total = 0
        while True:
            with self._archive.main.writing() as session:
                require_agent(session, person)
                gone = tickets.erase(session, tickets.beginning(beginning))
            total += gone
            if not gone:
                return total

    def of_address(self, person: Person, address: str) -> int:
        """How many tickets a customer's e-mail address has. Raises NotAllowed."""
        with self._archive.main.reading() as session:
            require_admin(session, person)
            return tickets.count(session, tickets.of_address(address))

    def forget_address(self, person: Person, address: str) -> int:
        """Remove every ticket of a customer's e-mail address, for good; how many there were.

        For administrators. Raises NotAllowed, StoreUnavailable (call it again).
        """
        if not tickets.folded(address):
            raise Refused("Say whose tickets: the e-mail address is missing.")
        total = 0
        while True:
            with self._archive.main.writing() as session:
                require_admin(session, person)
                gone = tickets.erase(session, tickets.of_address(address))
                total += gone
                if not gone:
                    datasets.renew(session)
                    self._parts.audit.note_in(
                        session, person, "customer_forgotten", "desk", "", tickets=total
                    )
                    return total

    def _note(
        self, session: Session, person: Person, action: str, found: Ticket, **detail: str
    ) -> None:
        self._parts.audit.note_in(
            session, person, action, "ticket", found.public_id, number=found.id, **detail
        )

    def _tell(self, session: Session, found: Ticket) -> None:
        """Let the customer's open page of a chat look again."""
        chat = tickets.conversation_of(session, found)
        if chat is not None and found.customer_id is not None:
            self._parts.notices.tell(found.customer_id, chat)


def _agent(session: Session, public_id: str) -> Person:
    for each in accounts.with_roles(session, AGENTS):
        if each.public_id == public_id:
            return each
    raise NotFound


def _markdown(found: Ticket, said: list[TicketMessage]) -> str:
    subject = " ".join(found.subject.split()) or "Ticket"
    parts = [f"# {subject}", f"Ticket {found.id} · {found.channel} · {found.state}"]
    for message in said:
        name = " ".join(message.name.split()) or SPEAKERS[message.role]
        at = f"{message.at:%Y-%m-%d %H:%M} UTC"
        parts.append(f"## {name} ({SPEAKERS[message.role].lower()}), {at}\n\n{message.content}")
    return "\n\n".join(parts) + "\n"
