"""Whether a text in other words keeps what must not change: numbers, links, codes, names.

Knows two texts; nothing of models. Words of a number count as it ("two weeks" for "2 weeks").
"""

import re

from chatbot.drafting.claims import CITED, UNFILLED
from chatbot.drafting.views import ValuesChanged

_DIGITS = re.compile(r"\d")
_MOST_NAMES = 64


def keep(before: str, after: str, *, translated: bool = False) -> None:
    """Refuse a new text that lost or added a value, a name or a place to fill in.

    `translated`: dates and amounts may be written in another language's way, as long as their
    digits are there; names of days and months change.

    Raises ValuesChanged.
    """
    old, new = _plain(before), _plain(after)
    lost = [*_missing(old, new, translated=translated), *_places(before, after)]
    added = [*_missing(new, old, translated=translated), *_places(after, before)]
    if not translated:
        lost += _names(old, new)
        added += _names(new, old)
    if lost or added:
        raise ValuesChanged(list(dict.fromkeys(lost)), list(dict.fromkeys(added)))


def _plain(text: str) -> str:
    return CITED.sub("", UNFILLED.sub("", text))


def _missing(one: str, other: str, *, translated: bool) -> list[str]:
    from chatbot import values  # reads tables for a tenth of a second

    gone = [value.text for value in values.missing(one, [other])]
    if not translated:
        return gone
    there = "".join(_DIGITS.findall(other))
    digits = {text: "".join(_DIGITS.findall(text)) for text in gone}
    return [text for text, wanted in digits.items() if wanted and wanted not in there]


def _places(one: str, other: str) -> list[str]:
    return [place for place in UNFILLED.findall(one) if place not in UNFILLED.findall(other)]


def _names(one: str, other: str) -> list[str]:
    """Names of a text that another does not hold, nor any part of them."""
    from chatbot import values

    there = other.casefold()
    found = values.names([one], _MOST_NAMES)
    return [name for name in found if not any(w.casefold() in there for w in name.split())]
