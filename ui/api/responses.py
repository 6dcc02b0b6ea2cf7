"""POST /v1/responses, as far as it is about text: whole, and as its named events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal

from fastapi import FastAPI
from starlette.responses import Response
from typing_extensions import TypedDict

from chatbot.bootstrap import Product
from chatbot.completions import Ended
from chatbot.errors import BackendBroken
from ui.api import answers
from ui.api.asked import ResponseRequest
from ui.api.calls import Call, Load, answering, first_of, new_id, now, storing
from ui.api.errors import json_answer, worded
from ui.api.events import Events, event
from ui.api.fields import read

PATH = "/v1/responses"


class OutputText(TypedDict):
    """A text of an answer."""

    type: Literal["output_text"]
    text: str
    annotations: list[str]
    logprobs: list[str]


class OutputMessage(TypedDict):
    """The answer, whole or while it is written."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    status: Literal["in_progress", "completed", "incomplete"]
    content: list[OutputText]


class CachedTokens(TypedDict):
    """Of the tokens read."""

    cached_tokens: int


class ReasoningTokens(TypedDict):
    """Of the tokens written."""

    reasoning_tokens: int


class ResponseUsage(TypedDict):
    """Tokens."""

    input_tokens: int
    input_tokens_details: CachedTokens
    output_tokens: int
    output_tokens_details: ReasoningTokens
    total_tokens: int


class Incomplete(TypedDict):
    """Why an answer ends early."""

    reason: Literal["max_output_tokens", "content_filter"]


class ResponseObject(answers.Told):
    """The answer to POST /v1/responses."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["in_progress", "completed", "incomplete"]
    error: None
    incomplete_details: Incomplete | None
    instructions: str | None
    max_output_tokens: int | None
    metadata: dict[str, Any]
    model: str
    output: list[OutputMessage]
    parallel_tool_calls: bool
    temperature: float | None
    tool_choice: Literal["none"]
    tools: list[str]
    top_p: float | None
    usage: ResponseUsage | None


def add(app: FastAPI, product: Product, load: Load) -> None:
    """Add the route to an application."""

    handler = worded(answering(product, load, _answer))
    app.add_api_route(PATH, handler, methods=["POST"], include_in_schema=False)


async def _answer(call: Call) -> Response:
    asked = read(ResponseRequest, call.body)
    call, ask = storing(call, asked.store), asked.ask()
    if asked.stream:
        pieces = await first_of(call.pieces(ask))
        return Events(_events(pieces, asked), call.headers, done=False, named=True)
    async with aclosing(call.pieces(ask)) as pieces:
        choices, ended = await answers.gather(pieces, 1)
    message = _message(new_id("msg"), choices[0].text, choices[0].finish)
    return json_answer(_whole(_begun(asked), message, choices[0].finish, ended), 200, call.headers)


def _begun(asked: ResponseRequest) -> ResponseObject:
    return {
        "id": new_id("resp"),
        "object": "response",
        "created_at": now(),
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": asked.instructions,
        "max_output_tokens": asked.max_output_tokens,
        "metadata": dict(asked.metadata or {}),
        "model": asked.model,
        "output": [],
        "parallel_tool_calls": False,
        "temperature": asked.temperature,
        "tool_choice": "none",
        "tools": [],
        "top_p": asked.top_p,
        "usage": None,
    }


def _text(text: str) -> OutputText:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(name: str, text: str, finish: answers.Finish) -> OutputMessage:
    status: Literal["completed", "incomplete"] = "completed" if finish == "stop" else "incomplete"
    return {
        "id": name,
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [_text(text)],
    }


def _whole(
    begun: ResponseObject, message: OutputMessage, finish: answers.Finish, ended: Ended
) -> ResponseObject:
    whole = begun.copy()
    whole["status"] = "completed" if finish == "stop" else "incomplete"
    if finish == "length":
        whole["incomplete_details"] = {"reason": "max_output_tokens"}
    elif finish == "content_filter":
        whole["incomplete_details"] = {"reason": "content_filter"}
    whole["model"], whole["output"] = ended.model, [message]
    whole["usage"] = {
        "input_tokens": ended.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": ended.reply_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": ended.prompt_tokens + ended.reply_tokens,
    }
    whole.update(answers.told_of(ended))  # type: ignore[typeddict-item]
    return whole


class _Numbered:
    """Writes events with their numbers."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, kind: str, **given: object) -> str:
        told = {"type": kind, "sequence_number": self._number, **given}
        self._number += 1
        return event(told, kind)


async def _events(pieces: AsyncGenerator[Any, None], asked: ResponseRequest) -> Any:
    """The events of a response with one message of one text, in OpenAI's order."""
    say, begun, name = _Numbered(), _begun(asked), new_id("msg")
    at = {"item_id": name, "output_index": 0}
    part = {**at, "content_index": 0}
    written: list[str] = []
    finish: answers.Finish = "stop"
    ended: Ended | None = None
    empty = {**_message(name, "", "stop"), "status": "in_progress", "content": []}
    yield say("response.created", response=begun)
    yield say("response.in_progress", response=begun)
    yield say("response.output_item.added", output_index=0, item=empty)
    yield say("response.content_part.added", **part, part=_text(""))
    async with aclosing(pieces):
        async for one in pieces:
            if isinstance(one, Ended):
                ended = one
                continue
            finish = one.finish or finish
            if one.text:
                written.append(one.text)
                yield say("response.output_text.delta", **part, delta=one.text, logprobs=[])
    if ended is None:
        raise BackendBroken
    text = "".join(written)
    message = _message(name, text, finish)
    yield say("response.output_text.done", **part, text=text, logprobs=[])
    yield say("response.content_part.done", **part, part=_text(text))
    yield say("response.output_item.done", output_index=0, item=message)
    whole = _whole(begun, message, finish, ended)
    yield say(f"response.{whole['status']}", response=whole)
