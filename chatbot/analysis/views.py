"""What analysis hands out: frozen values, and the thread it reads. Knows nothing of rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MoodWord = Literal["angry", "unhappy", "neutral", "content", "happy"]

MOODS: tuple[MoodWord, ...] = ("angry", "unhappy", "neutral", "content", "happy")
"""Every mood, the worst first."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a thread, the oldest first in a sequence of them."""

    role: Literal["customer", "agent", "assistant"]
    text: str
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mood:
    """How the writer feels: one word of `MOODS`, and a score from -1 (worst) to 1 (best)."""

    word: MoodWord
    score: float


@dataclass(frozen=True, slots=True)
class Intent:
    """What the writer wants: a name such as `get_refund`, and how sure, from 0 to 1."""

    name: str
    score: float

    @property
    def label(self) -> str:
        """The name as people read it: "Get refund"."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that a text names; `text` is `source[start:end]`, offsets in characters.

    `kind` is a kind of `chatbot.values.KINDS`, or `person`, `organisation`, `place`, `product`.
    `value` is equal for the same thing in another spelling; empty where there is no such form.
    """

    kind: str
    text: str
    start: int
    end: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Where words stand: which message of the thread, and the characters from start to end."""

    message: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a card with the words that it comes from; `kind` is a fact's kind."""

    text: str
    quote: Quote
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A thread at a glance. `mood_before` is what the mood was before it changed.

    `mood_from` are the words that show the mood.
    """

    wants: tuple[Item, ...] = ()
    done: tuple[Item, ...] = ()
    open: tuple[Item, ...] = ()
    mood: Mood | None = None
    mood_before: Mood | None = None
    mood_from: Quote | None = None
    intent: Intent | None = None
    facts: tuple[Item, ...] = ()
    language: str = ""
