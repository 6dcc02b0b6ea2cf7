"""What every part of the review stands on: services, who may, and what is hidden."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.errors import NotAllowed
from chatbot.masking import Rules
from chatbot.options import Masking, Options
from chatbot.review.key import Key
from chatbot.tracing import Traces
from store import accounts
from store.engine import Session
from store.records import Person

REVIEWERS = ("reviewer",)
FLAGGERS = ("reviewer", "agent", "admin")
AUTHORS = ("author", "reviewer", "admin")
NOT_A_REVIEWER = "Only reviewers see what others said. Ask an administrator for the role."


@dataclass(frozen=True, slots=True)
class Parts:
    """What the review is made of. `workspace`: a name that is no secret."""

    archive: Archive
    audit: Audit
    options: Options
    traces: Traces
    analysis: Analysis
    workspace: str
    key: Key

    def rules(self) -> Rules:
        """What reviewers do not see: what hosted models do not, and never less than by default."""
        return self.options.get(Masking).always(self.workspace)

    def names(self, texts: Sequence[str]) -> list[str]:
        """People whom the name head finds in texts; nobody without the sentence encoder."""
        return list(dict.fromkeys(name for text in texts for name in self.analysis.people(text)))


class Part:
    """A part of the review."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._archive = parts.archive


def require(session: Session, by: Person, roles: Sequence[str] = REVIEWERS) -> None:
    """Let pass who has one of these roles now. Raises NotAllowed."""
    if not accounts.has_role(session, by.id, roles):
        raise NotAllowed(NOT_A_REVIEWER)
