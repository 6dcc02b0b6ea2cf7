"""Where prompts are tried: run a text that is being written, use a published one as a tool.

    run ─▶ chatbot.chain, the path of a turn without a conversation: nothing is stored

Knows nothing of pages, of saving or of publishing. Texts and values that pass here are neither kept
nor logged.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import prompts
from chatbot.allowance import Allowance, take
from chatbot.answering import storable
from chatbot.archive import Archive
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, Past, Piece, Plan, Renderer, Sent, answer, no_encoder
from chatbot.errors import NotFound, Refused
from chatbot.releases import GRADER, Releases, weighted
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel

Json = dict[str, Any]

NOT_A_THREAD = "A conversation is a list of questions and answers. Fill it in again."


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of an answer that is tried; the last one has `ended`, its figures."""

    text: str
    ended: Json | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A published task prompt, as the form that everybody may fill in. `sha`: its version."""

    prompt: prompts.Prompt
    sha: str
    number: int


@dataclass(slots=True)
class _Watch:
    began: float = field(default_factory=time.monotonic)
    first: float | None = None
    sent: Sent | None = None
    last: Piece | None = None


class Workbench:
    """Runs prompts for one person at a time; safe to share between them."""

    def __init__(
        self,
        archive: Archive,
        registry: Registry,
        releases: Releases,
        allowance: Allowance,
        *,
        workspace: str,
        encoder: OpenEncoder = no_encoder,
    ) -> None:
        self._archive = archive
        self._registry = registry
        self._releases = releases
        self._allowance = allowance
        self._workspace = workspace
        self._encoder = encoder

    # Tools ---------------------------------------------------------------------------------------

    def tools(self) -> list[Tool]:
        """Every published task prompt, by name."""
        return [self._tool(name) for name in self._names()]

    def tool(self, person: Person, name: str) -> Tool:
        """The version of a published task prompt that serves this person. Raises NotFound."""
        if name not in self._names():
            raise NotFound(f"There is no tool named {name!r:.80}, or it was withdrawn.")
        return self._tool(name, person)

    def _names(self) -> list[str]:
        return [one.name for one in self._releases.choices("task") if one.name != GRADER]

    def _tool(self, name: str, person: Person | None = None) -> Tool:
        weights = self._releases.current(name).weights
        sha = weighted(weights, person.public_id if person else name)
        return Tool(self._releases.prompt(sha), sha, self._releases.number(sha))

    # Running -------------------------------------------------------------------------------------

    async def run(
        self,
        person: Person,
        prompt: prompts.Prompt,
        values: Mapping[str, Any],
        model: str | None,
        cancel: CancelToken,
        renderer: Renderer | None = None,
    ) -> AsyncGenerator[Told, None]:
        """Stream the answer of a model (None: the default) and then its figures.

        It counts as a turn of this person's; nothing of it is stored. `renderer` None: that of
        turns.

        Raises:
            PromptInvalid, ContextTooSmall, UnknownModel: nothing was asked.
            TooManyTurns: the person's allowance is used up.
            BackendError: the model did not answer, or broke off.
        """
        label = self._registry.resolve(model).label
        await asyncio.to_thread(self._count, person)
        plan = plan_of(prompt, values, self._workspace, renderer or self._releases.renderer)
        watch = _Watch()

        def sent(trace: Sent) -> None:
            watch.sent = trace

        pieces = answer(plan, [label], self._open, cancel, sent, self._encoder)
        async with aclosing(pieces):
            async for piece in pieces:
                watch.last = piece
                if piece.text and watch.first is None:
                    watch.first = time.monotonic()
                yield Told(storable(piece.text))
        yield Told("", _figures(watch, label, cancel))

    def _count(self, person: Person) -> None:
        with self._archive.main.writing() as session:
            take(session, person, self._allowance.of(person), lambda _: False)

    async def _open(self, label: str) -> "ChatModel":
        return await asyncio.to_thread(self._registry.open, label)


def plan_of(
    prompt: prompts.Prompt, values: Mapping[str, Any], workspace: str, renderer: Renderer
) -> Plan:
    """What is asked for the values of a form; `company` is the workspace where nobody gave it.

    Raises Refused: the conversation among them is none.
    """
    given = {name: value for name, value in values.items() if value not in (None, "")}
    if prompt.input("company") is not None:
        given.setdefault("company", workspace)
    thread = prompt.thread_input
    past = given.pop(thread.name, []) if thread is not None else []
    return Plan(prompt=prompt, values=given, history=_history(past), renderer=renderer)


def _history(messages: Any) -> tuple[Past, ...]:
    if not isinstance(messages, list):
        raise Refused(NOT_A_THREAD)
    kept = []
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        if role not in ("user", "assistant") or not isinstance(content, str):
            raise Refused(NOT_A_THREAD)
        kept.append(Past(0, role, content))
    return tuple(kept)


def _figures(watch: _Watch, label: str, cancel: CancelToken) -> Json:
    sent, last, now = watch.sent, watch.last, time.monotonic()
    return {
        "status": _status(last, cancel),
        "model": sent.model if sent else label,
        "tokens": last.reply_tokens if last else None,
        "prompt_tokens": (last and last.prompt_tokens) or (sent.prompt_tokens if sent else None),
        "first_s": watch.first - watch.began if watch.first else None,
        "total_s": now - watch.began,
        "notes": list(sent.notes) if sent else [],
    }


def _status(last: Piece | None, cancel: CancelToken) -> str:
    finish = last.finish if last else None
    if finish == "cancelled" or (finish is None and cancel.cancelled):
        return "stopped"
    return "complete" if finish not in (None, "length") else "truncated"
