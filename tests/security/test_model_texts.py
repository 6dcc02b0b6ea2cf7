"""Hostile text on the Models page and in names of an operator: cards, figures, tokens, titles.

A model's card, its figures and its folder's name come with a download; the text that is looked into
is anybody's.
"""

import json

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip .[test]")

from playwright.sync_api import expect  # noqa: E402

from tests.support import corpora, tiny_model  # noqa: E402
from tests.support.browser import Site, opened  # noqa: E402
from tests.support.canary import Canary  # noqa: E402
from tests.support.watching import Watched, ours  # noqa: E402

pytestmark = pytest.mark.browser
REGIONS = (
    "#models-list *, #models-detail *, #models-card *, #inside-tokens *, #inside-likely *, "
    "#inside-chips *, #inside-heat *, #inside-place, dialog *, header *"
)
IMAGE = "<img src=x onerror=alert(1)>"
TOML = """
workspace = "</title><script>alert(1)</script>"
person = "<img src=x onerror=alert(1)>"
start_questions = ["<svg onload=alert(1)>", "${alert(1)} {{alert(1)}}"]

[[hosted]]
name = "cluster"
model = "<svg/onload=alert(1)>"
description = "<img src=x onerror=alert(1)> ![x](http://CANARY/description)"
base_url = "http://127.0.0.1:9/v1?<script>alert(1)</script>"
"""


@pytest.fixture(scope="module")
def canary():
    with Canary() as canary:
        yield canary
        assert canary.asked == []


@pytest.fixture(scope="module")
def site(tmp_path_factory, canary, public_data):
    folder = tmp_path_factory.mktemp("texts")
    models = folder / "home" / "models"
    texts = [*ours(canary.address), *corpora.payloads(public_data, 20)]
    texts += corpora.markdown(public_data, 60)
    tiny_model.make(models / "tiny@1", context=600)
    (models / "tiny@1" / "README.md").write_text("# Card\n\n" + "\n\n".join(texts), "utf-8")
    figures = {IMAGE: 0.5, "</td><script>alert(1)</script>": {"${alert(1)}": 3}}
    (models / "tiny@1" / "evaluation.json").write_text(json.dumps(figures))
    (models / "<img src=x onerror=alert(1)>@1").mkdir()
    (folder / "home" / "chatbot.toml").write_text(TOML.replace("CANARY", canary.address))
    server = Site(folder)
    yield server
    server.stop()


@pytest.fixture
def watched(site, context):
    tab = Watched(context, site.address)
    tab.page.goto(f"{site.address}/models")
    expect(tab.page.get_by_role("table", name="Models").get_by_role("link").first).to_be_visible(
        timeout=60_000
    )
    return tab


def test_cards_names_and_figures_are_text(watched):
    for name in ("tiny@1", "cluster@<svg/onload=alert(1)>"):
        watched.page.get_by_role("link", name=name).click()
        expect(watched.page.get_by_role("region", name=f"Model {name}")).to_be_visible()
        assert watched.look(REGIONS) == []
    watched.page.get_by_role("link", name="tiny@1").click()
    expect(watched.page.get_by_role("heading", name="Card")).to_be_visible()
    expect(watched.page.get_by_role("table", name="Evaluation")).to_contain_text(IMAGE)
    assert watched.look(REGIONS) == []


def test_addresses_of_no_model_are_text(watched):
    watched.page.evaluate("name => { location.hash = name; }", IMAGE)
    expect(watched.page.get_by_role("alert")).to_be_visible()
    assert watched.look(REGIONS) == []


def test_what_is_looked_into_is_text(watched):
    watched.page.get_by_role("tab", name="Look inside").click()
    watched.page.get_by_label("Model", exact=True).select_option("tiny@1")
    watched.page.get_by_label("Question").fill(IMAGE)
    watched.page.get_by_label("Answer, if you want to judge your own").fill(f"{IMAGE}${{alert(1)}}")
    watched.page.get_by_role("button", name="Run").click()
    tokens = watched.page.get_by_role("group", name="Tokens of the answer").get_by_role("button")
    expect(tokens.first).to_be_visible(timeout=90_000)
    assert "".join(tokens.all_text_contents()) == f"{IMAGE}${{alert(1)}}"
    assert watched.look(REGIONS) == []


def test_names_of_the_operator_are_text(site, context):
    tab = Watched(context, site.address)
    chat = opened(tab.page, site.address)
    assert "<script>alert(1)</script>" in tab.page.locator("header").first.text_content()
    chat.button(f"Account: {IMAGE}").click()
    assert tab.look("header *, #chat-empty *, #chat-foot *, #chat-head *, [role=menu] *") == []
