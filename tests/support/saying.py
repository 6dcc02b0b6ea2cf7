"""Models that say what a function tells them to, and a registry that has only those."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from chatbot.backends.base import Ask, ChatModel, Delta, Where
from chatbot.backends.registry import ModelInfo, Registry

Says = Callable[[list[dict[str, str]]], str]


class Saying(ChatModel):
    """Answers the messages with what `says` makes of them."""

    label: str
    says: Says
    context: int = 8192
    where: Where = "scripted"

    async def deltas(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        yield Delta(self.says(ask.messages), "stop", 1, 1)


def speak(registry: Registry, says: Says) -> None:
    """Have the scripted model of a registry answer with what `says` makes of the messages."""
    registry.open("scripted")
    registry._open["scripted@1"] = Saying(label="scripted@1", says=says)


class Choir(Registry):
    """A registry of these models, by label; the first is the default."""

    def __init__(self, **models: Says) -> None:
        labels = {f"{name}@1": says for name, says in models.items()}
        super().__init__(Path("/nowhere"), default=next(iter(labels)))
        self._voices = {label: Saying(label=label, says=says) for label, says in labels.items()}

    def list(self) -> list[ModelInfo]:
        """All of them."""
        return [
            ModelInfo(label.partition("@")[0], "1", "scripted", None, 8192, "")
            for label in self._voices
        ]

    def _build(self, info: ModelInfo) -> ChatModel:
        return self._voices[info.label]
