"""Bytes: what is accepted as text, and where an error says it is."""

import pytest

from prompts import PromptError, parse
from prompts.source import Sources, read_text

GOOD = "---\nname: t\n---\nuser:\nHello.\n"


def test_byte_order_mark_and_line_ends_do_not_change_the_version() -> None:
    windows = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert parse(windows).sha == parse(GOOD).sha
    assert parse(windows).source == GOOD


@pytest.mark.parametrize(
    ("raw", "line", "column", "says"),
    [
        (b"---\nname: \xff\n", 2, 7, "not UTF-8"),
        (b"\xff\xfe-\x00", 1, 1, "not UTF-8"),
        ("---\nna\0me: t", 2, 3, "U+0000"),
        ("a\nb\x1b[31m", 2, 2, "U+001B"),
        ("a \ud800", 1, 3, "U+D800"),
        ("x\u202ey", 1, 2, "U+202E"),
        ("x\u2066y", 1, 2, "U+2066"),
        ("zero\u200bwidth", 1, 5, "U+200B"),
        ("tag\U000e0041", 1, 4, "U+E0041"),
    ],
)
def test_unreadable_and_invisible_characters_are_named(
    raw: str | bytes, line: int, column: int, says: str
) -> None:
    with pytest.raises(PromptError, match=says.replace("+", r"\+")) as caught:
        parse(raw)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_right_to_left_and_joined_characters_are_kept() -> None:
    text = "---\nname: t\n---\nuser:\nשלום مرحبا می\u200cخواهم 👩\u200d💻\n"
    assert parse(text).source == text


def test_size_counts_bytes() -> None:
    assert read_text("é" * 32_768)
    with pytest.raises(PromptError, match="64 KiB"):
        read_text("é" * 32_769)


def test_a_mark_names_text_line_and_column() -> None:
    sources = Sources()
    sources.add("one\ntwo")
    number = sources.add("a\nbc\nd", "partials/x.j2")
    error = sources.error(sources.mark(number, 3), "Wrong.", "Mend it.")
    assert str(error) == "partials/x.j2, line 2, column 2: Wrong. Mend it."
    assert sources.line_at(sources.mark(number, 3)) == "bc"
