"""A customer's thread as it comes from outside, before it is a ticket. Knows no table."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Channel = Literal["e-mail", "chat", "api", "file"]


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """One message of a thread. `at` is aware; `message_id` is a mail's, in angle brackets."""

    role: Literal["customer", "agent"]
    text: str
    at: datetime
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A thread, oldest message first.

    `source` says where it came from (`demo:…`, `file:…`, `mail:…`), `external_id` what it is called
    there: a thread whose `source` and `external_id` are known is the same ticket. A mail belongs to
    the ticket that has a message with one of its `references` (Message-IDs), whatever its source.
    """

    source: str
    external_id: str | None
    subject: str
    customer: str
    address: str
    channel: Channel
    language: str
    messages: tuple[IncomingMessage, ...]
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bad:
    """What could not be taken in. `source` names file and line, `reason` is for people."""

    source: str
    reason: str
    line: int | None = None
