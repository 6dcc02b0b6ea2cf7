"""Swaps the values of a set of texts for typed tags, and back again, in streams too.

One numbering for the whole set: thread, passages and instruction share it. Knows nothing of
models; who may see which value is the caller's choice.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from chatbot.values.find import NOBODY, TAG, Rule, find
from chatbot.values.phones import REGIONS
from chatbot.values.types import Value

_OPEN = "⟨"
_IDENTIFIERS = frozenset({"order", "tracking", "account", "code", "phone", "number"})
_LONG_ENOUGH = 5


class Tags:
    """A numbering of values, by first appearance within each type.

    A tag stands for one spelling: "€5" and "5 EUR" get two tags, so that each comes back to
    the letter. `only`, `known`, `regions` and `own` are those of `find`, with its ValueError.
    With a `limit`, a type's first so many values get tags and later ones stay text.
    """

    def __init__(
        self,
        *,
        only: Collection[str] | None = None,
        known: Mapping[str, str] = NOBODY,
        regions: Sequence[str] = REGIONS,
        own: Sequence[Rule] = (),
        limit: int | None = None,
    ) -> None:
        self._only, self._known, self._regions, self._own = only, known, regions, own
        self._limit = limit
        self._left: dict[str, None] = {}
        self._tags: dict[tuple[str, str], str] = {}
        self._texts: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def hide(self, text: str) -> str:
        """Return `text` with its values swapped for tags; `show` gives the text back exactly.

        Something that a person typed in the form of a tag is swapped like a value, so that
        every tag in the answer is one of this numbering.
        """
        pieces, done = [], 0
        values = find(
            text, only=self._only, known=self._known, regions=self._regions, own=self._own
        )
        for value in values:
            pieces += [text[done : value.start], self._tag(value)]
            done = value.end
        return "".join([*pieces, text[done:]])

    def show(self, text: str) -> str:
        """Return `text` with the tags of this numbering swapped back; other tags stay text."""
        return TAG.sub(lambda match: self._texts.get(match[0], match[0]), text)

    def streaming(self) -> "Restorer":
        """Return a restorer for one stream of text."""
        return Restorer(self)

    def table(self) -> dict[str, str]:
        """Return what each tag stands for, in the order of the numbering."""
        return dict(self._texts)

    def meant(self, tag: str) -> str | None:
        """Return what a tag stands for; None where it is none of this numbering."""
        return self._texts.get(tag)

    def kinds(self) -> dict[str, str]:
        """Return the kind of value that each tag stands for, in the order of the numbering."""
        return dict(self._kinds)

    def left(self) -> tuple[str, ...]:
        """Return the values that stayed text because of the limit."""
        return tuple(self._left)

    def opens(self, text: str) -> bool:
        """Whether `text` is the beginning of one of the tags, and not yet all of it."""
        return any(tag.startswith(text) for tag in self._texts if len(tag) > len(text))

    def _tag(self, value: Value) -> str:
        """Return what stands for a value: its tag, or its text where no tag is left.

        A typed tag always gets one, with a number above the limit if need be: as text it
        would be taken for one of this numbering.
        """
        key = (_family(value), value.text)
        if key not in self._tags:
            full = self._limit is not None and self._counts[value.type] >= self._limit
            if full and value.kind != "tag":
                self._left[value.text] = None
                return value.text
            self._counts[value.type] += 1
            tag = f"⟨{value.type} {self._counts[value.type]}⟩"
            self._tags[key] = tag
            self._texts[tag] = value.text
            self._kinds[tag] = value.kind
        return self._tags[key]


def _family(value: Value) -> str:
    """Return what shares a tag: an order's number stays one where its word is missing."""
    if value.type in _IDENTIFIERS and len(value.text) >= _LONG_ENOUGH:
        return "identifier"
    return value.type


class Restorer:
    """Shows a stream: feed it chunks, and it holds back only what may yet become a tag."""

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._held = ""

    def feed(self, chunk: str) -> str:
        """Return what is sure after `chunk`, its tags swapped back."""
        text = self._held + chunk
        start = text.rfind(_OPEN)
        cut = start if start >= 0 and self._tags.opens(text[start:]) else len(text)
        self._held = text[cut:]
        return self._tags.show(text[:cut])

    def close(self) -> str:
        """Return what was held back; the stream may end within a tag."""
        held, self._held = self._held, ""
        return held
