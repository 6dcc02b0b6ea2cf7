"""The one thread that drives a runtime: several answers at once, one step each in turn.

It turns tokens into text, ends answers (end token, limit, stop string, cancel) and hands pieces to
whoever asked. It knows no model, no message and no event loop. Nothing that a runtime does wrong
kills the thread; should it die all the same, everybody waiting is told, and the next answer starts
a new one.
"""

import atexit
import logging
import math
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot.backends.base import Delta, Finish
from chatbot.backends.cancel import CancelToken
from chatbot.backends.chances import Logprob, in_words
from chatbot.backends.detokenise import Decode, Detokeniser, Rewriter, StopStrings
from chatbot.backends.runtimes.base import Guide, Request, Runtime, Sampling, Stepped
from chatbot.errors import BackendBroken, BackendError, BackendRateLimited, ModelUnavailable

MOST_ACTIVE = 16
"""Answers computed at once; more wait their turn."""
MOST_WAITING = 256

log = logging.getLogger(__name__)

Give = Callable[[Delta | BackendError], None]
"""Takes each piece, the last one with a `finish`, or the error. Called in the worker's thread; it
must return at once, and may raise RuntimeError when its reader is gone."""


@dataclass(frozen=True, slots=True)
class Order:
    """An answer that is wanted. `limit` is its longest length in tokens."""

    prompt: Sequence[int]
    sampling: Sampling
    limit: int
    stop: Sequence[str]
    cancel: CancelToken
    give: Give
    context: Sequence[int] = ()
    """The prompt's tail where the answer goes on inside a text, for the detokeniser."""
    banned: frozenset[int] = frozenset()
    """Tokens that this answer may not hold."""
    guide: Guide | None = None
    """Says at each step what else may come."""
    logprobs: int | None = None
    """How many of the likeliest tokens are told with each; None: nothing is told."""
    rewriter: Rewriter | None = None
    """Changes the text before anything else is done with it, in the worker's thread."""


class _Answer:
    """An order being carried out."""

    def __init__(self, order: Order, decode: Decode) -> None:
        self.order = order
        self.request = Request(
            order.prompt, order.sampling, order.banned, order.guide, order.logprobs
        )
        self.tokens = 0
        self._decode = decode
        self._likely: list[tuple[int, Logprob]] = []
        self._said = self._shown = 0
        self._text = Detokeniser(decode, order.context)
        self._stops = StopStrings(order.stop)

    def take(self, step: Stepped, ends: frozenset[int]) -> bool:
        """Pass a token on; True when it was the last."""
        token = step.token
        self.tokens += 1
        if token in ends:
            return self.end("stop")
        if step.likely is not None:
            told = in_words(token, step.likely, self._decode)
            self._likely.append((self._said, told))
            self._said += len(told.token)
        text, stopped = self._stops.push(self._rewritten(self._text.push(token)))
        if stopped:
            return self._last(text, "stop")
        if self.tokens >= self.order.limit:
            return self.end("length", text)
        if text:
            self._shown += len(text)
            self._give(Delta(text, logprobs=self._told()))
        return False

    def end(self, finish: Finish, text: str = "") -> bool:
        """Pass on what was held back and the reason of the end."""
        text_left = self._rewritten(self._text.flush())
        if self.order.rewriter is not None:
            text_left += self.order.rewriter.close()
        rest, stopped = self._stops.push(text_left)
        held = "" if stopped else self._stops.flush()
        return self._last(text + rest + held, "stop" if stopped else finish)

    def fail(self, error: BackendError) -> None:
        """Pass on the error that ended it."""
        self._give(error)

    def _rewritten(self, text: str) -> str:
        return text if self.order.rewriter is None else self.order.rewriter.feed(text)

    def _last(self, text: str, finish: Finish) -> bool:
        self._shown += len(text)
        if finish == "stop" and self.order.rewriter is None:  # a stop text is not shown
            self._likely = [one for one in self._likely if one[0] < self._shown]
        told = self._told()
        self._give(Delta(text, finish, len(self.order.prompt), self.tokens, told))
        return True

    def _told(self) -> tuple[Logprob, ...]:
        """What is known of the tokens since the last piece."""
        told, self._likely = tuple(one for _, one in self._likely), []
        return told

    def _give(self, piece: Delta | BackendError) -> None:
        try:
            self.order.give(piece)
        except RuntimeError:  # the reader's event loop is closed
            self.order.cancel.cancel()


