"""Judges one reply against its case by rules of text: values, names, fluency.

Each rule is a function from texts to a verdict that a person can check by reading. Knows no
model and no encoder; phrases are in phrases.py, what only meaning can
tell in topics.py.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from chatbot import values
from chatbot.learning.evaluate.cases import Case
from chatbot.learning.starter import slots
from chatbot.learning.starter.reading import corpus


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


REPEAT = 8
"""Words that may not come twice in a reply in the same order."""

_CITATION = re.compile(r"\[(\d{1,2})\]")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_NAME_IN_SENTENCE = re.compile(r"(?<=[a-z,;\d] )[A-Z][a-z][\w-]*(?: [A-Z][\w-]+)*")
_ENDINGS = ".!?…)]\"”’'"
_SIGNED = re.compile(r"\n[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,2}$")
_ORDINARY = _words(
    """
    Android App Bluetooth Christmas Dear Done Dr Easter English European God Hello Internet Madam
    Mondays Fridays Saturdays Sundays Mr Mrs Ms Open Sir Wants Wi-Fi Yes
    """
)
"""Written with a capital by everybody; nobody's name."""


def carried(facts: Sequence[str], reference: str, reply: str) -> frozenset[str]:
    """Return those facts of a good reply, the reference, that stand in the reply.

    A fact stands there as it is written in the reference, or as the same value in another
    spelling (`chatbot.values`); a name only as it is written, large or small.
    """
    lost = values.missing(reference, [reply])
    found = set()
    for fact in facts:
        if stands(fact, reply):
            found.add(fact)
            continue
        spans = [match.span() for match in re.finditer(re.escape(fact), reference)]
        readings = [v for v in values.find(reference) if _overlap(v, spans)]
        if readings and not any(value in lost for value in readings):
            found.add(fact)
    return frozenset(found)


def invented(case: Case, reply: str) -> tuple[str, ...]:
    """Return values, names and source numbers of the reply that stand nowhere in its context."""
    said = "\n".join(case.context)
    lost = values.missing(reply, case.context)
    found = [value.text for value in lost if not stands(value.text, said)]
    if case.passages:
        numbers = (int(number) for number in _CITATION.findall(reply))
        found += [f"[{number}]" for number in numbers if not 1 <= number <= len(case.passages)]
    return (*found, *_strange_names(reply, said))


def broken_off(reply: str, finish: str) -> bool:
    """Return whether a reply is empty, was cut, or ends in the middle of a sentence.

    It may end with a signature or a value: a phone number or an address needs no full stop.
    """
    text = reply.rstrip()
    if not text or finish not in ("stop", ""):
        return True
    if text[-1] in _ENDINGS or _SIGNED.search(text):
        return False
    found = values.find(text)
    return not found or found[-1].end != len(text)


def repeats(reply: str) -> bool:
    """Return whether eight words come twice in the same order."""
    words = re.findall(r"\w+", reply.lower())
    runs = [tuple(words[at : at + REPEAT]) for at in range(len(words) - REPEAT + 1)]
    return len(set(runs)) < len(runs)


def _overlap(value: values.Value, spans: Sequence[tuple[int, int]]) -> bool:
    return any(value.start < end and start < value.end for start, end in spans)


def stands(fact: str, reply: str) -> bool:
    """Return whether a text stands in another, not as a part of a longer word or number."""
    pattern = rf"(?<![\w.,-]){re.escape(fact)}(?![\w]|[.,]\d)"
    return re.search(pattern, reply, re.IGNORECASE) is not None


def _strange_names(reply: str, context: str) -> Iterator[str]:
    """Yield capitalised words inside sentences, and known names anywhere, that nobody said."""
    known = {word.casefold() for word in _WORD.findall(context)} | _common()
    for match in _NAME_IN_SENTENCE.finditer(reply):
        words = [word for word in match[0].split() if word not in _ORDINARY]
        if any(word.casefold() not in known for word in words):
            yield match[0]
    for word in _WORD.findall(reply):
        if word in _people_and_places() and word.casefold() not in known:
            yield word


@cache
def _people_and_places() -> frozenset[str]:
    ambiguous = {"Grace", "Jack", "Will", "Bell", "Park", "Wood", "Turner", "Split", "Cork"}
    return frozenset({*slots.FIRST, *slots.LAST, *slots.CITIES, *slots.COUNTRIES} - ambiguous)


@cache
def _common() -> frozenset[str]:
    """Return the words that our corpus writes small, and days and months, which are values."""
    every = corpus()
    texts = (*(p["text"] for p in every.passages), *(r["reply"] for r in every.records))
    small = (word for text in texts for word in _WORD.findall(slots.SLOT.sub("", text)))
    ordinary = {word for word in small if word.islower()}
    return frozenset(ordinary.union(map(str.casefold, (*slots.WEEKDAYS, *slots.MONTHS))))
