"""The passages that a rendered system text holds, read back out of it.

In the form of the built-in prompts alone: "Sources:", then [1], [2] … Knows no model and no row.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SOURCES = re.compile(r"^Sources:\n(?=\[1\] )", re.MULTILINE)
_SOURCE = re.compile(r"^\[(\d{1,3})\] ", re.MULTILINE)
NO_SOURCES = "Sources: there is none for this question."


@dataclass(frozen=True, slots=True)
class Sources:
    """The passages at the end of a system text, and what stands before them."""

    before: str
    passages: tuple[dict[str, str], ...] = ()

    def written(self, passages: Sequence[Mapping[str, str]]) -> str:
        """The text with these passages in place of its own, as the built-in prompts write them."""
        told = [f"{one['title']}: {one['text']}".removeprefix(": ") for one in passages]
        lines = [f"[{number}] {text}" for number, text in enumerate(told, 1)]
        return self.before + ("\n".join(["Sources:", *lines]) if lines else NO_SOURCES)


def sources(text: str) -> Sources:
    """The passages that a system text holds, in the form of the built-in prompts.

    They are the last thing in it; a text without any has no passages.
    """
    found = _SOURCES.search(text)
    if found is None:
        return Sources(text)
    starts, wanted = [], 1
    for match in _SOURCE.finditer(text, found.end()):
        if int(match[1]) == wanted:
            starts.append(match)
            wanted += 1
    ends = [*(match.start() for match in starts[1:]), len(text)]
    pieces = [text[match.end() : end].rstrip("\n") for match, end in zip(starts, ends, strict=True)]
    passages = tuple(_passage(piece) for piece in pieces)
    return Sources(text[: found.start()], passages)


def _passage(piece: str) -> dict[str, str]:
    title, colon, text = piece.partition(": ")
    titled = bool(colon) and "\n" not in title
    return {"title": title, "text": text} if titled else {"title": "", "text": piece}
