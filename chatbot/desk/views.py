"""What the desk shows: plain values made from rows. Knows no queries, pages or models."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chatbot.analysis.views import Card as Card
from chatbot.analysis.views import Said as Said
from chatbot.drafting.views import Source as Source

State = Literal["new", "open", "waiting", "closed"]
"""`waiting`: for the customer."""
Which = Literal["mine", "new", "all"]
Sort = Literal["longest", "newest"]
How = Literal["reply", "clipboard"]
SendingState = Literal["waiting", "sent", "taken back"]
Reason = Literal["wrong fact", "tone", "missing", "too long", "policy", "other"]

REASONS: tuple[Reason, ...] = ("wrong fact", "tone", "missing", "too long", "policy", "other")
"""Why an agent changed a draft."""

COUNTED = 1000
"""Counts of tickets stop here: a page shows "999+" from then on."""


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket in the queue. `waiting_s`: seconds since the oldest unanswered customer message.

    None: no message waits for us. `draft`: "", `ready`, `drafting`, or `needs X`. `unread`: the
    customer wrote since anybody last opened it.
    """

    id: str
    number: int
    customer: str
    subject: str
    channel: str
    language: str
    mood: str
    intent: str
    state: State
    waiting_s: float | None
    late: bool
    assignee: str | None
    assignee_id: str | None
    draft: str
    unread: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets wait in each list; `COUNTED` stands for that many or more."""

    mine: int
    new: int
    all: int


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue. `more`: what to give as `after` for the next page, or None."""

    counts: Counts
    rows: list[Row]
    more: str | None


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A message of a thread; `said` is what analysis and drafting read.

    `delivery`: how its mail fares (`queued`, `sending`, `sent`, `failed`, `unsure`), or "" where
    none was sent. `reply`: the reply (id) that it was, or "" where it was none of the last ones.
    """

    id: str
    said: Said
    delivery: str = ""
    problem: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft as it was made, with its passages as they were then.

    `current`: the customer wrote nothing since. Times in seconds.
    """

    id: str
    text: str
    sources: tuple[Source, ...]
    missing: tuple[str, ...]
    unsupported: tuple[str, ...]
    language: str
    model: str
    prompt: str
    version: str
    number: int | None
    tone: str
    instruction: str
    variant: int
    notes: tuple[str, ...]
    first_s: float | None
    total_s: float | None
    created_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Work:
    """The unsent text of a ticket as it lies on the server. `version` 0: nobody wrote yet.

    `draft`: the draft (id) that it began from. `facts` are those to include, `confirmed` the marked
    values that the agent vouches for.
    """

    text: str
    version: int
    draft: str | None
    facts: tuple[str, ...]
    confirmed: tuple[str, ...]
    writer: str | None
    writer_id: str | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent sent (or is about to send), with the draft that it came from.

    `distance` is the normalised word edit distance of draft and reply, 0 the same, 1 all different;
    None without a draft. `seconds`: how long the agent took. `until`: it can be taken back until
    then.
    """

    id: str
    ticket: str
    text: str
    draft: str | None
    draft_text: str | None
    distance: float | None
    seconds: int
    sources: tuple[Source, ...]
    model: str
    prompt: str
    version: str
    how: How
    state: SendingState
    reason: str
    author: str | None
    created_at: datetime
    until: datetime
    sent_at: datetime | None
    delivery: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """A colleague who has the ticket open."""

    id: str
    name: str
    typing: bool


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as opened. `has_earlier`: the thread is longer than what is shown.

    `merged_into`: the ticket (id) that goes on with it. `replies`: newest last.
    """

    row: Row
    address: str
    source: str
    conversation: str | None
    reason: str
    thread: tuple[ThreadMessage, ...]
    has_earlier: bool
    work: Work
    draft: StoredDraft | None
    others: tuple[Other, ...]
    replies: tuple[Reply, ...]
    merged_into: str | None = None

    @property
    def id(self) -> str:
        """Its public id."""
        return self.row.id

    @property
    def said(self) -> tuple[Said, ...]:
        """The thread as analysis and drafting read it."""
        return tuple(message.said for message in self.thread)


@dataclass(frozen=True, slots=True)
class Handed:
    """Where a chat stands with the desk. While not `closed`, people answer and no model does.

    `agent`: the name of whoever has it. `waiting`: nobody answered the last message yet.
    """

    ticket: str
    number: int
    state: State
    agent: str | None
    waiting: bool
    reason: str

    @property
    def closed(self) -> bool:
        """Whether the assistant answers again."""
        return self.state == "closed"


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of bringing threads in. `known`: nothing new in it. `refused`: why, each."""

    new: int
    known: int
    appended: int
    refused: tuple["Unbrought", ...]


@dataclass(frozen=True, slots=True)
class Unbrought:
    """A thread that was not taken in: where it stands, and a sentence that says why."""

    source: str
    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A reply that did not leave. `stands`: its text is the unsent text of its ticket again."""

    text: str
    stands: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """A reply on its way: it leaves at `until`, and can be taken back before."""

    id: str
    until: datetime
