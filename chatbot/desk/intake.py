"""Threads from outside (files, mails, the demo) → tickets. Each stands or falls by itself."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from chatbot.desk.parts import Part, require_agent
from chatbot.desk.reading import Read, Reading
from chatbot.desk.replies import is_demo
from chatbot.desk.views import Brought, Unbrought
from chatbot.errors import Refused
from chatbot.ticket_files import Bad, Incoming, IncomingMessage
from chatbot.webhooks import telling
from store import ticket_queue, ticket_threads, tickets
from store.engine import Session
from store.records import Person
from store.ticket_records import NewMessage, State, Ticket

Tell = Callable[[int, int], None]

LONGEST_ADDRESS = 320
LONGEST_ID = 1000
LONGEST_SOURCE = 500
FOREIGN = (
    "Its id is that of another customer's ticket, so nothing was added to that one. "
    "Import it with `chatbot tickets import --source` under a name of its own."
)
WORDS = 20_000
"""Characters of a thread that it is found by."""


class Intake(Part):
    """Takes threads in."""

    def bring(
        self, person: Person | None, incoming: Iterable[Incoming | Bad], tell: Tell | None = None
    ) -> Brought:
        """Take threads in, each in one transaction. `person` None: the program itself.

        A known thread gets only the messages that are new in it; a mail joins the ticket that it
        answers, if that is of the same address. `tell(done, total)`; the total is 0 when unknown.
        Raises NotAllowed, StoreUnavailable (what was brought by then stays).
        """
        if person is not None:
            with self._archive.main.reading() as session:
                require_agent(session, person)
        total = len(incoming) if isinstance(incoming, Sequence) else 0
        new = known = appended = done = 0
        refused: list[Unbrought] = []
        for done, each in enumerate(incoming, 1):
            taken = self._taken(each)
            if isinstance(taken, Unbrought):
                refused.append(taken)
            else:
                made, added = taken
                new += made
                appended += bool(added) and not made
                known += not added and not made
            if tell is not None:
                tell(done, total)
        if done and person is not None:
            self._parts.audit.note(
                person, "tickets_brought", "desk", "", new=new, appended=appended,
                refused=len(refused),
            )  # fmt: skip
        return Brought(new, known, appended, tuple(refused))

    def _taken(self, each: Incoming | Bad) -> tuple[bool, int] | Unbrought:
        """What `_take_in` tells of a thread, or why it was not taken in."""
        if isinstance(each, Bad):
            return Unbrought(each.source, each.reason, each.line)
        try:
            return self._take_in(each)
        except Refused as error:
            return Unbrought(_named(each), str(error))

    def _take_in(self, thread: Incoming) -> tuple[bool, int]:
        """Whether it became a new ticket, and how many messages were added."""
        offered = [_message(thread, each) for each in thread.messages]
        if not offered:
            raise Refused("It has no message.")
        for each in offered:
            self._parts.check_length(each.content)
        read = Reading(self._parts).of(offered, thread.language)
        with self._archive.main.writing() as session:
            found, made = self._placed(session, thread, offered)
            news = offered if made else ticket_threads.new_in(session, found.id, offered)
            for each in news:
                ticket_threads.add(session, found.id, each)
            if news:
                _settle(session, found, news, read, made=made)
        return made, len(news)

    def _placed(
        self, session: Session, thread: Incoming, offered: Sequence[NewMessage]
    ) -> tuple[Ticket, bool]:
        source, external_id = thread.source[:LONGEST_SOURCE], thread.external_id
        external_id = external_id[:LONGEST_ID] if external_id else None
        address = thread.address[:LONGEST_ADDRESS]
        found = tickets.by_source(session, source, external_id) if external_id else None
        if found is not None and address and found.address not in ("", tickets.folded(address)):
            raise Refused(FOREIGN)
        mails = [each[:LONGEST_ID] for each in thread.references]
        mails += [each.mail_id for each in offered if each.mail_id]
        if found is None and mails:
            found = tickets.by_mail(session, mails, address)
        if found is not None:
            return tickets.lock(session, found.public_id), False
        made = tickets.add(
            session,
            source=source,
            external_id=external_id,
            channel=thread.channel,
            subject=thread.subject,
            customer=thread.customer or thread.address,
            address=address,
            at=offered[0].at,
        )
        if made is None:  # somebody brings the same in at this moment, and has just committed
            return tickets.lock_source(session, source, external_id or ""), False
        if not is_demo(made):
            telling.ticket_created(session, made)
        return made, True


def _settle(
    session: Session, found: Ticket, news: Sequence[NewMessage], read: Read, *, made: bool
) -> None:
    """Where a ticket stands now that these messages were added."""
    since = ticket_threads.unanswered_since(session, found.id)
    if since is None and not made and news[-1].role == "customer":
        since = news[-1].at  # written before our last reply, read by nobody: the two crossed
    wrote = any(each.role == "customer" for each in news)
    tickets.change(
        session,
        found,
        state=_state(found, waits=since is not None, wrote=wrote),
        waiting_since=since,
        answered=since is None,
        at=max(each.at for each in news),
        unread=found.unread or wrote,
        draft="" if wrote else found.draft,
        language=read.language or found.language,
        mood=read.mood or found.mood,
        intent=read.intent or found.intent,
    )
    said = ticket_threads.read(session, found, limit=50)
    texts = [str(found.id), found.subject, found.customer, found.address]
    texts += [each.content for each in reversed(said)]
    ticket_queue.put_words(session, found.id, "\n".join(texts)[:WORDS])


def _state(found: Ticket, *, waits: bool, wrote: bool) -> State:
    if not waits:
        return "closed" if found.state == "closed" else "waiting"
    if found.state == "closed" and not wrote:
        return "closed"
    return "open" if found.assignee_id or found.state in ("open", "closed") else "new"


def _message(thread: Incoming, message: IncomingMessage) -> NewMessage:
    at = message.at if message.at.tzinfo else message.at.replace(tzinfo=UTC)
    return NewMessage(
        message.role,
        thread.customer if message.role == "customer" else "",
        min(at, datetime.now(UTC)),
        message.text,
        message.message_id[:LONGEST_ID] or None,
    )


def _named(thread: Incoming) -> str:
    return f"{thread.source} {thread.external_id or ''}".strip()
