"""What doors show of a conversation: plain values, made from rows. Knows no queries.

Groups by day, sentences for a message's status, and the figures under an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.records import Person as Person
from store.records import Siblings

NOTES = {
    "stopped": "Stopped. Continue goes on from here.",
    "interrupted": "The server stopped here. Answer again.",
    "truncated": "The answer was cut off. Continue goes on from here.",
    "failed": "The model failed. Try again.",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A conversation in a list."""

    id: str
    title: str
    pinned: bool
    running: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations under one heading: Pinned, Today, Yesterday, Previous 7 days, a month."""

    label: str
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a list ended: when its last conversation was used, and its public id."""

    updated_at: datetime
    conversation: str


@dataclass(frozen=True, slots=True)
class Found:
    """A search hit. `snippet` is the text around it as (text, is a hit) pairs."""

    conversation: str
    title: str
    message: str | None
    role: str | None
    snippet: Sequence[tuple[str, bool]]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Meta:
    """The figures under an answer; times in seconds. `where`: local, hosted, scripted, removed."""

    model: str
    where: str
    prompt: str
    version: int | None
    tokens: int | None
    first_s: float | None
    total_s: float | None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A passage that an answer used, `n` as the answer cites it. `used`: `cited` or `quoted`."""

    n: int
    passage: str
    label: str
    internal: bool
    used: str


@dataclass(frozen=True, slots=True)
class HandedView:
    """A conversation that a person answers. `agent`: who has it, "" for nobody yet."""

    agent: str
    waiting: bool


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message on a page. `note` says what its status means and what to do, where it matters.

    `person`: who wrote an answer that no model did, "" where their name is known no more.
    `lacked`: no passage was about the question.
    """

    id: str
    role: str
    text: str
    status: str
    note: str | None
    siblings: Siblings
    meta: Meta | None
    rating: int
    reasons: Sequence[str]
    better: str | None
    sources: Sequence[SourceView] = ()
    lacked: bool = False
    person: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A page of a conversation: the newest messages of its current branch, oldest first."""

    id: str
    title: str
    prompt: str
    model: str
    channel: str
    pinned: bool
    temporary: bool
    created_at: datetime
    messages: list[MessageView]
    has_earlier: bool
    handed: HandedView | None = None


def note_of(status: str, error: str | None) -> str | None:
    """The sentence for a status: the error that was saved with it, else the general one."""
    return error or NOTES.get(status)


def grouped(pinned: Sequence[Item], recent: Sequence[Item], today: datetime) -> list[Group]:
    """Lists under their headings, in the time zone of `today`; empty headings are left out."""
    groups: dict[str, list[Item]] = {"Pinned": list(pinned)}
    for item in recent:
        groups.setdefault(_heading(item.updated_at, today), []).append(item)
    return [Group(label, items) for label, items in groups.items() if items]


def _heading(moment: datetime, today: datetime) -> str:
    day, now = moment.astimezone(today.tzinfo).date(), today.date()
    if day >= now:
        return "Today"
    if day == now - timedelta(days=1):
        return "Yesterday"
    if day >= now - timedelta(days=7):
        return "Previous 7 days"
    return f"{day:%B}" if day.year == now.year else f"{day:%B %Y}"
