"""The one door of the desk."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from chatbot.analysis import Analysis
from chatbot.analysis.views import Card
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.chat import Chat
from chatbot.desk.views import (
    Brought,
    Handed,
    How,
    Other,
    Queue,
    Reply,
    Sending,
    Sort,
    Ticket,
    Which,
)
from chatbot.notices import Notices
from chatbot.options import Options
from chatbot.ticket_files import Bad, Incoming
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.cancel import CancelToken
    from chatbot.drafting import Drafting, Told

Tell = Callable[[int, int], None]


class Desk:
    """Tickets for agents. Blocking but for `draft` and `keep_…`: call it from threads.

    Only people who are agents or administrators in the database may use it; the methods that a
    chatter may call say so. A foreign or unknown id is NotFound.
    """

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        notices: Notices,
        chat: Chat,
        analysis: Analysis,
        drafting: "Drafting",
        options: Options,
        *,
        late_hours: float,
        undo_seconds: float,
        reply_limit: int,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._notices = notices
        self._chat = chat
        self._analysis = analysis
        self._drafting = drafting
        self._options = options

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

        `text` finds words of subject, customer, number and messages, the newest ticket first.
        `assignee`: a person's public id, or "nobody". Raises NotAllowed, NotFound.
        """
        raise NotImplementedError

    def open(self, person: Person, ticket: str) -> Ticket:
        """A ticket with its thread, unsent text, draft, and who else is there.

        Raises NotAllowed, NotFound.
        """
        raise NotImplementedError

    def card(self, person: Person, ticket: str) -> Card:
        """The thread at a glance; quotes name messages of `Ticket.thread` by place."""
        raise NotImplementedError

    def agents(self, person: Person) -> list[tuple[str, str]]:
        """Who may be given a ticket: public id and name, by name."""
        raise NotImplementedError

    def assign(self, person: Person, ticket: str, whom: str | None) -> None:
        """Give a ticket to an agent (public id), or to nobody. Raises NotAllowed, NotFound."""
        raise NotImplementedError

    def close(self, person: Person, ticket: str) -> None:
        """Close it: in a chat the assistant answers again. Closed stays closed."""
        raise NotImplementedError

    def reopen(self, person: Person, ticket: str) -> None:
        """Take it up again. Raises NotFound, Conflict when it was merged."""
        raise NotImplementedError

    def merge(self, person: Person, ticket: str, into: str) -> None:
        """Let another ticket go on with this one: its thread shows both in order of time.

        Raises NotFound, Conflict, Refused when a chat would lose its answers.
        """
        raise NotImplementedError

    def export(self, person: Person, ticket: str) -> tuple[str, str]:
        """File name and text (Markdown) of a ticket. Audited."""
        raise NotImplementedError

    def hand_over(self, person: Person, conversation: str, *, reason: str = "") -> str:
        """Ask for a person in one's own chat; again returns the same ticket (public id).

        For chatters. Raises NotFound, Refused for a temporary conversation.
        """
        raise NotImplementedError

    def take_back(self, person: Person, conversation: str) -> None:
        """Let the assistant answer one's own chat again. For chatters. Raises NotFound."""
        raise NotImplementedError

    def take(self, person: Person, conversation: str) -> str:
        """Take a chat as an agent, by its public id; audited. Returns the ticket (public id)."""
        raise NotImplementedError

    def handed(self, person: Person, conversation: str) -> Handed | None:
        """Where one's own chat stands with the desk; None when never handed over. For chatters."""
        raise NotImplementedError

    def bring(
        self, person: Person | None, incoming: Iterable[Incoming | Bad], tell: Tell | None = None
    ) -> Brought:
        """Take threads in, each in one transaction. `person` None: the program itself.

        A known thread gets only the messages that are new in it. `tell(done, total or 0)`.
        Raises NotAllowed, StoreUnavailable (what was brought by then stays).
        """
        raise NotImplementedError

    def remove_source(self, person: Person, beginning: str) -> int:
        """Remove the tickets whose source begins so (`demo:`); how many. Raises NotAllowed."""
        raise NotImplementedError

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

        Raises NotFound, TextConflict (with the other text) when somebody wrote meanwhile.
        """
        raise NotImplementedError

    async def draft(
        self, person: Person, ticket: str, cancel: "CancelToken", **how: Any
    ) -> AsyncGenerator["Told"]:
        """Draft a reply (arguments as for Drafting.draft); the ended draft is stored.

        Without `how`, a stored draft that is still current is told at once.
        """
        raise NotImplementedError
        yield

    async def keep_drafted(self) -> None:
        """Draft for tickets that came, one at a time, until cancelled. For the server only."""
        raise NotImplementedError

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
    ) -> Sending:
        """Write the reply down; it leaves when the undo window has passed.

        `seen`: the last message (id) of the thread that the agent saw.

        Raises:
            Blocked: marks in the text must be filled in or confirmed.
            TextConflict: somebody else answered, or changed the text, meanwhile.
            EmptyText, TextTooLong, UnstorableText, NotFound, NotAllowed.
        """
        raise NotImplementedError

    def unsend(self, person: Person, sending: str) -> str:
        """Take a reply back before it left; its text, which is the unsent text again.

        Raises NotFound, Conflict when it has left.
        """
        raise NotImplementedError

    async def keep_sending(self) -> None:
        """Deliver what is due, exactly once, until cancelled. For the server only."""
        raise NotImplementedError

    def explain(self, person: Person, reply: str, reason: str) -> None:
        """Say why the draft was changed: one of `REASONS`, or "" to take it back."""
        raise NotImplementedError

    def here(self, person: Person, ticket: str, typing: bool) -> list[Other]:  # noqa: FBT001
        """Say that one has it open, and hear who else has. Stale after 20 seconds."""
        raise NotImplementedError

    def away(self, person: Person, ticket: str) -> None:
        """Say that one has left it."""
        raise NotImplementedError

    def replies(self, person: Person, *, limit: int = 100, after: str | None = None) -> list[Reply]:
        """What was sent, newest first, with the drafts. Raises NotAllowed."""
        raise NotImplementedError
