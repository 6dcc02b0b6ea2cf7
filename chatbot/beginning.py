"""The rows that a turn begins with: what is asked, an empty answer, and what they are pinned to.

Every function works inside the caller's transaction, which has looked for the turn's key before.
Knows nothing of tasks, locks or models that run.
"""

from collections.abc import Callable

from chatbot.archive import Place
from chatbot.errors import NotFound
from chatbot.releases import weighted
from store import conversations, messages
from store.engine import Session
from store.records import Conversation, Message, Person, Release

TITLE = 60
"""Longest title made from a first message, in characters."""

Rows = tuple[Conversation, Message, Message]
"""A conversation, a question in it, and the answer to it."""
Write = Callable[[Session, Conversation], Rows]


def pin(
    session: Session,
    person: Person,
    place: Place,
    row: Conversation,
    release: Release | None,
    model: str | None,
) -> Conversation:
    """Pin the prompt version and the model that were chosen, where they are new."""
    if release and (row.version is None or release.prompt != row.prompt):
        row = conversations.set_release(
            session,
            person.id,
            row.public_id,
            release.prompt,
            # Releases are rows of the lasting database; a temporary one keeps the version alone.
            release.id if place.lasting else None,
            weighted(release.weights, row.public_id),
        )
    if model and model != row.model:
        row = conversations.set_model(session, person.id, row.public_id, model)
    return row


def rerun_rows(session: Session, row: Conversation, old: Message, text: str, key: str) -> Rows:
    """Answer from an edited message: a sibling of it, and the question that is asked (again)."""
    if old.role == "user":
        return row, *messages.add_turn(session, row.id, parent_id=old.parent_id, text=text, key=key)
    following = messages.newest_child(session, old.id, "user")
    if following is None:
        [asked] = messages.by_ids(session, row.id, [old.parent_id or 0])
        reply = messages.add_reply(session, row.id, parent_id=asked.id, key=key, content=text)
        return row, asked, reply
    edited = messages.add_message(
        session, row.id, parent_id=old.parent_id, role=old.role, content=text
    )
    return row, *messages.add_turn(
        session, row.id, parent_id=edited.id, text=following.content, key=key
    )


def exchange(session: Session, person: Person, message: str) -> tuple[Message, Message | None]:
    """The question and, where `message` (public id) is one, the answer. Raises NotFound."""
    row, found = messages.get(session, person.id, message)
    if found.role == "user":
        return found, None
    if found.parent_id is None:
        raise NotFound
    [question] = messages.by_ids(session, row.id, [found.parent_id])
    return question, found


def title_of(text: str) -> str:
    """A title from a first message: its first line, cut at a word."""
    line = next(line for line in text.splitlines() if line.strip()).strip()
    if len(line) <= TITLE:
        return line
    cut = line[:TITLE].rsplit(" ", 1)[0].rstrip(" ,;:.-")
    return f"{cut}…"
