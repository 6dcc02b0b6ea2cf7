"""The shipped model's own general talk, mixed in so that it is not forgotten.

For checkpoints with its tokenizer alone: the recipe's situations, small talk, recalls and
exercises in copying, in the shares of its last stage. Industries that evaluation holds out are held
out here too, by the recipe itself.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

from chatbot.learning.packing import Encoded
from chatbot.learning.starter import mixing
from chatbot.learning.starter.exercises import Exercises
from chatbot.learning.starter.plan import FULL
from chatbot.learning.starter.sources import Document, sample
from chatbot.learning.starter.tokenizer import Encoder

STAGE = FULL.stages[-1]
MISSES = 200
"""Draws in a row that give nothing, after which nothing fits the window."""


def talk(base: Path, window: int, seed: int) -> "Talk | None":
    """The general talk for a checkpoint; None where its tokenizer was not made by the recipe."""
    try:
        encoder = Encoder.load(base / "tokenizer.json")
        encoder.plain("a")
        return Talk(encoder, window, seed)
    except Exception:  # noqa: BLE001 (tokenizers raises bare exceptions for a foreign file)
        return None


class Talk:
    """Gives general documents of about so many tokens: `Talk(...)(rng, tokens)`."""

    def __init__(self, encoder: Encoder, window: int, seed: int) -> None:
        self._encoder, self._window, self._seed = encoder, window, seed
        self._exercises = Exercises(encoder, min(window, STAGE.window))
        self._pool: list[Document] = []

    def __call__(self, rng: Random, tokens: int) -> list[Encoded]:
        """Draw documents, and the share of exercises that the recipe's last stage has."""
        practised = round(tokens * STAGE.practice)
        found = _until(tokens - practised, lambda: self.document(rng))
        return found + _until(practised, lambda: self._exercise(rng))

    def _exercise(self, rng: Random) -> Encoded:
        return self._exercises.window(rng, rng.random())

    def document(self, rng: Random) -> Encoded | None:
        """Draw one document; None where the drawn one cannot be learned from."""
        self._pool = self._pool or self._all()
        document = rng.choice(self._pool)
        made = mixing.encode(document, self._encoder, replies_only=True, window=self._window)
        return made if made and len(made[0]) <= self._window else None

    def _all(self) -> list[Document]:
        rng = Random(self._seed)  # noqa: S311 (no secrets)
        return [
            document
            for name, passes in STAGE.passes.items()
            if name in mixing.OWN
            for document in sample(mixing.OWN[name](rng), passes, rng)
        ]


def _until(tokens: int, draw: Callable[[], Encoded | None]) -> list[Encoded]:
    found: list[Encoded] = []
    left, missed = tokens, 0
    while left > 0 and missed < MISSES:
        document = draw()
        missed += 1
        if document is not None:
            missed = 0
            found.append(document)
            left -= len(document[0])
    return found
