"""Files as they come: PDF, DOCX, and such as nobody should send. Made here, so that they are known.

PDF is written by hand: pypdf reads, and its writer needs fonts and streams that it does not make.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import docx
import pypdf


def pdf(path: Path, pages: Sequence[str], *, title: str = "", outline: Sequence[str] = ()) -> Path:
    """A PDF with a page for each text; `outline`: a heading for each page."""
    plain = pypdf.PdfReader(io.BytesIO(_plain(pages)))
    writer = pypdf.PdfWriter()
    for page in plain.pages:
        writer.add_page(page)
    if title:
        writer.add_metadata({"/Title": title})
    for number, heading in enumerate(outline):
        writer.add_outline_item(title=heading, page_number=number)
    with path.open("wb") as file:
        writer.write(file)
    return path


def locked_pdf(path: Path) -> Path:
    """A PDF that asks for a password."""
    writer = pypdf.PdfWriter(io.BytesIO(_plain(["secret"])))
    writer.encrypt("a password", algorithm="RC4-128")
    with path.open("wb") as file:
        writer.write(file)
    return path


def _plain(pages: Sequence[str], first: bytes = b"") -> bytes:
    """A PDF of lines of text; `first` replaces the content of the first page."""
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for at, text in enumerate(pages):
        lines = "".join(f"({_escaped(line)}) Tj T* " for line in text.split("\n"))
        content = f"BT /F1 12 Tf 14 TL 50 780 Td {lines}ET".encode("cp1252")
        content = first if first and at == 0 else content
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * at} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return bytes(out) + head + tail % (len(objects) + 1, len(out))


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def endless_pdf(path: Path) -> Path:
    """A PDF whose one page takes far too long: it writes the same letter 600,000 times."""
    path.write_bytes(_plain(["x"], first=b"(x) Tj " * 600_000))
    return path


def word(path: Path) -> Path:
    """A DOCX file with a title, headings, a list and a table."""
    made = docx.Document()
    made.add_heading("Care of linen shades", 0)
    made.add_paragraph("Linen is soft.")
    made.add_heading("Cleaning", 1)
    made.add_heading("Dust", 2)
    made.add_paragraph("Brush it dry.")
    for text in ("a soft brush", "no water"):
        made.add_paragraph(text, style="List Bullet")
    table = made.add_table(2, 2)
    for at, text in enumerate(("Country", "Days", "Germany", "2")):
        table.cell(at // 2, at % 2).text = text
    made.save(str(path))
    return path


def rewritten(path: Path, to: Path, **parts: bytes) -> Path:
    """A copy of a zip file with parts replaced or added; `_` in a name stands for `/` and `.`."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        named = {"document": "word/document.xml", "bomb": "word/media/bomb.xml"}
        replaced = {named[part]: data for part, data in parts.items()}
        for entry in old.infolist():
            if entry.filename not in replaced:
                new.writestr(entry, old.read(entry))
        for name, data in replaced.items():
            new.writestr(name, data)
    return to
