"""Asks a case of a model, on the way that a turn goes, and measures what that took.

A case whose assertions look at the messages alone is rendered and asks nobody. Knows no row.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

import prompts
from chatbot.answering import CUT_OFF, storable
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, Past, Piece, Plan, Renderer, Sent, answer, render
from chatbot.errors import BackendBroken, PromptInvalid
from chatbot.settings import HostedModel
from prompts.cases import Case
from prompts.checks import Output

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel

PER = 1_000_000
"""Tokens that a price is for."""
TRIES = 3
"""How often a rendering is tried."""


class Asking:
    """Asks cases; what it opens stays open in the registry. `hosted` knows prices."""

    def __init__(
        self,
        registry: Registry,
        renderer: Renderer,
        encoder: OpenEncoder,
        hosted: Mapping[str, HostedModel],
    ) -> None:
        self._registry = registry
        self._renderer = renderer
        self._encoder = encoder
        self._hosted = hosted

    def where(self, model: str) -> str:
        """Where a model answers: local, hosted or scripted. Raises UnknownModel."""
        return self._registry.resolve(model).where

    async def ask(
        self, prompt: prompts.Prompt, model: str, case: Case, cancel: CancelToken
    ) -> Output:
        """The answer of a model (label) to a case.

        Raises:
            PromptInvalid, ContextTooSmall: nothing was asked.
            BackendError: there is no whole answer.
        """
        plan = plan_of(prompt, case, self._renderer)
        if not any(one.needs_answer for one in case.assertions):
            return await self._rendered(plan, model, case)
        sent: list[Sent] = []
        text: list[str] = []
        last: Piece | None = None
        await self.open(model)  # loading it is no latency of an answer
        began = time.monotonic()
        pieces = answer(plan, [model], self.open, cancel, sent.append, self._encoder)
        async with aclosing(pieces):
            async for last in pieces:
                text.append(last.text)
        took = time.monotonic() - began
        if last is None or (last.finish is None and not cancel.cancelled):
            raise BackendBroken(CUT_OFF)
        tokens_in = last.prompt_tokens or sent[-1].prompt_tokens
        return Output(
            text=storable("".join(text)),
            prompt_tokens=tokens_in,
            tokens=last.reply_tokens,
            latency_s=took,
            cost=self._cost(model, tokens_in, last.reply_tokens),
            messages=sent[-1].messages,
        )

    async def open(self, label: str) -> "ChatModel":
        """The ready model. Raises BackendError."""
        return await asyncio.to_thread(self._registry.open, label)

    async def _rendered(self, plan: Plan, model: str, case: Case) -> Output:
        messages = (await asyncio.to_thread(render, plan)).messages
        tokens = None
        if any(one.type == "prompt-tokens" for one in case.assertions):
            opened = await self.open(model)
            tokens = await asyncio.to_thread(opened.count, messages)
        return Output("", prompt_tokens=tokens, messages=messages)

    def _cost(self, model: str, tokens_in: int, tokens_out: int | None) -> float | None:
        """What an answer cost, in the currency of the price; nothing on this machine."""
        info = self._registry.resolve(model)
        if info.where != "hosted":
            return 0.0
        price = self._hosted[info.name].price
        if price is None or tokens_out is None:
            return None
        return (tokens_in * price[0] + tokens_out * price[1]) / PER


def patient(renderer: Renderer, places: int) -> Renderer:
    """A renderer for many callers: `places` at a time, the others wait; what failed is tried again.

    A run may ask for hundreds of renderings while its models keep the machine busy. That one of
    them was too slow, or found no worker, says nothing of the prompt.
    """
    free = BoundedSemaphore(places)

    def render(
        prompt: prompts.Prompt, values: Mapping[str, Any], chosen: Sequence[int] | None = None
    ) -> Sequence[Mapping[str, str]]:
        with free:
            for _ in range(TRIES - 1):
                with contextlib.suppress(prompts.PromptError):
                    return renderer(prompt, values, chosen)
            return renderer(prompt, values, chosen)

    return render


def plan_of(prompt: prompts.Prompt, case: Case, renderer: Renderer = prompts.render) -> Plan:
    """What a case asks: its values, and its thread as the history.

    Raises PromptInvalid: the thread is none.
    """
    values: dict[str, Any] = dict(case.vars)
    thread = prompt.thread_input
    if thread is None:
        return Plan(prompt, values, renderer=renderer)
    try:
        said: Any = thread.accept(values.pop(thread.name, None))
    except prompts.PromptError as error:
        raise PromptInvalid(str(error)) from error
    past = tuple(Past(0, one["role"], one["content"]) for one in said)
    return Plan(prompt, values, past, renderer=renderer)
