"""`chatbot knowledge` from outside: what is read, found and removed; what is printed where."""

from functools import partial

import pytest

from tests.support.shell import Shell

RETURNS = """---
title: Returns within 30 days
tags: [returns]
language: en
visibility: public
---

You can return a lamp within 30 days of delivery.
"""


@pytest.fixture
def knowledge(tmp_path):
    return partial(Shell(tmp_path / "home").run, "knowledge", CHATBOT_ENCODER="none")


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "returns.md").write_text(RETURNS)
    (folder / "bulbs.txt").write_text("Bulbs\n\nA bulb lasts for ten thousand hours.")
    (folder / "empty.md").write_text("")
    return folder


def test_in_found_and_out(knowledge, pages):
    added = knowledge("add", str(pages), "--json")
    assert added.code == 0, added
    assert {name: added.data[name] for name in ("new", "changed", "unchanged")} == {
        "new": 2,
        "changed": 0,
        "unchanged": 0,
    }
    [refused] = added.data["refused"]
    assert refused["source"] == "empty.md"
    assert refused["reason"] in added.err
    listed = knowledge("list", "--json").data
    assert {row["source"]: row["visibility"] for row in listed} == {
        "returns.md": "public",
        "bulbs.txt": "internal",
    }
    found = knowledge("search", "returning lamps", "--json").data
    assert found[0]["title"] == "Returns within 30 days"
    assert found[0]["passage"] == "You can return a lamp within 30 days of delivery."
    assert found[0]["score"] > 0
    assert knowledge("search", "bulbs", "--public", "--json").data == []
    removed = knowledge("remove", "returns.md")
    assert (removed.code, removed.out) == (0, "Removed: Returns within 30 days\n")
    assert knowledge("search", "returning lamps", "--json").data == []


def test_refusals_are_one_line(knowledge, tmp_path):
    for words in (("add", str(tmp_path / "nowhere")), ("remove", "nothing.md")):
        done = knowledge(*words)
        assert (done.code, done.out) == (1, "")
        assert len(done.err.strip().splitlines()) == 1
        assert "Traceback" not in done.err


def test_without_an_encoder_it_says_so(knowledge):
    done = knowledge("search", "anything")
    assert (done.code, done.out) == (0, "")
    assert "words alone" in done.err
