"""Text → the words it is found by, the same on every database.

Upper and lower case, width, ligatures and accents make no difference. Scripts written without
spaces (Chinese, Japanese, Korean, Thai …) become overlapping pairs of characters; each symbol, such
as an emoji, is a word of its own.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LONGEST_WORD = 40  # characters; longer ones are found by their beginning
INDEXED_CHARACTERS = 100_000  # of one text; what comes after is stored but not found
INDEXED_WORDS = 20_000  # different ones of one text

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao; Burmese; Khmer
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff"  # kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\uac00-\ud7a3"  # Hangul
)
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_RUN = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}\s]+")
_JAMO = re.compile("[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")


class _Separators(dict[int, str | int]):
    """Maps a code point to itself, to a blank, or to itself between blanks; filled as met."""

    def __missing__(self, code: int) -> str | int:
        category = unicodedata.category(chr(code))
        kept: str | int = code
        if category == "So":
            kept = f" {chr(code)} "
        elif category[0] not in "LNM":
            kept = " "
        self[code] = kept
        return kept


class _Accents(dict[int, int | None]):
    """Maps an accent or vowel point to nothing, everything else to itself; filled as met."""

    def __missing__(self, code: int) -> int | None:
        # Classes 7 to 9 (nukta, kana voicing, virama) and 103 to 132 (Thai, Lao, Tibetan vowels)
        # tell letters apart; the others decorate them.
        mark = unicodedata.combining(chr(code))
        kept = None if mark == 1 or 10 <= mark <= 36 or mark >= 202 else code
        self[code] = kept
        return kept


_separators = _Separators()
_accents = _Accents()


def fold(text: str) -> str:
    """`text` as it is compared: decomposed, without case and accents, recomposed."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", apart.translate(_accents))


def runs(folded: str) -> list[str]:
    """The words of a folded text in order; an unspaced run of characters counts as one."""
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    return _RUN.findall(folded.translate(_separators))


def fold_with_origins(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` folded and ready for `runs_with_places`, and for each of its characters the span of
    `text` it came from.
    """
    if text.isascii():
        return text.lower(), [(at, at + 1) for at in range(len(text))]
    folded: list[str] = []
    origins: list[tuple[int, int]] = []
    for start, end in _clusters(text):
        part = _separated(text[start:end])
        folded.append(part)
        origins.extend([(start, end)] * len(part))
    return "".join(folded), origins


def runs_with_places(separated: str) -> list[tuple[int, str]]:
    """The words of a text from `fold_with_origins`, each with its place."""
    pattern = _ASCII_WORD if separated.isascii() else _RUN
    return [(found.start(), found.group()) for found in pattern.finditer(separated)]


@lru_cache(maxsize=4096)
def _separated(cluster: str) -> str:
    return fold(cluster).translate(_separators)


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Spans that fold apart from each other: a letter with its marks, or joined Hangul parts."""
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and _joins(text[at - 1], text[at]):
            continue
        yield start, at
        start = at


def _joins(before: str, here: str) -> bool:
    if here.isascii():
        return False
    if unicodedata.category(here)[0] == "M":
        return True
    return bool(_JAMO.match(here)) and bool(_JAMO.match(before))


def is_unspaced(run: str) -> bool:
    """Whether a run is of a script without spaces, so that it was indexed in pairs."""
    return _IS_UNSPACED.match(run) is not None


def pieces(run: str) -> list[str]:
    """The index words of one run: itself, or its pairs and its last character."""
    if not is_unspaced(run):
        return [run[:LONGEST_WORD]]
    return [run[start : start + 2] for start in range(len(run))]


def words(text: str) -> list[str]:
    """The different index words of a text, sorted."""
    found: set[str] = set()
    for run in runs(fold(text[:INDEXED_CHARACTERS])):
        found.update(pieces(run))
        if len(found) > INDEXED_WORDS:
            break
    return sorted(found)[:INDEXED_WORDS]
