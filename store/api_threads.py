"""Where a program's messages stand: by their hash, the conversation and the message they end at.

Scoped to the person as whom the program acts. What is hashed is decided above.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import rows
from store.conversations import COLUMNS
from store.models import ApiThread as Row
from store.models import Conversation as ConversationRow
from store.records import Conversation


def find(session: Session, user_id: int, digest: str) -> tuple[Conversation, int] | None:
    """The conversation and the id of its message; None where there is none, or it was deleted."""
    found = session.execute(
        select(*COLUMNS, Row.message_id)
        .join(Row, Row.conversation_id == ConversationRow.id)
        .where(
            Row.user_id == user_id,
            Row.digest == digest,
            ConversationRow.user_id == user_id,
            ConversationRow.deleted_at.is_(None),
        )
    ).one_or_none()
    return None if found is None else (Conversation(*found[:-1]), found[-1])


def put(
    session: Session, user_id: int, digest: str, *, conversation_id: int, message_id: int
) -> None:
    """Remember where these messages end; the newest place counts."""
    values = {
        "user_id": user_id,
        "digest": digest,
        "conversation_id": conversation_id,
        "message_id": message_id,
    }
    rows.put(session, Row, values, ["user_id", "digest"])
