"""What a person typed into a search field, as terms; and where those stand in a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from store import folding

_QUERY_CHARACTERS = 500
_QUERY_TERMS = 12
_CHUNK = 2000  # characters of a text that are looked through at a time
_BEFORE, _WIDTH = 50, 180  # characters of a snippet: before the first hit, and in all
_SPLIT = re.compile(r"\s")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query, folded. `prefix`: words that begin so are found too."""

    run: str
    prefix: bool

    @property
    def unspaced(self) -> bool:
        """Whether it is of a script without spaces, and so may stand anywhere in a run."""
        return folding.is_unspaced(self.run)

    def index_words(self) -> list[tuple[str, bool]]:
        """The words to look up, each with whether longer ones count too."""
        if not self.unspaced:
            return [(self.run[: folding.LONGEST_WORD], self.prefix)]
        if len(self.run) == 1:
            return [(self.run, True)]
        return [(pair, False) for pair in folding.pieces(self.run)[:-1]]

    def confirmed(self, content: str) -> bool:
        """Whether a text whose index words fit really has the term: pairs may stand apart."""
        if not self.unspaced or len(self.run) < 3:
            return True
        return self.run in folding.fold(content)


def parse(query: str) -> list[Term]:
    """The terms of a query, all of which must be found. The last one may be unfinished."""
    folded = folding.fold(query[:_QUERY_CHARACTERS])
    found = list(dict.fromkeys(folding.runs(folded)))[:_QUERY_TERMS]
    return [Term(run, prefix=run == found[-1]) for run in found]


def snippet(content: str, terms: list[Term]) -> list[tuple[str, bool]]:
    """The text around the first hit, in pieces marked as hit or not; … where it is cut."""
    start, spans = next(_hits(content, terms), (0, []))
    first = start + spans[0][0] if spans else 0
    begin = 0 if first <= _BEFORE else first - _BEFORE
    end = min(len(content), begin + _WIDTH)
    parts: list[tuple[str, bool]] = [("…", False)] if begin else []
    at = begin
    for low, high in ((start + low, min(start + high, end)) for low, high in spans):
        if low >= end:
            break
        parts += [(content[at:low], False), (content[low:high], True)]
        at = high
    parts.append((content[at:end], False))
    if end < len(content):
        parts.append(("…", False))
    return [part for part in parts if part[0]]


def _hits(content: str, terms: list[Term]) -> Iterator[tuple[int, list[Span]]]:
    """Each chunk that has hits: where it starts, and the spans of its hits inside it."""
    start = 0
    while start < min(len(content), folding.INDEXED_CHARACTERS):
        blank = _SPLIT.search(content, start + _CHUNK, start + 2 * _CHUNK)
        end = blank.start() if blank else start + 2 * _CHUNK
        chunk = content[start:end]
        folded = folding.fold(chunk)
        if any(term.run in folded for term in terms):
            spans = _spans(chunk, terms)
            if spans:
                yield start, spans
        start = end


def _spans(chunk: str, terms: list[Term]) -> list[Span]:
    folded, origins = folding.fold_with_origins(chunk)
    found: list[Span] = []
    for low, run in folding.runs_with_places(folded):
        for start, length in _inside(run, terms):
            found.append((origins[low + start][0], origins[low + start + length - 1][1]))
    return _merged(sorted(found))


def _inside(run: str, terms: list[Term]) -> Iterator[tuple[int, int]]:
    for term in terms:
        if term.unspaced:
            at = run.find(term.run)
            while at >= 0:
                yield at, len(term.run)
                at = run.find(term.run, at + len(term.run))
        elif run == term.run or (term.prefix and run.startswith(term.run)):
            yield 0, len(term.run)


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for low, high in spans:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
