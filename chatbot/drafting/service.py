"""The one door of drafting: a thread → a draft; a text → the same text in other words."""

from collections.abc import AsyncGenerator, Collection, Sequence
from typing import TYPE_CHECKING

from chatbot.allowance import Allowance
from chatbot.analysis import Analysis, Said
from chatbot.archive import Archive
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, no_encoder
from chatbot.drafting.views import Check, ReworkTold, Source, Told, Want
from chatbot.releases import Releases
from store.records import Person

if TYPE_CHECKING:
    from chatbot.knowledge import Knowledge

PROMPT = "support-draft"


class Drafting:
    """Writes drafts. Nothing of them is stored here; safe to share between people."""

    def __init__(
        self,
        archive: Archive,
        registry: Registry,
        releases: Releases,
        knowledge: "Knowledge",
        analysis: Analysis,
        allowance: Allowance,
        *,
        workspace: str,
        encoder: OpenEncoder = no_encoder,
    ) -> None:
        self._archive = archive
        self._registry = registry
        self._releases = releases
        self._knowledge = knowledge
        self._analysis = analysis
        self._allowance = allowance
        self._workspace = workspace
        self._encoder = encoder

    async def draft(
        self,
        person: Person,
        thread: Sequence[Said],
        cancel: CancelToken,
        *,
        tone: str = "neutral",
        facts: Sequence[str] = (),
        instruction: str = "",
        agent: str = "",
        model: str | None = None,
        prompt: str = PROMPT,
        variant: int = 0,
    ) -> AsyncGenerator[Told, None]:
        """Stream a draft of the reply that a thread waits for: sources, pieces, the end."""
        raise NotImplementedError
        yield Told()

    async def rework(
        self,
        person: Person,
        text: str,
        cancel: CancelToken,
        *,
        want: Want,
        selection: tuple[int, int] | None = None,
        language: str = "",
        model: str | None = None,
    ) -> AsyncGenerator[ReworkTold, None]:
        """Stream a text, or its selected part, in other words; then the whole new text."""
        raise NotImplementedError
        yield ReworkTold()

    async def refine(
        self,
        person: Person,
        thread: Sequence[Said],
        text: str,
        instruction: str,
        sources: Sequence[Source],
        cancel: CancelToken,
        *,
        facts: Sequence[str] = (),
        model: str | None = None,
    ) -> AsyncGenerator[ReworkTold, None]:
        """Stream a text changed as an instruction says; then the whole new text."""
        raise NotImplementedError
        yield ReworkTold()

    def check(
        self,
        text: str,
        thread: Sequence[Said],
        sources: Sequence[Source],
        facts: Sequence[str] = (),
        confirmed: Collection[str] = (),
    ) -> Check:
        """What a person should look at before a text is sent. Quick; asks no model.

        `confirmed`: values, as written, that somebody has vouched for.
        """
        raise NotImplementedError
