"""What the queries of review take and return: plain frozen values. Never rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["answer", "reply"]
State = Literal["open", "done"]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items; all that is given must fit, None and "" ask for nothing.

    `number`: of the prompt version. `least_distance`: what an agent changed at least, 0 to 1,
    in steps of 0.05 (0.62 asks for 0.60). `since`, `until` (not included): when the item came
    here. `verdict` 0: skipped.
    """

    rating: int | None = None
    flagged: bool | None = None
    tag: str = ""
    model: str = ""
    prompt: str = ""
    number: int | None = None
    kind: Literal["", "answer", "reply"] = ""
    least_distance: float | None = None
    mood: str = ""
    topic: str = ""
    since: datetime | None = None
    until: datetime | None = None
    second: bool | None = None
    verdict: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An item of the queue. `title` and `read_by` are empty until it was read (chatbot.review)."""

    id: int
    public_id: str
    kind: Kind
    message_id: int | None
    reply_id: int | None
    conversation_id: int | None
    ticket_id: int | None
    state: State
    rating: int
    flagged: bool
    flag_note: str
    flagged_by: int | None
    reasons: list[str]
    distance: float | None
    model: str
    prompt: str
    version: str
    number: int | None
    mood: str
    topic: str
    title: str
    read_by: str
    verdict: int | None
    tags: list[str]
    opinions: int
    split: bool
    second: bool
    taken_by: int | None
    taken_until: datetime | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reviewer's judgement. `reviewer` is a name; None when that person is forgotten."""

    id: int
    public_id: str
    item_id: int
    reviewer_id: int | None
    rating: int
    text: str | None
    tags: list[str]
    note: str
    use: bool
    created_at: datetime
    updated_at: datetime
    reviewer: str | None


@dataclass(frozen=True, slots=True)
class ReviewComment:
    """What somebody said of an item. `author` is a name; None when that person is forgotten."""

    id: int
    public_id: str
    item_id: int
    author_id: int | None
    created_at: datetime
    text: str
    author: str | None
