"""What every part of the desk stands on: services, who may, and the limits of a text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.chat import Chat
from chatbot.errors import EmptyText, NotAllowed, TextTooLong
from chatbot.knowledge import Knowledge
from chatbot.notices import Notices
from store import accounts
from store.engine import Session
from store.records import Person

if TYPE_CHECKING:
    from chatbot.drafting import Drafting

AGENTS = ("agent", "admin")
NOT_AN_AGENT = "Only agents and administrators use the desk. Ask an administrator for the role."


@dataclass(frozen=True, slots=True)
class Parts:
    """What the desk is made of.

    `late_hours`: from then on a customer waits too long; `undo_seconds`: how long a reply can be
    taken back. `drafts_ahead` says whether drafts may be made that nobody asked for (a hosted model
    would be told texts that nobody saw leave); they are made in the name of `local_person`.
    """

    archive: Archive
    audit: Audit
    notices: Notices
    chat: Chat
    analysis: Analysis
    drafting: "Drafting"
    knowledge: Knowledge
    late_hours: float
    undo_seconds: float
    text_limit: int
    local_person: int
    drafts_ahead: Callable[[], bool]

    def check(self, text: str) -> None:
        """Refuse a text that cannot be sent. Raises EmptyText, TextTooLong."""
        if not text.strip():
            raise EmptyText("The reply is empty. Write something, then send it.")
        self.check_length(text)

    def check_length(self, text: str) -> None:
        """Refuse a text that is too long. Raises TextTooLong."""
        if len(text) > self.text_limit:
            raise TextTooLong(
                f"The text has {len(text):,} characters; {self.text_limit:,} are allowed."
            )


class Part:
    """A part of the desk."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._archive = parts.archive


def require_agent(session: Session, by: Person) -> None:
    """Let pass who is an agent or an administrator now. Raises NotAllowed."""
    if not accounts.has_role(session, by.id, AGENTS):
        raise NotAllowed(NOT_AN_AGENT)
