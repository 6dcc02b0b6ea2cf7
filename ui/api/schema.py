"""GET /openapi.json: the doors for programs as an OpenAPI 3.1 document, with examples that run.

Schemas are made of the very types that requests are read with and answers are built as. The tests
send every example to a server, and what schemathesis makes up from the document.
"""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from chatbot import __version__
from ui import drafting
from ui.api import answers, asked, conversations, drafts, responses
from ui.api.calls import NAME
from ui.api.errors import json_answer

PATH = "/openapi.json"
ABOUT = (
    "OpenAI's API for what this server runs, drafts for helpdesks, and what calls stored. "
    'Every call needs a key, sent as "Authorization: Bearer cb-…"; an administrator makes one on '
    "the Admin page or with `chatbot keys add NAME`."
)
ERRORS = {
    "400": "Something in the request is wrong; `param` names the field.",
    "401": "No key, or one that is unknown, revoked or expired.",
    "403": "The key may not use this, or the request came from another site or by another name.",
    "404": "There is no such thing, or it is not this key's.",
    "409": "It contradicts what is there, or the same Idempotency-Key runs just now.",
    "411": "The length of the body must be given.",
    "413": "The request is too large.",
    "429": "The key, or the model's server, was asked too much; Retry-After tells the seconds.",
    "500": "Something went wrong here.",
    "502": "The model's server failed.",
    "503": "Not ready just now; Retry-After tells the seconds.",
    "504": "The model did not answer in time.",
}
HELLO = [{"role": "user", "content": "Hello"}]
DRAFT = {"thread": [{"role": "customer", "text": "Where is my lamp?"}], "tone": "warm"}


@dataclass(frozen=True, slots=True)
class Door:
    """One operation of the document. `example` is a body that works on every server."""

    method: str
    path: str
    name: str
    summary: str
    answer: Any
    body: Any = None
    event: Any = None
    example: dict[str, Any] | None = None
    query: tuple[dict[str, Any], ...] = ()
    keyless: bool = False
    """Whether people may ask too: with a login, or as the one person there is."""


def _parameter(name: str, place: str, about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": about,
        "schema": schema,
    }


_LIMIT = _parameter(
    "limit",
    "query",
    "Rows of a page.",
    {"type": "integer", "minimum": 1, "maximum": conversations.MOST, "default": 50},
)
_CURSOR = _parameter("cursor", "query", "The `next` of the page before.", {"type": "string"})
_ONCE = _parameter(
    "Idempotency-Key",
    "header",
    "A name of this call: sent again within a day, it gets the same answer and costs nothing.",
    {"type": "string", "pattern": NAME},
)
_NAME = _parameter("name", "path", "As the list names it.", {"type": "string", "minLength": 1})
_CONVERSATION = _parameter(
    "conversation", "path", "Its id.", {"type": "string", "minLength": 1, "maxLength": 64}
)

