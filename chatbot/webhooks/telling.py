"""What happened → what webhooks are told of it, in the transaction in which it happens.

Ids, words and figures alone: whoever is told asks the API for the rest, with a key of their own.
"""

from store import review, tickets, webhooks
from store.base import new_id
from store.engine import Session
from store.review_records import ReviewItem
from store.ticket_records import Reply, Ticket


def ticket_created(session: Session, ticket: Ticket) -> None:
    """A ticket was made: handed over from a chat, taken, imported, mailed."""
    data = _ticket(session, ticket) | {"channel": ticket.channel}
    webhooks.tell(session, "ticket.created", f"ticket.created:{ticket.public_id}", data)


def reply_sent(session: Session, ticket: Ticket, reply: Reply, message: str | None) -> None:
    """A reply left. `message`: what it became (public id), where it became one."""
    data = _ticket(session, ticket) | {"reply": reply.public_id, "message": message or ""}
    data |= {"how": reply.how}
    if reply.distance is not None:
        data["distance"] = round(reply.distance, 4)
    webhooks.tell(session, "reply.sent", f"reply.sent:{reply.public_id}", data)


def verdict_given(session: Session, item: ReviewItem, rating: int, *, corrected: bool) -> None:
    """A reviewer judged an item, for the first time or anew; nobody is told of a skip (0)."""
    if not rating:
        return
    data: dict[str, str | int | float] = {
        "item": item.public_id,
        item.kind: review.subject_id(session, item),
        "rating": rating,
        "corrected": int(corrected),
    }
    webhooks.tell(session, "verdict.given", f"verdict.given:{new_id()}", data)


def _ticket(session: Session, ticket: Ticket) -> dict[str, str | int | float]:
    chat = tickets.conversation_of(session, ticket)
    return {"ticket": ticket.public_id, "number": ticket.id, "conversation": chat or ""}
