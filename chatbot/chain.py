"""The LangChain runnable of a model call: render | budget | model, with our own fallback.

A small model that quotes is held to its sources on the way (chatbot/grounding.py).

Knows nothing of people, conversations or rows: it receives a prompt version, its values and the
earlier messages as plain values, and yields text. It falls back before the first token only, so a
reader never sees two answers in one. (LangChain's `with_fallbacks` also switches only then, but it
leaves the generator of the model that took over open until garbage collection.)

LangChain is imported with the first call: a server's first page and most commands need none.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import prompts
from chatbot.backends.cancel import CancelToken
from chatbot.errors import BackendError, ContextTooSmall, PromptInvalid
from chatbot.grounding import Ground, ground, has_passages
from chatbot.picking import nearest
from chatbot.reworking import forms

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from chatbot.backends.base import ChatModel, Quotable
    from chatbot.backends.chances import Logprob
    from chatbot.backends.encoder import Encoder

SAMPLING = ("temperature", "top_p", "top_k", "repetition_penalty", "seed")
CALLERS = ("schema", "logprobs")
DEFAULT_REPLY = 512
"""Tokens of an answer where neither the prompt nor the model names a limit."""
ADDED = "The answer lacked what its sources or the person said, so that was added."

OpenEncoder = Callable[[], "Encoder | None"]


def no_encoder() -> None:
    """For callers without one: sentences are then compared by their words."""


Message = dict[str, str]
Renderer = Callable[
    [prompts.Prompt, Mapping[str, Any], Sequence[int] | None], Sequence[Mapping[str, str]]
]
"""Prompt, values and which examples → messages: `prompts.render`, or a sandbox that does the same.

