"""Finds the names in a set of English texts by their capitals, for models that copy from them.

A word with a capital inside a sentence is a name, unless English writes it so or the texts use
it in small letters too. No gazetteer and no learning: it finds names nobody has heard of, and
misses some. For privacy use names that are known for sure.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from chatbot.values.english import BEFORE_NAMES, COMPANIES, ORDINARY, STREETS, TIMES
from chatbot.values.plain import HARD_SPACE, plain

_LATIN = [chr(code) for code in range(0x250)]
_UPPER = "".join(char for char in _LATIN if char.isupper())
_LOWER = "".join(char for char in _LATIN if char.islower())
_CAPITALISED = (
    rf"(?<![\w@./'-])(?=[{_UPPER}](?:'[{_UPPER}])?[\w-]*[{_LOWER}])[^\W\d_]++"
    rf"(?:-[^\W\d_]++|'[{_UPPER}][^\W\d_]++)*+(?![\w@]|[./-]\w)"
)
_SPACE = f"[ {HARD_SPACE}]"
_BETWEEN = rf"{_SPACE}(?:(?:&|bin|da|de|del|den|der|di|du|la|van|von){_SPACE}){{0,2}}"
_LETTER = rf"(?![IA]\b)[{_UPPER}](?![\w@.'-])"
_RUN = re.compile(rf"{_CAPITALISED}(?:{_BETWEEN}(?:{_CAPITALISED}|{_LETTER}))*+")
"""Words with capitals beside each other; words all in capitals shout or abbreviate."""

_WORD = re.compile(r"\S+")
_SMALL = re.compile(rf"(?<![\w@./'-])[{_LOWER}][{_LOWER}'-]*+(?![\w@]|[./]\w)")
_START = re.compile(
    r"(?:^[ \t]*+(?:[>*#•|-]++[ \t]*+)?(?:\[?[0-9]{1,2}[\]).])?+"
    r"|[.!?:…|][\"')\]*_”’»]*+"
    r"|(?<![\w.,])[\"'(\[{“„‘«*_]++)\s*\Z",
    re.MULTILINE,
)
_NO_START = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|e\.g|i\.e)\.\s*\Z")
_FIGURE = re.compile(rf"[0-9]{_SPACE}?\Z")
_WINDOW = 24
_LONGEST_NAME = 4
"""Words; a whole sentence of more words with capitals is a heading."""

MOST_NAMES = 64
"""More than a small model can be given tags for, and few enough to search for in no time."""


def names(texts: Sequence[str], most: int = MOST_NAMES) -> dict[str, str]:
    """Return the names in the texts with their kind, in order: the `known` of `find` and `Tags`.

    A name counts once it stands inside a sentence of any text, or has more than one word;
    at most `most` are returned, the first ones.
    """
    twins = [plain(text) for text in texts]
    small = {word for twin in twins for word in _SMALL.findall(twin)}
    found: dict[str, str] = {}
    for twin in twins:
        for name in _in_text(twin, small):
            found.setdefault(name, _kind(name))
            if len(found) == most:
                return found
    return found


def _in_text(twin: str, small: AbstractSet[str]) -> Iterator[str]:
    for run in _RUN.finditer(twin):
        words = _WORD.findall(run[0])
        starts = _starts_at(twin, run.start())
        if starts and len(words) > _LONGEST_NAME:
            continue
        name = _name(words, small, starts=starts)
        if name and not _is_part(name, twin, run.start()):
            yield name


def _starts_at(twin: str, place: int) -> bool:
    """Whether a sentence, a line, an item or a quotation begins at `place`."""
    window = max(0, place - _WINDOW), place
    return bool(_START.search(twin, *window)) and not _NO_START.search(twin, *window)


def _name(words: list[str], small: AbstractSet[str], *, starts: bool) -> str:
    """Return the name in a run of words, or nothing."""
    if starts and not _may_start(words, small):
        words = words[1:]
    while words and (words[0].lower() in BEFORE_NAMES or not words[0][1:] or words[0].islower()):
        words = words[1:]
    while words and words[-1].lower() in TIMES:
        words = words[:-1]
    if all(word.lower() in ORDINARY for word in words):
        return ""
    if len(words) == 1 and _is_word(words[0].lower(), small):
        return ""
    return " ".join(words)


def _may_start(words: list[str], small: AbstractSet[str]) -> bool:
    """Whether the first word is a name's though its capital may be the sentence's."""
    first = words[0].lower()
    if len(words) == 1:
        return _is_joined(words[0])
    return not words[1][1:] or (first not in ORDINARY and first not in small)


def _is_word(word: str, small: AbstractSet[str]) -> bool:
    """Whether the texts use a word, or its plural or singular, without a capital."""
    return not small.isdisjoint((word, f"{word}s", word.removesuffix("s")))


def _is_part(name: str, twin: str, start: int) -> bool:
    """Whether it belongs to the figure before it: a unit, or a street with its number."""
    behind_figure = _FIGURE.search(twin, max(0, start - 2), start) is not None
    return behind_figure and (" " not in name or _kind(name) == "street")


def _kind(name: str) -> str:
    *before, last = name.split(" ")
    if before and last.lower() in STREETS:
        return "street"
    return "company" if _is_joined(last) or (before and last.lower() in COMPANIES) else "name"


def _is_joined(word: str) -> bool:
    """Whether a word is two words in one: "VeloStore"."""
    return any(char.isupper() for char in word[1:]) and "-" not in word and "'" not in word
