"""What the doors of /v1 take: strict requests, and the call (`Ask`) that each is. No route.

A request that OpenAI's API has and that cannot be done here is refused by the field's name. Every
class is also a schema of /openapi.json.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from chatbot.completions import Ask, Said, Schema
from ui.api.errors import BadField
from ui.api.fields import (
    LONGEST,
    MOST_MESSAGES,
    Choices,
    Content,
    Id,
    InputContent,
    JsonSchema,
    Model,
    Name,
    Seed,
    Stop,
    Strict,
    Temperature,
    Tokens,
    TopP,
    Value,
    Values,
    Zero,
    wrong,
)

PROMPT = "prompt:"
MOST_INPUTS = 256
"""Texts of one call for embeddings."""


class StreamOptions(Strict):
    """How a stream ends."""

    include_usage: bool | None = None
    include_obfuscation: Literal[False] | None = None


class ChatMessage(Strict):
    """One message. What an answer of ours holds beside its text may be sent back as it came."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Content
    refusal: None = None
    annotations: Annotated[list[Any], Field(max_length=0)] | None = None
    audio: None = None
    function_call: None = None
    tool_calls: None = None


class ResponseFormat(Strict):
    """Text, any JSON object, or JSON of a schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    @model_validator(mode="after")
    def _whole(self) -> "ResponseFormat":
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise wrong("A json_schema belongs to the type 'json_schema', and only there")
        return self


class _Sampled(Strict):
    """What every request that makes text may say about it."""

    model: Model
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Choices | None = None
    stop: Stop | None = None
    seed: Seed | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    frequency_penalty: Zero | None = None
    presence_penalty: Zero | None = None
    user: Name | None = None

    @property
    def with_usage(self) -> bool:
        """Whether the stream's last chunk tells the tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @model_validator(mode="after")
    def _options_of_a_stream(self) -> "_Sampled":
        if self.stream_options is not None and not self.stream:
            raise wrong("Streaming has to be on: set stream to true", "stream_options")
        return self


class ChatRequest(_Sampled):
    """POST /v1/chat/completions."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES)]
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: ResponseFormat | None = None
    metadata: Values | None = None
    store: bool | None = None
    conversation: Annotated[
        Id | None, Field(description="Go on in this stored conversation (ours, not OpenAI's).")
    ] = None

    @model_validator(mode="after")
    def _fit(self) -> "ChatRequest":
        if self.top_logprobs and not self.logprobs:
            raise wrong("Set logprobs to true to get them", "top_logprobs")
        both = self.max_tokens, self.max_completion_tokens
        if None not in both and both[0] != both[1]:
            raise wrong("It says something else than max_tokens", "max_completion_tokens")
        return self

    def ask(self) -> Ask:
        """The call. Raises BadField: values that a raw model cannot have."""
        inputs, metadata = split(self.model, self.metadata, self.user)
        return Ask(
            model=self.model,
            messages=tuple(Said(one.role, one.content) for one in self.messages),
            max_tokens=self.max_completion_tokens or self.max_tokens,
            stop=tuple(self.stop or ()),
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            n=self.n or 1,
            logprobs=bool(self.logprobs),
            top_logprobs=self.top_logprobs or 0,
            shape=_shape(self.response_format),
            inputs=inputs,
            conversation=self.conversation or "",
            metadata=metadata,
        )


def _prompts(given: object) -> object:
    if isinstance(given, list) and given and isinstance(given[0], int | list):
        raise wrong("Texts are taken, tokens are not", kind="unsupported")
    return [given] if isinstance(given, str) else given


_TEXT = {"type": "string", "maxLength": LONGEST}


def _texts(most: int) -> Any:
    many = {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": most}
    return Annotated[
        list[Annotated[str, Field(max_length=LONGEST)]],
        BeforeValidator(_prompts),
        Field(min_length=1, max_length=most),
        WithJsonSchema({"anyOf": [_TEXT, many]}),
    ]


class CompletionRequest(_Sampled):
    """POST /v1/completions: a text that the model goes on with."""

    prompt: _texts(16)  # type: ignore[valid-type]
    max_tokens: Tokens | None = None
    logprobs: Annotated[int, Field(ge=0, le=5)] | None = None
    echo: Literal[False] | None = None
    best_of: Literal[1] | None = None

    def asks(self) -> list[Ask]:
        """A call for each text. Raises BadField."""
        if self.model.startswith(PROMPT):
            sentence = "A published prompt answers messages: use /v1/chat/completions."
            raise BadField(sentence, "model", "unsupported_value")
        _, metadata = split(self.model, None, self.user)
        return [
            Ask(
                model=self.model,
                text=text,
                max_tokens=self.max_tokens or 16,
                stop=tuple(self.stop or ()),
                temperature=self.temperature,
                top_p=self.top_p,
                seed=self.seed,
                n=self.n or 1,
                logprobs=self.logprobs is not None,
                top_logprobs=self.logprobs or 0,
                metadata=metadata,
            )
            for text in self.prompt
        ]


class EmbeddingRequest(Strict):
    """POST /v1/embeddings."""

    model: Model
    input: _texts(MOST_INPUTS)  # type: ignore[valid-type]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1, le=65536)] | None = None
    user: Name | None = None


class InputMessage(Strict):
    """One message of a response's input, also one that an answer of ours held."""

    role: Literal["system", "developer", "user", "assistant"]
    content: InputContent
    type: Literal["message"] = "message"
    id: Name | None = None
    status: Literal["completed", "incomplete", "in_progress"] | None = None
    phase: None = None


