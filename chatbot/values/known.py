"""Finds what is known by name: people, companies, addresses that the caller gives.

A single word is found as it was given, with a capital, or in capitals: "Will" is a name and
"will" is not. Several words together are found in any case.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from chatbot.values.plain import BARRIER, plain
from chatbot.values.types import KINDS, Found

_GAP = r"\s{1,3}"
_WORD = re.compile(r"\w+")


class _Book(NamedTuple):
    """The names: those that begin with a word under that word, the others in one pattern."""

    kinds: dict[str, str]
    words: dict[str, re.Pattern[str]]
    others: re.Pattern[str] | None


def known(text: str, names: Mapping[str, str]) -> Iterator[Found]:
    """Yield the given names; `names` is text to kind ("Anna Weber" to "name").

    Raises ValueError for a kind that is not in the table.
    """
    book = _compiled(tuple(sorted(names.items())))
    for match in _matches(text, book):
        key = _key(match[0])
        yield Found(*match.span(), book.kinds[key], key)


def _matches(text: str, book: _Book) -> Iterator[re.Match[str]]:
    """Yield names where a word begins: a look into a table, however many there are."""
    if book.words:
        for word in _WORD.finditer(text):
            pattern = book.words.get(word[0].casefold())
            match = pattern.match(text, word.start()) if pattern else None
            if match:
                yield match
    if book.others:
        yield from book.others.finditer(text)


@lru_cache(maxsize=64)
def _compiled(names: tuple[tuple[str, str], ...]) -> _Book:
    kinds: dict[str, str] = {}
    forms: dict[str, set[str]] = {}
    for name, kind in names:
        if kind not in KINDS or not KINDS[kind].type:
            raise ValueError(f"{kind!r} is no kind of value; choose from {', '.join(KINDS)}.")
        words = plain(name).replace(BARRIER, " ").split()
        if words:
            kinds[_key(name)] = kind
            for form, first in _forms(words):
                forms.setdefault(first.casefold(), set()).add(form)
    others = forms.pop("", None)
    return _Book(
        kinds,
        {first: _pattern(ways) for first, ways in forms.items()},
        _pattern(others) if others else None,
    )


def _pattern(forms: Iterable[str]) -> re.Pattern[str]:
    alternatives = "|".join(sorted(forms, key=lambda form: (-len(form), form)))
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)")


def _forms(words: list[str]) -> set[tuple[str, str]]:
    """Return patterns for the ways in which a name is written, each with the word it begins with.

    Accents may be composed or not.
    """
    if len(words) > 1:
        name = " ".join(words)
        return {
            (f"(?i:{_GAP.join(map(re.escape, form.split()))})", _first(form))
            for form in (name, _normal("NFC", name), _normal("NFD", name))
        }
    word = words[0]
    written = {word, word[0].upper() + word[1:], word.upper()}
    written |= {_normal(form, name) for name in written for form in ("NFC", "NFD")}
    return {(re.escape(name), _first(name)) for name in written}


def _first(name: str) -> str:
    """Return the letters and digits that a name begins with; nothing where it begins otherwise."""
    word = _WORD.match(name)
    return word[0] if word else ""


def _normal(form: str, name: str) -> str:
    return unicodedata.normalize(form, name)  # type: ignore[arg-type]


def _key(name: str) -> str:
    spaced = plain(name).replace(BARRIER, " ")
    return " ".join(unicodedata.normalize("NFC", spaced).casefold().split())
