"""The report for people: complete, and whatever was said in it is text."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from chatbot.learning.evaluate.telling import written
from chatbot.learning.evaluate.views import Line, Pair, Part, Said
from tests.support.learned import JUDGED

NASTY = "<script>alert(1)</script> <img src=x onerror=alert(1)> ```\n# no\n[a](javascript:b) |"
FOUND = replace(
    JUDGED,
    dataset=NASTY,
    passed=False,
    actor=NASTY,
    created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    parts=(
        Part("own", "Own data", "own", "of 100", 71.4, 78.9, 7.5, 3.0, 12.0, True, 300),
        Part(
            "own.perplexity", "P", "own", "perplexity", None, None, None, None, None, False, 0, "no"
        ),
    ),
    gate=(Line("own", True, "Better."), Line("general", False, f"Worse: {NASTY}")),
    counts={"own": 300, "general": 120},
    notes=("Nothing was asked of lamps.",),
    seconds=61.2,
)


def pair(number, change):
    return Pair(
        number, "own", change, 1.0, NASTY, NASTY, Said(NASTY, True), Said(NASTY, False, ("x",))
    )


@pytest.fixture
def texts():
    better, worse = [pair(1, "better")], [pair(2, "worse"), pair(3, "worse")]
    return {form: written(FOUND, better, worse, form) for form in ("markdown", "html")}


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self):
        super().__init__()
        self.names, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_a_page_has_no_script_and_nobodys_tags(texts):
    found = Tags()
    found.feed(texts["html"])
    assert not {"script", "img", "a", "iframe", "link"} & found.names
    assert not any(name.startswith("on") for name in found.attributes)
    assert "http" not in re.sub(r"http-equiv", "", texts["html"])
    assert "&lt;script&gt;" in texts["html"]


def test_in_markdown_texts_stay_within_their_fences(texts):
    outside, fence = [], ""
    for line in texts["markdown"].split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif match := re.match(r"(`{3,})text$", line):
            fence = match[1]
            assert len(fence) == 4  # longer than the three in the text
        else:
            outside.append(line)
    told = "\n".join(outside)
    assert fence == ""
    assert "<script>" not in told
    assert not re.search(r"(?<!\\)\]\(", told)
    assert "\n# no" not in told


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_everything_is_told(texts, form):
    for wanted in ("tuned@3", "closed by 1 line", "+7.5", "+3.0 to +12.0", "300", "02 Jan 2026"):
        assert wanted in texts[form]
    for wanted in ("1 most improved", "2 most worsened", "Nothing was asked", "not met", "61 s"):
        assert wanted in texts[form]
