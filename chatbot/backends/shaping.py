"""Holds the drawing of tokens to JSON of a given shape: llguidance over a checkpoint's vocabulary.

The library knows which bytes each entry stands for where it knows the kind of tokenizer; of any
other it is told what each entry adds to a text. Knows token ids and texts, nothing of models.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from chatbot.backends.runtimes.base import Next
from chatbot.backends.shapes import BadShape, Grammar, parser_limits

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

KEPT = 16
"""Grammars that are remembered. They hold nothing of any answer."""

_BROKEN = "\ufffd"


class Tokens(Protocol):
    """What of a tokenizer is needed here."""

    ends: frozenset[int]

    def rules(self) -> str:
        """The tokenizer as a tokenizer.json says it; empty where it is of another make."""

    def pieces(self) -> list[str]:
        """What each entry of the vocabulary adds to a text."""


class Shaping:
    """Makes guides for one checkpoint. Its vocabulary is read when the first is made."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()
        self._vocabulary: LLTokenizer | None = None
        self._known: OrderedDict[str, Grammar] = OrderedDict()

    def guide(self, schema: Mapping[str, Any], banned: Collection[int]) -> "Shaped":
        """What holds one answer to a schema, as shapes.Grammar takes it. Raises BadShape."""
        from llguidance import LLMatcher

        name = json.dumps(schema)
        with self._lock:
            if self._vocabulary is None:
                self._vocabulary = vocabulary(self._tokens)
            grammar = self._known[name] = self._known.get(name) or Grammar(schema)
            self._known.move_to_end(name)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        matcher = LLMatcher(self._vocabulary, grammar.text, log_level=0, limits=parser_limits())
        if matcher.is_error():
            raise BadShape("The schema is too large for this model. Make it smaller.")
        return Shaped(matcher, self._vocabulary.vocab_size, self._tokens.ends, banned)


class Shaped:
    """The guide of one answer. What is `banned` comes only where the shape asks for it alone."""

    def __init__(
        self, matcher: "LLMatcher", size: int, ends: frozenset[int], banned: Collection[int]
    ) -> None:
        self._matcher, self._ends = matcher, ends
        self._end_ids = np.array([one for one in sorted(ends) if one < size], np.int64)
        self._banned = np.array([one for one in sorted(banned) if one < size], np.int64)

    def next(self) -> Next:
        """What may come now; the ends where the answer may be over, or nothing else fits."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        fitting = np.unpackbits(bits, bitorder="little").view(np.bool_)
        fitting[self._end_ids] = self._matcher.is_accepting()
        kept = fitting.copy()
        kept[self._banned] = False
        found = np.flatnonzero(kept if kept.any() else fitting)
        return Next(found if len(found) else self._end_ids)

    def take(self, token: int) -> None:
        """Follow one token of the answer."""
        if token not in self._ends:
            self._matcher.consume_token(token)


def vocabulary(tokens: Tokens) -> "LLTokenizer":
    """What the library has to know of a checkpoint's tokens: their bytes, and which are control."""
    from llguidance import LLTokenizer, TokenizerWrapper

    ends = sorted(tokens.ends)
    rules = tokens.rules()
    try:
        if rules:
            return LLTokenizer(rules, eos_token=ends)
    except ValueError:  # it knows byte-level and byte-fallback tokenizers alone
        pass
    told = _Pieces(tokens.pieces(), ends)
    told.known = LLTokenizer(TokenizerWrapper(told))
    return told.known


class _Pieces:
    """A vocabulary as the library wants it told, by what each entry adds to a text.

    Entries that are parts of characters are left out: they cannot be told apart.
    """

    bos_token_id = None

    def __init__(self, pieces: list[str], ends: list[int]) -> None:
        left_out = [n for n, one in enumerate(pieces) if not one or _BROKEN in one]
        self.special_token_ids = sorted({*left_out, *ends})
        self.eos_token_id = ends[0]
        self.tokens = [one.encode() or f"<{n}>".encode() for n, one in enumerate(pieces)]
        self.known: LLTokenizer | None = None

    def __call__(self, text: bytes) -> list[int]:
        """The entries that a text is made of; the library asks where only one text may come.

        The longest first: the checkpoint's own rules may add a space before it.
        """
        return [] if self.known is None else self.known.greedy_tokenize(text.decode())
