"""POST /v1/chat/completions, whole and streamed, and GET /v1/models, as OpenAI has them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from chatbot.bootstrap import Product
from chatbot.completions import Ask, Ended, ModelLine, Piece
from chatbot.errors import BackendBroken
from ui.api import answers
from ui.api.answers import ChatChunk, ChatCompletion, ChunkChoice, ModelList, ModelObject
from ui.api.asked import ChatRequest
from ui.api.calls import Call, Load, answering, first_of, new_id, now, storing
from ui.api.errors import json_answer, worded
from ui.api.events import Events, event
from ui.api.fields import read
from ui.api.keyed import keyed

CHAT = "/v1/chat/completions"
MODELS = "/v1/models"


def add(app: FastAPI, product: Product, load: Load) -> None:
    """Add the routes to an application."""

    async def models(request: Request) -> Response:
        caller = await keyed(product, request)
        found = await asyncio.to_thread(product.completions.models, caller)
        listed: ModelList = {"object": "list", "data": [_model(one) for one in found]}
        return json_answer(listed)

    async def model(request: Request) -> Response:
        caller = await keyed(product, request)
        name = request.path_params["name"]
        return json_answer(_model(await asyncio.to_thread(product.completions.model, caller, name)))

    app.add_api_route(
        CHAT, worded(answering(product, load, _answer)), methods=["POST"], include_in_schema=False
    )
    app.add_api_route(MODELS, worded(models), methods=["GET"], include_in_schema=False)
    app.add_api_route(
        MODELS + "/{name:path}", worded(model), methods=["GET"], include_in_schema=False
    )


async def _answer(call: Call) -> Response:
    asked = read(ChatRequest, call.body)
    call, ask = storing(call, asked.store), asked.ask()
    if asked.stream:
        pieces = await first_of(call.pieces(ask))
        return Events(_chunks(pieces, ask, with_usage=asked.with_usage), call.headers)
    async with aclosing(call.pieces(ask)) as pieces:
        choices, ended = await answers.gather(pieces, ask.n)
    whole: ChatCompletion = {
        "id": new_id("chatcmpl"),
        "object": "chat.completion",
        "created": now(),
        "model": ended.model,
        "choices": [
            {
                "index": place,
                "message": {"role": "assistant", "content": one.text, "refusal": None},
                "logprobs": answers.chat_logprobs(one.logprobs if one.has_logprobs else None),
                "finish_reason": one.finish,
            }
            for place, one in enumerate(choices)
        ],
        "usage": answers.usage_of(ended),
        "system_fingerprint": ended.fingerprint,
        **answers.told_of(ended),
    }
    return json_answer(whole, headers=call.headers)


async def _chunks(
    pieces: AsyncGenerator[Piece | Ended, None], ask: Ask, *, with_usage: bool
) -> AsyncGenerator[str, None]:
    """The events of a stream; what ends the choices comes when all is saved."""
    chunk: ChatChunk = {
        "id": new_id("chatcmpl"),
        "object": "chat.completion.chunk",
        "created": now(),
        "model": ask.model,
        "choices": [],
        "system_fingerprint": None,
    }
    if with_usage:
        chunk["usage"] = None
    finishes: dict[int, answers.Finish] = {}
    ended: Ended | None = None
    for choice in range(ask.n):
        yield event(chunk | {"choices": [_begin(choice)]})
    async with aclosing(pieces):
        async for one in pieces:
            if isinstance(one, Ended):
                ended = one
                continue
            if one.text or one.logprobs:
                yield event(chunk | {"choices": [_delta(one)]})
            if one.finish:
                finishes[one.choice] = one.finish
    if ended is None:
        raise BackendBroken
    chunk |= {"model": ended.model, "system_fingerprint": ended.fingerprint}
    for choice in range(ask.n):
        last = choice == ask.n - 1
        told = answers.told_of(ended) if last else {}
        end = {"choices": [_end(choice, finishes.get(choice, "stop"))], **told}
        yield event(chunk | end)
    if with_usage:
        yield event(chunk | {"usage": answers.usage_of(ended)})


def _begin(choice: int) -> ChunkChoice:
    delta: answers.ChatDelta = {"role": "assistant", "content": ""}
    return {"index": choice, "delta": delta, "logprobs": None, "finish_reason": None}


def _delta(piece: Piece) -> ChunkChoice:
    return {
        "index": piece.choice,
        "delta": {"content": piece.text},
        "logprobs": answers.chat_logprobs(piece.logprobs),
        "finish_reason": None,
    }


def _end(choice: int, finish: answers.Finish) -> ChunkChoice:
    return {"index": choice, "delta": {}, "logprobs": None, "finish_reason": finish}


def _model(line: ModelLine) -> ModelObject:
    return {
        "id": line.id,
        "object": "model",
        "created": line.created,
        "owned_by": line.owned_by,
        "kind": line.kind,
        "context": line.context,
    }
