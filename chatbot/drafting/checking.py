"""What a person should look at before a reply is sent. Quick, and asks no model.

    unfilled     a place such as [[pickup_date]]                        blocks
    invented     a value that stands in no message, source or fact      blocks until confirmed
    internal     the number of a source that customers may not see      warns
    unsupported  a claim that nothing holds, or a number without source warns

Runs while somebody types, on a sent reply and on every draft. Knows texts; nothing of rows.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from chatbot.analysis import Said
from chatbot.drafting.citing import evidence_of, right_numbers
from chatbot.drafting.claims import CITED, UNFILLED, claims, numbers
from chatbot.drafting.views import Check, Mark, Source

NO_SOURCE = "No source and no message says this. Cite one, or make sure that it is right."
NO_NUMBER = "There is no source with this number."
INTERNAL = "This source is internal: customers may not see what it says."
UNKNOWN = "This stands in no message, source or fact. Confirm it or take it out."
EMPTY = "This has to be filled in before the reply is sent."

_VALUES_NOT_ASKED = frozenset({"tag"})
_ITEM = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)


def said_in(thread: Sequence[Said], facts: Sequence[str]) -> list[str]:
    """What holds a claim without a number: every message of the thread, and the given facts."""
    return [*(one.text for one in thread), *facts]


def check(
    text: str,
    thread: Sequence[Said],
    sources: Sequence[Source],
    facts: Sequence[str] = (),
    confirmed: Collection[str] = (),
    *,
    foreign: bool = False,
    known: Sequence[str] = (),
) -> Check:
    """Look at a reply.

    `confirmed`: values somebody vouched for. `foreign`: the reply is in another language than the
    sources. `known`: what stands in no message and still is no invention, such as our own name.
    """
    said = said_in(thread, facts)
    names = [one.name for one in thread if one.name]
    vouched = [*said, *(f"{one.label}\n{one.text}" for one in sources), *names, *known, *confirmed]
    marks = [
        *_unfilled(text),
        *_invented(text, vouched),
        *_internal(text, sources),
        *_unsupported(text, sources, said, foreign=foreign),
    ]
    marks.sort(key=lambda mark: (mark.start, mark.end))
    exist = {one.n for one in sources}
    return Check(
        marks=tuple(marks),
        cited=tuple(number for number in numbers(text) if number in exist),
        blocking=tuple(mark for mark in marks if mark.kind in ("unfilled", "invented")),
    )


def _unfilled(text: str) -> Iterator[Mark]:
    for place in UNFILLED.finditer(text):
        yield Mark(place.start(), place.end(), place[0], "unfilled", EMPTY)


def _invented(text: str, vouched: Sequence[str]) -> Iterator[Mark]:
    from chatbot import values  # reads tables for a tenth of a second

    for value in values.missing(_blanked(text), ["\n".join(vouched)]):
        if value.kind not in _VALUES_NOT_ASKED:
            yield Mark(value.start, value.end, value.text, "invented", UNKNOWN)


def _blanked(text: str) -> str:
    """The text with citations, places and numbers of list items as spaces: they are no values."""
    for pattern in (UNFILLED, CITED, _ITEM):
        text = pattern.sub(lambda found: " " * len(found[0]), text)
    return text


def _internal(text: str, sources: Sequence[Source]) -> Iterator[Mark]:
    internal = {one.n for one in sources if one.internal}
    for found in CITED.finditer(text):
        if internal & set(numbers(found[0])):
            start = found.start() + len(found[0]) - len(found[0].lstrip())
            yield Mark(start, found.end(), text[start : found.end()], "internal", INTERNAL)


def _unsupported(
    text: str, sources: Sequence[Source], said: Sequence[str], *, foreign: bool
) -> Iterator[Mark]:
    evidence, exist = evidence_of(sources, said), {one.n for one in sources}
    for one in claims(text):
        known = [number for number in one.cited if number in exist]
        if len(known) < len(one.cited):
            yield Mark(one.start, one.end, text[one.start : one.end], "unsupported", NO_NUMBER)
        elif not right_numbers(one, known, evidence, foreign=foreign) and 0 not in evidence.held(
            one.text
        ):
            yield Mark(one.start, one.end, text[one.start : one.end], "unsupported", NO_SOURCE)
