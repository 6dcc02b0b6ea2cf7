"""Message text → the Markdown that Gradio's Chatbot shows. Knows nothing of messages or pages.

A question is shown exactly as it was typed, so it becomes one code block, which the style sheet
draws like plain text. An answer is Markdown, but what looks like HTML in it is text: every `<` and
`&` outside code is written as an entity. So is the `!` of an image, which leaves a link: the page
loads nothing that a message names. Inside code all of it stays, for there an entity would be shown
as such. Should this reading of Markdown and the browser's differ somewhere, the worst is
an `&lt;` on the screen or a harmless tag: the Chatbot sanitizes, and the policy runs nothing.
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterator

_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)$")
_LIST_ITEM = re.compile(r"^[ \t>]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_TICKS = re.compile(r"`+")
_SIGNS = {"<": "&lt;", "&": "&amp;", "![": "&#33;["}


def plain(text: str) -> str:
    """Markdown that shows `text` as it is: a fence longer than any run of ticks in it."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def rich(text: str) -> str:
    """Markdown that shows `text` formatted: HTML in it is text, an image is a link."""
    return "".join(_unless_code(kind, lines) for kind, lines in _blocks(text))


def _unless_code(kind: str, lines: list[str]) -> str:
    joined = "".join(lines)
    return joined if kind == "code" else _escaped(joined)


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Runs of lines: `code`, or `text` that ends where a code span cannot go on (a blank line)."""
    fence, code, prose = "", list[str](), list[str]()
    in_list = blank_before = False
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line.rstrip("\r\n"))
        if fence:
            code.append(line)
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
                yield "code", code
                code = []
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            yield "text", prose
            fence, code, prose = mark[1], [line], []
        elif blank_before and not in_list and re.match(r" {4}|\t", line):
            yield "code", [line]
            continue
        else:
            prose.append(line)
            in_list = bool(_LIST_ITEM.match(line)) or (in_list and line[:1] in " \t\r\n")
        blank_before = not line.strip()
        if blank_before and not fence:
            yield "text", prose
            prose = []
    yield "code", code
    yield "text", prose


def _escaped(text: str) -> str:
    """_SIGNS as entities, but for code spans: as many ticks at the end as at the start."""
    parts, at = [], 0
    runs = [(run.start(), run.end()) for run in _TICKS.finditer(text)]
    closing: defaultdict[int, deque[int]] = defaultdict(deque)
    for index, (start, end) in enumerate(runs):
        closing[end - start].append(index)
    index = 0
    while index < len(runs):
        start, end = runs[index]
        later = closing[end - start]
        while later and later[0] <= index:
            later.popleft()
        if later and not _backslashed(text, start):
            parts += [_entities(text[at:start]), text[start : runs[later[0]][1]]]
            at, index = runs[later[0]][1], later[0]
        index += 1
    return "".join([*parts, _entities(text[at:])])


def _backslashed(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands before a place."""
    start = at
    while start and text[start - 1] == "\\":
        start -= 1
    return (at - start) % 2 == 1


def _entities(text: str) -> str:
    return re.sub(r"[<&]|!\[", lambda found: _SIGNS[found[0]], text)