Raises prompts.PromptError.
"""


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier message of the conversation; `id` is its row, for the trace.

    `joined`: the rows of earlier messages that stand in it too, said one after another.
    """

    id: int
    role: Literal["user", "assistant"]
    content: str
    joined: tuple[int, ...] = ()

    @property
    def message(self) -> Message:
        """The plain form that prompts render."""
        return {"role": self.role, "content": self.content}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be asked: a prompt version, its values, the history, and a text to go on from.

    `notes` say what was left out already; they begin the notes of the trace. What people wrote is
    rendered by a sandbox's `renderer`. `chosen`: which of the prompt's examples, see `choose`.
    `options`: what a caller asks for instead of the prompt's own parameters, and what prompts do
    not say: `schema` and `logprobs` (backends.base.Ask).
    """

    prompt: prompts.Prompt
    values: Mapping[str, Any]
    history: tuple[Past, ...] = ()
    continued: str = ""
    notes: tuple[str, ...] = ()
    renderer: Renderer = prompts.render
    chosen: tuple[int, ...] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Sent:
    """What was really sent, filled in on the way: the trace of the call.

    `kept`: where a model quotes, which passages it got and what of each (see grounding.Ground).
    `ready_at`: when the messages were ready to be sent, by the monotonic clock.
    """

    model: str
    where: str
    messages: list[Message] = field(default_factory=list)
    history_ids: list[int] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    prompt_tokens: int = 0
    notes: list[str] = field(default_factory=list)
    masked: Mapping[str, int] | None = None
    chosen: tuple[int, ...] | None = None
    kept: tuple[tuple[int, str], ...] | None = None
    ready_at: float | None = None

    def hid(self, counts: Mapping[str, int]) -> None:
        """Keep how many values of each group were hidden before the messages left."""
        self.masked = counts

    @property
    def rendered_hash(self) -> str:
        """sha256 over the exact messages: a later rendering can be proved equal."""
        text = json.dumps(self.messages, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer. The last has `finish` unless the model's stream lost its end."""

    text: str
    finish: str | None = None
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    logprobs: "tuple[Logprob, ...]" = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A plan with its exact messages; `start` is the index of the first history message kept."""

    plan: Plan
    messages: list[Message]
    start: int = 0


def choose(plan: Plan, encoder: OpenEncoder = no_encoder) -> Plan:
    """The plan with the examples that are most like what is asked, where the prompt wants those."""
    chosen = chosen_for(plan.prompt, plan.values, encoder)
    return plan if chosen is None else replace(plan, chosen=chosen)


def chosen_for(
    prompt: prompts.Prompt, values: Mapping[str, Any], encoder: OpenEncoder = no_encoder
) -> tuple[int, ...] | None:
    """Which examples are most like what is asked; None where none are chosen by likeness."""
    if prompt.select != "similar" or not 0 < prompt.shown < len(prompt.examples):
        return None
    given = values.get(prompt.by or "") or ""
    asked = " ".join(map(str, given)) if isinstance(given, list) else str(given)
    texts = [example.user for example in prompt.examples]
    return nearest(encoder(), asked, texts, prompt.shown)


def render(plan: Plan, start: int = 0) -> Rendered:
    """Render the plan with its history from `start` on. Raises PromptInvalid with a sentence."""
    values = dict(plan.values)
    thread = plan.prompt.thread_input
    if thread is not None:
        values[thread.name] = [past.message for past in plan.history[start:]]
    try:
        messages = [dict(one) for one in plan.renderer(plan.prompt, values, plan.chosen)]
    except prompts.PromptError as error:
        raise PromptInvalid(str(error)) from error
    if plan.continued:
        messages.append({"role": "assistant", "content": plan.continued})
    return Rendered(plan, messages, start)


def budget(rendered: Rendered, model: "ChatModel", sent: Sent) -> list[Message]:
    """The messages with as much of the history as the model's context holds, newest kept.

    System text, passages and the last user turn always stay. Fills `sent`.

    Raises:
        ContextTooSmall: what must stay does not fit.
    """
    plan = rendered.plan
    room = model.context - min(_longest(plan), model.context // 4)
    tokens = model.count(rendered.messages)
    if tokens > room:
        rendered, tokens = _shortened(plan, model, room)
        sent.notes.append(
            f"The oldest {rendered.start} messages did not fit the model and were left out."
        )
    sent.messages, sent.prompt_tokens = rendered.messages, tokens
    sent.chosen = plan.chosen
    kept = plan.history[rendered.start :]
    sent.history_ids = [row for past in kept for row in (*past.joined, past.id)]
    sent.parameters = _parameters(plan, model, tokens, sent.notes)
    sent.ready_at = time.monotonic()
    return rendered.messages


def _shortened(plan: Plan, model: "ChatModel", room: int) -> tuple[Rendered, int]:
    """The rendering with the longest history that fits, found by halving."""
    starts = _starts(plan.history)
    best: tuple[Rendered, int] | None = None
    low, high = 0, len(starts) - 1
    while low <= high:
        middle = (low + high) // 2
        tried = render(plan, starts[middle])
        tokens = model.count(tried.messages)
        if tokens <= room:
            best, high = (tried, tokens), middle - 1
        else:
            low = middle + 1
    if best is None:
        raise ContextTooSmall
    return best


def _starts(history: Sequence[Past]) -> list[int]:
    """Where a shortened history may begin: at a later user message, or after the last one."""
    users = [index for index, past in enumerate(history) if past.role == "user" and index]
    return [*users, len(history)] if history else []


def _parameters(plan: Plan, model: "ChatModel", tokens: int, notes: list[str]) -> dict[str, Any]:
    chosen = _chosen(plan)
    asked = [key for key in (*SAMPLING, *CALLERS) if key in chosen]
    known = {key: chosen[key] for key in asked if key in model.takes}
    left_out = [key for key in asked if key not in model.takes]
    notes.extend(f"{model.label} does not take {key}; it was left out." for key in left_out)
    if "stop" in chosen:
        known["stop"] = list(chosen["stop"])
    limit = model.context - tokens
    if "max_tokens" in chosen or limit < DEFAULT_REPLY:
        known["max_tokens"] = min(_longest(plan), limit)
    return known


def _longest(plan: Plan) -> int:
    """Tokens that the answer may have, as the prompt says or by default."""
    return int(_chosen(plan).get("max_tokens", DEFAULT_REPLY))


def _chosen(plan: Plan) -> dict[str, Any]:
    return {**plan.prompt.parameters, **plan.options}


def build(
    model: "ChatModel", sent: Sent, cancel: CancelToken, quotable: "Quotable | None" = None
) -> "Runnable[Plan, Any]":
    """render | budget | model for one model. Rendering and counting run in threads."""
    from langchain_core.runnables import RunnableLambda

    def fit(rendered: Rendered) -> list[Message]:
        return budget(rendered, model, sent)

    async def call(messages: list[Message]) -> "Runnable[Any, Any]":
        going_on = {"continue_final": True} if messages[-1]["role"] == "assistant" else {}
        given = {"cancel": cancel, "on_masked": sent.hid}
        if going_on and model.on_continuing:
            sent.notes.append(model.on_continuing)
        return model.bind(**given, quotable=quotable, **sent.parameters, **going_on)

    return RunnableLambda(render) | RunnableLambda(fit) | RunnableLambda(call)


async def answer(
    plan: Plan,
    models: Sequence[str],
    open_model: Callable[[str], Awaitable["ChatModel"]],
    cancel: CancelToken,
    on_sent: Callable[[Sent], None],
    encoder: OpenEncoder = no_encoder,
) -> AsyncGenerator[Piece, None]:
    """Stream the answer of the first model of `models` (different labels) that begins one.

    `on_sent` gets the trace of each call as it is made; the last one is that of the answer.
    `encoder` is asked for where sentences are to be picked, in a thread.

    Raises:
        BackendError: of the last model, or of the one that failed after its first token.
        PromptInvalid, ContextTooSmall: nothing was sent.
    """
    failed: list[str] = []
    if plan.prompt.select == "similar":
        plan = await asyncio.to_thread(choose, plan, encoder)
    for label in models:
        began = False
        try:
            model = await open_model(label)
            sent = Sent(model.label, model.where, notes=[*plan.notes, *failed])
            on_sent(sent)
            if model.quotes and "schema" not in plan.options:
                stream = _grounded(plan, model, sent, cancel, encoder)
            else:
                stream = _stream(plan, model, sent, cancel)
            async with aclosing(stream) as pieces:
                async for piece in pieces:
                    began = began or bool(piece.text)
                    yield piece
        except BackendError as error:
            if began or label == models[-1] or cancel.cancelled:
                raise
            failed.append(f"{label} did not begin: {error}")
        else:
            return


async def _grounded(
    plan: Plan, model: "ChatModel", sent: Sent, cancel: CancelToken, encoder: OpenEncoder
) -> AsyncGenerator[Piece, None]:
    """Stream a text in one of its forms, or picked sentences of passages; freely without either.

    What the answer lacks of its sources, or of what the person told, is added to it. A draft speaks
    to somebody else than who reads it, so what is said of the sources themselves stays out of it.
    """
    from chatbot.backends.base import Quotable  # imports LangChain, as the model has already

    held, only = Ground(), not plan.continued
    drafts = plan.prompt.kind == "draft"
    asked = "" if drafts else await asyncio.to_thread(_asked, plan)
    quotable = Quotable(forms(asked), only=only, of="text")
    if not quotable.texts and (plan.history or has_passages(plan.prompt, plan.values)):
        history = [past.message for past in plan.history]
        values, held = await asyncio.to_thread(ground, plan.prompt, plan.values, history, encoder)
        plan, sent.kept = replace(plan, values=values), held.kept
        if held.quotation:
            limits = not held.sure and not drafts
            quotable = Quotable((held.quotation,), only=only, limits=limits)
    said = [plan.continued]
    async with aclosing(_stream(plan, model, sent, cancel, quotable)) as pieces:
        async for piece in pieces:
            said.append(piece.text)
            ended = piece.finish == "stop"
            more = held.missing("".join(said), for_others=drafts) if ended else ""
            if more:
                sent.notes.append(ADDED)
            yield replace(piece, text=piece.text + more)


def _asked(plan: Plan) -> str:
    """What is asked: the question, or for a prompt without one the last message that it makes."""
    if plan.prompt.input("question"):
        return str(plan.values.get("question", ""))
    said = [one["content"] for one in render(plan).messages if one["role"] == "user"]
    return said[-1] if said else ""


async def _stream(
    plan: Plan,
    model: "ChatModel",
    sent: Sent,
    cancel: CancelToken,
    quotable: "Quotable | None" = None,
) -> AsyncGenerator[Piece, None]:
    runnable = build(model, sent, cancel, quotable)
    async with aclosing(runnable.astream(plan)) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            usage = chunk.usage_metadata or {}
            yield Piece(
                chunk.text,
                chunk.response_metadata.get("finish_reason"),
                usage.get("input_tokens"),
                usage.get("output_tokens"),
                tuple(chunk.response_metadata.get("logprobs", ())),
            )
