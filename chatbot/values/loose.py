"""Tags as models write them back: other brackets, other case, a space too many; in streams too.

A person's own "[phone 1]" looks like such a tag, so whoever reads answers loosely hides it like a
value first (`typed` is the rule). Then every loose tag of an answer is either one of the numbering
or the model's own, which stays as it is.
"""

import re
from collections.abc import Iterator

from chatbot.values.tags import Tags
from chatbot.values.types import TYPES, Found

_OPEN = r"(?:[⟨〈〈‹❬<＜【]|\\?[\[{<]|\\?&lt;)"
_CLOSE = r"(?:[⟩〉〉›❭>＞】]|\\?[\]}>]|\\?&gt;)"
_GAP = r"[ \t\u00a0_:#-]{0,3}"
_PAD = r"[ \t\u00a0]{0,2}"
LOOSE = re.compile(
    rf"{_OPEN}{_PAD}(?P<type>{'|'.join(TYPES)}){_GAP}(?P<number>\d{{1,6}}){_PAD}{_CLOSE}",
    re.IGNORECASE,
)
"""A tag as a model may write it."""


def _begun(parts: list[str]) -> str:
    """Return a pattern of everything that may go on to be `parts`, one after another."""
    pattern = ""
    for part in reversed(parts):
        pattern = f"{part}(?:{pattern})?" if pattern else part
    return pattern


def _beginnings(word: str) -> str:
    """Return a pattern of the beginnings of a word, the word among them."""
    return _begun([re.escape(char) for char in word])


_HELD = re.compile(
    r"(?:(?:[⟨〈〈‹❬<＜【]|\\?[\[{<]|\\?&lt;)"
    rf"{_PAD}(?:(?:{'|'.join(TYPES)}){_GAP}(?:\d{{1,6}}{_PAD}(?:\\|\\?{_beginnings('&gt')})?)?"
    rf"|{'|'.join(_beginnings(kind) for kind in TYPES)})?"
    rf"|\\?{_beginnings('&lt;')}|\\)\Z",
    re.IGNORECASE,
)
_LONGEST = 40


def typed(text: str) -> Iterator[Found]:
    """Yield what a person typed in the form of a loose tag."""
    for match in LOOSE.finditer(text):
        yield Found(*match.span(), "own", match[0])


def show(tags: Tags, text: str) -> str:
    """Return `text` with the loose tags of this numbering swapped back; others stay text."""
    return LOOSE.sub(lambda match: tags.meant(_strict(match)) or match[0], text)


def _strict(match: re.Match[str]) -> str:
    return f"⟨{match['type'].lower()} {int(match['number'])}⟩"


class LooseRestorer:
    """Shows a stream: feed it chunks, and it holds back only what may yet become a tag."""

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._held = ""

    def feed(self, chunk: str) -> str:
        """Return what is sure after `chunk`, its tags swapped back."""
        text = self._held + chunk
        held = _HELD.search(text, max(0, len(text) - _LONGEST))
        cut = held.start() if held else len(text)
        self._held = text[cut:]
        return show(self._tags, text[:cut])

    def close(self) -> str:
        """Return what was held back; the stream may end within a tag."""
        held, self._held = self._held, ""
        return held