DOORS: tuple[Door, ...] = (
    Door("get", "/v1/models", "listModels", "What this key may use", answers.ModelList),
    Door(
        "get",
        "/v1/models/{name}",
        "getModel",
        "One model or published prompt",
        answers.ModelObject,
        query=(_NAME,),
    ),
    Door(
        "post",
        "/v1/chat/completions",
        "chat",
        "Answer a conversation, whole or streamed",
        answers.ChatCompletion,
        asked.ChatRequest,
        answers.ChatChunk,
        {"model": "starter", "messages": HELLO, "max_tokens": 40},
        (_ONCE,),
    ),
    Door(
        "post",
        "/v1/completions",
        "complete",
        "Go on with a text",
        answers.TextCompletion,
        asked.CompletionRequest,
        answers.TextCompletion,
        {"model": "starter", "prompt": "Once upon a time", "max_tokens": 16},
        (_ONCE,),
    ),
    Door(
        "post",
        "/v1/responses",
        "respond",
        "Answer with a response (OpenAI's newer form, text alone)",
        responses.ResponseObject,
        asked.ResponseRequest,
        responses.ResponseObject,
        {"model": "starter", "input": "Hello", "max_output_tokens": 40},
        (_ONCE,),
    ),
    Door(
        "post",
        "/v1/embeddings",
        "embed",
        "Vectors of texts",
        answers.Embeddings,
        asked.EmbeddingRequest,
        None,
        {"model": "minilm", "input": ["A red lamp", "A blue one"]},
        (_ONCE,),
    ),
    Door(
        "post",
        "/api/drafts",
        "draft",
        "Draft a reply to a customer, with its sources; nothing is sent",
        drafts.Drafted,
        drafting.Asked,
        None,
        DRAFT,
        keyless=True,
    ),
    Door(
        "get",
        "/api/conversations",
        "listConversations",
        "What this key's calls stored, the last used first",
        conversations.ConversationList,
        query=(_LIMIT, _CURSOR),
    ),
    Door(
        "get",
        "/api/conversations/{conversation}",
        "getConversation",
        "One of them, with its newest messages",
        conversations.ConversationPage,
        query=(_CONVERSATION, _LIMIT, _CURSOR),
    ),
    Door(
        "delete",
        "/api/conversations/{conversation}",
        "deleteConversation",
        "Delete one of them for good",
        conversations.Deleted,
        query=(_CONVERSATION,),
    ),
)


def add(app: FastAPI) -> None:
    """Add the route to an application."""

    async def document(_: Request) -> Response:
        return json_answer(openapi(), headers={"cache-control": "public, max-age=300"})

    app.add_api_route(PATH, document, methods=["GET"], include_in_schema=False)


@functools.cache
def openapi() -> dict[str, Any]:
    """The document."""
    named, schemas = _schemas([each for door in DOORS for each in _types(door)])
    paths: dict[str, Any] = {}
    for door in DOORS:
        paths.setdefault(door.path, {})[door.method] = _operation(door, named)
    errors = {
        status: {"description": about, "content": _json(named[answers.ErrorAnswer])}
        for status, about in ERRORS.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Chatbot", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
            "responses": errors,
        },
    }


def _types(door: Door) -> list[Any]:
    return [one for one in (door.body, door.answer, door.event, answers.ErrorAnswer) if one]


def _schemas(types: Sequence[Any]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """A reference to each type's schema, and all schemas by name."""
    unique = list(dict.fromkeys(types))
    made, rest = TypeAdapter.json_schemas(
        [(place, "validation", TypeAdapter(one)) for place, one in enumerate(unique)],
        ref_template="#/components/schemas/{model}",
    )
    named = {one: made[place, "validation"] for place, one in enumerate(unique)}
    return named, rest["$defs"]


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _operation(door: Door, named: dict[Any, Any]) -> dict[str, Any]:
    content = _json(named[door.answer])
    if door.event is not None:
        # OpenAPI 3.1 has no word for the schema of an event.
        content["text/event-stream"] = {
            "schema": {"type": "string"},
            "x-event-schema": named[door.event],
        }
    told: dict[str, Any] = {
        "operationId": door.name,
        "summary": door.summary,
        "parameters": list(door.query),
        "responses": {
            "200": {"description": "Done", "content": content},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in ERRORS},
        },
        "x-codeSamples": [{"lang": "Shell", "label": "curl", "source": curl(door)}],
    }
    if door.keyless:
        told["security"] = [{"key": []}, {}]
    if door.body is not None:
        content = _json(named[door.body])
        content["application/json"]["examples"] = {"simple": {"value": door.example}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def curl(door: Door) -> str:
    """A line for a terminal in which $CHATBOT_URL and $CHATBOT_KEY are set."""
    given = ["curl -s"]
    if door.method != "get":
        given.append(f"-X {door.method.upper()}")
    path = door.path.replace("{name}", "starter").replace("{conversation}", "$CONVERSATION")
    given.append(f'"$CHATBOT_URL{path}" -H "Authorization: Bearer $CHATBOT_KEY"')
    if door.example is not None:
        given.append(f"-H 'Content-Type: application/json' -d '{json.dumps(door.example)}'")
    return " ".join(given)
