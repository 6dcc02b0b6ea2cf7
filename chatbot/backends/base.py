"""What every model is: a LangChain chat model with a label, a context and an honest end.

Knows nothing of prompts, rows or budgets. Each kind of model (local, hosted, scripted) implements
one method, `deltas`, and gets LangChain's four entrances (sync, async, streamed, whole) from here.
"""

import asyncio
import math
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    convert_to_openai_messages,
    message_chunk_to_message,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from chatbot.backends.cancel import CancelToken
from chatbot.backends.chances import Logprob
from chatbot.errors import BackendBroken, BackendRefused

if TYPE_CHECKING:
    from chatbot.masking import Masked

Where = Literal["local", "hosted", "scripted"]
Finish = Literal["stop", "length", "cancelled"]

CHARACTERS_PER_TOKEN = 3.5
"""The estimate for models whose tokenizer is not here. Never tiktoken: it downloads its tables."""


@dataclass(frozen=True, slots=True)
class Quotable:
    """Texts that a model which quotes keeps to the letter. `only`: it answers in them alone, or,
    where `limits` allow it, by saying that they lack the answer. `of`: whose texts they are.
    """

    texts: tuple[str, ...] = ()
    only: bool = False
    limits: bool = True
    of: Literal["sources", "text"] = "sources"


