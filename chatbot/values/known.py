"""Finds what is known by name: people, companies, addresses that the caller gives.

A single word is found as it was given, with a capital, or in capitals: "Will" is a name and
"will" is not. Several words together are found in any case.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from chatbot.values.plain import BARRIER, plain
from chatbot.values.types import KINDS, Found

_GAP = r"\s{1,3}"


def known(text: str, names: Mapping[str, str]) -> Iterator[Found]:
    """Yield the given names; `names` is text to kind ("Anna Weber" to "name").

    Raises ValueError for a kind that is not in the table.
    """
    pattern, kinds = _compiled(tuple(sorted(names.items())))
    if pattern is None:
        return
    for match in pattern.finditer(text):
        key = _key(match[0])
        yield Found(*match.span(), kinds[key], key)


@lru_cache(maxsize=64)
def _compiled(
    names: tuple[tuple[str, str], ...],
) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    kinds, forms = {}, set()
    for name, kind in names:
        if kind not in KINDS or not KINDS[kind].type:
            raise ValueError(f"{kind!r} is no kind of value; choose from {', '.join(KINDS)}.")
        words = plain(name).replace(BARRIER, " ").split()
        if words:
            kinds[_key(name)] = kind
            forms |= _forms(words)
    if not forms:
        return None, kinds
    alternatives = "|".join(sorted(forms, key=lambda form: (-len(form), form)))
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)"), kinds


def _forms(words: list[str]) -> set[str]:
    """Return patterns for the ways in which a name is written, accents composed or not."""
    if len(words) > 1:
        pairs = (" ".join(words), *(_normal(form, " ".join(words)) for form in ("NFC", "NFD")))
        return {f"(?i:{_GAP.join(map(re.escape, name.split()))})" for name in pairs}
    word = words[0]
    written = {word, word[0].upper() + word[1:], word.upper()}
    return {re.escape(_normal(form, name)) for name in written for form in ("NFC", "NFD")} | {
        re.escape(name) for name in written
    }


def _normal(form: str, name: str) -> str:
    return unicodedata.normalize(form, name)  # type: ignore[arg-type]


def _key(name: str) -> str:
    spaced = plain(name).replace(BARRIER, " ")
    return " ".join(unicodedata.normalize("NFC", spaced).casefold().split())
