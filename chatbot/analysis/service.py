"""The one door of analysis: text → language, mood, intent, entities; thread → card."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chatbot.analysis.views import Card, Entity, Intent, Mood, Said

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

OpenEncoder = Callable[[], "Encoder | None"]


class Analysis:
    """Reads texts by rules and by heads on the sentence encoder. May be shared by threads."""

    def __init__(self, open_encoder: OpenEncoder) -> None:
        self._open_encoder = open_encoder

    def language(self, text: str) -> str:
        """ISO 639-1, "" when too short to tell."""
        raise NotImplementedError

    def mood(self, text: str) -> Mood | None:
        """How the writer feels; None without the encoder."""
        raise NotImplementedError

    def intent(self, text: str) -> Intent | None:
        """What the writer wants; None when nothing fits, or without the encoder."""
        raise NotImplementedError

    def entities(self, text: str) -> list[Entity]:
        """What the text names, in order; they never overlap."""
        raise NotImplementedError

    def card(self, thread: Sequence[Said]) -> Card:
        """The thread at a glance, each item with the words it comes from."""
        raise NotImplementedError
