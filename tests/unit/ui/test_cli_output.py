"""Text on the terminal is text: nothing in it moves a cursor, sets a colour or hides."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import cli_output
from ui.cli_output import plain, write_json, write_rows


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\x07b\x08c", "a␇b␈c"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
        ("\x9b2J", "\N{REPLACEMENT CHARACTER}2J"),
        ("\x7f\x00", "␡␀"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("العربية 🙂 ñ", "العربية 🙂 ñ"),
    ],
)
def test_controls_become_signs(text, shown):
    assert plain(text) == shown


@given(st.text())
def test_no_control_is_left(text):
    left = {sign for sign in plain(text) if ord(sign) < 32 or 127 <= ord(sign) < 160}
    assert left <= {"\n", "\t"}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_other_text_is_unchanged(text):
    assert plain(text) == text


def test_json_is_exact_and_safe(capsys):
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    write_json({"text": "\x1b\x9b é", "at": moment})
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\x9b" not in printed
    assert json.loads(printed) == {"text": "\x1b\x9b é", "at": moment.isoformat()}


def test_rows_are_one_line_each(capsys):
    write_rows(("a", "b"), [("one\ntwo\tthree", 4)], empty="none")
    assert capsys.readouterr().out == "one two three\t4\n"


def test_no_rows_are_told_beside(capsys):
    write_rows(("a",), [], empty="Nothing here.")
    assert capsys.readouterr() == ("", "Nothing here.\n")


def test_closed_stream_is_no_terminal():
    assert not cli_output.is_terminal(None)
