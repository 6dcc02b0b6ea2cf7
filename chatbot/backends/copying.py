"""Guides for the drawing of tokens that keep what is quoted to the letter.

A small model begins a sentence of its sources rightly and drifts off into another. `Choosing` has
it answer in whole given sentences: it says which, and in which order. `Copying` leaves it free to
say something else; but when a few tokens in a row stand in a sentence, only what follows them there
may come, to the sentence's end, what stands in the sources alone (a tag: a number, a name) may come
only where it stands there, and no sentence is begun twice. Knows token ids, nothing of models.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.backends.runtimes.base import Next

RUN = 4
"""Tokens in a row that stand in a sentence, from which on it is being copied."""

BEFORE = 2
"""Tokens before a guarded one that must be those of the source."""

Sentence = tuple[int, ...]


class Copying:
    """The guide of one answer. Follows every token of it.

    `sentences` are the sources' sentences, each in the forms that its tokens may take;
    `guarded` tokens may come only as they stand in the sentences; `ends` are tokens that end a
    sentence.
    """

    def __init__(
        self,
        sentences: Sequence[Collection[Sentence]],
        guarded: Collection[int],
        ends: Collection[int],
    ) -> None:
        self._forms = [(number, form) for number, forms in enumerate(sentences) for form in forms]
        self._ends = frozenset(ends)
        self._guarded = frozenset(guarded)
        self._runs: dict[Sentence, list[tuple[int, int]]] = {}
        self._keys: dict[Sentence, set[int]] = {}
        for which, (_, form) in enumerate(self._forms):
            for at, token in enumerate(form):
                if at >= RUN:
                    self._runs.setdefault(form[at - RUN : at], []).append((which, at))
                if token in self._guarded:
                    self._keys.setdefault(form[max(0, at - BEFORE) : at], set()).add(token)
        self._copied: set[int] = set()
        self._following: list[tuple[int, int]] = []
        self._sentence: Sentence = ()
        self._tail: Sentence = ()

    def next(self) -> Next:
        """What may come now."""
        if self._following:
            return Next({self._forms[which][1][at] for which, at in self._following})
        keys = (self._tail[-BEFORE:], self._sentence) if len(self._sentence) < BEFORE else ()
        right: set[int] = set()
        for key in keys or (self._tail[-BEFORE:],):
            right |= self._keys.get(key, set())
        return Next(None, (self._guarded - right) | self._begun_already())

    def take(self, token: int) -> None:
        """Follow one token of the answer."""
        self._tail = (*self._tail, token)[-RUN:]
        self._sentence = (*self._sentence, token)
        here = [(w, at + 1) for w, at in self._following if self._forms[w][1][at] == token]
        found = self._runs.get(self._tail, ())
        here += [(w, at) for w, at in found if self._forms[w][0] not in self._copied]
        over = {self._forms[which][0] for which, at in here if at == len(self._forms[which][1])}
        self._copied |= over
        self._following = [] if over else [*dict.fromkeys(here)]
        if over or (not self._following and token in self._ends):
            self._sentence = ()

    def _begun_already(self) -> set[int]:
        """First tokens of copied sentences, where a sentence may begin; unless others need them."""
        if self._sentence:
            return set()
        begun = {form[0] for number, form in self._forms if number in self._copied}
        return begun - {form[0] for number, form in self._forms if number not in self._copied}


Kind = Literal["opening", "quoted", "closing", "limit"]

AFTER: dict[Kind | None, frozenset[Kind]] = {
    None: frozenset(("opening", "quoted", "limit")),
    "opening": frozenset(("quoted", "limit")),
    "quoted": frozenset(("closing",)),
    "closing": frozenset(),
    "limit": frozenset(),
}
"""What may follow what; all but an opening may also be the end."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A sentence that may be said: `first` are its tokens at the beginning of an answer, `later`
    those after another sentence.
    """

    kind: Kind
    first: Sentence
    later: Sentence


class Choosing:
    """The guide of an answer that is made of the `choices` alone; `ends` are its end tokens."""

    def __init__(self, choices: Sequence[Choice], ends: Collection[int]) -> None:
        self._left = [choice for choice in choices if choice.first and choice.later]
        self._ends = frozenset(ends)
        self._last: Kind | None = None
        self._begun: list[tuple[Choice, Sentence]] = []

    def next(self) -> Next:
        """What may come now."""
        if self._begun:
            return Next({rest[0] for _, rest in self._begun})
        allowed = {tokens[0] for _, tokens in self._open()}
        may_end = not allowed or self._last not in (None, "opening")
        return Next(allowed | self._ends if may_end else allowed)

    def take(self, token: int) -> None:
        """Follow one token of the answer."""
        here = [(c, rest[1:]) for c, rest in self._begun or self._open() if rest[0] == token]
        said = next((choice for choice, rest in here if not rest), None)
        self._begun = [] if said else here
        if said:
            self._last = said.kind
            self._left = [choice for choice in self._left if choice is not said]

    def _open(self) -> list[tuple[Choice, Sentence]]:
        """The sentences that may be begun now."""
        fitting = (choice for choice in self._left if choice.kind in AFTER[self._last])
        return [(one, one.first if self._last is None else one.later) for one in fitting]
