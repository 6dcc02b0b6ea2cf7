"""Compares the values of a draft with those of its sources.

Same value, other spelling, is the same; the number of a value with a unit supports that
number alone; both ends of a span are supported by it, and it by them. Judges no wording.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chatbot.values.find import NOBODY, find
from chatbot.values.phones import REGIONS
from chatbot.values.plain import compact
from chatbot.values.types import Value

_BELOW_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
_NUMBERS = {word: number for number, word in enumerate(_BELOW_TWENTY.split())} | _TENS
_NUMBER_WORD = re.compile(rf"(?<!\w)(?:{'|'.join(_NUMBERS)})(?!\w)", re.IGNORECASE)
_SPANS = frozenset({"hours", "days"})
_IDENTIFIERS = frozenset({"order", "tracking", "account", "code", "address"})
_COUNTED = frozenset({"amount", "number", "percent"})
_ABROAD = "abroad: "
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_OF_MONTH = re.compile("--[0-9]{2}-[0-9]{2}")


def missing(
    draft: str,
    sources: Iterable[str],
    *,
    known: Mapping[str, str] = NOBODY,
    regions: Sequence[str] = REGIONS,
) -> tuple[Value, ...]:
    """Return the values of `draft` that stand in none of `sources`, in order.

    Numbers that a source spells out in English support a figure ("two weeks": 2 weeks).
    """
    supported: set[str] = set()
    for source in sources:
        for text in {source, _in_figures(source)}:
            for value in find(text, known=known, regions=regions):
                supported.update(_supports(value))
    values = find(draft, known=known, regions=regions)
    return tuple(value for value in values if not _is_supported(value, supported))


def _in_figures(text: str) -> str:
    return _NUMBER_WORD.sub(lambda match: str(_NUMBERS[match[0].lower()]), text)


def _supports(value: Value) -> Iterator[str]:
    """Yield everything that `value`, standing in a source, vouches for."""
    canonical = value.canonical
    yield canonical
    if value.type in _IDENTIFIERS:
        yield compact(value.text)
    if value.type in _COUNTED:
        yield canonical.partition(" ")[0]
    elif value.type in {"date", "span"}:
        yield from _parts_of_time(canonical)
    elif value.type == "phone":
        country, within = _split(canonical)
        yield _ABROAD + within if country else within
    elif value.type == "url":
        yield re.split("[/?#]", canonical, maxsplit=1)[0]


def _parts_of_time(canonical: str) -> Iterator[str]:
    """Yield the ends of a span, the readings of a date, and each with less said."""
    for reading in re.split("[|/]", canonical):
        day, _, time = reading.partition("T")
        yield day
        if time:
            yield time[: len("14:30")]
        if _DAY.fullmatch(day):
            year, month = day[:4], day[4:7]
            yield from (f"--{day[5:]}", day[:7], f"-{month}", year)
        elif _DAY_OF_MONTH.fullmatch(day):
            yield day[: len("--05")]


def _split(phone: str) -> tuple[str, str]:
    """Return the country's prefix, or nothing, and the number within the country."""
    country, _, within = phone.rpartition(" ")
    return country, within


def _is_supported(value: Value, supported: set[str]) -> bool:
    canonical = value.canonical
    if canonical in supported:
        return True
    if value.type in _IDENTIFIERS:
        return compact(value.text) in supported
    if value.type == "date":
        return not supported.isdisjoint(canonical.split("|"))
    if value.kind in _SPANS:
        return supported.issuperset(canonical.split("/"))
    if value.type == "phone":
        country, within = _split(canonical)
        return within in supported if country else _ABROAD + within in supported
    return False
