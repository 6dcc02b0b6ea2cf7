"""Markdown with front matter, to sections and back; and text out of HTML."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.documents import markdown_of, parse_text, plain_of_html, plain_of_markdown

WHOLE = """---
title: Returns
tags: [returns, "money back"]
language: EN
visibility: internal
owner: Iris
valid_from: 2026-01-01
valid_until: 2026-12-31
other: is left out
---
# Returns

Within **30 days**.

## Condition

- unused
- in its [box](https://example.org/box)

### Lamps

Text.

## Money
| Country | Days |
|---|---|
| Germany | 2 |
"""

PIECES = st.sampled_from(
    ["# A", "## B", "### C", "word", "*x*", "a_b_c", "- item", "  - inner", "1. one", "> said",
     "```", "| a | b |", "|---|---|", "<b>t</b>", "[l](https://e.org)", "\\*", "&amp;", "---", ""]
)  # fmt: skip


def words(parsed):
    return [(one.heading, one.text.split()) for one in parsed.sections]


def test_front_matter_headings_lists_and_tables():
    parsed = parse_text(WHOLE, "returns.md")
    assert (parsed.title, parsed.source, parsed.owner) == ("Returns", "returns.md", "Iris")
    assert (parsed.tags, parsed.language) == (("returns", "money back"), "en")
    assert parsed.visibility == "internal"
    assert (parsed.valid_from, parsed.valid_until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert [(one.heading, one.text) for one in parsed.sections] == [
        ((), "Within 30 days."),
        (("Condition",), "- unused\n- in its box (https://example.org/box)"),
        (("Condition", "Lamps"), "Text."),
        (("Money",), "- Country: Germany; Days: 2"),
    ]


def test_title_of_heading_then_of_the_name():
    assert parse_text("# Hello\n\ntext").title == "Hello"
    assert parse_text("text", "care_of-linen.md").title == "care of linen"
    assert parse_text("# Hello\n\ntext", title="Given").sections[0].heading == ("Hello",)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("visibility: secret", "public or internal"),
        ("valid_from: tomorrow", "a day such as"),
        ("tags: {a: b}", "list of words"),
        ("title: [a]", "must be text"),
        ("language: English language", "a code such as"),
        ("title: a: b", "front matter"),
        ("title: &a b", "front matter"),
    ],
)
def test_a_field_that_is_not_understood_is_refused(head, said):
    with pytest.raises(ValueError, match=said):
        parse_text(f"---\n{head}\n---\ntext")


def test_a_line_above_is_no_front_matter():
    [section] = parse_text("---\nJust text\n\n---\nmore").sections
    assert section.text == "Just text\n\nmore"


@pytest.mark.parametrize("text", ["", "  \n", "# Only a heading", "---\ntitle: x\n---\n"])
def test_nothing_is_refused(text):
    with pytest.raises(ValueError, match="no text"):
        parse_text(text)


def test_what_stands_for_a_sign_stays_as_it_was_written():
    parsed = parse_text("start\n\n\\```\n&amp;amp;\n\\```\n\\*")
    again = parse_text(markdown_of(parsed), title=parsed.title)
    assert "&amp;" in words(parsed)[0][1]
    assert words(again) == words(parsed)


@settings(max_examples=120, deadline=None)
@given(st.lists(PIECES, max_size=8))
def test_markdown_of_an_article_is_read_as_the_same_words(lines):
    try:
        parsed = parse_text("\n".join(["start", *lines]))
    except ValueError:
        return
    again = parse_text(markdown_of(parsed), title=parsed.title)
    assert words(again) == words(parsed)


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read(text):
    plain_of_markdown(text)
    plain_of_html(text)
    try:
        parsed = parse_text(text)
    except ValueError:
        return
    assert all("\x00" not in one.text for one in parsed.sections)


def test_html_becomes_text():
    page = (
        "<style>p{}</style><p>Hello&nbsp;<b>you</b><br>there</p><script>alert(1)</script>"
        "<ul><li>one<li>two</ul><p hidden>no</p>&lt;b&gt; <a href='https://e.org/a'>here</a>"
    )
    assert plain_of_html(page) == ("Hello you\nthere\n\n- one\n- two\n\n<b> here (https://e.org/a)")
    assert plain_of_html("") == plain_of_html("<!-- x -->") == ""


def test_deep_html_is_read():
    assert "end" in plain_of_html("<div>" * 5000 + "end")


def test_a_page_of_markdown_holds_no_markup():
    text = plain_of_markdown("a <script>alert(1)</script> *b* ![alt](x.png) `code` ~~gone~~")
    assert text == "a alert(1) b alt code gone"
