"""What knowledge hands out: frozen values with public ids, never rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

OpenEncoder = Callable[[], "Encoder | None"]
Visibility = Literal["public", "internal"]
By = Literal["both", "words", "meaning"]

Tell = Callable[[int, int], None]
"""Told how far long work is: so many done, of so many; 0 where their number is not known."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. `passage` and `article` are public ids.

    `score` is the sum of `meaning` (cosine, -1 to 1; 0 without the encoder) and `words` (0 to the
    weight of words). `text_rank` and `meaning_rank` count from 1, None where that half did not
    find it. `start`: character of the article's text where the passage begins.
    """

    passage: str
    article: str
    title: str
    heading: str
    text: str
    internal: bool
    language: str
    score: float
    text_rank: int | None
    meaning_rank: int | None
    start: int
    meaning: float = 0.0
    words: float = 0.0

    @property
    def label(self) -> str:
        """Where the passage stands: "Title › Heading"."""
        return " › ".join(part for part in (self.title, self.heading) if part)


@dataclass(frozen=True, slots=True)
class Piece:
    """One passage of an article that is shown; `number` counts from 1, `tokens` its words."""

    passage: str
    number: int
    heading: str
    text: str
    start: int
    tokens: int
    embedded: bool
    cited_30d: int


@dataclass(frozen=True, slots=True)
class Version:
    """One state that an article had; `number` counts from 1, `author` is empty when unknown."""

    number: int
    title: str
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """An article as a list shows it. `cited_30d`: citations in the last thirty days."""

    id: str
    title: str
    source: str
    visibility: Visibility
    language: str
    tags: tuple[str, ...]
    owner: str
    valid_from: date | None
    valid_until: date | None
    passages: int
    embedded: int
    cited_30d: int
    version: int
    changed_at: datetime

    def is_valid(self, day: date) -> bool:
        """Whether chats and drafts may use it on that day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many articles there are in all, whatever a list was narrowed to."""

    all: int
    public: int
    internal: int
    passages: int
    tags: tuple[tuple[str, int], ...] = ()
    languages: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of articles, the latest changed first. `after`: what asks for the next, or None."""

    rows: tuple[Row, ...]
    counts: Counts
    after: str | None


@dataclass(frozen=True, slots=True)
class Article:
    """An article that is read. `text` is its newest version; `removed`: it can be restored."""

    row: Row
    text: str
    pieces: tuple[Piece, ...]
    versions: tuple[Version, ...]
    cited: int
    rated_down: int
    created_at: datetime
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """What an import did: articles by kind, and what was refused, `(source, reason)` each."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    articles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lack:
    """Questions that found nothing and mean about the same; `question` is the most typical."""

    id: str
    question: str
    times: int
    questions: tuple[str, ...]
    channels: tuple[str, ...]
    last: datetime


@dataclass(frozen=True, slots=True)
class State:
    """How much there is; `waiting` passages have no vector yet.

    `by_meaning` False: search compares words alone, and `why_not` is the sentence that says why.
    """

    articles: int
    passages: int
    waiting: int
    by_meaning: bool
    why_not: str
