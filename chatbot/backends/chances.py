"""How likely the tokens of an answer were, in plain values, and how that is told from logits.

Knows numbers, nothing of models. Log probabilities are natural logarithms of the model's own
softmax at temperature 1, before anything is banned or a guide has its say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BROKEN = "\ufffd"


@dataclass(frozen=True, slots=True)
class Top:
    """A token that might have stood in a place. `data` is empty for a part of a character."""

    token: str
    logprob: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Logprob:
    """A token of an answer, and the likeliest ones in its place, the likeliest first."""

    token: str
    logprob: float
    data: bytes
    top: tuple[Top, ...] = ()


class Likely(NamedTuple):
    """What logits say of a drawn token: its log probability, and (token id, its own) of others."""

    logprob: float
    top: tuple[tuple[int, float], ...]


def likely(logits: "NDArray[Any]", token: int, most: int) -> Likely:
    """Of logits of shape (vocabulary,), untouched: the drawn token and the `most` likeliest."""
    import numpy as np

    scores = logits.astype(np.float64)
    scores -= scores.max()
    scores -= np.log(np.exp(scores).sum())
    if not most:
        return Likely(float(scores[token]), ())
    few = np.argpartition(scores, -most)[-most:] if most < len(scores) else np.arange(len(scores))
    ranked = few[np.argsort(-scores[few], kind="stable")]
    return Likely(float(scores[token]), tuple((int(id_), float(scores[id_])) for id_ in ranked))


def in_words(token: int, found: Likely, decode: Callable[[Sequence[int]], str]) -> Logprob:
    """The same with what each token says alone."""
    top = tuple(Top(text := decode([one]), chance, _data(text)) for one, chance in found.top)
    text = decode([token])
    return Logprob(text, found.logprob, _data(text), top)


def _data(text: str) -> bytes:
    return b"" if _BROKEN in text else text.encode()
