"""All of promotion in one service: see `chatbot.promotion`."""

from functools import partial
from pathlib import Path

from chatbot.audit import require_admin
from chatbot.backends.registry import ModelInfo
from chatbot.errors import ChatbotError, Conflict, Refused
from chatbot.learning.exporting import TAKEN, Form, Written, take, write
from chatbot.promotion.moving import Moving
from store.records import Person


class Promotion(Moving):
    """Models as reviewers see and administrators move them. Safe to share between threads."""

    def add(
        self, person: Person, source: Path, label: str = "", *, base: str | None = None
    ) -> ModelInfo:
        """Take a checkpoint in as name@version: a folder, a LoRA adapter, a GGUF file.

        `label` "": what the checkpoint says itself. `base`: the model (name or label) that an
        adapter is added to. Takes seconds to minutes; what fails leaves nothing behind.

        Raises:
            Refused: no such thing, not one that can be taken, no room, no label, or the name of
                one that answers by itself, which would be replaced with no gate asked.
            ModelUnavailable, ModelCorrupt: a pickle, damaged, or of a kind that is not known.
            Conflict: there is a model of that label. UnknownModel: the base is none.
            NotAllowed, StoreUnavailable.
        """
        self._require_admin(person)
        base_folder = None if base is None else self._folder(base)
        made = take(source, self.settings.models_folder, label, base_folder, self._admit)
        info = self.registry.resolve(made.name)
        self.audit.note(person, "model_added", "model", info.label)
        return info

    def export(self, person: Person, model: str, out: Path, form: Form = "folder") -> Written:
        """Write a model (name or label) where other programs can read it.

        It is opened again and compared before it is called done. Takes seconds to minutes.

        Raises:
            Refused: it is there already, no room, or the form does not fit this model.
            ModelUnavailable, ModelCorrupt: its files are not whole, or what was written differs.
            UnknownModel, NotAllowed, StoreUnavailable.
        """
        self._require_admin(person)
        folder = self._folder(model)
        made = write(folder, out, form, partial(_found, self))
        self.audit.note(
            person, "model_exported", "model", self.registry.resolve(model).label, form=form
        )
        return made

    def _folder(self, model: str) -> Path:
        """Where a model's files lie. Raises UnknownModel, Refused."""
        info = self.registry.resolve(model)
        if info.path is None:
            raise Refused(f"{info.label} does not lie here: it has no files to work with.")
        return info.path

    def _admit(self, name: str, version: str) -> None:
        """Raises Refused or Conflict for a label that a new model must not have."""
        self.registry.refuse_unseen(name)
        label = f"{name}@{version}"
        if any(info.label == label for info in self.registry.list()):
            raise Conflict(TAKEN.format(label=label))

    def _require_admin(self, person: Person) -> None:
        with self.archive.main.reading() as session:
            require_admin(session, person)


def _found(promotion: Promotion, label: str) -> Path | None:
    try:
        return promotion.registry.resolve(label).path
    except ChatbotError:
        return None
