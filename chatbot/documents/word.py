"""DOCX: paragraphs, lists and tables under the headings of their styles.

A DOCX file is a zip archive of XML. Before python-docx sees it, every entry is unpacked once into
nothing, so that one that is larger than it says, or than anybody writes, is refused. Runs in a
process of its own (`apart`), which holds what gets past that.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatbot.documents.blocks import Block, one_line, sections_of, title_of
from chatbot.documents.markdown import table
from chatbot.documents.parsed import LARGEST, Parsed, Unreadable

MOST_ENTRIES = 5_000
MOST_XML = 30_000_000
"""Bytes of one XML part, unpacked. A thousand pages of plain text have some 5,000,000."""
MOST_RATIO = 200
"""How many times its packed size an entry over a megabyte may have. XML has 10 to 30."""
_SMALL = 1_000_000
_CHUNK = 1 << 16

BROKEN = "It is no DOCX file, or it is damaged. Open it in a word processor and save it again."
ENCRYPTED = "It is protected by a password. Save it without one."
BOMB = "It unpacks to far more than a document holds, so it was not read."
DOCTYPE = "Its XML defines entities of its own, so it was not read."

_OLE = b"\xd0\xcf\x11\xe0"
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)


def parse_docx(path: Path, source: str) -> Parsed:
    """An article out of a DOCX file. Raises Unreadable."""
    _examine(path)
    import docx
    from docx.opc.exceptions import OpcError

    try:
        document = docx.Document(str(path))
        blocks = list(_blocks(document))
        named = one_line(document.core_properties.title or "")
    except (OpcError, KeyError, ValueError, AttributeError, SyntaxError, zipfile.BadZipFile):
        raise Unreadable(BROKEN) from None
    title, sections = sections_of(blocks)
    return Parsed(title or named or title_of(source), sections, source=source)


def _examine(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(4) == _OLE:
            raise Unreadable(ENCRYPTED)
    try:
        with zipfile.ZipFile(path) as archive:
            _examine_entries(archive)
    except Unreadable:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise Unreadable(BROKEN) from None
    except zipfile.zlib.error:  # type: ignore[attr-defined]
        raise Unreadable(BROKEN) from None


def _examine_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES or sum(one.file_size for one in entries) > LARGEST:
        raise Unreadable(BOMB)
    unpacked = 0
    for entry in entries:
        size = 0
        with archive.open(entry) as part:
            before = b""
            while chunk := part.read(_CHUNK):
                size += len(chunk)
                if b"<!DOCTYPE" in before + chunk or b"<!ENTITY" in before + chunk:
                    raise Unreadable(DOCTYPE)
                before = chunk[-16:]
                _check(entry, size, unpacked + size)
        unpacked += size


def _check(entry: zipfile.ZipInfo, size: int, unpacked: int) -> None:
    is_xml = entry.filename.lower().endswith((".xml", ".rels"))
    if unpacked > LARGEST or (is_xml and size > MOST_XML):
        raise Unreadable(BOMB)
    if size > _SMALL and size > MOST_RATIO * max(entry.compress_size, 1):
        raise Unreadable(BOMB)


def _blocks(document: Any) -> Iterator[Block]:
    items = list[str]()
    for part in document.iter_inner_content():
        if hasattr(part, "rows"):
            block = Block(0, table([_cells(row) for row in part.rows]))
        else:
            block = _paragraph(part)
            if block.level == 0 and block.text.startswith("- "):
                items.append(block.text)
                continue
        if block.text.strip():
            yield Block(0, "\n".join(items))
            items.clear()
            yield block
    yield Block(0, "\n".join(items))


def _cells(row: Any) -> list[str]:
    """The texts of a row; a cell that spans columns comes once."""
    cells, last = list[str](), None
    for cell in row.cells:
        if cell._tc is not last:  # noqa: SLF001  python-docx gives a merged cell repeatedly
            cells.append(" ".join(cell.text.split()))
        last = cell._tc  # noqa: SLF001
    return cells


def _paragraph(part: Any) -> Block:
    style = (part.style.name if part.style is not None else "") or ""
    if style == "Title":
        return Block(1, part.text)
    if found := _HEADING.fullmatch(style):
        return Block(min(max(int(found[1]), 1), 6), part.text)
    is_item = style.startswith("List") or part._p.xpath("./w:pPr/w:numPr")  # noqa: SLF001
    return Block(0, f"- {part.text}" if is_item and part.text.strip() else part.text)
