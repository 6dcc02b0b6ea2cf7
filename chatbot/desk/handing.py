"""A chat and the desk: handed over by its chatter, taken by an agent, given back.

While a chat's ticket is not closed, people answer in it and no model (chatbot.handing
sees to that). The ticket shows the conversation itself; nothing of it is copied.
"""

from chatbot.archive import Place
from chatbot.desk.parts import Part, require_agent
from chatbot.desk.reading import Reading
from chatbot.desk.views import Handed
from chatbot.errors import Conflict, NotFound, Refused
from chatbot.webhooks import telling
from store import accounts, conversations, ticket_queue, ticket_threads, tickets
from store.columns import now
from store.engine import Session
from store.records import Conversation, Person
from store.ticket_records import State, Ticket

SOURCE = "chat"
LONGEST_REASON = 500
"""Characters of a reason; what is longer is cut."""
TEMPORARY = (
    "A temporary chat is kept nowhere, so nobody could answer it. "
    "Ask in a new chat that is not temporary."
)


class Handing(Part):
    """Chats that people answer."""

    def hand_over(self, person: Person, conversation: str, *, reason: str = "") -> str:
        """Ask for a person in one's own chat; again returns the same ticket (public id).

        For chatters. A ticket that was closed is opened again. Raises NotFound, Refused for a
        temporary conversation.
        """
        with self._lasting(conversation).writing() as session:
            row = conversations.get(session, person.id, conversation)
            found = self._ticket(session, row, person.name, reason)
            if found.state == "closed":
                state: State = "open" if found.assignee_id else "new"
                tickets.change(
                    session, found, state=state, waiting_since=now(), at=now(),
                    unread=True, to_read=True, draft="", reason=reason[:LONGEST_REASON],
                    merged_into=None,
                )  # fmt: skip
        self._read_soon(found.id)
        self._parts.notices.tell(person.id, conversation)
        return found.public_id

    def take_back(self, person: Person, conversation: str) -> None:
        """Let the assistant answer one's own chat again. For chatters. Raises NotFound."""
        with self._lasting(conversation).writing() as session:
            row = conversations.get(session, person.id, conversation)
            found = tickets.of_conversation(session, row.id)
            if found is not None and found.state != "closed":
                found = tickets.hold(session, found.id)
                tickets.change(session, found, state="closed", answered=True, at=now())
        self._parts.notices.tell(person.id, conversation)

    def take(self, person: Person, conversation: str) -> str:
        """Take a chat as an agent, by its public id; audited. Returns the ticket (public id).

        Raises NotAllowed, NotFound (also of temporary chats), Conflict when somebody else has it.
        """
        with self._archive.main.writing() as session:
            require_agent(session, person)
            row = conversations.of_anybody(session, conversation, "chat")
            owner = accounts.person(session, row.user_id)
            found = self._ticket(session, row, owner.name, "")
            if found.state != "closed" and found.assignee_id not in (None, person.id):
                raise Conflict(f"{found.assignee} has this chat already.")
            since = found.waiting_since if found.state != "closed" else now()
            tickets.change(
                session, found, state="open", waiting_since=since, at=now(),
                assignee_id=person.id, merged_into=None,
            )  # fmt: skip
            self._parts.audit.note_in(
                session, person, "chat_taken", "ticket", found.public_id, number=found.id
            )
        self._read_soon(found.id)
        self._parts.notices.tell(owner.id, row.public_id)
        return found.public_id

    def handed(self, person: Person, conversation: str) -> Handed | None:
        """Where one's own chat stands with the desk; None when never handed over. For chatters.

        Raises NotFound.
        """
        place = self._archive.of(conversation)
        with place.reading() as session:
            row = conversations.get(session, person.id, conversation)
            found = tickets.of_conversation(session, row.id) if place.lasting else None
        if found is None:
            return None
        waits = found.waiting_since is not None
        return Handed(found.public_id, found.id, found.state, found.assignee, waits, found.reason)

    def _ticket(self, session: Session, row: Conversation, customer: str, reason: str) -> Ticket:
        """The ticket of a conversation, made where it has none."""
        made = tickets.add(
            session,
            source=SOURCE,
            external_id=row.public_id,
            channel="chat",
            subject=row.title,
            customer=customer,
            customer_id=row.user_id,
            conversation_id=row.id,
            reason=reason[:LONGEST_REASON],
        )
        if made is None:
            found = tickets.of_conversation(session, row.id)
            if found is None:
                raise NotFound
            return tickets.hold(session, found.id)
        telling.ticket_created(session, made)
        tickets.customer_wrote(session, made)
        ticket_queue.put_words(session, made.id, f"{made.id} {row.title} {customer}")
        return tickets.by_id(session, made.id)

    def _lasting(self, conversation: str) -> Place:
        place = self._archive.of(conversation)
        if not place.lasting:
            raise Refused(TEMPORARY)
        return place

    def _read_soon(self, ticket_id: int) -> None:
        """Let analysis see a chat now, where it is free; else the background does."""
        with self._archive.main.reading() as session:
            found = tickets.by_id(session, ticket_id)
            said = ticket_threads.read(session, found, limit=20)
        Reading(self._parts).store(found, said)
