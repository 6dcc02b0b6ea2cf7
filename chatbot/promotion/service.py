"""All of promotion in one service: see `chatbot.promotion`."""

from pathlib import Path
from typing import Literal

from chatbot.backends.registry import ModelInfo
from chatbot.promotion.moving import Moving
from store.records import Person

Form = Literal["folder", "merged", "gguf"]


class Promotion(Moving):
    """Models as reviewers see and administrators move them. Safe to share between threads."""

    def add(
        self, person: Person, source: Path, label: str, *, base: str | None = None
    ) -> ModelInfo:
        """Take a checkpoint into the registry as name@version."""
        raise NotImplementedError

    def export(self, person: Person, model: str, out: Path, form: Form = "folder") -> list[Path]:
        """Write a model where other programs can read it, opened again to prove it."""
        raise NotImplementedError
