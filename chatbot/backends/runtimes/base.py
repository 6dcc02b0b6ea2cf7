"""What a runtime is: something that turns a prompt into tokens, one step at a time.

Token ids only; it knows nothing of text, messages, threads or callers. A runtime is driven by one
thread (`worker.py`) and need not be thread safe.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from chatbot.backends.chances import Likely


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn. Temperature 0: the likeliest; top_k 0, top_p 1: off."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int | None = None


class Next(NamedTuple):
    """What may come next: `allowed` alone, whatever is banned; None: all but `banned`.

    Where many are allowed they come as a numpy array of int64, without repeats.
    """

    allowed: Collection[int] | None = None
    banned: Collection[int] = ()


class Guide(Protocol):
    """Says at each step what may come next, and follows what came. For one answer."""

    def next(self) -> Next:
        """What may come now; at least one token."""

    def take(self, token: int, /) -> None:
        """Follow one token of the answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A prompt to go on from. Two requests are never equal, so it may be a key.

    `banned` are token ids that are not drawn at any step, greedy or sampled: some of the
    vocabulary, never all of it. `guide` says what else may come at each step. `logprobs`: how many
    of the likeliest tokens are told with each one that is drawn; None tells nothing.
    """

    prompt: Sequence[int]
    sampling: Sampling
    banned: frozenset[int] = frozenset()
    guide: Guide | None = None
    logprobs: int | None = None


@dataclass(frozen=True, slots=True)
class Stepped:
    """What one step gave one request: a token, or the error that ended this request alone."""

    request: Request
    token: int = -1
    error: Exception | None = None
    likely: Likely | None = None


class Runtime(Protocol):
    """The engine behind a local model."""

    name: str
    """Shown to people: which engine runs, in which precision, on which device."""

    def start(self, request: Request) -> None:
        """Take a request in. Computing begins with the next step."""

    def step(self) -> list[Stepped]:
        """Compute a little: at most one token for each request, and a part of one prompt.

        Whatever it raises ends every request that was started; the runtime goes on.
        """

    def stop(self, request: Request) -> None:
        """The request has ended or is unwanted: free its place. Unknown ones are ignored."""

    def reset(self) -> None:
        """Drop every request and what was kept of earlier ones."""
