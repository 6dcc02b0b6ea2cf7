"""Cuts an English support text into the sentences that a reply may quote.

Knows marks, lines and abbreviations; nothing of meaning. Every sentence is a slice of the text, to
the letter. A heading is no sentence of its own: it belongs to those that follow it. A line that
ends in a colon stays together with the list that it opens.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

_WRITTEN_SHORT = """
    approx apt art ave cf co corp dept dr eg est etc ext fig ie inc incl jr ltd max min mr mrs ms
    no nos nr p pp prof ref resp sr st tel vol vs
"""
ABBREVIATIONS = frozenset(_WRITTEN_SHORT.split())
"""Words before a full stop that does not end a sentence, in small letters."""

_ENDS_TOO = frozenset(("etc", "inc", "ltd", "co", "corp", "max", "min", "no", "ref"))
"""Of these, the ones that may stand last: a full stop ends the sentence before a capital."""

_MARK = re.compile(r"(?:[.!?…]+[\"'”’»)\]]*)(?=\s+|$)")
_WORD_BEFORE = re.compile(r"([\w.]+)$")
_LINE = re.compile(r"[^\n]+")
_HEADING = re.compile(r"\s*#{1,6}\s+(.+?)\s*#*\s*$")
_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_NEAR = 40
"""Characters looked at around a mark."""

_LONGEST_HEADING = 60
"""Characters; longer lines without a full stop are sentences written without one."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is `source[start:end]`; `heading` stands over it in the source, or is empty."""

    text: str
    start: int
    end: int
    heading: str = ""


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text in order; headings that stand over nothing count as sentences.

    Headings in a row stand over what follows together.
    """
    found: list[Sentence] = []
    heading, waiting = "", list[Sentence]()
    blocks = [(text[start:end], start) for start, end in _blocks(text)]
    for (block, start), (follows, _) in zip_longest(blocks, blocks[1:], fillvalue=("", 0)):
        if title := _heading(block, follows):
            at = start + block.index(title)
            waiting.append(Sentence(title, at, at + len(title)))
            continue
        for first, last in _cuts(block):
            if waiting:
                heading, waiting = ". ".join(one.text for one in waiting), []
            found.append(Sentence(block[first:last], start + first, start + last, heading))
    return found + [one for one in waiting if any(map(str.isalnum, one.text))]


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Lines; but a line that ends in a colon and the list items under it are one block."""
    lines = [match.span() for match in _LINE.finditer(text) if match[0].strip()]
    number = 0
    while number < len(lines):
        start, end = lines[number]
        number += 1
        if text[start:end].rstrip().endswith(":"):
            while number < len(lines) and _ITEM.match(text[slice(*lines[number])]):
                end = lines[number][1]
                number += 1
        yield start, end


def _heading(block: str, follows: str) -> str:
    """The title that a block is, or nothing: marked by #, or a short line over a sentence."""
    if marked := _HEADING.match(block):
        return marked[1]
    over_a_sentence = follows and not _is_short(follows) and not _HEADING.match(follows)
    return block.strip() if over_a_sentence and _is_short(block) else ""


def _is_short(block: str) -> bool:
    line = block.strip()
    listed = "\n" in line or _ITEM.match(line)
    return len(line) <= _LONGEST_HEADING and line[-1].isalnum() and not listed


def _cuts(block: str) -> Iterator[tuple[int, int]]:
    """Spans of the sentences in a block, white space around them left out."""
    start = 0
    marks = () if "\n" in block else _MARK.finditer(block)
    for mark in marks:
        if _is_end(block, mark.start(), mark.end()):
            yield from _trimmed(block, start, mark.end())
            start = mark.end()
    yield from _trimmed(block, start, len(block))


def _is_end(block: str, mark: int, end: int) -> bool:
    after = block[end : end + _NEAR].lstrip()
    if not after:
        return True
    opens = after.lstrip("\"'“‘«([*")
    if opens[:1].islower() and opens.partition(" ")[0].islower():  # not "iPhones"
        return False
    if block[mark:end] != ".":
        return True
    before = _WORD_BEFORE.search(block[max(0, mark - _NEAR) : mark])
    if before is None:
        return True
    word = before[1].replace(".", "").lower()
    if _ITEM.match(block, 0, end + 1):
        return False  # the number of a list item
    if len(before[1]) == 1 and before[1].isalpha() and before[1] != "I":
        return False  # an initial
    if word in ("am", "pm") or word in _ENDS_TOO:
        return opens[:1].isupper()
    return word not in ABBREVIATIONS


def _trimmed(block: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = block[start:end]
    if any(map(str.isalnum, piece)):
        yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
