"""Has a model answer the cases, several at once. Knows messages and answers, judges nothing."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.backends.base import ChatModel
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


def answers(model: ChatModel, cases: Sequence[Case], tell: Tell) -> Answers:
    """Ask the model every case, greedily where it takes a temperature.

    Errors of a backend become answers that failed. Must not be called from a running event loop.
    """
    begun = time.monotonic()
    found = asyncio.run(_all(model, cases, tell))
    return Answers(tuple(found), time.monotonic() - begun)


async def _all(model: ChatModel, cases: Sequence[Case], tell: Tell) -> list[Answer]:
    places, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(case: Case) -> Answer:
        nonlocal done
        async with places:
            answer = await _answer(model, case)
        done += 1
        tell(done, len(cases))
        return answer

    try:
        return await asyncio.gather(*map(one, cases))
    finally:
        await model.release()


async def _answer(model: ChatModel, case: Case) -> Answer:
    options: dict[str, Any] = {"max_tokens": LONGEST}
    if "temperature" in model.takes:
        options["temperature"] = 0.0
    try:
        reply = await model.ainvoke(list(case.messages), **options)
    except ChatbotError as error:
        return Answer("", "", str(error))
    return Answer(str(reply.text), reply.response_metadata.get("finish_reason", "truncated"))
