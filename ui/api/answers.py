"""What the doors of /v1 give, as OpenAI shapes it: types of JSON, and how pieces become them.

Every type is also a schema of /openapi.json. Beside OpenAI's fields an answer may name the stored
`conversation` and `message`, the prompt's version, and `notes` in sentences. No route.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # of this module pydantic can make a schema in 3.11

from chatbot.completions import Ended, Logprob, Piece
from chatbot.errors import BackendBroken

Finish = Literal["stop", "length", "content_filter"]


class Usage(TypedDict):
    """Tokens of all choices together."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class TopToken(TypedDict):
    """A token that might have stood in a place."""

    token: str
    logprob: float
    bytes: list[int]


class TokenLogprob(TopToken):
    """A token of the answer and the likeliest in its place."""

    top_logprobs: list[TopToken]


class Logprobs(TypedDict):
    """The tokens of a choice, or of a piece of it."""

    content: list[TokenLogprob]
    refusal: None


class Told(TypedDict):
    """What is ours in an answer: where it was stored, and what a person should know."""

    conversation: NotRequired[str]
    message: NotRequired[str]
    prompt_version: NotRequired[int]
    notes: NotRequired[list[str]]


class AnswerMessage(TypedDict):
    """An answer's text."""

    role: Literal["assistant"]
    content: str
    refusal: None


class ChatChoice(TypedDict):
    """One of `n` answers."""

    index: int
    message: AnswerMessage
    logprobs: Logprobs | None
    finish_reason: Finish


class ChatCompletion(Told):
    """The answer to POST /v1/chat/completions."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage
    system_fingerprint: str


class ChatDelta(TypedDict, total=False):
    """What a chunk adds."""

    role: Literal["assistant"]
    content: str


class ChunkChoice(TypedDict):
    """A piece of one of `n` answers."""

    index: int
    delta: ChatDelta
    logprobs: Logprobs | None
    finish_reason: Finish | None


class ChatChunk(Told):
    """An event of a streamed answer."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: NotRequired[Usage | None]
    system_fingerprint: str | None


class TextLogprobs(TypedDict):
    """The tokens of a text that was gone on with."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


class TextChoice(TypedDict):
    """One of `n` texts of each prompt, the prompts in their order."""

    index: int
    text: str
    logprobs: TextLogprobs | None
    finish_reason: Finish | None


class TextCompletion(TypedDict):
    """The answer to POST /v1/completions, whole or an event of it."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[TextChoice]
    usage: NotRequired[Usage | None]
    system_fingerprint: str | None
    notes: NotRequired[list[str]]


class EmbeddingUsage(TypedDict):
    """Tokens read."""

    prompt_tokens: int
    total_tokens: int


class Embedding(TypedDict):
    """A text's vector, of length 1; in base64 little-endian 32-bit floats."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class Embeddings(TypedDict):
    """The answer to POST /v1/embeddings."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


class ModelObject(TypedDict):
    """A model, a published prompt or the sentence encoder, which this key may use."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    kind: Literal["model", "prompt", "embedding"]
    context: int


class ModelList(TypedDict):
    """The answer to GET /v1/models."""

    object: Literal["list"]
    data: list[ModelObject]


class ErrorBody(TypedDict):
    """What was wrong. `param` names the field."""

    message: str
    type: str
    param: str | None
    code: str


class ErrorAnswer(TypedDict):
    """Every answer that is none."""

    error: ErrorBody


# Pieces → answers --------------------------------------------------------------------------------


@dataclass(slots=True)
class Gathered:
    """One choice, whole."""

    parts: list[str] = field(default_factory=list)
    logprobs: list[Logprob] = field(default_factory=list)
    has_logprobs: bool = False
    finish: Finish = "stop"

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.parts)

    def add(self, piece: Piece) -> None:
        """Take one more piece in."""
        self.parts.append(piece.text)
        if piece.logprobs is not None:
            self.has_logprobs = True
            self.logprobs += piece.logprobs
        self.finish = piece.finish or self.finish


async def gather(pieces: Any, n: int) -> tuple[list[Gathered], Ended]:
    """All choices of a call and its figures. Raises what the call raises, BackendBroken."""
    choices = [Gathered() for _ in range(n)]
    ended: Ended | None = None
    async for one in pieces:
        if isinstance(one, Ended):
            ended = one
        else:
            choices[one.choice].add(one)
    if ended is None:
        raise BackendBroken
    return choices, ended


def usage_of(*ended: Ended) -> Usage:
    """The tokens of one or more calls."""
    read, written = sum(e.prompt_tokens for e in ended), sum(e.reply_tokens for e in ended)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def told_of(ended: Ended) -> Told:
    """What is ours beside OpenAI's fields."""
    told: Told = {}
    if ended.conversation:
        told["conversation"] = ended.conversation
    if ended.message:
        told["message"] = ended.message
    if ended.version is not None:
        told["prompt_version"] = ended.version
    if ended.notes:
        told["notes"] = list(ended.notes)
    return told


def chat_logprobs(given: Sequence[Logprob] | None) -> Logprobs | None:
    """The tokens of a piece, as chat completions have them."""
    if given is None:
        return None
    return {"content": [_token(one) for one in given], "refusal": None}


def _token(one: Logprob) -> TokenLogprob:
    tops: list[TopToken] = [
        {"token": top.token, "logprob": top.logprob, "bytes": list(top.data)} for top in one.top
    ]
    return {
        "token": one.token,
        "logprob": one.logprob,
        "bytes": list(one.data),
        "top_logprobs": tops,
    }


def text_logprobs(given: Sequence[Logprob] | None, begin: int) -> TextLogprobs | None:
    """The tokens of a piece that begins at this character, as completions have them."""
    if given is None:
        return None
    told: TextLogprobs = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
    for one in given:
        told["tokens"].append(one.token)
        told["token_logprobs"].append(one.logprob)
        told["top_logprobs"].append({top.token: top.logprob for top in one.top})
        told["text_offset"].append(begin)
        begin += len(one.token)
    return told
