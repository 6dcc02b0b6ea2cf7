"""HTML to text: .html files, mails, HTML inside Markdown. Text comes out, never markup.

Scripts, styles, navigation and what a page hides are left out. Nothing is fetched and no entity of
a document's own is expanded: lxml's HTML parser knows none.
"""

import re
from collections.abc import Iterator
from html import unescape

from lxml import etree, html

from chatbot.documents.blocks import Block, one_line, sections_of, title_of
from chatbot.documents.decoding import clean, decoded
from chatbot.documents.parsed import NO_TEXT, Parsed, Unreadable

_DROPPED = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "nav",
        "iframe",
        "object",
        "svg",
        "math",
        "select",
        "button",
        "form",
    )
)
_ASIDE = frozenset(("header", "footer", "aside"))
"""Left out of pages, kept in mails, where they hold what is said."""
_BLOCKS = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    )
)
_ITEM = "- "
_LIMIT = etree.ErrorTypes.ERR_RESOURCE_LIMIT
TOO_DEEP = "Its elements are nested too deeply to be a page that people read."
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def plain_of_html(source: str) -> str:
    """The text of HTML, an empty line between paragraphs; empty where there is none."""
    try:
        root = _root(source)
    except Unreadable:
        return clean(_flat(source))
    if root is None:
        return ""
    return "\n\n".join(text for one in _blocks(root, _DROPPED) if (text := clean(one.text)))


def parse_html(data: bytes, source: str) -> Parsed:
    """An article out of a page: of its <main> or <article> where it has one. Raises Unreadable."""
    root = _root(decoded(data))
    if root is None:
        raise Unreadable(NO_TEXT)
    found = root.findtext(".//title") or ""
    mains = root.xpath("//main | //*[@role='main']")
    if not mains and not root.xpath("boolean(//article[2])"):
        mains = root.xpath("//article")
    body = mains[0] if mains else root
    title, sections = sections_of(_blocks(body, _DROPPED | _ASIDE))
    return Parsed(title or one_line(found) or title_of(source), sections, source=source)


def _root(source: str) -> "html.HtmlElement | None":
    """The tree of a page, None where there is nothing in it. Raises Unreadable."""
    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
    )
    try:
        root = html.document_fromstring(clean(source).encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        root = None
    if any(error.type == _LIMIT for error in parser.error_log):
        raise Unreadable(TOO_DEEP)
    return root


def _flat(source: str) -> str:
    """The text of HTML whose tree nobody can build: what stands between its tags."""
    source = re.sub(r"(?is)<(script|style|head)\b.*?(</\1\s*>|\Z)", " ", source)
    return unescape(re.sub(r"<[^<>]*>", " ", source))


def _blocks(root: "html.HtmlElement", dropped: frozenset[str]) -> Iterator[Block]:
    """Headings and paragraphs in order; the items of a list are one paragraph."""
    items = list[str]()
    for block in _walked(root, dropped):
        if block.level == 0 and block.text.startswith(_ITEM):
            items.append(block.text)
            continue
        if items and (block.level or block.text.strip()):
            yield Block(0, "\n".join(items))
            items.clear()
        yield block
    yield Block(0, "\n".join(items))


def _walked(root: "html.HtmlElement", dropped: frozenset[str]) -> Iterator[Block]:
    """Headings and paragraphs in order, by walking the tree without recursion."""
    words, level, inside, pre = list[str](), 0, 0, 0

    def flush() -> Block:
        text = "".join(words)
        if text == _ITEM:
            return Block(0, "")
        words.clear()
        return Block(level, text if pre else _lines(text))

    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = str(element.tag).lower()
        hidden = tag in dropped or "hidden" in element.attrib
        starts = event == "start"
        if hidden:
            inside += 1 if starts else -1
        if tag in _BLOCKS or tag in _HEADINGS:
            yield flush()
            level = _HEADINGS.get(tag, 0) if starts else 0
        pre += (tag == "pre") * (1 if starts else -1)
        if inside == 0:
            words.extend(_said(element, tag, starts=starts, pre=pre > 0))
        if not starts and element is not root and inside == 0 and element.tail:
            words.append(_spaced(element.tail, pre=pre > 0))
    yield flush()


def _said(element: "html.HtmlElement", tag: str, *, starts: bool, pre: bool) -> Iterator[str]:
    if not starts:
        if tag == "a" and (address := _address(element)):
            yield f" ({address})"
        return
    if tag == "br":
        yield "\n"
    elif tag == "li":
        yield _ITEM
    elif tag in ("td", "th") and element.getprevious() is not None:
        yield " | "
    elif tag == "img":
        yield element.get("alt") or ""
    if element.text:
        yield _spaced(element.text, pre=pre)


def _address(element: "html.HtmlElement") -> str:
    address = (element.get("href") or "").strip()
    said = "".join(element.itertext()).strip()
    if not address.startswith(("http://", "https://")) or said.rstrip("/") in address:
        return ""
    return address if len(address) <= 200 else ""


def _spaced(text: str, *, pre: bool) -> str:
    return text if pre else re.sub(r"\s+", " ", text)


def _lines(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))
