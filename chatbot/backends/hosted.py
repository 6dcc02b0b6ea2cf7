"""Models on somebody's server: OpenAI-compatible endpoints, and other providers through LangChain.

LangChain's client speaks the protocol; retrying, time limits, cancelling and the honest end are
ours (docs/decisions say why). `deltas` is the one door: personal values leave it as tags, and the
answer's tags come back as values. Knows nothing of prompts or rows, and never shows a key.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from pydantic import PrivateAttr, SecretStr

from chatbot.backends.base import Ask, ChatModel, Delta, Finish, Where, estimate
from chatbot.backends.cancel import CancelToken
from chatbot.backends.provider_errors import Wrong, classify
from chatbot.errors import (
    BackendBroken,
    BackendError,
    BackendRateLimited,
    BackendTimeout,
    ModelUnavailable,
)
from chatbot.masking import Masked, Rules, mask
from chatbot.settings import HostedModel

OPENAI = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
LONGEST_WAIT = 20.0
"""Seconds of a Retry-After that we wait ourselves; a longer one is told at once."""

GO_ON = (
    "Your last message was cut off. Go on exactly where it ended, beginning with its next word. "
    "Repeat nothing and add no introduction."
)
"""Asks for the rest of an answer where a server would begin a new one. It is sent, never stored."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_calls": "stop",
    "length": "length",
    "max_tokens": "length",
}


class HostedChat(ChatModel):
    """One hosted model. `record` holds its address, key (never shown), limits in seconds.

    What is masked before a call is asked of `rules` each time: a workspace may change it.
    """

    where: Where = "hosted"
    record: HostedModel
    _rules: Callable[[], Rules] = PrivateAttr(default=Rules)
    _clients: WeakKeyDictionary[asyncio.AbstractEventLoop, BaseChatModel] = PrivateAttr(
        default_factory=WeakKeyDictionary
    )

    @classmethod
    def of(cls, record: HostedModel, rules: Callable[[], Rules] = Rules) -> Self:
        """The model of this record; no connection is made, but seconds may pass for imports.

        Raises ModelUnavailable: a provider that is not installed, or a key that cannot be one.
        """
        key = _key(record)
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ModelUnavailable(f"The key of {record.name} holds a space or a strange sign.")
        for library in ("openai", "httpx", "httpx2", "httpcore", "httpcore2"):
            logging.getLogger(library).setLevel(logging.WARNING)  # below, they log conversations
        _client(record)  # fails here rather than at the first question, and not in an event loop
        model = cls(label=label_of(record), context=record.context, record=record)
        model._rules = rules
        return model

    @property
    def on_continuing(self) -> str | None:
        """The request to go on, where the server would begin a new answer."""
        return None if self.record.prefill else f"To continue, this was sent as well: {GO_ON}"

    def leaving(self, messages: Sequence[dict[str, str]]) -> Masked:
        """The messages as they leave for the server. Work grows with their length: use a thread."""
        return mask(messages, self._rules()) if self.record.mask else Masked(list(messages))

    async def deltas(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Stream the answer to the masked messages, its tags swapped back."""
        masked = await asyncio.to_thread(self.leaving, ask.messages)
        if masked.counts is not None and ask.on_masked is not None:
            ask.on_masked(masked.counts)
        restorer = masked.streaming()
        try:
            async with aclosing(self._attempts(replace(ask, messages=masked.messages))) as pieces:
                async for piece in pieces:
                    text = restorer.feed(piece.text)
                    if piece.finish is not None:
                        text += restorer.close()
                    yield replace(piece, text=text)
        except BackendError:
            if held := restorer.close():
                yield Delta(held)
            raise
        if held := restorer.close():  # the stream lost its end within a tag
            yield Delta(held)

    async def _attempts(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Stream the answer; try again where that may help and nothing was shown yet."""
        attempt, begun = 0, False
        while True:
            try:
                async with aclosing(self._once(ask)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
            except Exception as error:  # noqa: BLE001 (a provider's library may raise anything)
                wrong = classify(error, self.record.name, host_of(self.record))
            else:
                return
            pause = None if begun else self._pause(wrong, attempt)
            if pause is None:
                raise wrong.error from None  # its cause may hold the key or the conversation
            attempt += 1
            if await _cancelled_within(pause, ask.cancel):
                yield Delta("", "cancelled", self.count(ask.messages), 0)
                return

    def prepare(self) -> None:
        """Make the client of the running loop now, and not with the first question."""
        self._client()

    async def release(self) -> None:
        """Close the connections that belong to the running event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        http = getattr(client, "root_async_client", None)
        if http is not None:
            await http.close()

    async def _once(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """One attempt, with limits for the first piece and for every gap."""
        shown, finish = "", None
        usage: dict[str, int] = {}
        limit = self.record.first_token_timeout
        # callbacks=[]: our own events are enough, the inner model's would count it twice
        stream = self._client().astream(
            self._messages(ask),
            config={"callbacks": []},
            stop=list(ask.stop) or None,
            **self._more(ask),
        )
        async with _Watched(stream, ask.cancel) as watched:
            while (chunk := await watched.next(limit)) is not None:
                limit = self.record.gap_timeout
                finish = _finish(chunk) or finish
                usage = dict(chunk.usage_metadata or {}) or usage  # type: ignore[arg-type]
                if chunk.text:
                    shown += chunk.text
                    yield Delta(chunk.text)
        if watched.cancelled:
            finish = "cancelled"
        if finish is not None:
            prompt_tokens = usage.get("input_tokens") or self.count(ask.messages)
            yield Delta("", finish, prompt_tokens, usage.get("output_tokens") or estimate(shown))
        elif not shown:
            raise BackendBroken

    def _more(self, ask: Ask) -> dict[str, Any]:
        most = min(ask.max_tokens or self.record.max_tokens, self.record.max_tokens)
        more = {"max_tokens": most} | ask.options
        if self.record.temperature is not None:
            more.setdefault("temperature", self.record.temperature)
        if ask.continue_final and self.record.prefill and self.record.provider == "openai":
            more["extra_body"] = {"continue_final_message": True, "add_generation_prompt": False}
        return more

    def _messages(self, ask: Ask) -> list[dict[str, str]]:
        if ask.continue_final and not self.record.prefill:
            return [*ask.messages, {"role": "user", "content": GO_ON}]
        return ask.messages

    def _pause(self, wrong: Wrong, attempt: int) -> float | None:
        """Seconds before the next attempt; None when there is to be none."""
        if not wrong.again or attempt >= self.record.retries:
            return None
        asked = wrong.error.retry_after if isinstance(wrong.error, BackendRateLimited) else None
        if asked is not None and asked > LONGEST_WAIT:
            return None
        longest = min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)
        jitter = random.uniform(longest / 2, longest)  # noqa: S311 (spreads a crowd, no secret)
        return jitter if asked is None else asked + jitter / 10

    def _client(self) -> BaseChatModel:
        """LangChain's client for the running loop: connections cannot move between loops."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = _client(self.record)
        return self._clients[loop]


class _Watched:
    """Iterates a stream of chunks, each within a limit, until the end or a cancel.

    Leaving it closes the stream, and with it the connection.
    """

    def __init__(self, stream: Any, cancel: CancelToken) -> None:
        self._stream = stream
        self._cancel = cancel
        self._limit: asyncio.Timeout | None = None
        self.cancelled = False

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._stop)

        self._forget = self._cancel.on_cancel(wake)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._forget()
        await self._stream.aclose()

    async def next(self, seconds: float) -> AIMessageChunk | None:
        """The next chunk, or None at the end or on a cancel. Raises BackendTimeout."""
        self.cancelled = self._cancel.cancelled
        if self.cancelled:
            return None
        try:
            async with asyncio.timeout(seconds) as self._limit:
                chunk: AIMessageChunk | None = await anext(self._stream, None)
        except TimeoutError:
            self.cancelled = self._cancel.cancelled
            if not self.cancelled:
                raise BackendTimeout from None
            return None
        finally:
            self._limit = None
        return chunk

    def _stop(self) -> None:
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time())