class Worker:
    """Owns a runtime and its thread. `order` and `close` may be called from any thread.

    `ends` are the tokens that end an answer; `decode` is used in the worker's thread only.
    """

    def __init__(self, runtime: Runtime, decode: Decode, ends: frozenset[int]) -> None:
        self._runtime = runtime
        self._next: Runtime | None = None
        self._decode = decode
        self._ends = ends
        self._change = threading.Condition()
        self._waiting: deque[_Answer] = deque()
        self._active: dict[Request, _Answer] = {}
        self._thread: threading.Thread | None = None
        self._closed = False
        self._last_step = 0.0
        atexit.register(self.close)  # an interpreter that ends while torch computes aborts

    @property
    def runtime_name(self) -> str:
        """Which engine runs, in which precision, on which device."""
        return self._runtime.name

    def replace(self, runtime: Runtime) -> None:
        """Go on with another runtime as soon as no answer is under way."""
        with self._change:
            self._next = runtime
            if self._thread is None:
                self._take_next()
            self._change.notify()

    def silent_for(self) -> float:
        """Seconds since the thread last finished a step; infinite when there is no thread."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return math.inf
        return time.monotonic() - self._last_step

    def order(self, order: Order) -> None:
        """Queue an answer. Raises ModelUnavailable when closed, BackendRateLimited when full."""
        answer = _Answer(order, self._decode)
        with self._change:
            if self._closed:
                raise ModelUnavailable("The model was unloaded. Try again.")
            if len(self._waiting) >= MOST_WAITING:
                raise BackendRateLimited
            self._waiting.append(answer)
            if self._thread is None:
                self._last_step = time.monotonic()
                self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
                self._thread.start()
            self._change.notify()
        order.cancel.on_cancel(self._wake)

    def close(self) -> None:
        """End the thread; answers under way end with ModelUnavailable."""
        atexit.unregister(self.close)
        with self._change:
            self._closed = True
            self._change.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _wake(self) -> None:
        with self._change:
            self._change.notify()

    def _run(self) -> None:
        try:
            while self._admit():
                self._advance()
                self._last_step = time.monotonic()
        finally:
            self._give_up()

    def _admit(self) -> bool:
        """Wait for work and start what may start. False when closed."""
        with self._change:
            self._change.wait_for(
                lambda: self._closed or self._waiting or self._active or self._next
            )
            self._last_step = time.monotonic()
            if self._closed:
                return False
            if self._next is not None and not self._active:
                self._take_next()
            started: list[_Answer] = []
            while self._waiting and len(self._active) + len(started) < MOST_ACTIVE:
                started.append(self._waiting.popleft())
            cancelled = [answer for answer in self._waiting if answer.order.cancel.cancelled]
            for answer in cancelled:
                self._waiting.remove(answer)
        for answer in cancelled:
            answer.end("cancelled")
        for answer in started:
            self._start(answer)
        return True

    def _take_next(self) -> None:
        if self._next is not None:
            self._runtime.reset()
            self._runtime, self._next = self._next, None

    def _start(self, answer: _Answer) -> None:
        if answer.order.cancel.cancelled:
            answer.end("cancelled")
            return
        self._active[answer.request] = answer
        try:
            self._runtime.start(answer.request)
        except Exception as error:  # noqa: BLE001 (whatever it is, it must reach the caller)
            self._fail(answer, error)

    def _advance(self) -> None:
        for answer in list(self._active.values()):
            if answer.order.cancel.cancelled:
                answer.end("cancelled")
                self._stop(answer)
        if not self._active:
            return
        try:
            steps = self._runtime.step()
        except Exception as error:  # noqa: BLE001 (as above, for all of them)
            self._fail_all(error)
            return
        for step in steps:
            self._take(step)

    def _take(self, step: Stepped) -> None:
        answer = self._active.get(step.request)
        if answer is None:
            return
        if step.error is not None:
            self._fail(answer, step.error)
            return
        try:
            ended = answer.take(step, self._ends)
        except Exception as error:  # noqa: BLE001 (as above)
            self._fail(answer, error)
        else:
            if ended:
                self._stop(answer)

    def _stop(self, answer: _Answer) -> None:
        del self._active[answer.request]
        try:
            self._runtime.stop(answer.request)
        except Exception as error:  # noqa: BLE001 (a runtime that cannot free one is emptied)
            self._fail_all(error)

    def _fail(self, answer: _Answer, error: Exception) -> None:
        answer.fail(told(error))
        self._stop(answer)

    def _fail_all(self, error: Exception) -> None:
        failed, self._active = list(self._active.values()), {}
        for answer in failed:
            answer.fail(told(error))
        self._runtime.reset()

    def _give_up(self) -> None:
        try:
            self._runtime.reset()
        finally:
            with self._change:
                left = [*self._active.values(), *self._waiting]
                self._active, self._thread = {}, None
                self._waiting.clear()
            for answer in left:
                answer.fail(ModelUnavailable("The model was unloaded or broke down. Try again."))


def told(error: Exception) -> BackendError:
    """The typed error for whatever a runtime raised. The log gets the kind and place, no text."""
    if isinstance(error, BackendError):
        return error
    if isinstance(error, MemoryError) or "memory" in str(error).lower():
        return ModelUnavailable("The model ran out of memory. Try a shorter conversation.")
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("the runtime failed: %s\n%s", type(error).__name__, frames)
    return BackendBroken("The model failed while it was writing. Try again.")
