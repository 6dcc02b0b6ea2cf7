"""The two parts of the application on the cluster: Writer holds a model, Door speaks HTTP.

    client ─▶ Door ─▶ a Writer ─▶ pieces ─▶ client
                      its machine dies ─▶ another Writer goes on behind what was said

Ray starts and ends Writers by how many answers are asked of them. They are plain classes; app.py
makes them deployments. What a Writer cannot do comes as a piece that says why, never as an
exception: those of a cluster lose their status on the way.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from chatbot.cluster import contract
from chatbot.cluster.joining import go_out
from chatbot.errors import BackendBroken, ChatbotError, ModelUnavailable

if TYPE_CHECKING:
    from chatbot.cluster.opening import Runtime

Json = dict[str, Any]
Receive = Callable[[], Awaitable[Json]]
Send = Callable[[Json], Awaitable[None]]

TRIES = 3
"""Machines that may die under one answer before it is given up."""


class Writer:
    """A model of this machine, opened once in a process of the cluster."""

    def __init__(self, model: str, models: str, runtime: "Runtime", conversions: str) -> None:
        go_out()
        from chatbot.cluster.opening import opened

        self._model = opened(model, models, runtime, conversions)

    def facts(self) -> Json:
        """Which model this is: label, context in tokens."""
        return {"label": self._model.label, "context": self._model.context}

    async def answer(self, asked: Json, said: str) -> AsyncGenerator[Json, None]:
        """The pieces of an answer, behind what was `said` of it already."""
        from chatbot.backends.base import Ask
        from chatbot.backends.cancel import CancelToken

        model, cancel = self._model, CancelToken()
        messages, longest = list(asked["messages"]), asked["max_tokens"]
        begun = asked["continue_final"]
        written = model.get_num_tokens(said) if said else 0
        if said:
            messages = _behind(messages, said, begun=begun)
        if longest is not None:
            longest -= written
            if longest <= 0:
                yield {"text": "", "finish": "length", "prompt": 0, "reply": written}
                return
        ask = Ask(
            messages,
            longest,
            tuple(asked["stop"]),
            cancel,
            continue_final=bool(said) or begun,
            options=asked["options"],
        )
        try:
            async for delta in model.deltas(ask):
                if delta.finish is None:
                    yield {"text": delta.text, "finish": None}
                else:
                    reply = delta.reply_tokens + written
                    finish = {"text": delta.text, "finish": delta.finish, "reply": reply}
                    yield finish | {"prompt": delta.prompt_tokens}
        except ChatbotError as error:
            yield {"error": {"status": error.status, "code": error.code, "sentence": str(error)}}
        finally:
            cancel.cancel()


class Door:
    """Speaks OpenAI's contract over ASGI. `key`: what clients have to show; "" for none."""

    def __init__(self, writers: Any, key: str) -> None:
        self._writers = writers
        self._key = key
        self._facts: Json | None = None

    async def serve(self, scope: Json, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._serve(scope, receive, send)
        except ChatbotError as error:
            told = contract.error(
                error.status, str(error), error.code, getattr(error, "param", None)
            )
            await _json(send, error.status, told)

    async def _serve(self, scope: Json, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == "/healthz":
            await _json(send, 200, {"ok": True})
        elif not self._admits(scope):
            said = contract.error(401, "This key opens nothing here.", "invalid_api_key")
            await _json(send, 401, said)
        elif (method, path) == ("GET", "/v1/models"):
            facts = await self._told()
            await _json(send, 200, contract.listed(facts["label"], facts["context"]))
        elif (method, path) == ("POST", "/v1/chat/completions"):
            await self._complete(contract.read(await _body(receive)), receive, send)
        else:
            said = contract.error(404, "There is no such path here.", "not_found")
            await _json(send, 404, said)

    async def _complete(self, call: contract.Call, receive: Receive, send: Send) -> None:
        facts = await self._told()
        if call.model not in (facts["label"], facts["label"].partition("@")[0]):
            raise contract.Wrong(f"Here answers {facts['label']} alone.", "model")
        telling = contract.Telling(facts["label"])
        pieces = self._pieces(call)
        left = asyncio.create_task(_gone(receive))
        try:
            if call.stream:
                await _streamed(pieces, telling, call, send, left)
            else:
                await _whole(pieces, telling, send, left)
        finally:
            left.cancel()
            await pieces.aclose()

    async def _pieces(self, call: contract.Call) -> AsyncGenerator[Json, None]:
        """The pieces, from as many machines as it takes. Raises ChatbotError."""
        from ray.exceptions import RayError

        asked = {
            "messages": call.told,
            "max_tokens": call.longest,
            "stop": list(call.stops),
            "options": call.options,
            "continue_final": call.continue_final_message,
        }
        said = ""
        for _ in range(TRIES):
            response = self._writers.options(stream=True).answer.remote(asked, said)
            try:
                async for piece in response:
                    if "error" in piece:
                        raise _Told(piece["error"])
                    said += piece["text"]
                    yield piece
            except RayError:
                continue  # its machine is gone; another one goes on
            except (GeneratorExit, asyncio.CancelledError):
                response.cancel()  # whoever left takes the model's work along
                raise
            return
        raise BackendBroken

    async def _told(self) -> Json:
        from ray.exceptions import RayError

        for _ in range(TRIES):
            if self._facts is not None:
                return self._facts
            try:
                self._facts = await self._writers.facts.remote()
            except RayError:
                continue
        if self._facts is None:
            raise ModelUnavailable
        return self._facts

    def _admits(self, scope: Json) -> bool:
        """Without a key the address is the lock, which no page of a browser here is to open."""
        headers = dict(scope["headers"])
        if not self._key:
            typed = headers.get(b"sec-fetch-site", b"none") == b"none"
            return typed and b"origin" not in headers
        shown = headers.get(b"authorization", b"").removeprefix(b"Bearer ").strip()
        return hmac.compare_digest(shown, self._key.encode())


class _Told(ChatbotError):
    """What a Writer says went wrong."""

    def __init__(self, told: Json) -> None:
        super().__init__(told["sentence"])
        self.status, self.code = told["status"], told["code"]


def _behind(messages: list[dict[str, str]], said: str, *, begun: bool) -> list[dict[str, str]]:
    """The messages with what was said of the answer as its beginning."""
    if begun:
        *before, last = messages
        return [*before, last | {"content": last["content"] + said}]
    return [*messages, {"role": "assistant", "content": said}]


async def _streamed(
    pieces: AsyncGenerator[Json, None],
    telling: contract.Telling,
    call: contract.Call,
    send: Send,
    left: "asyncio.Task[None]",
) -> None:
    """Server-sent events. What goes wrong behind the first piece is one too, as OpenAI tells it."""
    first = await anext(pieces)  # its error still has a status
    await _begin(send, 200, b"text/event-stream")
    last: Json = {}
    try:
        await _event(send, telling.piece(first["text"], _finish(first), first=True))
        last = first
        async for piece in pieces:
            if left.done():
                return
            await _event(send, telling.piece(piece["text"], _finish(piece)))
            last = piece
    except ChatbotError as error:
        await _event(send, contract.error(error.status, str(error), error.code))
    else:
        if call.stream_options is not None and call.stream_options.include_usage:
            await _event(send, telling.usage(last.get("prompt", 0), last.get("reply", 0)))
        await _write(send, b"data: [DONE]\n\n")
    await _write(send, b"", more=False)


async def _whole(
    pieces: AsyncGenerator[Json, None],
    telling: contract.Telling,
    send: Send,
    left: "asyncio.Task[None]",
) -> None:
    text, last = [], {}
    async for piece in pieces:
        if left.done():
            return
        text.append(piece["text"])
        last = piece
    told = telling.whole("".join(text), _finish(last) or "stop", last["prompt"], last["reply"])
    await _json(send, 200, told)


def _finish(piece: Json) -> str | None:
    """OpenAI's word for how an answer ended."""
    finish = piece.get("finish")
    return "stop" if finish == "cancelled" else finish


async def _gone(receive: Receive) -> None:
    """Ends when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes:
    """The body of a request. Raises Wrong: too large."""
    read = bytearray()
    while True:
        told = await receive()
        read += told.get("body", b"")
        if len(read) > contract.MOST_BYTES:
            raise _Told({"status": 413, "code": "too_large", "sentence": "The body is too large."})
        if not told.get("more_body"):
            return bytes(read)


async def _json(send: Send, status: int, value: Json) -> None:
    await _begin(send, status, b"application/json")
    await _write(send, json.dumps(value).encode(), more=False)


async def _begin(send: Send, status: int, kind: bytes) -> None:
    headers = [(b"content-type", kind), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _event(send: Send, value: Json) -> None:
    await _write(send, b"data: " + json.dumps(value).encode() + b"\n\n")


async def _write(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
