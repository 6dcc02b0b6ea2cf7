"""What drafting hands out: frozen values. Knows no rows, no models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from chatbot.errors import Refused

MarkKind = Literal["unsupported", "invented", "unfilled", "internal"]
"""`unsupported`: a sentence that claims what no source, message or fact says. `invented`: a value
that stands nowhere. `unfilled`: a place such as [[pickup_date]] that a person has to fill in.
`internal`: the number of a source that is not for customers."""

Want = Literal[
    "shorter",
    "longer",
    "grammar",
    "warm",
    "neutral",
    "formal",
    "brief",
    "apologetic",
    "friendly",
    "empathetic",
    "concise",
    "translate",
]
REWORKS: tuple[Want, ...] = get_args(Want)
"""Everything that a text can be made into."""


class ValuesChanged(Refused):
    """A rework lost, changed or added numbers, links or names: `lost` and `added` name them."""

    status, code = 409, "values_changed"

    def __init__(self, lost: Sequence[str], added: Sequence[str]) -> None:
        said = [f"left out {_listed(lost)}"] if lost else []
        said += [f"brought in {_listed(added)}"] if added else []
        super().__init__(
            f"Your text stays as it was: the new one {' and '.join(said)}. "
            "Try again, or change it by hand."
        )
        self.lost, self.added = tuple(lost), tuple(added)


def _listed(values: Sequence[str], most: int = 4) -> str:
    shown = [f"“{value[:60]}”" for value in values[:most]]
    left = len(values) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that a draft may cite as `[n]`. `passage` and `article` are public ids."""

    n: int
    passage: str
    article: str
    title: str
    heading: str
    text: str
    internal: bool
    score: float
    language: str = ""

    @property
    def label(self) -> str:
        """Where the passage stands: "Title › Heading"."""
        return " › ".join(part for part in (self.title, self.heading) if part)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person should look at; `text` is `draft[start:end]`, `why` a sentence for people."""

    start: int
    end: int
    text: str
    kind: MarkKind
    why: str


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found. `cited`: the numbers of existing sources that the text cites, in order.

    `blocking`: marks without which nothing is sent: unfilled places, and values that stand nowhere
    and that nobody confirmed.
    """

    marks: tuple[Mark, ...] = ()
    cited: tuple[int, ...] = ()
    blocking: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished draft. `marks` are offsets in `text`; `unsupported` the sentences of such marks.

    `missing`: what is needed to answer, such as "the order number". `language` is the ticket's (ISO
    639-1, empty when it is too short to tell). `version` (sha) and `number` are the prompt's, and
    `release_id` the release that chose it. Times are in seconds; `first_s` is None when nothing
    came. `notes` are sentences for people. `status`: complete, stopped or truncated.
    """

    text: str
    sources: tuple[Source, ...]
    missing: tuple[str, ...]
    unsupported: tuple[str, ...]
    marks: tuple[Mark, ...]
    language: str
    model: str
    prompt: str
    version: str
    number: int
    release_id: int | None
    first_s: float | None
    total_s: float
    notes: tuple[str, ...] = ()
    status: Literal["complete", "stopped", "truncated"] = "complete"


@dataclass(frozen=True, slots=True)
class Told:
    """What a draft that is being written tells: its sources first, then pieces, then the end.

    The text of `ended` replaces the pieces: citations were added, the line "Missing: …" taken out.
    """

    sources: tuple[Source, ...] | None = None
    text: str = ""
    ended: Draft | None = None


@dataclass(frozen=True, slots=True)
class ReworkTold:
    """A piece of a new text; the last has `ended`, the whole new text (selection put back in)."""

    text: str = ""
    ended: str | None = None
    model: str = ""
    notes: tuple[str, ...] = ()
