"""Has a model answer the cases, several at once, on the way that a turn goes. Judges nothing."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import prompts
from chatbot import chain
from chatbot.backends.base import ChatModel
from chatbot.backends.cancel import CancelToken
from chatbot.errors import ChatbotError
from chatbot.learning.evaluate.cases import Case
from chatbot.learning.evaluate.views import Stopped

AT_ONCE = 8
LONGEST = 256
"""Tokens of a reply; one that is longer counts as broken off."""

Tell = Callable[[int, int], None]
"""Called with how many cases are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `finish` is "stop" for a whole reply; `error` says why there is none."""

    text: str
    finish: str = "stop"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers in the order of the cases, and the seconds that all of them took."""

    answers: tuple[Answer, ...]
    seconds: float


def answers(
    model: ChatModel,
    cases: Sequence[Case],
    tell: Tell,
    encoder: chain.OpenEncoder = chain.no_encoder,
    cancel: CancelToken | None = None,
) -> Answers:
    """Ask the model every case, greedily where it takes a temperature. See `ask`."""
    return ask(model, [plan_of(case) for case in cases], tell, encoder, cancel)


def ask(
    model: ChatModel,
    plans: Sequence[chain.Plan],
    tell: Tell,
    encoder: chain.OpenEncoder = chain.no_encoder,
    cancel: CancelToken | None = None,
) -> Answers:
    """Ask the model all of these, several at once.

    `encoder` picks sentences for a model that quotes, as it does in a turn. Errors of a backend
    become answers that failed. Must not be called from a running event loop. Raises Stopped.
    """
    begun, token = time.monotonic(), cancel or CancelToken()
    found = asyncio.run(_all(model, plans, tell, encoder, token))
    if token.cancelled:
        raise Stopped
    return Answers(tuple(found), time.monotonic() - begun)


async def _all(
    model: ChatModel,
    plans: Sequence[chain.Plan],
    tell: Tell,
    encoder: chain.OpenEncoder,
    cancel: CancelToken,
) -> list[Answer]:
    places, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(plan: chain.Plan) -> Answer:
        nonlocal done
        async with places:
            if cancel.cancelled:
                return Answer("", "")
            answer = await _answer(model, plan, encoder, cancel)
        done += 1
        tell(done, len(plans))
        return answer

    try:
        return await asyncio.gather(*map(one, plans))
    finally:
        await model.release()


async def _answer(
    model: ChatModel, plan: chain.Plan, encoder: chain.OpenEncoder, cancel: CancelToken
) -> Answer:
    try:
        return await answered(model, plan, encoder, cancel)
    except ChatbotError as error:
        return Answer("", "", str(error))


async def answered(
    model: ChatModel, plan: chain.Plan, encoder: chain.OpenEncoder, cancel: CancelToken
) -> Answer:
    """One answer. Raises what the chain raises."""

    async def opened(_: str) -> ChatModel:
        return model

    text, finish = [], "truncated"
    async for piece in chain.answer(plan, [model.label], opened, cancel, lambda _: None, encoder):
        text.append(piece.text)
        finish = piece.finish or finish
    return Answer("".join(text), finish)


def plan_of(case: Case) -> chain.Plan:
    """The case as a turn: its prompt without chance, its values, its thread."""
    prompt = prompts.library()[case.prompt]
    prompt = replace(prompt, parameters={"temperature": 0.0, "max_tokens": LONGEST})
    past = (
        chain.Past(n, "user" if m["role"] == "user" else "assistant", m["content"])
        for n, m in enumerate(case.thread)
    )
    return chain.Plan(prompt, case.values, tuple(past))
