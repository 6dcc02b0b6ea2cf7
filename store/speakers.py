"""Which answers of a conversation a person wrote at the desk; all others are a model's.

A reply says which message it became. A copy of that message, in a fork, is another message: its key
names the original, and it counts only while it says the same to the letter, since keys come from
browsers.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.models import Message as Row
from store.models import Reply, User
from store.records import Message

COPIED = "copied "
"""Begins the key of a copy; the public id of the original follows."""


def names(session: Session, said: Sequence[Message | Row]) -> dict[int, str]:
    """The names of the people who wrote these messages, by message; models' are left out.

    A name is empty when that person is known no more.
    """
    origins = {each.id: origin(each) for each in said if each.role == "assistant"}
    if not origins:
        return {}
    replies = (
        select(Reply.message, Reply.text, User.name)
        .outerjoin(User, User.id == Reply.author_id)
        .where(Reply.message.in_(set(origins.values())))
    )
    found = {message: (text, name or "") for message, text, name in session.execute(replies)}
    by_people = {}
    for each in said:
        text, name = found.get(origins.get(each.id, ""), (None, ""))
        if each.public_id in found or (text is not None and text == each.content):
            by_people[each.id] = name
    return by_people


def origin(message: Message | Row) -> str:
    """The public id of the message that this one is, or is a copy of."""
    key = message.turn_key or ""
    return key.removeprefix(COPIED) if key.startswith(COPIED) else message.public_id


def copied_key(message: Message | Row) -> str:
    """The key of a copy of a message that a person wrote."""
    return COPIED + origin(message)
