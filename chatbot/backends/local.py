"""A checkpoint in this process: `LocalModel`, a LangChain chat model over a runtime.

It loads local safetensors only, never somebody's program code, and streams without blocking the
event loop. It knows nothing of prompts or rows; which tokens come next is the runtime's affair
(`runtimes/`), which thread computes them the worker's, and what a checkpoint trained on tags sees
instead of values that of `swapping`.
"""

import asyncio
import atexit
import contextlib
import logging
import math
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from chatbot.backends.base import Ask, ChatModel, Delta, Quotable, Where, plain
from chatbot.backends.cancel import CancelToken
from chatbot.backends.checkpoint import Manifest, Phrases
from chatbot.backends.converting import NoFastRuntime, Say, Stopped, quiet
from chatbot.backends.detokenise import Rewriter
from chatbot.backends.opening import OPENING
from chatbot.backends.runtimes.base import Guide, Runtime, Sampling
from chatbot.backends.runtimes.worker import Order, Worker
from chatbot.backends.shaping import Shaping
from chatbot.errors import BackendError, BackendRefused, BackendTimeout, ContextTooSmall

if TYPE_CHECKING:
    from chatbot.backends.chat_tokens import ChatTokens
    from chatbot.backends.fast import Fast
    from chatbot.backends.swapping import Swapping

KEEP_BYTES = 256 * 2**20
"""Memory for the caches of ended answers, so that a next turn computes only what is new."""

PAUSE_BEFORE_CONVERTING = 3.0
"""Seconds after a load."""

log = logging.getLogger(__name__)

PACE = 0.02
"""Seconds between two pieces of an answer: each costs the reader's thread more than a token costs
the runtime, and the two take turns at the interpreter."""

_CONTEXT_FOR_TEXT = 8
"""Tokens before a continued answer that the detokeniser sees."""

_DEFAULTS: dict[str, float] = {"temperature": 0.7, "top_p": 0.95}
_LIMITS: dict[str, tuple[float, float]] = {
    "temperature": (0.0, 10.0),
    "top_p": (0.0, 1.0),
    "top_k": (0, math.inf),
    "repetition_penalty": (0.01, 100.0),
    "seed": (-(2**63), 2**63 - 1),
}


