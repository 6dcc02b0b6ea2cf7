"""What is to be seen of serving: stages, the gate, the history, marks. Moves nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.authoring import Authoring
from chatbot.backends.checkpoint import fingerprint
from chatbot.backends.registry import ModelInfo, Registry
from chatbot.errors import NotAllowed, UnknownModel
from chatbot.learning.evaluate.views import Evaluation
from chatbot.promotion.gating import Evidence, decide
from chatbot.promotion.views import Gate, Stage
from chatbot.serving import Serving
from chatbot.settings import Settings
from store import accounts
from store import model_releases as rows
from store.engine import Session
from store.model_releases import ModelMark, ModelRelease
from store.records import Person

READERS = ("reviewer", "admin")
NOT_A_READER = "Only reviewers and administrators see how models are promoted."


@dataclass(frozen=True, slots=True)
class Looking:
    """What promotion stands on, and what of it reviewers and administrators see.

    `newest` tells the newest complete evaluation of a model (label).
    """

    archive: Archive
    audit: Audit
    registry: Registry
    authoring: Authoring
    serving: Serving
    settings: Settings
    newest: Callable[[str], Evaluation | None]

    def stages(self) -> dict[str, Stage]:
        """Where every model of the registry stands, by label."""
        alias = self.serving.alias
        with self.archive.main.reading() as session:
            staging = rows.current(session, alias, "staging")
            kept, trained = rows.served(session, alias), rows.trained(session)
        production = self.registry.resolve().label
        kept.add(self._by_setting())
        found: dict[str, Stage] = {}
        for label in (info.label for info in self.registry.list()):
            if label == production:
                found[label] = "production"
            elif staging is not None and not staging.by_setting and label == staging.model:
                found[label] = "staging"
            elif label in kept:
                found[label] = "kept"
            else:
                found[label] = "candidate" if label in trained else ""
        return found

    def _by_setting(self) -> str:
        """The label that CHATBOT_MODEL says, which served before any other was promoted."""
        try:
            return self.registry.resolve(self.settings.model).label
        except UnknownModel:
            return ""

    def gate(self, person: Person, model: str) -> Gate:
        """What production asks of a model, and what it lacks. Raises NotAllowed, UnknownModel."""
        with self.archive.main.reading() as session:
            require_reader(session, person)
        return self._gate(self.registry.resolve(model))

    def history(
        self, person: Person, *, before: int | None = None, limit: int = 50
    ) -> list[ModelRelease]:
        """What the name stood for, newest first. `before`: the id of the last one already had.

        Raises NotAllowed, StoreUnavailable.
        """
        with self.archive.main.reading() as session:
            require_reader(session, person)
            return rows.history(session, self.serving.alias, before=before, limit=limit)

    def marks(self, person: Person, model: str | None = None) -> list[ModelMark]:
        """What is to be known of a model (label), or of all. Raises NotAllowed."""
        with self.archive.main.reading() as session:
            require_reader(session, person)
            return rows.marks(session, None if model is None else [model])

    def _gate(self, info: ModelInfo) -> Gate:
        with self.archive.main.reading() as session:
            marks = rows.marks(session, [info.label])
        return decide(
            Evidence(
                model=info.label,
                sha=fingerprint(info.path),
                serving=self.registry.resolve().label,
                evaluation=self.newest(info.label),
                marks=tuple(marks),
            )
        )


def require_reader(session: Session, by: Person) -> None:
    """Let pass who reviews or administers now. Raises NotAllowed."""
    if not accounts.has_role(session, by.id, READERS):
        raise NotAllowed(NOT_A_READER)
