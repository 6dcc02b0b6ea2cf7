"""OpenAI's contract for a model on a cluster: what is taken, and the shapes of what is given.

Less than the product's own API (ui/api): raw models, one choice, text. A field that is not
supported is refused by name. Knows neither Ray nor HTTP.
"""

import time
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatbot.errors import Refused

MOST_BYTES = 8 << 20
"""Bytes of a request."""

_Text = Annotated[str, Field(max_length=2_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Message(_Strict):
    """One message; content is text."""

    role: Literal["system", "developer", "user", "assistant"]
    content: _Text


class StreamOptions(_Strict):
    """Whether the last piece of a stream tells the tokens."""

    include_usage: bool = False


class Call(_Strict):
    """What a request to /v1/chat/completions asks for."""

    model: Annotated[str, Field(min_length=1, max_length=200)]
    messages: Annotated[tuple[Message, ...], Field(min_length=1, max_length=10_000)]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: int | None = None
    stop: str | Annotated[tuple[str, ...], Field(max_length=16)] | None = None
    n: Literal[1] = 1
    stream: bool = False
    stream_options: StreamOptions | None = None
    user: str | None = None
    continue_final_message: bool = False
    add_generation_prompt: bool = True

    @property
    def longest(self) -> int | None:
        """Tokens of the longest answer; None: the model's own."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts that an answer ends before."""
        return (self.stop,) if isinstance(self.stop, str) else self.stop or ()

    @property
    def options(self) -> dict[str, Any]:
        """The sampling parameters that were given."""
        named = {"temperature": self.temperature, "top_p": self.top_p, "seed": self.seed}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def told(self) -> list[dict[str, str]]:
        """The messages as a model takes them."""
        return [
            {"role": "system" if one.role == "developer" else one.role, "content": one.content}
            for one in self.messages
        ]


class Wrong(Refused):
    """A request that is refused; `param` names the field."""

    def __init__(self, sentence: str, param: str | None = None) -> None:
        super().__init__(sentence)
        self.param = param


def read(body: bytes) -> Call:
    """What a body asks for. Raises Wrong."""
    try:
        return Call.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        param = ".".join(map(str, first["loc"])) or None
        unknown = first["type"] == "extra_forbidden"
        reason = "is not supported here. Leave it out" if unknown else f": {first['msg']}"
        raise Wrong(f"{param or 'The body'}{' ' if unknown else ''}{reason}.", param) from None


def error(status: int, sentence: str, code: str, param: str | None = None) -> dict[str, Any]:
    """OpenAI's shape of an error."""
    kinds = {401: "authentication_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": sentence, "type": kind, "param": param, "code": code}}


class Telling:
    """The shapes of one answer."""

    def __init__(self, model: str) -> None:
        self._same = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time())}
        self._same["model"] = model

    def piece(self, text: str, finish: str | None = None, *, first: bool = False) -> dict[str, Any]:
        """A piece of a stream."""
        delta = ({"role": "assistant"} if first else {}) | ({"content": text} if text else {})
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return self._same | {"object": "chat.completion.chunk", "choices": [choice]}

    def usage(self, prompt: int, reply: int) -> dict[str, Any]:
        """The last piece of a stream that tells its tokens."""
        return (
            self._same | {"object": "chat.completion.chunk", "choices": []} | _usage(prompt, reply)
        )

    def whole(self, text: str, finish: str, prompt: int, reply: int) -> dict[str, Any]:
        """An answer that is not streamed."""
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        return (
            self._same | {"object": "chat.completion", "choices": [choice]} | _usage(prompt, reply)
        )


def listed(model: str, context: int) -> dict[str, Any]:
    """The list of models, with the context as vLLM tells it."""
    one = {"id": model, "object": "model", "created": 0, "owned_by": "chatbot"}
    return {"object": "list", "data": [one | {"max_model_len": context}]}


def _usage(prompt: int, reply: int) -> dict[str, Any]:
    tokens = {"prompt_tokens": prompt, "completion_tokens": reply, "total_tokens": prompt + reply}
    return {"usage": tokens}
