"""What every part of authoring stands on: the database, the sandbox, and who may.

Authors and administrators write; administrators alone publish against the gate. Roles are those of
the database at this moment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.errors import NotAllowed
from chatbot.releases import Releases
from prompts.sandbox import Sandbox
from store import accounts
from store.engine import Session
from store.records import Person

if TYPE_CHECKING:
    from chatbot.gate import Gate

AUTHORS = ("author", "admin")

NOT_AN_AUTHOR = "Only authors and administrators change prompts. Ask an administrator for the role."
NOT_AN_ADMIN = "Only an administrator publishes against the gate. Ask one, or mend what it names."


@dataclass(frozen=True, slots=True)
class Parts:
    """What the services of authoring are made of.

    `gate` tells whether production may serve a version (prompt, hash, model's label); `model` the
    label of the default model. `default_prompt` talks to people who chose none, so it stays listed.
    """

    archive: Archive
    audit: Audit
    releases: Releases
    sandbox: Sandbox
    gate: Callable[[str, str, str], "Gate"]
    model: Callable[[], str]
    default_prompt: str


def require_author(session: Session, by: Person) -> None:
    """Let pass who is an author or an administrator now. Raises NotAllowed."""
    if not accounts.has_role(session, by.id, AUTHORS):
        raise NotAllowed(NOT_AN_AUTHOR)


def require_overrider(session: Session, by: Person) -> None:
    """Let pass who may publish against the gate now. Raises NotAllowed."""
    if not accounts.is_administrator(session, by.id):
        raise NotAllowed(NOT_AN_ADMIN)
