"""Cut an article into passages: along headings, then paragraphs, lines, sentences, words.

Neighbours within a section overlap, so that what is said across a cut is found too. Nothing is
lost: every character that is not white space stands in a passage.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatbot.documents.parsed import SEPARATOR, Parsed

LONGEST = 1000
"""Characters of a passage at most: what a sentence encoder reads at once (256 word pieces)."""
OVERLAP = 150
BETWEEN = "\n\n"

_BREAKS = tuple(
    re.compile(pattern)
    for pattern in (r"\n\s*\n", r"\n", r"[.!?…。！？]['\"”’»)\]]*\s+|[。！？]", r"\s+")
)
"""Where a text may be cut, from the best place to the worst."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A passage. `heading`: "A › B"; `start`: its first character in `text_of` the article."""

    heading: str
    text: str
    start: int


def text_of(parsed: Parsed) -> str:
    """The article's text: its sections, headings left out, an empty line between them."""
    return BETWEEN.join(section.text for section in parsed.sections)


def cut(parsed: Parsed, *, longest: int = LONGEST, overlap: int = OVERLAP) -> list[Cut]:
    """Passages of at most `longest` characters; neighbours of a section share up to `overlap`.

    Never more than half of a passage is shared. Raises ValueError for sizes that make no sense.
    """
    if longest < 1 or not 0 <= overlap < longest:
        raise ValueError("A passage needs room for more than what it shares with its neighbour.")
    overlap = min(overlap, longest // 2)
    cuts, offset = list[Cut](), 0
    for section in parsed.sections:
        heading = SEPARATOR.join(section.heading)
        for start, end in _spans(section.text, longest, overlap):
            cuts.append(Cut(heading, section.text[start:end], offset + start))
        offset += len(section.text) + len(BETWEEN)
    return cuts


def _spans(text: str, longest: int, overlap: int) -> Iterator[tuple[int, int]]:
    start = _past_space(text, 0)
    while start < len(text):
        end = _end(text, start, longest)
        last = start + len(text[start:end].rstrip())
        yield start, last
        if not text[end:].strip():
            return
        start = _next_start(text, start, last, end, overlap)


def _end(text: str, start: int, longest: int) -> int:
    """Where the passage ends: at the last good place in the second half of what it may hold."""
    if len(text) - start <= longest:
        return len(text)
    least, most = start + (longest + 1) // 2, start + longest
    for pattern in _BREAKS:
        ends = [
            found.start() + len(found[0].rstrip())
            for found in pattern.finditer(text, least, min(most + 1, len(text)))
        ]
        if fitting := [end for end in ends if start < end <= most]:
            return fitting[-1]
    return most


def _next_start(text: str, start: int, last: int, end: int, overlap: int) -> int:
    """Where the next passage begins: at a sentence, else a word, of the end of this one."""
    earliest = max(start + 1, last - overlap)
    for pattern in _BREAKS[1:]:
        for found in pattern.finditer(text, max(start, earliest - 1), last):
            if earliest <= found.end() < last:
                return found.end()
    return _past_space(text, end)


def _past_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start
