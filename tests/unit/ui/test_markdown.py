"""Message text as the Chatbot's Markdown: what is code stays, what looks like HTML is text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.pages.markdown import plain, rich

TEXT = st.text(alphabet="a<b>&`~ \n\t-*1.#\\|é![]()", max_size=80)


@given(TEXT)
def test_plain_is_one_fence_around_the_text(text):
    shown = plain(text)
    fence = shown[: len(shown) - len(shown.lstrip("`"))]
    assert shown == f"{fence}text\n{text}\n{fence}"
    assert fence not in text


@given(TEXT)
def test_rich_changes_only_signs(text):
    shown = rich(text)
    for entity, sign in (("&#33;", "!"), ("&lt;", "<"), ("&amp;", "&")):
        shown = shown.replace(entity, sign)
    assert shown == text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <b>bold</b> word",
        "<img src=x onerror=alert(1)>",
        "- item <i>x</i>",
        "> quote <i>x</i>",
        "`open <b>",
        "\\`<b>\\`",
        "``one <b> tick`",
        "a `code\n\n<b>` b",
        "1. one\n\n    <b>in a list</b>",
    ],
)
def test_no_tag_is_left_outside_code(text):
    assert "<" not in rich(text)
    assert "&lt;" in rich(text)


@pytest.mark.parametrize(
    "text",
    [
        "```html\n<b>&amp;</b>\n```",
        "~~~\n<b>\n~~~",
        "````\n```\n<b>\n````",
        "- item\n  ```\n  <b>\n  ```",
        "use `<b>` and ``a ` <i>``",
        "text\n\n    <b>indented</b>\n",
        "```\n<b> not closed yet",
    ],
)
def test_code_stays_as_it_is(text):
    assert rich(text) == text


def test_entities_are_text_too():
    assert rich("a &lt;b&gt; c") == "a &amp;lt;b&amp;gt; c"


@pytest.mark.parametrize("text", ["![a](http://x/y.png)", "\\![a](x)", "![a][b]\n\n[b]: x"])
def test_image_becomes_a_link(text):
    assert "![" not in rich(text)
    assert rich(text).replace("&#33;", "!") == text


def test_text_after_a_fence_is_escaped_again():
    shown = rich("```\n<a>\n```\n<b>\n```\n<c>\n```")
    assert shown == "```\n<a>\n```\n&lt;b>\n```\n<c>\n```"


def test_long_hostile_text_is_read_in_linear_time():
    assert rich("`" * 50_000 + "<" + "` `` " * 20_000).count("<") == 0
