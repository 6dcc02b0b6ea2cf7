"""What is needed to answer and not there: named by the model's last line, or by rule.

    "… Missing: the order number"   →  text without the line, ("the order number",)
    a passage that is used says "send us your order number", no message of the thread holds one
                                    →  ("the order number",)

Never made up: it names kinds of things, not values. Knows English words for them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.picking import sentences

_LINE = re.compile(r"(?:^|\n)[ \t]*[*_]*missing[*_]*[ \t]*:[*_]*[ \t]*([^\n]*)\s*\Z", re.IGNORECASE)
_NOTHING = re.compile(r"(?:nothing|none|-|n/a|no)?[.]?", re.IGNORECASE)
_LONGEST = 120
"""Characters of one thing that a model names."""

_ASKS = re.compile(
    r"\b(?:we need|(?:send|give|tell|write|name|include|state|quote|attach)(?: to)?(?: us)?)\b"
    r"(?![^.;:]*yourself)[^.;:]{0,70}\Z",
    re.IGNORECASE,
)
"""Before a thing: somebody is to send it to us."""

_IF = re.compile(r"\W*(?:if|when|should)\b", re.IGNORECASE)
"""What is asked for on a condition may not be needed."""


@dataclass(frozen=True, slots=True)
class _Thing:
    """`asked` finds it in a passage; a thread has it by a value of a type, or by a word."""

    name: str
    asked: re.Pattern[str]
    types: frozenset[str]
    words: re.Pattern[str] | None = None


def _thing(name: str, asked: str, types: str = "", words: str = "") -> _Thing:
    found = re.compile(words, re.IGNORECASE) if words else None
    return _Thing(name, re.compile(asked, re.IGNORECASE), frozenset(types.split()), found)


THINGS = (
    _thing("the order number", r"\border number", "order code"),
    _thing("the invoice number", r"\binvoice number", "code"),
    _thing("the tracking number", r"\btracking number", "tracking"),
    _thing("the serial number", r"\bserial number", "code order"),
    _thing(
        "a photo",
        r"\b(?:photos?|pictures?)\b",
        words=r"\b(?:photo|picture|image|attach|foto|bild|anhang|imagen|adjunt)",
    ),
    _thing(
        "the date of purchase", r"\b(?:date of purchase|purchase date)", "date", r"\bbought|kauft"
    ),
    _thing("the new address", r"\bnew (?:delivery )?address", "address"),
    _thing("a phone number", r"\bphone number", "phone"),
)
"""What shops ask for. A thing of a thread counts as there as soon as a value of its type is."""


def without_line(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without its last line "Missing: …", and what that line names."""
    found = _LINE.search(text)
    if found is None:
        return text, ()
    named = [part.strip(" .*_") for part in re.split(r"[;,]", found[1])]
    kept = [part[:_LONGEST] for part in named if part and not _NOTHING.fullmatch(part)]
    return text[: found.start()].rstrip(), tuple(dict.fromkeys(kept))


def asked_for(used: Sequence[str], thread: Sequence[str]) -> tuple[str, ...]:
    """What the texts in use ask customers for, and the thread lacks."""
    wanted = [
        thing
        for thing in THINGS
        if any(_asks(one.text, thing) for text in used for one in sentences(text))
    ]
    if not wanted:
        return ()
    from chatbot import values  # reads tables for a tenth of a second

    said = "\n".join(thread)
    there = {value.type for value in values.find(said)}
    return tuple(
        thing.name
        for thing in wanted
        if not thing.types & there and not (thing.words and thing.words.search(said))
    )


def _asks(sentence: str, thing: _Thing) -> bool:
    named = None if _IF.match(sentence) else thing.asked.search(sentence)
    return named is not None and bool(
        _ASKS.search(sentence[: named.start()]) or " ready" in sentence[named.end() :]
    )
