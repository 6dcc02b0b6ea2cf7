"""Hostile texts: work grows with the length of a text, and no faster."""

import sys

import pytest

from chatbot.values import Tags, find, missing

_UNITS = (
    "a|1|٣|1,200,|1,20,|1.2.|1 200 |1-2-|0 1 |03 12 34 56 |+1 |((030)|€1 |$|5 € |AA11 |AA11|DE89"
    "|4111 |order |order no |order 12345 |A1-|A-B-|a_1|http://|http://a.b/)|www.|a.b.|a@|a@a.|@"
    "|⟨phone |⟨phone 1|⟨phone 1⟩|⟨|May |3 May |3-|3 to 5 |9 am to |1:|::|ab:|12 Mill |12 A "
    "|Calle A |12 rue |weg 1 |\n1. |[1, |one two |ends in |PNR ABCDE |5%|1st|2x|version 1.|xxxx 1"
    "|1Z| |(|-|\0"
)
UNITS = _UNITS.split("|")


def work(call, text):
    """Count the calls, of Python and of C, that `call` makes on `text`."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call(text)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
def test_work_grows_with_the_length(unit):
    short, long = unit * (2_000 // len(unit)), unit * (8_000 // len(unit))
    find(short)  # what is compiled and remembered once is not counted
    assert work(find, long) <= 4.4 * work(find, short) + 400


def test_many_tags_come_back():
    text = " ".join(f"€{number}" for number in range(5_000))
    tags = Tags()
    hidden = tags.hide(text)
    assert hidden.endswith("⟨amount 5000⟩")
    assert tags.show(hidden) == text


def test_long_draft_is_checked():
    sources = [" ".join(f"{number} days" for number in range(3_000))]
    assert [value.text for value in missing("2999 days, 3000 days", sources)] == ["3000"]


@pytest.mark.parametrize(
    "name", ["", " ", "(", "a|b", "[x", "\\", ".*", "⟨phone 1⟩", "phone", "\0", "é" * 300]
)
def test_any_text_may_be_a_name(name):
    text = f"Hello {name}, ⟨phone 1⟩ (a|b) phone"
    tags = Tags(known={name: "name"})
    assert tags.show(tags.hide(text)) == text
