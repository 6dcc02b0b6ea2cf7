"""Runs the rules over a text, the most particular first, and keeps what they find apart.

What one rule took is masked for the next: values never overlap, and a longer or more
particular reading wins. Rules see the plain twin; values carry the text as it was written.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from chatbot.values import (
    banking,
    calendar,
    clock,
    identifiers,
    money,
    numbers,
    phones,
    places,
    tokens,
    web,
)
from chatbot.values.known import known as known_names
from chatbot.values.plain import mask, plain
from chatbot.values.types import KINDS, TYPES, Found, Value

Rule = Callable[[str], Iterable[Found]]

NOBODY: Mapping[str, str] = MappingProxyType({})

TAG = re.compile(rf"⟨(?P<type>{'|'.join(TYPES)}) [1-9][0-9]*⟩")
"""A tag as it stands in a text: ⟨phone 1⟩."""

_LAYOUT = re.compile(
    r"^[ \t]*(?:[>*-] )?(?P<step>[0-9]{1,2})[.)](?=[ \t]+\S)"
    r"|\[(?P<sources>[0-9]{1,2}(?:, ?[0-9]{1,2}){0,8})\]",
    re.MULTILINE,
)
_FIGURE = re.compile("[0-9]")
_PASSES = 4


def find(
    text: str,
    *,
    only: Collection[str] | None = None,
    known: Mapping[str, str] = NOBODY,
    regions: Sequence[str] = phones.REGIONS,
    own: Sequence[Rule] = (),
) -> tuple[Value, ...]:
    """Return the values of `text` in order; they never overlap.

    `only` names types and kinds to return (a tag that stands in the text is always among
    them); `known` gives names with their kind; `regions` are the countries of phone numbers
    without a prefix; `own` are rules of the caller's, which read the plain twin and go first.
    Every decimal digit of the text, of any alphabet, lies in a value, except in numbers of list
    items and of sources ("1." and "[2]"), which are layout.
    Raises ValueError for a type or kind that does not exist.
    """
    if only is not None:
        _refuse_unknown(only)
    twin = plain(text)
    found = sorted(_all(twin, known, regions, own))
    values = (_value(text, item) for item in numbers.with_shared_units(twin, found))
    return tuple(value for value in values if only is None or _wanted(value, only))


def _refuse_unknown(only: Collection[str]) -> None:
    unknown = sorted(set(only) - set(TYPES) - set(KINDS))
    if unknown:
        raise ValueError(f"No such type or kind of value: {', '.join(unknown)}.")


def _wanted(value: Value, only: Collection[str]) -> bool:
    return value.kind == "tag" or value.type in only or value.kind in only


def _value(text: str, found: Found) -> Value:
    written = text[found.start : found.end]
    tag = TAG.fullmatch(plain(written)) if found.kind == "tag" else None
    type_ = tag["type"] if tag else KINDS[found.kind].type
    return Value(type_, found.kind, written, found.start, found.end, found.canonical)


def _tags(text: str) -> Iterator[Found]:
    for match in TAG.finditer(text):
        yield Found(*match.span(), "tag", match[0])


class _Step(NamedTuple):
    """A rule, and whether it can find anything where there is no figure at all."""

    rule: Rule
    wordy: bool = False


_BEFORE_NAMES = (
    _Step(web.urls, wordy=True),
    _Step(web.emails, wordy=True),
    _Step(web.domains, wordy=True),
    _Step(places.streets),
)
"""What a known name may be a part of."""

_FIRST = (
    _Step(web.machines, wordy=True),
    _Step(calendar.MOMENTS),
    _Step(web.ips, wordy=True),
    _Step(banking.ibans),
    _Step(clock.hours),
    *(_Step(rule) for rule in calendar.DATES),
    _Step(clock.times),
    _Step(calendar.NAMES, wordy=True),
    _Step(money.amounts),
)
"""What may read the number of a list's item ("3. May 2025" is a date)."""

_THEN = (
    _Step(identifiers.cued),
    _Step(identifiers.named_after),
    _Step(banking.last4),
    _Step(banking.cards),
    _Step(identifiers.shaped),
    _Step(places.postcodes),
)
"""What may not, up to the phone numbers, which need their regions."""

_LAST = (
    _Step(identifiers.letters, wordy=True),
    _Step(tokens.tokens),
    _Step(numbers.numbers),
)
"""What takes the rest."""


def _all(
    twin: str, known: Mapping[str, str], regions: Sequence[str], own: Sequence[Rule]
) -> list[Found]:
    """Find until a whole pass finds nothing more.

    A value that is masked may free its neighbour: a second pass sees the text as it will be
    when every value has become a tag, so that nothing found is left behind in it.
    """
    names, calls = partial(known_names, names=known), partial(phones.phones, regions=regions)
    before = (_Step(_tags, wordy=True), *(_Step(rule, wordy=True) for rule in own))
    first = (*before, *_BEFORE_NAMES, _Step(names, wordy=True), *_FIRST)
    last = (*_THEN, _Step(calls), *_LAST)
    everything: list[Found] = []
    for _ in range(_PASSES):
        rest, new = _run(first, twin)
        _, more = _run(last, mask(rest, _layout(rest)))
        if not new and not more:
            break
        twin = mask(rest, [(item.start, item.end) for item in sorted(more)])
        everything += new + more
    return everything


def _run(steps: Iterable[_Step], text: str) -> tuple[str, list[Found]]:
    """Return `text` with what the steps found masked, and what that was."""
    everything: list[Found] = []
    for step in steps:
        if not step.wordy and not _FIGURE.search(text):
            continue
        found = list(_apart(step.rule(text)))
        if found:
            text = mask(text, [(item.start, item.end) for item in found])
            everything += found
    return text, everything


def _apart(found: Iterable[Found]) -> Iterator[Found]:
    """Yield what does not overlap: the first, and of those that begin together the longest."""
    done = 0
    for item in sorted(found, key=lambda item: (item.start, -item.end)):
        if item.start >= done:
            yield item
            done = item.end


def _layout(text: str) -> list[tuple[int, int]]:
    return [match.span(str(match.lastgroup)) for match in _LAYOUT.finditer(text)]
