"""Holds the drawing of tokens to JSON of a given shape: a grammar of characters over a vocabulary.

Which tokens may come is found by walking the vocabulary in alphabetical order: what two neighbours
share is walked once, and where it is refused, all that begin with it are passed over. Inside a
string, whatever has no quote and no backslash may come, which needs no walk at all. Each state's
answer is kept. Knows token ids and texts, nothing of models.
"""

import json
import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from chatbot.backends.runtimes.base import Next
from chatbot.backends.shapes import Grammar

KEPT = 16
"""Shapes that are remembered with what was found out about them."""

_BROKEN = "\ufffd"


class Tokens(Protocol):
    """What of a tokenizer is needed here."""

    ends: frozenset[int]

    def pieces(self) -> list[str]:
        """What each entry of the vocabulary adds to a text."""


class Vocabulary:
    """The entries that are whole characters, in order of their texts."""

    def __init__(self, pieces: Sequence[str], ends: frozenset[int]) -> None:
        self.ends = ends
        self.texts = dict(enumerate(pieces))
        known = [(text, n) for n, text in enumerate(pieces) if text and _BROKEN not in text]
        known = [one for one in known if one[1] not in ends]
        self.plain = frozenset(number for text, number in known if _is_plain(text))
        self._every = sorted(known)
        self._special = [one for one in self._every if one[1] not in self.plain]

    def fitting(self, grammar: Grammar, state: int) -> frozenset[int]:
        """What may come in this state; the ends where the answer may be over, or nothing fits."""
        in_string = grammar.step(state, "a") == state == grammar.step(state, "~")
        rows = self._special if in_string else self._every
        found = set(_walked(rows, grammar, state)) | (self.plain if in_string else frozenset())
        if grammar.may_end(state) or not found:
            found |= self.ends
        return frozenset(found)


class Shaping:
    """Makes guides for one checkpoint. Its vocabulary is read when the first is made."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()
        self._vocabulary: Vocabulary | None = None
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def guide(self, schema: Mapping[str, Any], banned: Collection[int]) -> "Shaped":
        """What holds one answer to a schema, as shapes.Grammar takes it. Raises BadShape."""
        name = json.dumps(schema)
        with self._lock:
            if self._vocabulary is None:
                self._vocabulary = Vocabulary(self._tokens.pieces(), self._tokens.ends)
            known = self._known.get(name) or _Known(Grammar(schema), self._vocabulary)
            self._known[name] = known
            self._known.move_to_end(name)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return Shaped(known, banned)


class _Known:
    """A shape over a vocabulary, with what was found out. For one thread at a time."""

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary) -> None:
        self.grammar, self.vocabulary = grammar, vocabulary
        self._fitting: dict[int, frozenset[int]] = {}
        self._alike: dict[frozenset[int], frozenset[int]] = {}

    def fitting(self, state: int) -> frozenset[int]:
        """What may come in this state. Kept once where it is the same in many: it may be large."""
        known = self._fitting.get(state)
        if known is None:
            found = self.vocabulary.fitting(self.grammar, state)
            known = self._fitting[state] = self._alike.setdefault(found, found)
        return known


class Shaped:
    """The guide of one answer. What is `banned` comes only where the shape asks for it alone."""

    def __init__(self, known: _Known, banned: Collection[int]) -> None:
        self._known = known
        self._banned = frozenset(banned)
        self._state = known.grammar.start

    def next(self) -> Next:
        """What may come now."""
        fitting = self._known.fitting(self._state)
        return Next(fitting - self._banned or fitting)

    def take(self, token: int) -> None:
        """Follow one token of the answer."""
        for char in self._known.vocabulary.texts.get(token, ""):
            self._state = self._known.grammar.step(self._state, char)


def _walked(rows: Sequence[tuple[str, int]], grammar: Grammar, start: int) -> Iterator[int]:
    """The entries of sorted rows that may come after a state."""
    states, before, at = [start], "", 0
    while at < len(rows):
        text, number = rows[at]
        shared = _shared(before, text, len(states) - 1)
        del states[shared + 1 :]
        for char in text[shared:]:
            after = grammar.step(states[-1], char)
            if after == grammar.dead:
                break
            states.append(after)
        if len(states) > len(text):
            yield number
            at += 1
        else:  # pass over all that begin with what is refused
            refused = text[: len(states)]
            at = bisect_left(rows, (refused[:-1] + chr(ord(refused[-1]) + 1), -1), at + 1)
        before = text


def _shared(one: str, other: str, most: int) -> int:
    """How many characters two texts begin with alike, at most so many."""
    limit = min(len(one), len(other), most)
    return next((n for n in range(limit) if one[n] != other[n]), limit)


def _is_plain(text: str) -> bool:
    return all(char >= " " and char not in '"\\' for char in text)
