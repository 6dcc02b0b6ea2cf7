"""What comparisons show: frozen values, and how they are made of the store's rows. Asks nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chatbot.tally import Rate
from store import comparisons
from store.comparisons import Side as Which
from store.comparisons import Vote
from store.records import VersionLine

Place = Literal["first", "second"]
PLACES: tuple[Place, Place] = ("first", "second")
Choice = Literal["first", "second", "tie", "both bad"]


@dataclass(frozen=True, slots=True)
class Side:
    """What answers: a model with a prompt version (sha; `number` counts from 1)."""

    model: str
    prompt: str
    version: str
    number: int

    @property
    def label(self) -> str:
        """As people read it."""
        return f"{self.model} · {self.prompt} v{self.number}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A comparison and how it stands. `left_wins`: the left side's share of the decided votes."""

    id: str
    title: str
    left: Side
    right: Side
    blind: bool
    by: str
    at: datetime
    left_wins: Rate
    ties: int
    both_bad: int

    @property
    def votes(self) -> int:
        """All of them."""
        return self.left_wins.count + self.ties + self.both_bad


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was just asked. `sides`: who answers first and second; None while blind."""

    id: str
    question: str
    sides: tuple[Side, Side] | None
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Voted:
    """A question with its vote: the sides, texts and seconds in the order they were shown."""

    id: str
    question: str
    sides: tuple[Side, Side]
    texts: tuple[str, str]
    seconds: tuple[float | None, float | None]
    choice: Choice
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A side over all comparisons that it is in. `wins`: its share of the decided votes."""

    side: Side
    wins: Rate
    ties: int
    both_bad: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt to choose, its newest versions first. `live`: the version in production."""

    name: str
    title: str
    live: str
    versions: tuple[VersionLine, ...]


def title_of(left: Side, right: Side) -> str:
    """What differs: two models, two versions of a prompt, or both."""
    if (left.prompt, left.version) == (right.prompt, right.version):
        return f"{left.model} or {right.model}"
    if left.model == right.model:
        return f"{left.prompt} v{left.number} or {right.prompt} v{right.number}"
    return f"{left.label} or {right.label}"


def standing_of(found: comparisons.Comparison, votes: Mapping[Vote, int]) -> Standing:
    """A comparison with its counted votes."""
    left, right = votes.get("left", 0), votes.get("right", 0)
    return Standing(
        id=found.public_id,
        title=found.title,
        left=Side(**found.left),
        right=Side(**found.right),
        blind=found.blind,
        by=found.actor,
        at=found.created_at,
        left_wins=Rate(left, left + right),
        ties=votes.get("tie", 0),
        both_bad=votes.get("both bad", 0),
    )


def sides_of(found: comparisons.Comparison, row: comparisons.Asked) -> tuple[Side, Side]:
    """The sides in the order in which their answers are shown."""
    left, right = Side(**found.left), Side(**found.right)
    return (right, left) if row.swapped else (left, right)


def which_of(row: comparisons.Asked, place: Place) -> Which:
    """Which side is shown in a place."""
    return "right" if (place == "first") == row.swapped else "left"


def vote_of(row: comparisons.Asked, choice: Choice) -> Vote:
    """What is kept for a choice of a place."""
    if choice == "first" or choice == "second":
        return which_of(row, choice)
    return choice


def answer_of(row: comparisons.Asked, which: Which) -> tuple[str, float | None]:
    """An answer's text and seconds."""
    return (row.left_text, row.left_s) if which == "left" else (row.right_text, row.right_s)


def voted_of(found: comparisons.Comparison, row: comparisons.Asked) -> Voted:
    """A question that has its vote, in the order it was shown."""
    first, second = (answer_of(row, which_of(row, place)) for place in PLACES)
    choice: Choice
    if row.vote in ("left", "right"):
        choice = "first" if row.vote == which_of(row, "first") else "second"
    else:
        choice = "tie" if row.vote == "tie" else "both bad"
    return Voted(
        id=row.public_id,
        question=row.question,
        sides=sides_of(found, row),
        texts=(first[0], second[0]),
        seconds=(first[1], second[1]),
        choice=choice,
        at=row.created_at,
    )
