"""Asks a model for a draft or a rework: opens it, counts the turn, streams, and remembers figures.

Nothing of it is stored, and nothing is logged. Knows plans; nothing of tickets or pages.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import prompts
from chatbot.allowance import Allowance, take
from chatbot.archive import Archive
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, Piece, Plan, Sent, answer
from chatbot.drafting.asking import shorter
from chatbot.errors import ContextTooSmall
from chatbot.releases import Releases, weighted
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel

Status = Literal["complete", "stopped", "truncated"]

SHORTEST = 200
"""Characters of a customer's message that are read at least, however small the model is."""
KEPT_OF = 2 / 3
"""Share of a question that is tried next when it did not fit."""


@dataclass(slots=True)
class Watch:
    """The figures of one answer, filled in on the way."""

    began: float = field(default_factory=time.monotonic)
    first: float | None = None
    sent: Sent | None = None
    last: Piece | None = None

    def took(self, piece: Piece) -> None:
        """Follow one piece."""
        self.last = piece
        if piece.text.strip() and self.first is None:
            self.first = time.monotonic()

    @property
    def first_s(self) -> float | None:
        """Seconds until the first character."""
        return self.first - self.began if self.first is not None else None

    @property
    def total_s(self) -> float:
        """Seconds until now."""
        return time.monotonic() - self.began

    @property
    def notes(self) -> tuple[str, ...]:
        """What the call's trace says."""
        return tuple(self.sent.notes) if self.sent else ()

    def status(self, cancel: CancelToken) -> Status:
        """How the answer ended."""
        finish = self.last.finish if self.last else None
        if finish == "cancelled" or (finish is None and cancel.cancelled):
            return "stopped"
        return "truncated" if finish in (None, "length") else "complete"


@dataclass(frozen=True, slots=True)
class Served:
    """The version of a prompt that serves, and by which release."""

    prompt: prompts.Prompt
    sha: str
    number: int
    release_id: int | None


class Writer:
    """Asks models for one person at a time; safe to share between them."""

    def __init__(
        self,
        archive: Archive,
        registry: Registry,
        releases: Releases,
        allowance: Allowance,
        encoder: OpenEncoder,
    ) -> None:
        self._archive = archive
        self._registry = registry
        self._releases = releases
        self._allowance = allowance
        self._encoder = encoder

    def served(self, name: str, about: str) -> Served:
        """The version of a published prompt for a thread or text, by weight. Raises NotFound."""
        release = self._releases.current(name)
        sha = weighted(release.weights, about)
        return Served(self._releases.prompt(sha), sha, self._releases.number(sha), release.id)

    async def model(self, name: str | None) -> "ChatModel":
        """The ready model; None is the default. Raises UnknownModel, ModelUnavailable."""
        label = self._registry.resolve(name).label
        return await asyncio.to_thread(self._registry.open, label)

    async def count(self, person: Person) -> None:
        """Count a turn of this person's. Raises TooManyTurns."""

        def counted() -> None:
            with self._archive.main.writing() as session:
                take(session, person, self._allowance.of(person), lambda _: False)

        await asyncio.to_thread(counted)

    async def stream(
        self, plan: Plan, model: "ChatModel", cancel: CancelToken, watch: Watch
    ) -> AsyncGenerator[str, None]:
        """Stream an answer; a question that is too long for the model is read in part.

        Raises PromptInvalid, ContextTooSmall (history, passages and wishes alone do not fit),
        BackendError.
        """
        while True:
            try:
                async with aclosing(self._once(plan, model, cancel, watch)) as pieces:
                    async for piece in pieces:
                        watch.took(piece)
                        yield piece.text
            except ContextTooSmall:
                kept = int(len(str(plan.values.get("question", ""))) * KEPT_OF)
                if watch.first is not None or kept < SHORTEST:
                    raise
                plan = shorter(plan, kept)
            else:
                return

    def _once(
        self, plan: Plan, model: "ChatModel", cancel: CancelToken, watch: Watch
    ) -> AsyncGenerator[Piece, None]:
        async def ready(_: str) -> "ChatModel":
            return model

        def sent(trace: Sent) -> None:
            watch.sent = trace

        return answer(plan, [model.label], ready, cancel, sent, self._encoder)
