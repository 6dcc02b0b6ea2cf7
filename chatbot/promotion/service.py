"""Promoting a model and rolling back, for administrators; what reviewers may see of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.authoring import Authoring
from chatbot.backends.registry import ModelInfo, Registry
from chatbot.promotion.views import Gate, Stage
from chatbot.serving import Serving
from chatbot.settings import Settings
from store.model_releases import Environment, ModelMark, ModelRelease
from store.records import Person

Form = Literal["folder", "merged", "gguf"]


@dataclass(frozen=True, slots=True)
class Promotion:
    """Which model production serves, and why. Roles are those of the database at the moment."""

    archive: Archive
    audit: Audit
    registry: Registry
    authoring: Authoring
    serving: Serving
    settings: Settings
    newest: Callable[[str], object | None]

    def stages(self) -> dict[str, Stage]:
        """Where every model of the registry stands, by label."""
        raise NotImplementedError

    def gate(self, person: Person, model: str) -> Gate:
        """What production asks of a model, and what it lacks. Raises NotAllowed, UnknownModel."""
        raise NotImplementedError

    def promote(
        self,
        person: Person,
        model: str,
        *,
        reason: str,
        environment: Environment = "production",
        override: str = "",
        prompts: Mapping[str, str] | None = None,
    ) -> ModelRelease:
        """Let the name in CHATBOT_MODEL stand for a model from now on."""
        raise NotImplementedError

    def roll_back(
        self, person: Person, *, reason: str = "", environment: Environment = "production"
    ) -> ModelRelease:
        """Serve again what was served before, its prompts too."""
        raise NotImplementedError

    def history(self, person: Person) -> list[ModelRelease]:
        """What the name stood for, newest first. Raises NotAllowed."""
        raise NotImplementedError

    def marks(self, person: Person, model: str | None = None) -> list[ModelMark]:
        """What is to be known of a model, or of all. Raises NotAllowed."""
        raise NotImplementedError

    def add(
        self, person: Person, source: Path, label: str, *, base: str | None = None
    ) -> ModelInfo:
        """Take a checkpoint into the registry as name@version."""
        raise NotImplementedError

    def export(self, person: Person, model: str, out: Path, form: Form = "folder") -> list[Path]:
        """Write a model where other programs can read it, opened again to prove it."""
        raise NotImplementedError