def _items(given: object) -> object:
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


class TextFormat(Strict):
    """The form of a response's text; a schema's fields stand beside its type."""

    type: Literal["text", "json_object", "json_schema"]
    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> "TextFormat":
        if (self.type == "json_schema") != (self.schema_ is not None):
            raise wrong("A schema belongs to the type 'json_schema', and only there")
        return self


class TextOptions(Strict):
    """How the text of a response looks."""

    format: TextFormat | None = None


class ResponseRequest(Strict):
    """POST /v1/responses, as far as it is about text."""

    model: Model
    input: Annotated[
        list[InputMessage], BeforeValidator(_items), Field(min_length=1, max_length=MOST_MESSAGES)
    ]
    instructions: Annotated[str, Field(max_length=LONGEST)] | None = None
    max_output_tokens: Tokens | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    stream: bool | None = None
    text: TextOptions | None = None
    metadata: Values | None = None
    user: Name | None = None
    store: bool | None = None
    conversation: Id | None = None
    truncation: Literal["auto"] | None = None

    def ask(self) -> Ask:
        """The call. Raises BadField."""
        inputs, metadata = split(self.model, self.metadata, self.user)
        said = [Said(one.role, one.content) for one in self.input]
        if self.instructions:
            said.insert(0, Said("system", self.instructions))
        return Ask(
            model=self.model,
            messages=tuple(said),
            max_tokens=self.max_output_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            shape=_text_shape(self.text),
            inputs=inputs,
            conversation=self.conversation or "",
            metadata=metadata,
        )


def split(
    model: str, given: dict[str, Value] | None, user: str | None
) -> tuple[dict[str, Value], dict[str, str]]:
    """`metadata` as a prompt's inputs and as what is kept. Raises BadField."""
    values = given or {}
    kept = {"user": user} if user else {}
    if model.startswith(PROMPT):
        return values, kept
    for name, value in values.items():
        if not isinstance(value, str):
            raise BadField("A model's metadata are texts.", f"metadata.{name}", "invalid_type")
        kept[name] = value
    return {}, kept


def _shape(given: ResponseFormat | None) -> Any:
    if given is None or given.type == "text":
        return None
    if given.json_schema is None:
        return "json"
    asked = given.json_schema
    return Schema(asked.schema_, asked.name, bool(asked.strict))


def _text_shape(given: TextOptions | None) -> Any:
    form = given.format if given else None
    if form is None or form.type == "text":
        return None
    if form.schema_ is None:
        return "json"
    return Schema(form.schema_, form.name or "answer", bool(form.strict))
