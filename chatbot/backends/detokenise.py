"""Token ids to text, piece by piece: no half characters, no half stop strings.

Knows nothing of models; `decode` is any function from ids to text.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

Decode = Callable[[Sequence[int]], str]


class Rewriter(Protocol):
    """Changes a text while it streams, and holds back what it cannot decide yet."""

    def feed(self, chunk: str, /) -> str:
        """What is sure after `chunk`."""

    def close(self) -> str:
        """What was held back, once nothing follows."""


_BROKEN = "\ufffd"
_LONGEST_CHARACTER = 16
"""Tokens that a character may be spread over before it is taken to be really broken."""


class Detokeniser:
    """Gives text out as soon as it can no longer change.

    `context`: the tokens before, for tokenizers that decode a word by what stands before it.
    """

    def __init__(self, decode: Decode, context: Sequence[int] = ()) -> None:
        self._decode = decode
        self._ids = list(context)
        self._before = len(self._ids)
        self._text_before = decode(self._ids) if self._ids else ""

    def push(self, token: int) -> str:
        """The text that this token completes; empty while a character is unfinished."""
        self._ids.append(token)
        text = self._decode(self._ids)
        unfinished = text.endswith(_BROKEN) and len(self._ids) - self._before < _LONGEST_CHARACTER
        return "" if unfinished else self._give(text)

    def flush(self) -> str:
        """What is left at the end, a broken character included."""
        return self._give(self._decode(self._ids))

    def _give(self, text: str) -> str:
        fresh = text[len(self._text_before) :]
        if fresh:
            self._ids = self._ids[self._before :]
            self._before = len(self._ids)
            self._text_before = self._decode(self._ids)
        return fresh


class StopStrings:
    """Holds back text that may turn out to be the beginning of a stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""

    def push(self, text: str) -> tuple[str, bool]:
        """The text that may be shown, and whether a stop string ended it (it is not shown)."""
        if not self._stops:
            return text, False
        held = self._held + text
        found = [at for stop in self._stops if (at := held.find(stop)) >= 0]
        if found:
            self._held = ""
            return held[: min(found)], True
        keep = max(_overlap(held, stop) for stop in self._stops)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep], False

    def flush(self) -> str:
        """What was held back, once nothing follows."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of `text` begin `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
