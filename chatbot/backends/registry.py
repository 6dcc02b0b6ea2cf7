"""Which models there are, and the open ones: name@version to a ready chat model.

Knows folders, manifests and settings records; what a model computes with is its own affair. Torch
and LangChain are imported when a model is first opened, never by listing.
"""

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from chatbot.backends.checkpoint import adopt, read_manifest, sketch, verify
from chatbot.errors import ChatbotError, ModelUnavailable, Refused, UnknownModel

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel
    from chatbot.backends.fast import Fast
    from chatbot.masking import Rules
    from chatbot.settings import HostedModel

log = logging.getLogger(__name__)

STARTER = Path(__file__).parent.parent / "starter"
"""The checkpoint that ships with the package."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One line of the list of models. `context` is in tokens."""

    name: str
    version: str
    where: Literal["local", "hosted", "scripted"]
    path: Path | None
    context: int
    description: str
    trained_on_tags: bool = False

    @property
    def label(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class ModelState:
    """`sentence` says to a person what `state` means just now."""

    state: Literal["idle", "loading", "ready", "failed"]
    sentence: str


_SENTENCES = {
    "idle": "{label} is not loaded yet.",
    "loading": "Loading {label}.",
    "ready": "{label} is ready.",
}


class Registry:
    """The models of one process. Methods may be called from any thread; `open` may take seconds.

    `default` is a name or a label; `serving` tells the label that stands for it now, if another
    was promoted. `scripted` lists the fake for tests and demonstrations. `fast`:
    how local models get the fast runtime; None: transformers alone. `masking` says what hosted
    models do not get to see; None: what is masked by default. `connected` tells the hosted models
    that come and go.
    """

    def __init__(
        self,
        models_dir: Path,
        hosted: Sequence["HostedModel"] = (),
        default: str = "starter",
        *,
        scripted: bool = False,
        fast: "Fast | None" = None,
        masking: "Callable[[], Rules] | None" = None,
        serving: "Callable[[], str | None]" = lambda: None,
        connected: "Callable[[], Sequence[HostedModel]]" = tuple,
    ) -> None:
        self._models_dir = models_dir
        self._serving = serving
        self._missed = ""
        self._fast = fast
        self._masking = masking
        self._settled = {_hosted_info(record).label: record for record in hosted}
        self._connected = connected
        self._default = default
        self._scripted = scripted
        self._lock = threading.Lock()
        self._loading: dict[str, threading.Lock] = {}
        self._open: dict[str, ChatModel] = {}
        self._opened_by: dict[str, HostedModel] = {}
        self._states: dict[str, ModelState] = {}

    def list(self) -> list[ModelInfo]:
        """Every usable model, local ones first, the newest version of each name first."""
        infos = [info for info in map(_info_or_none, self._folders()) if info is not None]
        infos.sort(key=lambda info: _newness(info.version), reverse=True)
        infos.sort(key=lambda info: info.name)
        infos += [_hosted_info(record) for record in self._hosted().values()]
        if self._scripted:
            infos.append(SCRIPTED)
        return infos

    def settled(self) -> set[str]:
        """The names of all models but the connected ones."""
        here = [info.name for info in self.list() if info.where != "hosted"]
        return {*here, *(record.name for record in self._settled.values())}

    def problems(self) -> Sequence[str]:
        """A sentence for each folder that looks like a model and cannot be one."""
        found = []
        for folder in self._folders():
            try:
                _info(folder)
            except ChatbotError as error:
                found.append(str(error))
        return found

    def resolve(self, name: str | None = None) -> ModelInfo:
        """The model of this label, else the newest of this name.

        None is the one that production serves: what was promoted, where it is here, else what the
        setting says. Raises UnknownModel.
        """
        infos = self.list()
        wanted = name or self._promoted(infos) or self._default
        by_label = [info for info in infos if info.label == wanted]
        found = by_label or [info for info in infos if info.name == wanted]
        if not found:
            raise UnknownModel(
                f"There is no model {wanted!r:.80}. `chatbot doctor` shows those there are."
            )
        return found[0]

    def at_home(self) -> ModelInfo | None:
        """The model that answers without anything leaving: the default, else the first local one.

        None where there is no local model.
        """
        infos = self.list()
        local = [info for info in infos if info.where == "local"]
        default = self._promoted(infos) or self._default
        chosen = [info for info in local if default in (info.name, info.label)]
        return next(iter(chosen or local), None)

    def refuse_unseen(self, name: str) -> None:
        """Raises Refused for a name whose newest version answers by itself, with no gate asked."""
        answering = {self._default.partition("@")[0]}
        for info in self.list():
            if info.where != "local" or info.path == STARTER:
                answering.add(info.name)
        if name in answering:
            raise Refused(
                f"{name} is the name of a model that answers or ships already, and a new version "
                "would take its place unseen. Give it another name, then promote it."
            )

    def _promoted(self, infos: Sequence[ModelInfo]) -> str | None:
        """The promoted model's label; None also where its files are not on this machine."""
        label = self._serving()
        if label is None or any(info.label == label for info in infos):
            return label
        if label != self._missed:
            self._missed = label
            log.warning("%s was promoted and is not here; %s answers", label, self._default)
        return None

    def host(self, label: str) -> str:
        """The server that a hosted model's messages go to; empty for the others."""
        record = self._hosted().get(self.resolve(label).label)
        if record is None:
            return ""
        address = urlsplit(record.base_url or "").netloc.rpartition("@")[2]
        return address or record.provider

    def hosted(self) -> "Sequence[HostedModel]":
        """The records of the hosted models: those of the settings, then the connected ones."""
        return tuple(self._hosted().values())

    def state(self, label: str) -> ModelState:
        """Whether the model is idle, loading, ready or failed, and a sentence that says so."""
        info = self.resolve(label)
        return self._states.get(info.label) or _state("idle", info.label)

    def runtime(self, label: str) -> str:
        """Which engine an open model runs in; empty while it is not open, or runs elsewhere."""
        model = self._open.get(self.resolve(label).label)
        return model.runtime if model is not None else ""

    def open(self, label: str | None = None) -> "ChatModel":
        """The ready model; a local one is verified and loaded once, in the calling thread.

        Raises UnknownModel, ModelUnavailable or ModelCorrupt. After a failure the next call tries
        again.
        """
        info = self.resolve(label)
        with self._lock:
            loading = self._loading.setdefault(info.label, threading.Lock())
        with loading:
            model = self._open.get(info.label)
            if model is None or self._opened_by.get(info.label) != self._hosted().get(info.label):
                model = self._open[info.label] = self._load(info)
        return model

    def opened(self) -> "Sequence[str]":
        """Labels of the models that are open."""
        return sorted(self._open)

    def load_in_background(self, label: str | None = None) -> None:
        """Start `open` in a thread of its own; `state` tells how it goes."""
        info = self.resolve(label)
        if info.label not in self._open:
            self._states[info.label] = _state("loading", info.label)
            threading.Thread(target=self._open_quietly, args=(info.label,), daemon=True).start()

    def unload(self, label: str) -> None:
        """Free the model's memory. Answers being written by it end with ModelUnavailable."""
        label = label if label in self._open else self.resolve(label).label
        model = self._open.pop(label, None)
        self._states.pop(label, None)
        if model is not None:
            model.close()

    def close(self) -> None:
        """Unload all."""
        for label in list(self._open):
            self.unload(label)

    def _hosted(self) -> dict[str, "HostedModel"]:
        """By label. What a settings file says stands before what was connected."""
        return {_hosted_info(one).label: one for one in self._connected()} | self._settled

    def _folders(self) -> Iterator[Path]:
        if STARTER.is_dir():
            yield STARTER
        if self._models_dir.is_dir():
            inside = sorted(self._models_dir.iterdir())
            yield from (path for path in inside if path.is_dir() and path.name[0] != ".")

    def _open_quietly(self, label: str) -> None:
        with contextlib.suppress(ChatbotError):  # told by `state`
            self.open(label)

    def _load(self, info: ModelInfo) -> "ChatModel":
        self._states[info.label] = _state("loading", info.label)
        try:
            model = self._build(info)
        except BaseException as error:
            sentence = str(error) if isinstance(error, ChatbotError) else ModelUnavailable.sentence
            self._states[info.label] = ModelState("failed", sentence)
            raise
        self._states[info.label] = _state("ready", info.label)
        return model

    def _say(self, info: ModelInfo, share: float) -> None:
        sentence = f"Preparing {info.label} for this processor, once: {share:.0%}."
        self._states[info.label] = ModelState("loading", sentence)

    def _build(self, info: ModelInfo) -> "ChatModel":
        if info.path is not None:
            manifest = read_manifest(info.path) or adopt(info.path)
            verify(info.path, manifest)
            from chatbot.backends.local import LocalModel

            return LocalModel.load(
                info.path, manifest, fast=self._fast, say=lambda share: self._say(info, share)
            )
        if info.where == "hosted":
            from chatbot.backends.hosted import HostedChat

            record = self._hosted().get(info.label)
            if record is None:
                raise UnknownModel
            self._opened_by[info.label] = record
            return HostedChat.of(record, self._masking) if self._masking else HostedChat.of(record)
        from chatbot.backends.scripted import ScriptedModel

        return ScriptedModel()


SCRIPTED = ModelInfo("scripted", "1", "scripted", None, 4096, "A fake that answers by commands.")


def _state(state: Literal["idle", "loading", "ready"], label: str) -> ModelState:
    return ModelState(state, _SENTENCES[state].format(label=label))


def _info(folder: Path) -> ModelInfo:
    manifest = read_manifest(folder) or sketch(folder)
    return ModelInfo(
        name=manifest.name,
        version=manifest.version,
        where="local",
        path=folder,
        context=manifest.context,
        description=manifest.description,
        trained_on_tags=manifest.trained_on_tags,
    )


def _hosted_info(record: "HostedModel") -> ModelInfo:
    return ModelInfo(record.name, record.model, "hosted", None, record.context, "")


def _info_or_none(folder: Path) -> ModelInfo | None:
    try:
        return _info(folder)
    except ChatbotError:  # told by `problems`
        return None


def _newness(version: str) -> list[tuple[int, str]]:
    """Sorts 0.10 after 0.9."""
    return [
        (int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"[._-]", version)
    ]
