"""Whether a sentence is held by a text: word by word, or nearly.

    evidence = Evidence(sources, said)
    evidence.held(sentence)   which sources hold it, the best first; 0 stands for what was said

A sentence is held where most words of its subject stand in one or two sentences next to each other,
none of its numbers is new, and neither of the two says "not" alone. Compares words, not meaning: a
paraphrase may pass for unsupported, which costs a look; the other way round would cost more.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from chatbot.picking import sentences
from chatbot.picking.words import stems

NEAR = 0.7
"""Share of a sentence's words from which on it is held."""
CITED = 0.5
"""The same for a source that the sentence cites."""

_FIGURES = re.compile(r"\d+")
_NOT = re.compile(r"\b(?:not|never|no|cannot|without|neither|nor)\b|n['’]t\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Window:
    stems: frozenset[str]
    negated: bool


class Evidence:
    """What may hold a sentence: sources by their number, and what else was said (thread, facts)."""

    def __init__(self, sources: Sequence[tuple[int, str]], said: Iterable[str]) -> None:
        heard = tuple(said)
        self._windows = [(number, _windows(text)) for number, text in sources]
        self._windows += [(0, _windows(text)) for text in heard]
        self._figures = {number: figures(text) for number, text in sources}
        self._heard = set().union(*map(figures, heard)) if heard else set[str]()

    def held(self, sentence: str, cited: Sequence[int] = ()) -> list[int]:
        """Numbers of what holds a sentence, the best first; `cited` needs less than others."""
        wanted, not_said = frozenset(stems(sentence)), negated(sentence)
        if not wanted:
            return []
        scores: dict[int, float] = {}
        for number, windows in self._windows:
            score = max((_score(wanted, not_said, one) for one in windows), default=0.0)
            scores[number] = max(score, scores.get(number, 0.0))
        least = {number: CITED if number in cited else NEAR for number in scores}
        enough = [n for n, score in scores.items() if score >= least[n] and self.fits(sentence, n)]
        return sorted(enough, key=lambda n: (n == 0, -scores[n]))

    def fits(self, sentence: str, number: int) -> bool:
        """Whether every figure of a sentence stands in this source or was said."""
        return figures(sentence) <= self._figures.get(number, set()) | self._heard


def negated(text: str) -> bool:
    """Whether a text says "not" an odd number of times."""
    return len(_NOT.findall(text)) % 2 == 1


@lru_cache(maxsize=512)
def figures(text: str) -> frozenset[str]:
    """The runs of digits in a text."""
    return frozenset(_FIGURES.findall(text))


def _score(wanted: frozenset[str], not_said: bool, window: _Window) -> float:  # noqa: FBT001
    share = len(wanted & window.stems) / len(wanted)
    return share if not_said == window.negated else share / 2


@lru_cache(maxsize=512)
def _windows(text: str) -> tuple[_Window, ...]:
    """Each sentence, and each two next to each other, with the heading that they stand under."""
    every = [(one.text, frozenset(stems(f"{one.heading} {one.text}"))) for one in sentences(text)]
    single = [_Window(words, negated(said)) for said, words in every]
    double = [
        _Window(words | more, negated(said) or negated(next_said))
        for (said, words), (next_said, more) in pairwise(every)
    ]
    return (*single, *double)
