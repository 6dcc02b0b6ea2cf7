"""Who may read and write knowledge, by the roles that the database has at this moment."""

from chatbot.errors import NotAllowed
from store import accounts
from store.engine import Session
from store.records import Person

READERS = ("agent", "author", "reviewer", "admin")
WRITERS = ("agent", "author", "admin")

NOT_A_WRITER = (
    "Only agents, authors and administrators change articles. Ask an administrator for the role."
)


def require_reader(session: Session, by: Person) -> None:
    """Let pass who may read articles. Raises NotAllowed."""
    if not accounts.has_role(session, by.id, READERS):
        raise NotAllowed


def require_writer(session: Session, by: Person) -> None:
    """Let pass who may write articles. Raises NotAllowed."""
    if not accounts.has_role(session, by.id, WRITERS):
        raise NotAllowed(NOT_A_WRITER)