async def _cancelled_within(seconds: float, cancel: CancelToken) -> bool:
    with cancel.event() as stopped, contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), seconds)
    return cancel.cancelled


def host_of(record: HostedModel) -> str:
    """Whom to name in an error: the host without a password, or the provider."""
    address = record.base_url or (OPENAI if record.provider == "openai" else "")
    return urlsplit(address).netloc.rpartition("@")[2] or record.provider


def label_of(record: HostedModel) -> str:
    """`name@model`."""
    return f"{record.name}@{record.model}"


def _finish(chunk: BaseMessage) -> Finish | None:
    """The reason of the end, whatever the provider calls it; an unknown one is no honest end."""
    said = chunk.response_metadata
    return _FINISHES.get(str(said.get("finish_reason") or said.get("stop_reason") or "").lower())


def _key(record: HostedModel) -> str:
    return record.api_key.get_secret_value().strip() if record.api_key else ""


def _client(record: HostedModel) -> BaseChatModel:
    return _openai(record) if record.provider == "openai" else _other(record)


def _other(record: HostedModel) -> BaseChatModel:
    """A provider that LangChain has a package for."""
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise ModelUnavailable(
            f"The provider {record.provider} needs more packages. Install chatbot[providers]."
        ) from error
    more: dict[str, Any] = {"max_retries": 0}
    if record.api_key:
        more["api_key"] = record.api_key
    if record.base_url:
        more["base_url"] = record.base_url
    try:
        model: BaseChatModel = init_chat_model(record.model, model_provider=record.provider, **more)
    except (ImportError, ValueError) as error:
        raise ModelUnavailable(
            f"The provider {record.provider} is unknown or its package is missing. "
            f"Install langchain-{record.provider}."
        ) from error
    return model


def _openai(record: HostedModel) -> BaseChatModel:
    """OpenAI itself wants `max_completion_tokens`, every other server knows `max_tokens`."""
    import openai
    from langchain_openai import ChatOpenAI
    from langchain_openai.chat_models.base import BaseChatOpenAI

    longest = max(record.first_token_timeout, record.gap_timeout) + CONNECT_SECONDS
    limits = openai.Timeout(longest, connect=CONNECT_SECONDS)
    kind = BaseChatOpenAI if record.base_url else ChatOpenAI
    return kind(
        model=record.model,
        base_url=record.base_url or OPENAI,
        api_key=SecretStr(_key(record) or "none"),
        max_retries=0,
        timeout=limits,
        stream_usage=True,
        stream_chunk_timeout=None,
        use_responses_api=False,
        http_async_client=http_client(limits),
    )


def http_client(timeout: Any) -> Any:
    """A client that follows no redirect and keeps no cookie. `timeout`: seconds, or the limits."""
    import openai

    # A redirect would hand the conversation to a server that nobody chose, and a cookie that
    # came with one person's answer would go out with another's question.
    return openai.DefaultAsyncHttpxClient(
        timeout=timeout, follow_redirects=False, cookies=_no_cookies()
    )


def _no_cookies() -> CookieJar:
    """A jar that stays empty."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))
