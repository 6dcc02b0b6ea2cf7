"""What a text names: exact things by `chatbot.values`, names by a head; spans never overlap.

Numbers that are only small counts ("two lamps") are no facts and are left out.
"""

from collections.abc import Sequence

from chatbot.analysis.views import Entity
from chatbot.backends.tagging import Rows, Word, decode, tags_of
from chatbot.picking import sentences
from chatbot.values import find

KINDS = {
    "person": "person",
    "corporation": "organisation",
    "group": "organisation",
    "location": "place",
    "product": "product",
    "creative-work": "product",
}
"""The shipped head's labels and the kinds that they are told as; others stay as they are."""

SURE = 0.6
"""Mean probability of a name's tags below which it is left out."""

LEFT_OUT = frozenset({"number", "ordinal", "tag", "name", "company"})
"""Kinds of values that say little by themselves, or are known only from elsewhere."""

PIECE = 900
"""Characters of a text that a head reads at once, cut between sentences."""


def exact(text: str) -> list[Entity]:
    """Amounts, dates, order numbers and so on, with the form that all spellings share."""
    return [
        Entity(value.kind, value.text, value.start, value.end, value.canonical)
        for value in find(text)
        if value.kind not in LEFT_OUT
    ]


def pieces(text: str) -> list[tuple[int, str]]:
    """A text in pieces that a head can read whole, with where they begin."""
    found: list[tuple[int, str]] = []
    start = end = 0
    for sentence in sentences(text):
        if sentence.end - start > PIECE and end > start:
            found.append((start, text[start:end]))
            start = sentence.start
        end = max(end, sentence.end)
    return [*found, (start, text[start:end])] if end > start else found


def named(start: int, words: Sequence[Word], rows: Rows, labels: Sequence[str]) -> list[Entity]:
    """The names of a piece that starts at a character of the text."""
    found = []
    for first, behind, label, sure in decode(rows, tags_of(labels)):
        if sure < SURE:
            continue
        begin, end = words[first].start, words[behind - 1].end
        found.append(Entity(KINDS.get(label, label), "", start + begin, start + end))
    return found


def merged(text: str, values: Sequence[Entity], names: Sequence[Entity]) -> list[Entity]:
    """All of a text in order; where a name overlaps an exact thing, the exact thing stays."""
    found = list(values)
    for name in names:
        apart = all(name.end <= other.start or name.start >= other.end for other in values)
        if apart:
            said = text[name.start : name.end]
            found.append(Entity(name.kind, said, name.start, name.end, said.casefold()))
    return sorted(found, key=lambda entity: entity.start)
