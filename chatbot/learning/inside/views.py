"""What a look inside gives: plain values, ready to be shown. Knows no model and no page."""

from dataclasses import dataclass, field
from typing import Literal

from chatbot.backends.cancel import CancelToken

Kind = Literal["text", "control", "part"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A token. `text` is what it adds to the text before it; a control token's is its name.

    Kind `part`: only some bytes of a character, which the last of its tokens shows.
    """

    id: int
    text: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that could stand in a place, and how likely the model held it, 0 to 1."""

    piece: Piece
    probability: float


@dataclass(frozen=True, slots=True)
class Step:
    """A token of an answer: its own probability and rank (1: likeliest), the likeliest ones."""

    piece: Piece
    probability: float
    rank: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text cut into tokens. `tags`: the values that the model sees as tags, tag to value."""

    pieces: tuple[Piece, ...]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer token by token. `written`: by the model, not by a person; `cut`: it goes on."""

    steps: tuple[Step, ...]
    prompt_tokens: int
    written: bool
    cut: bool
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attention:
    """Weights of one layer. `heads[h][i][j]`: how much of token j goes into token i, j ≤ i.

    Each row sums to one. `layer` counts from 1 to `layers`.
    """

    pieces: tuple[Piece, ...]
    layer: int
    layers: int
    heads: tuple[tuple[tuple[float, ...], ...], ...]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Work:
    """A look under way. `stage` says what is done just now; `of` is 0 where no end is known."""

    stage: str = "Waiting for another look inside"
    done: int = 0
    of: int = 0
    cancel: CancelToken = field(default_factory=CancelToken)

    def now(self, stage: str, done: int = 0, of: int = 0) -> None:
        """Tell how far it is."""
        self.stage, self.done, self.of = stage, done, of
