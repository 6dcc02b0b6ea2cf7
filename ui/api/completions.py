"""POST /v1/completions: a model goes on with texts, each `n` times."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import FastAPI
from starlette.responses import Response

from chatbot.bootstrap import Product
from chatbot.completions import Ask, Ended
from chatbot.errors import BackendBroken
from ui.api import answers
from ui.api.answers import Gathered, TextChoice, TextCompletion
from ui.api.asked import CompletionRequest
from ui.api.calls import Call, Load, answering, first_of, new_id, now
from ui.api.errors import json_answer, worded
from ui.api.events import Events, event
from ui.api.fields import read

PATH = "/v1/completions"


def add(app: FastAPI, product: Product, load: Load) -> None:
    """Add the route to an application."""

    handler = worded(answering(product, load, _answer))
    app.add_api_route(PATH, handler, methods=["POST"], include_in_schema=False)


async def _answer(call: Call) -> Response:
    asked = read(CompletionRequest, call.body)
    asks = asked.asks()
    if asked.stream:
        parts = await first_of(_chunks(call, asks, with_usage=asked.with_usage))
        return Events(parts, call.headers)
    # One after the other: a model that other people use too is not asked for sixteen at once.
    done = [await _whole(call, ask) for ask in asks]
    choices = [one for gathered, _ in done for one in gathered]
    ended = [one for _, one in done]
    return json_answer(
        _completion(
            new_id("cmpl"),
            ended[-1].model,
            [_choice(place, one) for place, one in enumerate(choices)],
            fingerprint=ended[-1].fingerprint,
        )
        | {"usage": answers.usage_of(*ended)},
        headers=call.headers,
    )


async def _whole(call: Call, ask: Ask) -> tuple[list[Gathered], Ended]:
    async with aclosing(call.pieces(ask)) as pieces:
        return await answers.gather(pieces, ask.n)


def _choice(place: int, one: Gathered) -> TextChoice:
    logprobs = answers.text_logprobs(one.logprobs if one.has_logprobs else None, 0)
    return {"index": place, "text": one.text, "logprobs": logprobs, "finish_reason": one.finish}


def _completion(
    name: str, model: str, choices: list[TextChoice], fingerprint: str | None = None
) -> TextCompletion:
    return {
        "id": name,
        "object": "text_completion",
        "created": now(),
        "model": model,
        "choices": choices,
        "system_fingerprint": fingerprint,
    }


async def _chunks(call: Call, asks: list[Ask], *, with_usage: bool) -> AsyncGenerator[str, None]:
    """The events of a stream, text by text."""
    chunk = _completion(new_id("cmpl"), asks[0].model, [])
    if with_usage:
        chunk["usage"] = None
    done: list[Ended] = []
    for place, ask in enumerate(asks):
        lengths = [0] * ask.n
        async with aclosing(call.pieces(ask)) as pieces:
            async for one in pieces:
                if isinstance(one, Ended):
                    done.append(one)
                    continue
                logprobs = answers.text_logprobs(one.logprobs, lengths[one.choice])
                lengths[one.choice] += len(one.text)
                choice: TextChoice = {
                    "index": place * ask.n + one.choice,
                    "text": one.text,
                    "logprobs": logprobs,
                    "finish_reason": one.finish,
                }
                yield event(chunk | {"choices": [choice]})
        if len(done) <= place:
            raise BackendBroken
    if with_usage:
        ended = done[-1]
        end = {"model": ended.model, "system_fingerprint": ended.fingerprint}
        yield event(chunk | end | {"usage": answers.usage_of(*done)})
