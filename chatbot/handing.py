"""A conversation that a person answers: its questions are kept, and no model is asked.

Who hands it over, takes it and answers is the desk's (chatbot/desk); here is what a turn must know
of it. Functions work inside the caller's transaction, or are one. Knows nothing of models or pages.
"""

from chatbot.allowance import Allowance, take
from chatbot.archive import Place
from chatbot.errors import Handed
from chatbot.turn import Turn
from store import conversations, messages, tickets
from store.engine import Session
from store.records import Conversation, Person


def require_model(session: Session, row: Conversation, key: str) -> None:
    """Let a turn with this key begin, unless a person answers in its conversation.

    A question that was kept while one did is not asked of a model later. Raises Handed.
    """
    ticket = tickets.standing(session, row.id)
    if ticket is None:
        return
    _, state = ticket
    if state != "closed" or messages.find_message(session, row.id, key, "user"):
        raise Handed


def keep(
    place: Place, person: Person, conversation: str, text: str, key: str, allowance: Allowance
) -> Turn:
    """Save a message for the person who answers; the ended turn that has no reply.

    The same key again keeps one message. Raises NotFound, TooManyTurns, UnstorableText,
    StoreUnavailable.
    """
    limits = allowance.of(person)
    with place.writing() as session:
        row = conversations.get(session, person.id, conversation)
        said = messages.find_message(session, row.id, key, "user")
        if said is None:
            take(session, person, limits, lambda _: True)  # no model is waited for
            said = messages.add_message(
                session, row.id, parent_id=row.head_id, role="user", content=text, key=key
            )
            ticket = tickets.standing(session, row.id)
            if ticket is not None:
                tickets.customer_wrote(session, tickets.lock(session, ticket[0]))
    turn = Turn(person.id, row.public_id, said.public_id, "")
    turn.finish("complete")
    return turn
