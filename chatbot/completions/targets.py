"""What a call may name as `model`: models by name or label, and `prompt:NAME` for published ones.

Drafts for agents have a door of their own, so their prompts are not among them. Knows who may use
what by a function, and nothing of how a call is carried out.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.backends.registry import ModelInfo, Registry
from chatbot.completions.views import ModelLine
from chatbot.errors import NotFound, Refused, UnknownModel
from chatbot.releases import GRADER, Releases, heaviest
from store.records import Release

if TYPE_CHECKING:
    from chatbot.keys.views import Caller

PROMPT = "prompt:"
KINDS = ("chat", "task")
OURS = "chatbot"
LISTED = "GET /v1/models lists those there are."
"""What a program can do, where the registry would send people to a command."""

MayUse = Callable[["Caller", str], None]
"""Raises ModelNotAllowed."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a call names. `prompt` is empty and `release` None where a model is used raw."""

    name: str
    info: ModelInfo
    prompt: str = ""
    release: Release | None = None


class Targets:
    """Finds them. Blocking; may be shared by threads."""

    def __init__(self, registry: Registry, releases: Releases, may_use: MayUse) -> None:
        self._registry = registry
        self._releases = releases
        self._may_use = may_use
        self._began = int(time.time())

    def find(self, caller: "Caller", name: str) -> Target:
        """What this name stands for now. Raises UnknownModel, ModelNotAllowed."""
        self._may_use(caller, name)
        if not name.startswith(PROMPT):
            return Target(name, self._model(name))
        prompt = name.removeprefix(PROMPT)
        unknown = UnknownModel(
            f"There is no published prompt {prompt!r:.80} that answers messages. {LISTED}"
        )
        try:
            release = self._releases.current(prompt)
        except NotFound as error:
            raise unknown from error
        self._releases.warm(release)
        if prompt == GRADER or self._releases.prompt(heaviest(release.weights)).kind not in KINDS:
            raise unknown
        return Target(name, self._registry.resolve(), prompt, release)

    def _model(self, name: str) -> ModelInfo:
        try:
            return self._registry.resolve(name)
        except UnknownModel as error:
            raise UnknownModel(f"There is no model {name!r:.80}. {LISTED}") from error

    def lines(self, caller: "Caller") -> list[ModelLine]:
        """What this key may name: models by label and by name, then prompts."""
        infos = self._registry.list()
        newest = dict.fromkeys(info.name for info in infos)
        names = [info.label for info in infos] + list(newest)
        names += [
            PROMPT + one.name
            for kind in KINDS
            for one in self._releases.choices(kind)
            if one.name != GRADER
        ]
        found = []
        for name in names:
            with contextlib.suppress(Refused):
                found.append(self.line(caller, name))
        return found

    def line(self, caller: "Caller", name: str) -> ModelLine:
        """One of them. Raises UnknownModel, ModelNotAllowed."""
        target = self.find(caller, name)
        if target.release is not None:
            at = int(target.release.created_at.timestamp())
            return ModelLine(name, at, OURS, "prompt", target.info.context)
        info = target.info
        at = int(info.path.stat().st_mtime) if info.path is not None else self._began
        owner = self._registry.host(info.label) or OURS
        return ModelLine(name, at, owner, "model", info.context)
