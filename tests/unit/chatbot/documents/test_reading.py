"""Files and folders: each format; a bad file is named with its reason and the rest is read."""

import os
import zipfile

import pytest

from chatbot.documents import Bad, Parsed, read, read_folder
from chatbot.documents.apart import read_apart
from chatbot.documents.parsed import Unreadable
from tests.support import documents


def one(path):
    [found] = read(path)
    return found


def reason(path):
    found = one(path)
    assert isinstance(found, Bad), found
    assert found.source == path.name
    return found.reason


def shown(parsed):
    return [(section.heading, section.text) for section in parsed.sections]


def test_docx(tmp_path):
    parsed = one(documents.word(tmp_path / "care.docx"))
    assert (parsed.title, parsed.source) == ("Care of linen shades", "care.docx")
    assert shown(parsed) == [
        ((), "Linen is soft."),
        (
            ("Cleaning", "Dust"),
            "Brush it dry.\n\n- a soft brush\n- no water\n\n- Country: Germany; Days: 2",
        ),
    ]


def test_pdf_by_pages_and_progress(tmp_path):
    told = []
    path = documents.pdf(tmp_path / "prices.pdf", ["Nora costs 79.", "Arlo costs 89."])
    [parsed] = read(path, tell=lambda done, of: told.append((done, of)))
    assert parsed.title == "prices"
    assert shown(parsed) == [(("Page 1",), "Nora costs 79."), (("Page 2",), "Arlo costs 89.")]
    assert told == [(1, 2), (2, 2)]


def test_pdf_under_its_outline(tmp_path):
    pages = ["Foreword\nHello.\nPrices\nNora costs 79.", "More prices."]
    path = documents.pdf(tmp_path / "a.pdf", pages, title="Price list", outline=["Prices"])
    parsed = one(path)
    assert parsed.title == "Price list"
    assert shown(parsed) == [
        ((), "Foreword\nHello."),
        (("Prices",), "Nora costs 79.\n\nMore prices."),
    ]


def test_a_pdf_that_is_locked_broken_scanned_or_endless(tmp_path):
    assert "protected by a password" in reason(documents.locked_pdf(tmp_path / "a.pdf"))
    broken = tmp_path / "b.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing follows")
    assert "damaged" in reason(broken)
    assert "scanned" in reason(documents.pdf(tmp_path / "c.pdf", ["", ""]))
    endless = documents.endless_pdf(tmp_path / "d.pdf")
    with pytest.raises(Unreadable, match=r"took over two minutes|broke off"):
        read_apart(endless, "d.pdf", lambda *_: None, seconds=1)


def test_html(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        "<title>Shop | Returns</title><nav>Home</nav><main><h1>Returns</h1><p>30 days.</p>"
        "<h2>Money</h2><p>In 3 days.</p></main><footer>Imprint</footer>"
    )
    parsed = one(path)
    assert parsed.title == "Returns"
    assert shown(parsed) == [((), "30 days."), (("Money",), "In 3 days.")]


