"""Islands carry data past Gradio's template, which would run it."""

import asyncio

import gradio as gr
import pytest

from ui.pages import frame


def in_blocks(make):
    """What `make` returns inside Blocks, in a running loop: without one Gradio leaves one open."""

    async def scene():
        with gr.Blocks(analytics_enabled=False):
            return make()

    return asyncio.run(scene())


@pytest.mark.parametrize("template", ["{{value}}", "${value}", "a ` b", "\\u0041"])
def test_template_with_a_sign_of_code_is_refused(template):
    with pytest.raises(ValueError, match="would run"):
        in_blocks(lambda: frame.island("hostile", template))


def test_value_never_reaches_the_template():
    given = {"value": {"title": "${alert(1)}"}, "events": ["watch"]}
    made = in_blocks(lambda: frame.island("carrier", "<p></p>", **given))
    assert made.html_template == "<p></p>"
    assert "alert" not in made.js_on_load
    assert callable(made.watch)


def test_every_template_of_ours_is_fixed():
    names = sorted(path.stem for path in frame.TEMPLATES.glob("*.html"))
    assert "chat_foot" in names
    made = in_blocks(lambda: [frame.island(name, frame.template(name)) for name in names])
    assert len(made) == len(names)


def test_head_goes_into_the_page_once():
    page = frame.with_head(b"<html><head><title>x</title></head><body><head></body></html>")
    at = frame.static_path().encode()
    assert page.startswith(b'<html><head><script src="' + at + b'/colours.js">')
    assert page.count(at + b"/style.css") == 1
    assert page.index(b"app.js") < page.index(b"</head>")


def test_fonts_match_the_style_sheet():
    style = (frame.STATIC / "style.css").read_text("utf-8")
    for names, variable in ((frame.FONT, "--font:"), (frame.MONO, "--mono:")):
        line = style.split(variable, 1)[1].split(";", 1)[0]
        assert [part.strip(' "') for part in line.split(",")] == list(names)
