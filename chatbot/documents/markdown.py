"""Markdown, to sections of plain text and back: .md files and the page's editor.

Headings become the path of a section. In its text emphasis and links lose their signs (an address
is kept in brackets), HTML becomes text, and a row of a table becomes a list item that names its
columns, so that a passage can be read and quoted by itself.
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from chatbot.documents.blocks import Block, sections_of, title_of, unwrapped
from chatbot.documents.decoding import clean
from chatbot.documents.fields import front_matter, known
from chatbot.documents.parsed import MOST_TEXT, TOO_LONG, Parsed, Unreadable
from chatbot.documents.web import plain_of_html

_READER = MarkdownIt("commonmark", {"maxNesting": 20}).enable(["table", "strikethrough"])
_SIGNS = re.compile(r"([\\`*_&\[\]<>~|])")
_LEADING = re.compile(r"^(\s*)(#|[-+](?=\s|$)|=+$|-+$)")
_NUMBERED = re.compile(r"^(\s*\d+)([.)])(?=\s|$)")


def parse_text(text: str, source: str = "", *, title: str = "") -> Parsed:
    """An article out of Markdown with optional front matter.

    Its title: that given, else of the front matter, else a first heading of level 1, else of the
    source. Raises ValueError, with a sentence, where there is no text, too much, or a field that is
    not understood.
    """
    if len(text) > 2 * MOST_TEXT:
        raise Unreadable(TOO_LONG)
    values, body = front_matter(clean(text))
    fields = known(values)
    named, sections = sections_of(_blocks(body), title or fields["title"])
    fields["title"] = named or title_of(source)
    return Parsed(sections=sections, source=source, **fields)


def plain_of_markdown(text: str) -> str:
    """Markdown's words without its signs; headings become lines."""
    return "\n\n".join(one.text for one in _blocks(clean(text)) if one.text.strip())


def markdown_of(parsed: Parsed) -> str:
    """The article's text with its headings, as Markdown that `parse_text` reads again."""
    lines, before = list[str](), tuple[str, ...]()
    for section in parsed.sections:
        same = _shared(before, section.heading)
        for level, heading in list(enumerate(section.heading, 2))[same:]:
            lines.append("#" * level + " " + _SIGNS.sub(r"\\\1", heading))
        lines.append(_escaped(section.text))
        before = section.heading
    return "\n\n".join(lines)


def _shared(before: tuple[str, ...], heading: tuple[str, ...]) -> int:
    """How many headings need not be said again; the last is, where it begins a section."""
    same = 0
    while same < min(len(before), len(heading)) and before[same] == heading[same]:
        same += 1
    return min(same, max(len(heading) - 1, 0)) if before else 0


def _escaped(text: str) -> str:
    """Text as Markdown that says the same words; signs are marked only where they need it."""
    if [word for one in _blocks(text) for word in one.text.split()] == text.split():
        return text
    rows = []
    for row in _SIGNS.sub(r"\\\1", text).split("\n"):
        row = _NUMBERED.sub(r"\1\\\2", _LEADING.sub(r"\1\\\2", row))
        rows.append(row)
    return re.sub(r"(?<!\n)\n(?!\n)", "\\\\\n", "\n".join(rows))


def _blocks(text: str) -> Iterator[Block]:
    tokens = _READER.parse(text)
    at = 0
    while at < len(tokens):
        end = _closing(tokens, at)
        token = tokens[at]
        if token.type == "heading_open":
            yield Block(int(token.tag[1]), _inline(tokens[at + 1]))
        elif block := _plain(tokens[at : end + 1]):
            yield Block(0, block)
        at = end + 1


def _closing(tokens: Sequence[Token], at: int) -> int:
    """Where the token that opens at a place is closed; the place itself for one without a close."""
    depth = 0
    for number in range(at, len(tokens)):
        depth += tokens[number].nesting
        if depth <= 0:
            return number
    return len(tokens) - 1


def _plain(tokens: Sequence[Token]) -> str:
    """A block's text. A list keeps its signs, a quotation loses them."""
    first = tokens[0]
    if first.type == "inline":
        return unwrapped(_inline(first))
    if first.type in ("fence", "code_block"):
        return f"```{first.info.strip()}\n{first.content.rstrip()}\n```"
    if first.type == "html_block":
        return plain_of_html(first.content)
    if first.type == "table_open":
        return _table(tokens)
    if first.type in ("bullet_list_open", "ordered_list_open"):
        return _list(tokens)
    return "\n\n".join(text for part in _children(tokens) if (text := _plain(part)))


def _children(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    at, last = 1, len(tokens) - 1
    while at < last:
        end = min(_closing(tokens, at), last - 1)
        yield tokens[at : end + 1]
        at = end + 1


def _list(tokens: Sequence[Token]) -> str:
    number = int(tokens[0].attrGet("start") or 1) if tokens[0].type.startswith("ordered") else None
    items = []
    for item in _children(tokens):
        sign = "- " if number is None else f"{number}. "
        parts = [text for part in _children(item) if (text := _plain(part))]
        if parts:
            items.append(sign + "\n".join(parts).replace("\n", "\n" + " " * len(sign)))
        number = number and number + 1
    return "\n".join(items)


def _table(tokens: Sequence[Token]) -> str:
    rows = list[list[str]]()
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(" ".join(_inline(token).split()))
    return table(rows)


def table(rows: Sequence[Sequence[str]]) -> str:
    """A list item a row, each cell with its column's name; the first row names the columns."""
    if len(rows) < 2:
        return "; ".join(cell for row in rows for cell in row if cell)
    items = []
    for row in rows[1:]:
        cells = [
            f"{name}: {cell}" if name else cell
            for name, cell in zip([*rows[0], *[""] * len(row)], row, strict=False)
            if cell
        ]
        if cells:
            items.append("- " + "; ".join(cells))
    return "\n".join(items)


def _inline(token: Token) -> str:
    words, links = list[str](), list[tuple[str, int]]()
    for child in token.children or []:
        if child.type == "link_open":
            links.append((str(child.attrGet("href") or ""), len(words)))
        elif child.type == "link_close":
            address, first = links.pop()
            said = "".join(words[first:])
            if address.startswith(("http://", "https://", "mailto:")) and not _is_same(
                address, said
            ):
                words.append(f" ({address.removeprefix('mailto:')})")
        elif child.type in ("softbreak", "hardbreak"):
            words.append("\n")
        elif child.type == "html_inline":
            words.append("\n" if child.content.lower().startswith("<br") else "")
        else:
            words.append(child.content)
    return re.sub(r"\n\s*\n", "\n", "".join(words))


def _is_same(address: str, said: str) -> bool:
    return said.strip().rstrip("/") in (address.rstrip("/"), address.removeprefix("mailto:"))