def test_html_that_nobody_reads(tmp_path):
    path = tmp_path / "deep.html"
    path.write_text("<div>" * 5000 + "end")
    assert "nested too deeply" in reason(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "grüße.txt"
    text = "Grüße aus Köln\n\nÖffnungszeiten: täglich außer sonntags, schöne Grüße für alle."
    path.write_bytes(text.encode(encoding))
    parsed = one(path)
    assert parsed.title == "Grüße aus Köln"
    assert parsed.sections[0].text.startswith("Öffnungszeiten: täglich außer")


def test_what_is_no_text_is_refused(tmp_path):
    for number, data in enumerate([b"\x89PNG\r\n\x00\x00", bytes(range(1, 32)) * 9, b"\xff\xfea"]):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(data)
        assert "not a text file" in reason(path) or "encoding" in reason(path)


def test_empty_missing_unknown_and_too_large(tmp_path):
    (tmp_path / "a.md").touch()
    assert reason(tmp_path / "a.md") == "It is empty."
    assert "no such file" in reason(tmp_path / "none.md")
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert "not read" in reason(tmp_path / "a.jpg")
    for name in ("a.txt", "a.pdf", "a.docx"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(200_000_000)  # takes no room on the disk
        assert reason(tmp_path / name) == "It has 200 MB; 50 MB are read at most. Split it."
    os.mkfifo(tmp_path / "pipe.md")
    assert reason(tmp_path / "pipe.md") == "It is no file."
    (tmp_path / "folder.md").mkdir()
    assert reason(tmp_path / "folder.md") == "It is no file."


class TestZipBombs:
    @pytest.fixture
    def good(self, tmp_path):
        return documents.word(tmp_path / "good.docx")

    def test_an_entry_that_unpacks_to_far_more(self, tmp_path, good):
        path = documents.rewritten(good, tmp_path / "a.docx", bomb=b" " * 40_000_000)
        assert "unpacks to far more" in reason(path)

    def test_many_that_do_so_together(self, tmp_path, good):
        path = documents.rewritten(good, tmp_path / "b.docx", bomb=os.urandom(1000) * 60_000)
        assert "unpacks to far more" in reason(path)

    def test_one_that_lies_about_its_size(self, tmp_path, good):
        path = documents.rewritten(good, tmp_path / "c.docx", bomb=b" " * 5_000_000)
        data = path.read_bytes()
        size = (5_000_000).to_bytes(4, "little")
        path.write_bytes(data.replace(size, (1000).to_bytes(4, "little")))
        assert "damaged" in reason(path)

    def test_too_many_entries(self, tmp_path):
        path = tmp_path / "d.docx"
        with zipfile.ZipFile(path, "w") as archive:
            for number in range(5_001):
                archive.writestr(str(number), b"")
        assert "unpacks to far more" in reason(path)

    def test_entities_of_its_own(self, tmp_path, good):
        laughs = (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'
        )
        path = documents.rewritten(good, tmp_path / "e.docx", document=laughs)
        assert "entities of its own" in reason(path)

    def test_what_is_no_zip(self, tmp_path):
        for number, data in enumerate([b"PK\x03\x04 and no more", b"\xd0\xcf\x11\xe0" + b"x" * 99]):
            path = tmp_path / f"{number}.docx"
            path.write_bytes(data)
            assert "damaged" in reason(path) or "password" in reason(path)

    def test_a_zip_of_something_else(self, tmp_path):
        path = tmp_path / "f.docx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("hello.txt", b"hello")
        assert "damaged" in reason(path)


class TestTables:
    def test_many_rows_and_three_bad_ones(self, tmp_path):
        path, told = tmp_path / "faq.csv", []
        rows = [f"Question {number},Answer {number}.,public" for number in range(1, 10_001)]
        rows[10], rows[500], rows[9_000] = "only one cell", ",no title,public", "T,x,secret"
        path.write_text("\n".join(["title,text,visibility", *rows]))
        found = list(read(path, tell=lambda done, of: told.append((done, of))))
        bad = {each.source: each.reason for each in found if isinstance(each, Bad)}
        assert bad == {
            "faq.csv#11": "It has 1 cells, the first line has 3.",
            "faq.csv#501": "It has no title.",
            "faq.csv#9001": 'Its field "visibility" must be public or internal.',
        }
        good = [each for each in found if isinstance(each, Parsed)]
        assert len(good) == 9_997
        assert (good[0].source, good[0].title) == ("faq.csv#1", "Question 1")
        assert len(told) > 10
        assert told[-1] == (10_000, 10_000)

    def test_semicolons_ids_and_other_names(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text('\ufeffID;Question;Answer;Tags\nr1;"A; b";"Line\nmore";x, y\nr1;C;d;\n')
        good, bad = read(path)
        assert (good.source, good.title, good.tags) == ("a.csv#r1", "A; b", ("x", "y"))
        assert good.sections[0].text == "Line\nmore"
        assert (bad.source, bad.reason) == ("a.csv#r1", "Another row has the same id.")

    def test_no_columns_and_a_quotation_without_end(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("a,b\n1,2\n")
        assert "name the columns" in reason(path)
        path.write_text('title,text\nA,"open\n' + "B,text\n" * 20_000 + "C,last\n")
        found = list(read(path))
        assert "quotation mark is not closed" in found[0].reason
        assert found[-1].title == "C"


class TestFolders:
    def test_bad_files_are_named_and_the_rest_is_read(self, tmp_path):
        shop = tmp_path / "shop"
        (shop / "lamps").mkdir(parents=True)
        (shop / ".git").mkdir()
        (shop / ".git" / "a.md").write_text("hidden")
        (shop / "lamps" / "nora.md").write_text("# Nora\n\nA lamp.")
        (shop / "b.txt").write_bytes(b"\x00\x01")
        (shop / "c.md").write_text("text")
        found = {each.source: type(each) for each in read_folder(shop)}
        assert found == {"b.txt": Bad, "c.md": Parsed, "lamps/nora.md": Parsed}

    def test_links_out_of_it_are_not_followed(self, tmp_path):
        shop, secret = tmp_path / "shop", tmp_path / "secret.md"
        shop.mkdir()
        secret.write_text("secret")
        (shop / "a.md").symlink_to(secret)
        (shop / "b").symlink_to(tmp_path)
        (shop / "c").symlink_to(shop)
        (shop / "d.md").write_text("text")
        (shop / "e.md").symlink_to(shop / "d.md")
        found = {each.source: each for each in read_folder(shop)}
        assert "outside" in found["a.md"].reason
        assert "outside" in found["b"].reason
        assert "link to a folder" in found["c"].reason
        assert found["d.md"].sections == found["e.md"].sections
        assert "secret" not in str(found["a.md"])

    def test_names_that_are_no_text(self, tmp_path):
        (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("text")
        [found] = read_folder(tmp_path)
        assert found.source == "caf?.md"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "x" + " " * 300_000 + "y"),
        ("a.html", "<div>" * 5000 + "<" * 300_000),
        ("b.html", "<div><article>One</article></div>" * 30_000),
    ],
)
def test_a_file_that_is_made_to_keep_a_reader_busy_is_read_soon_or_not_at_all(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert one(tmp_path / name).source == name
