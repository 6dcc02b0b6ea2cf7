"""The door to a look inside: which models, how long a text, one look at a time.

A model is loaded a second time for this, because the runtimes that answer people do not tell what
they attend to; after five minutes without a look it is released. Methods block and are for threads.
Texts are read and forgotten: nothing is stored or logged.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.answering import values_of
from chatbot.backends.checkpoint import adopt, read_manifest, verify
from chatbot.backends.registry import ModelInfo, Registry
from chatbot.chain import Plan, render
from chatbot.errors import ContextTooSmall, EmptyText, Refused, TextTooLong, UnstorableText
from chatbot.learning.inside.views import Answer, Attention, Tokens, Work
from chatbot.releases import Releases, weighted

if TYPE_CHECKING:
    from chatbot.learning.inside.glass import Glass

MOST_TOKENS = 512
"""Tokens of a text that is cut into them, and of an answer that a person typed."""
MOST_WRITTEN = 128
"""Tokens of an answer that the model writes."""
MOST_ATTENDED = 64
"""Tokens of a sentence whose attention is shown: the weights grow with its square."""
MOST_CHARACTERS = 8_000
IDLE = 300.0
"""Seconds after which a model that nobody looks into is released."""


@dataclass(frozen=True, slots=True)
class _Held:
    label: str
    glass: "Glass"
    tagged: bool
    context: int


class Inside:
    """Looks into local models, one at a time. `idle` is in seconds."""

    def __init__(
        self, registry: Registry, releases: Releases, workspace: str, *, idle: float = IDLE
    ) -> None:
        self._registry = registry
        self._releases = releases
        self._workspace = workspace
        self._idle = idle
        self._looking = threading.Lock()
        self._held: _Held | None = None
        self._until = 0.0
        self._timer = threading.Timer(idle, self._release)

    @property
    def held(self) -> str | None:
        """The label of the model that is loaded for this."""
        held = self._held
        return held.label if held else None

    def tokens(self, model: str, text: str, work: Work) -> Tokens:
        """Cut a text into tokens.

        Raises EmptyText, TextTooLong, UnstorableText, UnknownModel, BackendError, or Refused where
        the model does not run here.
        """
        _check(text)
        with self._open(model, work) as held:
            (text,), tags = _as_seen(held, [text])
            ids = held.glass.encode(text)
            _fits(ids, MOST_TOKENS)
            return Tokens(held.glass.pieces(ids), tags)

    def answer(self, model: str, prompt: str, question: str, text: str, work: Work) -> Answer:
        """How likely each token of an answer was; where `text` is blank, the model writes one.

        Raises what `tokens` raises, and NotFound, PromptInvalid, ContextTooSmall.
        """
        _check(question)
        _check(text, may_be_blank=True)
        messages = self._messages(prompt, question)
        with self._open(model, work) as held:
            glass = held.glass
            (*contents, text), tags = _as_seen(held, [*(one["content"] for one in messages), text])
            before = glass.prompt(
                [one | {"content": seen} for one, seen in zip(messages, contents, strict=True)]
            )
            given = glass.encode(text) if text.strip() else []
            _fits(given, MOST_TOKENS)
            room = held.context - len(before)
            if room < max(1, len(given)):
                raise ContextTooSmall
            ids, cut = given, False
            if not ids:
                ids, cut = glass.write(before, min(room, MOST_WRITTEN), work)
            work.now("Computing probabilities")
            steps = glass.steps(before, ids) if ids else ()
            return Answer(steps, len(before), not given, cut, tags)

    def attention(self, model: str, text: str, layer: int, work: Work) -> Attention:
        """Where each token of a sentence looks in a layer, by head. Raises what `tokens` raises."""
        _check(text)
        with self._open(model, work) as held:
            glass = held.glass
            if not 1 <= layer <= glass.layers:
                raise Refused(
                    f"{held.label} has the layers 1 to {glass.layers}. Choose one of them."
                )
            (text,), tags = _as_seen(held, [text])
            ids = glass.encode(text)
            _fits(ids, min(MOST_ATTENDED, held.context))
            work.now("Computing attention")
            heads = glass.attention(ids, layer)
            return Attention(glass.pieces(ids), layer, glass.layers, heads, tags)

    def close(self) -> None:
        """Release the model."""
        with self._looking:
            self._timer.cancel()
            self._held = None

    def _messages(self, name: str, question: str) -> list[dict[str, str]]:
        """The question as the prompt sends it; with no prompt, the question alone."""
        if not name:
            return [{"role": "user", "content": question}]
        version = weighted(self._releases.current(name).weights, "")
        prompt = self._releases.prompt(version)
        values = values_of(prompt, question, self._workspace)
        plan = Plan(prompt, values, renderer=self._releases.renderer)
        return render(plan).messages

    @contextmanager
    def _open(self, name: str, work: Work) -> Iterator[_Held]:
        """The loaded model, for this look alone."""
        info = self._registry.resolve(name)
        if info.path is None:
            raise Refused(f"{info.label} does not run on this machine: {_WHY_NOT[info.where]}")
        with self._looking:
            if self._held is None or self._held.label != info.label:
                work.now(f"Loading {info.label}")
                self._held = None  # not two at once
                self._held = _load(info)
            work.now("Computing")
            try:
                yield self._held
            finally:
                self._release_later()

    def _release_later(self) -> None:
        self._until = time.monotonic() + self._idle
        self._timer.cancel()
        self._timer = threading.Timer(self._idle, self._release)
        self._timer.daemon = True
        self._timer.start()

    def _release(self) -> None:
        with self._looking:
            if time.monotonic() >= self._until:  # else somebody has looked while this one waited
                self._held = None


_WHY_NOT = {
    "hosted": "what happens inside it is not told. Choose a local model.",
    "scripted": "there is nothing inside a fake. Choose a local model.",
}


def _load(info: ModelInfo) -> _Held:
    assert info.path is not None  # noqa: S101  seen by the caller
    manifest = read_manifest(info.path) or adopt(info.path)
    verify(info.path, manifest)
    from chatbot.learning.inside.glass import Glass

    return _Held(info.label, Glass.open(info.path), manifest.trained_on_tags, manifest.context)


def _as_seen(held: _Held, texts: list[str]) -> tuple[list[str], dict[str, str]]:
    """The texts as this model sees them in a chat, and which value each tag in them stands for."""
    if not held.tagged:
        return texts, {}
    from chatbot.values import conceal

    hidden, tags = conceal(texts)
    return hidden, tags.table()


def _check(text: str, *, may_be_blank: bool = False) -> None:
    if re.search("[\ud800-\udfff]", text):
        raise UnstorableText("The text holds half a character. Remove it.")
    if not text.strip() and not may_be_blank:
        raise EmptyText("There is no text to look at. Write something.")
    if len(text) > MOST_CHARACTERS:
        raise TextTooLong(
            f"The text has {len(text):,} characters; {MOST_CHARACTERS:,} are the most here. "
            "Shorten it."
        )


def _fits(ids: list[int], most: int) -> None:
    if len(ids) > most:
        raise TextTooLong(
            f"The text has {len(ids)} tokens; {most} are the most that can be shown. Shorten it."
        )
