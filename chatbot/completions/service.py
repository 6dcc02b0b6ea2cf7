"""The door of the room: which models a key may use, calls, embeddings, calls that repeat.

Knows keys by `Caller` alone, and neither HTTP nor the wire's JSON.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from chatbot.backends.cancel import CancelToken
from chatbot.completions.views import Ask, Embedded, Ended, ModelLine, Piece

if TYPE_CHECKING:
    from chatbot.keys.views import Caller


class Once:
    """A call that named itself. `answer` is (status, text) where it was answered before."""

    answer: tuple[int, str] | None = None

    def keep(self, status: int, text: str) -> None:
        """Keep what was answered, for whoever sends it again within a day."""
        raise NotImplementedError

    def forget(self) -> None:
        """The call came to no answer that may be repeated: whoever sends it again is answered."""
        raise NotImplementedError


class Completions:
    """Runs calls; safe to share. Use `run` and `embed` in an event loop, the rest in threads."""

    def models(self, caller: "Caller") -> list[ModelLine]:
        """What this key may name as `model`: models, and `prompt:NAME` for published prompts."""
        raise NotImplementedError

    def model(self, caller: "Caller", name: str) -> ModelLine:
        """One of them. Raises UnknownModel, ModelNotAllowed."""
        raise NotImplementedError

    async def run(
        self, caller: "Caller", ask: Ask, cancel: CancelToken
    ) -> AsyncGenerator[Piece | Ended, None]:
        """Stream the answer's choices, interleaved, and then its figures.

        Whatever is wrong with the call is raised before the first piece. Cancelling ends the
        stream within a second with what is written; closing the generator does as well.

        Raises:
            UnknownModel, ModelNotAllowed: it cannot be asked.
            Unsupported: a field (`param`) cannot be done, by this model or at all.
            EmptyText, TextTooLong, UnstorableText, ContextTooSmall, PromptInvalid: likewise.
            NotFound: no such conversation of this key's.
            ShapeFailed: the answer does not have the asked shape.
            BackendError: the model did not answer, or broke off.
        """
        raise NotImplementedError
        yield Piece(0, "")

    async def embed(
        self, caller: "Caller", texts: Sequence[str], dimensions: int | None = None
    ) -> Embedded:
        """Vectors of these texts by the sentence encoder, cut to `dimensions` where given.

        Raises Unsupported (`dimensions`, `input`), ModelUnavailable where there is no encoder.
        """
        raise NotImplementedError

    def once(self, caller: "Caller", name: str, body: bytes) -> Once:
        """Begin, or find, the call that a key named `name` (Idempotency-Key).

        Raises Conflict: it runs elsewhere just now, or was sent with another body before.
        """
        raise NotImplementedError