class LocalModel(ChatModel):
    """Answers by a checkpoint of this machine. `patience` is in seconds without any step done."""

    where: Where = "local"
    takes: frozenset[str] = frozenset({*_LIMITS, "logprobs", "schema", "text"})
    defaults: dict[str, float] = _DEFAULTS
    trained_on_tags: bool = False
    patience: float = 300.0
    _tokens: "ChatTokens" = PrivateAttr()
    _worker: Worker = PrivateAttr()
    _swapping: "Swapping | None" = PrivateAttr(default=None)
    _phrases: Phrases | None = PrivateAttr(default=None)
    _shaping: Shaping = PrivateAttr()
    _why: str = PrivateAttr(default="")
    _upgrade: "_Upgrade | None" = PrivateAttr(default=None)

    @classmethod
    def load(
        cls,
        folder: Path,
        manifest: Manifest,
        *,
        keep_bytes: int = KEEP_BYTES,
        fast: "Fast | None" = None,
        say: Say = quiet,
    ) -> Self:
        """Open a verified checkpoint folder. Takes seconds.

        With `fast` the fast runtime answers where there is one: at once when its converted form is
        in the cache or worth waiting for (`say` is told the share done), else as soon as it is
        made. Raises ModelUnavailable (not a chat model, too large, unknown kind) or ModelCorrupt.
        """
        with OPENING:
            from chatbot.backends.loading import load

        loaded = load(folder, manifest, keep_bytes=keep_bytes, fast=fast, say=say)
        model = cls(
            label=f"{manifest.name}@{manifest.version}",
            context=min(manifest.context, loaded.context),
            defaults=_DEFAULTS | loaded.defaults | manifest.parameters,
            trained_on_tags=manifest.trained_on_tags,
            quotes=manifest.trained_on_tags,
        )
        model._tokens = loaded.tokens
        if manifest.trained_on_tags:
            from chatbot.backends.swapping import Swapping  # reads tables for a tenth of a second

            model._swapping = Swapping(loaded.tokens.vocabulary())
            model._phrases = manifest.phrases
        model._shaping = Shaping(loaded.tokens)
        model._worker = Worker(loaded.runtime, loaded.tokens.decode, loaded.tokens.ends)
        model._why = loaded.why
        if loaded.faster is not None:
            model._upgrade = _Upgrade(loaded.faster, model._worker)
        return model

    @property
    def runtime(self) -> str:
        """Which engine runs, in which precision, on which device; why it is not the fast one."""
        note = self._upgrade.note if self._upgrade is not None else self._why
        return f"{self._worker.runtime_name} ({note})" if note else self._worker.runtime_name

    def count(self, messages: Sequence[BaseMessage | dict[str, Any]]) -> int:
        """Exact tokens of these messages as a prompt, as the model sees them."""
        return len(self._prompt(plain(messages)).tokens)

    def get_token_ids(self, text: str) -> list[int]:
        """The tokens of a text standing alone, its values as they are written."""
        return self._tokens.encode_text(text)

    def get_num_tokens(self, text: str) -> int:
        """How many they are."""
        return len(self.get_token_ids(text))

    def close(self) -> None:
        """End the inference thread; answers under way end with ModelUnavailable."""
        if self._upgrade is not None:
            self._upgrade.close()
        self._worker.close()

    async def deltas(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Order the answer and pass on what has come since the last look, in one piece."""
        sampling = self._sampling(ask.options)
        prompt = await asyncio.to_thread(self._prompt_of, ask)
        room = self.context - len(prompt.tokens)
        if room < 1:
            raise ContextTooSmall
        goes_on = ask.continue_final or ask.text is not None
        inbox, cancel = _Inbox(), CancelToken()
        order = Order(
            prompt=prompt.tokens,
            sampling=sampling,
            limit=min(ask.max_tokens or int(self.defaults.get("max_tokens", room)), room),
            stop=ask.stop,
            cancel=cancel,
            give=inbox.put,
            context=prompt.tokens[-_CONTEXT_FOR_TEXT:] if goes_on else (),
            banned=prompt.banned,
            guide=prompt.guide,
            logprobs=ask.logprobs,
            rewriter=prompt.rewriter,
        )
        forget = ask.cancel.on_cancel(cancel.cancel)
        try:
            self._worker.order(order)
            while True:
                delta = await self._arrived(inbox)
                yield delta
                if delta.finish is not None:
                    return
                await inbox.pause()
        finally:  # also when the reader left in the middle
            forget()
            cancel.cancel()

    def _prompt_of(self, ask: Ask) -> "_Prompt":
        """What an answer is made of: its tokens, and what holds it."""
        if ask.text is not None:
            prompt = self._text_prompt(ask.text)
        else:
            prompt = self._prompt(
                ask.messages, continue_final=ask.continue_final, quotable=ask.quotable
            )
        if ask.schema is None:
            return prompt
        return replace(prompt, guide=self._shaping.guide(ask.schema, prompt.banned))

    def _text_prompt(self, text: str) -> "_Prompt":
        """A text to go on with, without a chat template."""
        if self._swapping is None:
            return _Prompt(self._tokens.encode_start(text))
        [hidden], tags = self._swapping.hide([{"role": "user", "content": text}])
        tokens = self._tokens.encode_start(hidden["content"])
        return _Prompt(tokens, self._swapping.banned(tokens, tags), tags.streaming())

    def _prompt(
        self,
        messages: list[dict[str, str]],
        *,
        continue_final: bool = False,
        quotable: Quotable = Quotable(),  # noqa: B008  frozen
    ) -> "_Prompt":
        if self._swapping is None:
            return _Prompt(self._tokens.encode(messages, continue_final=continue_final))
        hidden, tags = self._swapping.hide(messages)
        tokens = self._tokens.encode(hidden, continue_final=continue_final)
        banned = self._swapping.banned(tokens, tags)
        texts = [tags.hide(text) for text in quotable.texts]
        guide: Guide | None = None
        if texts and quotable.only and self._phrases is not None:
            phrases = self._phrases.around(quotable.of, limits=quotable.limits)
            guide = self._swapping.choosing(texts, phrases, self._tokens)
        elif texts:
            said = [item["content"] for item in hidden if item["role"] != "system"]
            guide = self._swapping.copying(texts, said, self._tokens)
        return _Prompt(tokens, banned, tags.streaming(), guide)

    async def _arrived(self, inbox: "_Inbox") -> Delta:
        """Wait for what comes next. Raises BackendTimeout when the thread is stuck."""
        while True:
            if await inbox.filled(self.patience / 10):
                return inbox.take()
            if self._worker.silent_for() > self.patience:
                raise BackendTimeout

    def _sampling(self, options: dict[str, Any]) -> Sampling:
        """The checkpoint's defaults with the caller's options. Raises BackendRefused."""
        chosen = {name: self.defaults[name] for name in _LIMITS if name in self.defaults} | options
        for name, value in chosen.items():
            least, most = _LIMITS[name]
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise BackendRefused(f"{name} must be a number.")
            if not least <= value <= most:
                raise BackendRefused(f"{name} must lie between {least:g} and {most:g}.")
        seed = chosen.get("seed")
        return Sampling(
            temperature=float(chosen.get("temperature", 0.0)),
            top_k=int(chosen.get("top_k", 0)),
            top_p=float(chosen.get("top_p", 1.0)),
            repetition_penalty=float(chosen.get("repetition_penalty", 1.0)),
            seed=None if seed is None else int(seed),
        )


@dataclass(frozen=True, slots=True)
class _Prompt:
    """What the model sees, what its answer may not hold, and what turns its answer into text."""

    tokens: list[int]
    banned: frozenset[int] = frozenset()
    rewriter: Rewriter | None = None
    guide: Guide | None = None


class _Upgrade:
    """Makes the fast runtime in a thread while another answers, and hands it to the worker.

    A process that asks one question and ends begins nothing: there is a pause before.
    """

    def __init__(self, make: Callable[[Say, threading.Event], Runtime], worker: Worker) -> None:
        self.note = ""
        self._make, self._worker = make, worker
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="convert", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def close(self) -> None:
        """Give it up; nothing half made is left."""
        atexit.unregister(self.close)
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        if self._stop.wait(PAUSE_BEFORE_CONVERTING):
            return
        try:
            self._say(0.0)
            runtime = self._make(self._say, self._stop)
        except Stopped:
            return
        except NoFastRuntime as error:
            self.note = str(error)
        except Exception as error:  # noqa: BLE001 (answers go on as they are)
            log.error("no fast runtime: %s", type(error).__name__)  # noqa: TRY400 (no text in logs)
            self.note = "its converted form could not be made"
        else:
            self._worker.replace(runtime)
            self.note = ""

    def _say(self, share: float) -> None:
        self.note = f"a faster form is being made, {share:.0%}"


class _Inbox:
    """From the inference thread into the event loop. What piles up is taken in one piece."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._filled, self._ended = asyncio.Event(), asyncio.Event()
        self._taken = 0.0
        self._lock = threading.Lock()
        self._pieces: deque[Delta | BackendError] = deque()

    def put(self, piece: Delta | BackendError) -> None:
        """Called in the inference thread. Raises RuntimeError when the loop is closed."""
        with self._lock:
            self._pieces.append(piece)
            first = len(self._pieces) == 1
        if first:
            self._loop.call_soon_threadsafe(self._filled.set)
        if isinstance(piece, BackendError) or piece.finish is not None:
            self._loop.call_soon_threadsafe(self._ended.set)

    async def filled(self, seconds: float) -> bool:
        """Wait for something to come; False when nothing came in time."""
        if not self._filled.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._filled.wait()
        return self._filled.is_set()

    async def pause(self) -> None:
        """Let more come, until PACE after the last piece was taken or all is there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._taken + PACE):
                await self._ended.wait()

    def take(self) -> Delta:
        """All that has come as one piece. Raises the error when nothing stands before it."""
        self._taken = self._loop.time()
        with self._lock:
            pieces = list(self._pieces)
            self._pieces.clear()
            self._filled.clear()
            if len(pieces) > 1 and isinstance(pieces[-1], BackendError):
                self._pieces.append(pieces.pop())
                self._filled.set()
        return _joined(pieces)


def _joined(pieces: Sequence[Delta | BackendError]) -> Delta:
    deltas: list[Delta] = []
    for piece in pieces:
        if isinstance(piece, BackendError):
            raise piece
        deltas.append(piece)
    last = deltas[-1]
    text = "".join(delta.text for delta in deltas)
    told = tuple(one for delta in deltas for one in delta.logprobs)
    return Delta(text, last.finish, last.prompt_tokens, last.reply_tokens, told)