@dataclass(frozen=True, slots=True)
class Ask:
    """One call of a model, in plain values.

    `options` are the sampling parameters as the caller named them: temperature, top_p, top_k,
    seed, repetition_penalty. `continue_final`: the last message is the model's own, to go on with.
    `on_masked` is told how many values of each group were hidden before the messages left.
    `quotable` is for a model that quotes; others pass it over. `logprobs`: how many of the
    likeliest tokens are told with each token. `schema`: what the answer's JSON is held to, as
    shapes.Grammar takes it. `text`: go on with this alone, outside any chat, without `messages`.
    """

    messages: list[dict[str, str]]
    max_tokens: int | None
    stop: tuple[str, ...]
    cancel: CancelToken
    continue_final: bool
    options: dict[str, Any]
    on_masked: Callable[[Mapping[str, int]], None] | None = None
    quotable: Quotable = Quotable()
    logprobs: int | None = None
    schema: Mapping[str, Any] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer. Only the last has `finish` and the token counts.

    A stream without `finish` was cut off by the other side: its reader marks it `truncated`.
    """

    text: str
    finish: Finish | None = None
    prompt_tokens: int = 0
    reply_tokens: int = 0
    logprobs: tuple[Logprob, ...] = ()


class ChatModel(BaseChatModel):
    """Base of the backends. `context` is in tokens, `label` is `name@version`.

    `takes` names the sampling options this model knows; another one is refused by name, so a
    caller drops it first and says so; `logprobs`, `schema` and `text` likewise. One that `quotes`
    is too small to phrase: it gets picked sentences and is held to them.
    """

    label: str
    context: int
    where: Where
    takes: frozenset[str] = frozenset({"temperature", "top_p", "seed"})
    quotes: bool = False

    @abstractmethod
    def deltas(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """The answer in pieces. Raises the errors of chatbot.errors under BackendError."""

    def close(self) -> None:
        """Free what the model holds; it answers nobody afterwards."""

    async def release(self) -> None:
        """Free what belongs to the running event loop, before that loop ends."""

    @property
    def runtime(self) -> str:
        """Which engine runs, in which precision, on which device; empty where that is elsewhere."""
        return ""

    @property
    def on_continuing(self) -> str | None:
        """What is sent besides the messages when an answer is continued, in a sentence."""
        return None

    def count(self, messages: Sequence[BaseMessage | dict[str, Any]]) -> int:
        """Tokens of these messages: exact where the tokenizer is here, else an estimate."""
        return estimate("".join(message["content"] for message in plain(messages)))

    def leaving(self, messages: Sequence[dict[str, str]]) -> "Masked | None":  # noqa: ARG002
        """The messages as they leave this machine; None where they do not."""
        return None

    def get_num_tokens_from_messages(
        self,
        messages: list[BaseMessage],
        tools: Sequence[Any] | None = None,  # noqa: ARG002
    ) -> int:
        """LangChain's name for `count`; its own would download GPT-2's tokenizer."""
        return self.count(messages)

    def get_num_tokens(self, text: str) -> int:
        """Tokens of a text standing alone."""
        return estimate(text)

    @property
    def _llm_type(self) -> str:
        return f"chatbot-{self.where}"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.label}

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        async with aclosing(self.deltas(self._ask(messages, stop, kwargs))) as deltas:
            anything = False
            async for delta in deltas:
                anything = True
                yield ChatGenerationChunk(message=self._chunk(delta))
            if not anything:
                raise BackendBroken

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield from drain(self._astream(messages, stop, **kwargs), self.release)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        chunks = [chunk async for chunk in self._astream(messages, stop, run_manager, **kwargs)]
        return _whole(chunks)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _whole(list(self._stream(messages, stop, run_manager, **kwargs)))

    def _ask(
        self, messages: list[BaseMessage], stop: list[str] | None, options: Mapping[str, Any]
    ) -> Ask:
        rest = dict(options)
        cancel = rest.pop("cancel", None) or CancelToken()
        max_tokens = rest.pop("max_tokens", None) or rest.pop("max_completion_tokens", None)
        continue_final = bool(rest.pop("continue_final", False))
        on_masked = rest.pop("on_masked", None)
        quotable = rest.pop("quotable", None) or Quotable()
        unknown = sorted(rest.keys() - self.takes)
        if unknown:
            raise BackendRefused(
                f"{self.label} does not take the option {unknown[0]}. Leave it out."
            )
        rest = {name: value for name, value in rest.items() if value is not None}
        return Ask(
            messages=plain(messages),
            max_tokens=max_tokens,
            stop=tuple(stop or ()),
            cancel=cancel,
            continue_final=continue_final,
            logprobs=rest.pop("logprobs", None),
            schema=rest.pop("schema", None),
            options=rest,
            on_masked=on_masked,
            quotable=quotable,
        )

    def _chunk(self, delta: Delta) -> AIMessageChunk:
        told = {"logprobs": list(delta.logprobs)} if delta.logprobs else {}
        if delta.finish is None:
            return AIMessageChunk(content=delta.text, response_metadata=told)
        ended = {"model_name": self.label, "finish_reason": delta.finish}
        return AIMessageChunk(
            content=delta.text,
            response_metadata=ended | told,
            usage_metadata=UsageMetadata(
                input_tokens=delta.prompt_tokens,
                output_tokens=delta.reply_tokens,
                total_tokens=delta.prompt_tokens + delta.reply_tokens,
            ),
            chunk_position="last",
        )


def estimate(text: str) -> int:
    """Tokens of a text by its length, rounded up."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def plain(messages: Sequence[BaseMessage | dict[str, Any]]) -> list[dict[str, str]]:
    """Messages as {"role", "content"} with string contents, whatever form they came in."""
    converted = convert_to_openai_messages(list(messages))
    return [{"role": item["role"], "content": _text(item["content"])} for item in converted]


def _text(content: str | list[dict[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def drain(
    chunks: AsyncGenerator[ChatGenerationChunk, None],
    release: Callable[[], Coroutine[Any, Any, None]],
) -> Iterator[ChatGenerationChunk]:
    """Walk an asynchronous generator from a thread that runs no event loop, and `release` it."""
    end: Any = object()

    async def step() -> ChatGenerationChunk:
        return await anext(chunks, end)

    with asyncio.Runner() as runner:
        try:
            while (chunk := runner.run(step())) is not end:
                yield chunk
        finally:
            runner.run(chunks.aclose())
            runner.run(release())


def _whole(chunks: list[ChatGenerationChunk]) -> ChatResult:
    merged = chunks[0]
    for chunk in chunks[1:]:
        merged += chunk
    message = cast("AIMessage", message_chunk_to_message(cast("AIMessageChunk", merged.message)))
    return ChatResult(generations=[ChatGeneration(message=message)])
