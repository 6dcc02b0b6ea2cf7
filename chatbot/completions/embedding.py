"""Texts → vectors for programs, by the encoder that knowledge is searched with. Blocking.

An encoder reads so many tokens and no more; a text that is longer is refused, not cut.
"""

import time
from collections.abc import Callable, Sequence

from chatbot.chain import OpenEncoder
from chatbot.completions.errors import Unsupported
from chatbot.completions.views import Embedded, ModelLine
from chatbot.errors import ModelUnavailable, UnknownModel

MOST_TEXTS = 2048


class Embedding:
    """`encoder` opens it; where it gives None, `why` says what is missing."""

    def __init__(self, encoder: OpenEncoder, why: Callable[[], str]) -> None:
        self._encoder = encoder
        self._why = why
        self._began = int(time.time())

    @property
    def name(self) -> str:
        """The encoder's; empty where there is none."""
        encoder = self._encoder()
        return encoder.name if encoder is not None else ""

    def lines(self) -> list[ModelLine]:
        """The encoder as a line of the list of models; none where there is none."""
        encoder = self._encoder()
        if encoder is None:
            return []
        return [ModelLine(encoder.name, self._began, "chatbot", "embedding", encoder.longest)]

    def embed(
        self, texts: Sequence[str], dimensions: int | None = None, model: str | None = None
    ) -> Embedded:
        """Vectors of length 1, in the order of the texts.

        Raises Unsupported (`input`, `dimensions`), UnknownModel, ModelUnavailable.
        """
        encoder = self._encoder()
        if encoder is None:
            raise ModelUnavailable(self._why())
        if model is not None and model != encoder.name:
            raise UnknownModel(
                f"Texts are embedded by {encoder.name} here, not by {model!r:.80}. Name that."
            )
        if dimensions not in (None, encoder.width):
            raise Unsupported(
                "dimensions", f"{encoder.name} gives {encoder.width} numbers. Leave it out."
            )
        if not 0 < len(texts) <= MOST_TEXTS or not all(text.strip() for text in texts):
            raise Unsupported("input", f"input takes 1 to {MOST_TEXTS:,} texts, none empty.")
        counts = encoder.counted(texts)
        for number, count in enumerate(counts, 1):
            if count > encoder.longest:
                raise Unsupported(
                    "input",
                    f"Text {number} has {count:,} tokens; {encoder.name} reads {encoder.longest:,}."
                    " Send it in parts.",
                )
        vectors = encoder.encode(texts)
        return Embedded([row.tolist() for row in vectors], sum(counts), encoder.name)
