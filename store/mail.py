"""Mail that goes out, with its state; how far folders were read. Speaks no protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

State = Literal["queued", "sending", "sent", "failed", "unsure"]


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A reply on its way: `queued` → `sending` → `sent`, `failed` or `unsure`."""

    id: int
    public_id: str
    reply_id: int
    message_id: str
    to_address: str
    subject: str
    body: str
    in_reply_to: str | None
    references: list[str]
    state: State
    tries: int
    due_at: datetime
    handed_at: datetime | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None


def put(
    session: Session,
    reply_id: int,
    to: str,
    subject: str,
    body: str,
    in_reply_to: str | None = None,
    references: Sequence[str] = (),
) -> str:
    """Queue a reply for sending, once; return its Message-ID, fixed from now on.

    To be called in the transaction that marks the reply sent; keep the Message-ID with the
    reply's message, since the customer's answer refers to it. `reply_id`: the row's own id.
    """
    raise NotImplementedError


def of_replies(session: Session, reply_ids: Sequence[int]) -> dict[int, OutgoingMail]:
    """The mails of these replies, by the reply's id; replies without one are left out."""
    raise NotImplementedError
