"""What goes into a call of the API and what comes out, in plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chatbot.backends.chances import Logprob as Logprob
from chatbot.backends.chances import Top as Top

Role = Literal["system", "developer", "user", "assistant"]
Finish = Literal["stop", "length", "content_filter"]
Kind = Literal["model", "prompt", "embedding"]


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a call."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema that an answer must keep to; `name` is the caller's."""

    schema: Mapping[str, Any]
    name: str = "answer"
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One call. What is None was not given.

    `model`: `starter`, `name@version` or `prompt:NAME`. `text` is what /v1/completions goes on
    with; `messages` are empty then. `inputs`: values of a prompt's inputs. `conversation` (public
    id) names the stored one to go on in; without it what was said before finds it.
    """

    model: str
    messages: tuple[Said, ...] = ()
    text: str | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    n: int = 1
    logprobs: bool = False
    top_logprobs: int = 0
    shape: "Literal['json'] | Schema | None" = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    conversation: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of choice `choice`; its last one has `finish`."""

    choice: int
    text: str
    logprobs: tuple[Logprob, ...] | None = None
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The last thing of a call: figures of all choices together.

    `model` is the full name of the model that answered. `conversation` and `message` are public
    ids where the turn was stored. `fingerprint` changes with what answers: model, runtime, prompt.
    `version` is the prompt version's number, None for a raw model.
    """

    model: str
    prompt_tokens: int
    reply_tokens: int
    conversation: str | None = None
    message: str | None = None
    fingerprint: str = ""
    notes: tuple[str, ...] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A line of the list of models. `created` is in Unix seconds, `context` in tokens."""

    id: str
    created: int
    owned_by: str
    kind: Kind
    context: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of length 1, one a text, in their order."""

    vectors: list[list[float]]
    tokens: int
    model: str
