"""The rows that a turn begins with: what is asked, an empty answer, and what they are pinned to.

Functions that take a session work inside the caller's transaction, which has looked for the turn's
key before; the others look something up for it.
Knows nothing of tasks, locks or models that run.
"""

from collections.abc import Callable

from chatbot.archive import Archive, Place
from chatbot.backends.registry import Registry
from chatbot.errors import EmptyText, NotFound, TextTooLong, UnknownModel
from chatbot.releases import weighted
from chatbot.turn import Turn
from store import conversations, messages
from store.engine import Session
from store.records import Conversation, Message, Person, Release

TITLE = 60
"""Longest title made from a first message, in characters."""

Rows = tuple[Conversation, Message, Message]
"""A conversation, a question in it, and the answer to it."""
Write = Callable[[Session, Conversation], Rows]


def opened(
    session: Session,
    person: Person,
    channel: str,
    text: str,
    prompt: str,
    model: str,
    key: str,
) -> Conversation:
    """A new conversation that begins with this text, pinned to nothing yet."""
    return conversations.create(
        session,
        user_id=person.id,
        channel=channel,
        title=title_of(text),
        prompt=prompt,
        release_id=None,
        version=None,
        model=model,
        key=key,
    )


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


def asked_rows(session: Session, row: Conversation, text: str, key: str, writer: int) -> Rows:
    """A question after what was said last, and an answer to it."""
    asked = messages.add_turn(
        session, row.id, parent_id=row.head_id, text=text, key=key, writer=writer
    )
    return row, *asked


def again_rows(session: Session, row: Conversation, asked: Message, key: str, writer: int) -> Rows:
    """Another answer to a question."""
    reply = messages.add_reply(session, row.id, parent_id=asked.id, key=key, writer=writer)
    return row, asked, reply


def rerun_rows(
    session: Session, row: Conversation, old: Message, text: str, key: str, writer: int
) -> Rows:
    """Answer from an edited message: a sibling of it, and the question that is asked (again)."""
    if old.role == "user":
        asked = messages.add_turn(
            session, row.id, parent_id=old.parent_id, text=text, key=key, writer=writer
        )
        return row, *asked
    following = messages.newest_child(session, old.id, "user")
    if following is None:
        [question] = messages.by_ids(session, row.id, [old.parent_id or 0])
        reply = messages.add_reply(
            session, row.id, parent_id=question.id, key=key, content=text, writer=writer
        )
        return row, question, reply
    edited = messages.add_message(
        session, row.id, parent_id=old.parent_id, role=old.role, content=text
    )
    return row, *messages.add_turn(
        session, row.id, parent_id=edited.id, text=following.content, key=key, writer=writer
    )


def longer_rows(
    session: Session, person: Person, row: Conversation, message: str, key: str, writer: int
) -> Rows:
    """Go on from an answer (public id): a sibling that begins with its text. Raises NotFound."""
    asked, old = exchange(session, person, message)
    if old is None:
        raise NotFound
    reply = messages.add_reply(
        session, row.id, parent_id=asked.id, key=key, content=old.content, writer=writer
    )
    return row, asked, reply


def turn_of(person: Person, rows: Rows) -> Turn:
    """A turn as its rows are: what is written of its answer, and nothing more yet."""
    row, question, reply = rows
    turn = Turn(person.id, row.public_id, question.public_id, reply.public_id)
    turn.text = reply.content
    return turn


def reword(place: Place, person: Person, message: str, text: str, key: str) -> str:
    """Save another wording of a message as its sibling; the public id of that. Raises NotFound."""
    with place.writing() as session:
        row, old = messages.get(session, person.id, message)
        return messages.add_message(
            session, row.id, parent_id=old.parent_id, role=old.role, content=text, key=key
        ).public_id


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


def check(text: str, limit: int) -> None:
    """Refuse what cannot be sent. Raises EmptyText, TextTooLong."""
    if not text.strip():
        raise EmptyText
    if len(text) > limit:
        raise TextTooLong(
            f"The message has {len(text):,} characters; "
            f"{limit:,} are allowed. Shorten it or send it in parts."
        )


def locate(archive: Archive, person: Person, message: str) -> tuple[Place, str]:
    """Where a message is kept, and its conversation (public id). Raises NotFound."""
    place = archive.of(message)
    with place.reading() as session:
        return place, messages.get(session, person.id, message)[0].public_id


def read_again(place: Place, row: Conversation, reply: Message) -> Message:
    """The answer as it is stored now. Raises NotFound."""
    with place.reading() as session:
        found = messages.by_ids(session, row.id, [reply.id])
    if not found:
        raise NotFound
    return found[0]


def model_at_home(registry: Registry) -> str:
    """The local model for a turn that must not leave. Raises UnknownModel where none is."""
    model = registry.at_home()
    if model is None:
        raise UnknownModel("There is no local model here. Add one, or send it as it is.")
    return model.label


def home_of(registry: Registry, person: Person, place: Place, message: str) -> str | None:
    """The local model that wrote an answer, in a conversation with another kind of model."""
    with place.reading() as session:
        row, reply = messages.get(session, person.id, message)
        trace = messages.traces(session, [reply.id]).get(reply.id)
    local = {one.label for one in registry.list() if one.where == "local"}
    return trace.model if trace and trace.model in local and row.model not in local else None
