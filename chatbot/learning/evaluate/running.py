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
) -> Answers:
    """Ask the model every case, greedily where it takes a temperature.

    `encoder` picks sentences for a model that quotes, as it does in a turn. Errors of a backend
    become answers that failed. Must not be called from a running event loop.
    """
    begun = time.monotonic()
    found = asyncio.run(_all(model, cases, tell, encoder))
    return Answers(tuple(found), time.monotonic() - begun)


async def _all(
    model: ChatModel, cases: Sequence[Case], tell: Tell, encoder: chain.OpenEncoder
) -> list[Answer]:
    places, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(case: Case) -> Answer:
        nonlocal done
        async with places:
            answer = await _answer(model, case, encoder)
        done += 1
        tell(done, len(cases))
        return answer

    try:
        return await asyncio.gather(*map(one, cases))
    finally:
        await model.release()


async def _answer(model: ChatModel, case: Case, encoder: chain.OpenEncoder) -> Answer:
    async def opened(_: str) -> ChatModel:
        return model

    text, finish = [], "truncated"
    asked = chain.answer(_plan(case), [model.label], opened, CancelToken(), lambda _: None, encoder)
    try:
        async for piece in asked:
            text.append(piece.text)
            finish = piece.finish or finish
    except ChatbotError as error:
        return Answer("", "", str(error))
    return Answer("".join(text), finish)


def _plan(case: Case) -> chain.Plan:
    """The case as a turn: its prompt without chance, its values, its thread."""
    prompt = prompts.library()[case.prompt]
    prompt = replace(prompt, parameters={"temperature": 0.0, "max_tokens": LONGEST})
    past = (
        chain.Past(n, "user" if m["role"] == "user" else "assistant", m["content"])
        for n, m in enumerate(case.thread)
    )
    return chain.Plan(prompt, case.values, tuple(past))
