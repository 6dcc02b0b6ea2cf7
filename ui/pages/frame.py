"""The frame of every page: header, root region, and `island`, the way data reaches a page.

`gr.HTML` compiles its template and runs the result as JavaScript, so a title such as `${…}` inside
a template is code, also through Handlebars' escaping braces. An island therefore has a fixed
template without any data: its value goes to our scripts as JSON, and they write it as text.

Later pages call `frame` inside their own route and add one line to PAGES.
"""

import functools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.settings import Settings

STATIC = Path(__file__).parent.parent / "static"
TEMPLATES = Path(__file__).parent / "templates"


# The same as --font and --mono in style.css: Gradio's theme has variables of these names too.
FONT = (
    "Segoe UI",
    "-apple-system",
    "Roboto",
    "Ubuntu",
    "Cantarell",
    "Noto Sans",
    "Helvetica Neue",
    "DejaVu Sans Condensed",
    "sans-serif",
)
MONO = (
    "ui-monospace",
    "SF Mono",
    "Cascadia Mono",
    "Consolas",
    "Liberation Mono",
    "DejaVu Sans Mono",
    "monospace",
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the header's navigation. `name` is the id of its root region too.

    `roles`: the page is listed for people with one of them, or for everybody. That hides a link and
    protects nothing: the page's handlers check the same roles.
    """

    name: str
    title: str
    path: str
    roles: tuple[str, ...] = ()


CHAT = Page("chat", "Chat", "/", ("chatter", "agent", "author", "reviewer", "admin"))
DESK = Page("desk", "Desk", "/desk", ("agent", "admin"))
PROMPTS = Page("prompts", "Prompts", "/prompts", CHAT.roles)
KNOWLEDGE = Page("knowledge", "Knowledge", "/knowledge", ("agent", "author", "reviewer", "admin"))
REVIEW = Page("review", "Review", "/review", ("reviewer",))
MODELS = Page("models", "Models", "/models", ("admin", "reviewer", "author"))
MONITOR = Page("monitor", "Monitor", "/monitor", ("admin", "author", "reviewer"))
ADMIN = Page("admin", "Admin", "/admin", ("admin",))
ACCOUNT = Page("own", "Your account", "/account")
PAGES: tuple[Page, ...] = (CHAT, DESK, PROMPTS, KNOWLEDGE, REVIEW, MODELS, MONITOR, ADMIN)
"""Every page of the header, in its order. The account page stands in the account menu."""


def island(
    name: str,
    template: str = "",
    *,
    value: object = None,
    events: Sequence[str] = (),
    calls: Sequence[Callable[..., Any]] = (),
    visible: bool = True,
) -> gr.HTML:
    """A place that our scripts fill: `name` is its id and how they find it.

    Args:
        template: fixed markup, without data.
        value: JSON for the scripts, which are told when it changes.
        events: names that the scripts may trigger; each becomes a listener, `island.NAME(…)`.
        calls: functions that the scripts may call; each checks its caller itself.
        visible: False for one that only carries data.

    Raises:
        ValueError: the template holds a sign that Gradio would run as code.
    """
    if found := re.search(r"\{\{|\$\{|`|\\", template):
        raise ValueError(f"the template of {name} holds {found[0]!r}, which Gradio would run")
    offer = f"{{name: {json.dumps(name)}, events: {json.dumps(list(events))}"
    return gr.HTML(
        value=value,
        html_template=template or "<span></span>",
        js_on_load="(window.chatbotIslands ||= []).push("
        + offer
        + ", element, trigger, props, server, watch})",
        elem_id=name,
        elem_classes=["island"] if visible else ["island", "carrier"],
        apply_default_css=False,
        server_functions=list(calls),
    )


@contextmanager
def frame(page: Page, settings: Settings) -> Iterator[None]:
    """Header and root region of a page; what is built inside goes into the region."""
    header = {
        "page": page.name,
        "title": page.title,
        "workspace": settings.title,
        "pages": [asdict(one) for one in PAGES],
        "login": settings.auth == "accounts",
    }
    island("top", value=header)
    with gr.Column(elem_id=page.name, elem_classes=["page-root"]):
        yield


def template(name: str) -> str:
    """The fixed markup of an island, from templates/."""
    return (TEMPLATES / f"{name}.html").read_text("utf-8")


def theme() -> gr.themes.Base:
    """Gradio's theme on our tokens: the variables of style.css carry light and dark."""
    values = {
        "body_background_fill": "var(--bg)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--ink-3)",
        "background_fill_primary": "var(--surface)",
        "background_fill_secondary": "var(--surface-2)",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--accent-line)",
        "block_background_fill": "transparent",
        "block_border_color": "var(--line)",
        "color_accent_soft": "var(--accent-soft)",
        "link_text_color": "var(--accent)",
        "link_text_color_hover": "var(--accent-hover)",
        "link_text_color_visited": "var(--accent)",
        "link_text_color_active": "var(--accent)",
        "input_background_fill": "var(--surface)",
        "input_border_color": "var(--line-strong)",
        "button_primary_background_fill": "var(--accent)",
        "button_primary_background_fill_hover": "var(--accent-hover)",
        "button_primary_text_color": "var(--on-accent)",
        "button_secondary_background_fill": "var(--surface)",
        "button_secondary_text_color": "var(--ink)",
        "code_background_fill": "var(--surface-2)",
        "table_border_color": "var(--line)",
        "table_even_background_fill": "var(--surface)",
        "table_odd_background_fill": "var(--surface)",
    }
    dark = {f"{name}_dark": value for name, value in values.items()}
    base = gr.themes.Base(
        font=[*FONT],
        font_mono=[*MONO],
        radius_size="sm",
        spacing_size="sm",
        text_size="sm",
    )
    return base.set(block_border_width="0px", block_shadow="none", **values, **dark)


def with_head(page: bytes) -> bytes:
    """Gradio's page with our head: colours before the first paint, style after Gradio's own."""
    at = static_path()
    first = f'<script src="{at}/colours.js"></script>'
    last = (
        f'<link rel="stylesheet" href="{at}/style.css">'
        f'<link rel="stylesheet" href="{at}/chat.css">'
        f'<link rel="stylesheet" href="{at}/prompts.css">'
        f'<link rel="stylesheet" href="{at}/prompts_tests.css">'
        f'<link rel="stylesheet" href="{at}/desk.css">'
        f'<link rel="stylesheet" href="{at}/knowledge.css">'
        f'<link rel="stylesheet" href="{at}/review.css">'
        f'<link rel="stylesheet" href="{at}/plots.css">'
        f'<link rel="stylesheet" href="{at}/models.css">'
        f'<link rel="stylesheet" href="{at}/models_compare.css">'
        f'<link rel="stylesheet" href="{at}/monitor.css">'
        f'<link rel="icon" href="{at}/icon.svg">'
        f'<script type="module" src="{at}/app.js"></script>'
    )
    page = page.replace(b"<head>", b"<head>" + first.encode(), 1)
    return page.replace(b"</head>", last.encode() + b"</head>", 1)


@functools.cache
def static_path() -> str:
    """Where static/ is served: named by its content, so that browsers may keep it for good."""
    digest = sha256()
    for file in sorted(STATIC.iterdir()):
        digest.update(file.read_bytes())
    return f"/ui/static/{digest.hexdigest()[:12]}"
