"""The Models page in a real browser, with a tiny random model to look into."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support import tiny_model
from tests.support.browser import Site, note_problems
from tests.support.scripted_server import ScriptedServer

pytestmark = pytest.mark.browser

PATIENCE = 60_000
"""Milliseconds for what loads torch and a model first."""
HOSTILE = (
    "# Tiny\n\n<img src=x onerror=alert(1)> ${alert(1)} {{value}}\n\n| a | b |\n|-|-|\n| 1 | 2 |\n"
)
HOSTED = '[[hosted]]\nname = "cluster"\nmodel = "large"\nbase_url = "http://127.0.0.1:9/v1"\n'


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A server with a local model, a model elsewhere and the scripted one."""
    folder = tmp_path_factory.mktemp("shop")
    model = folder / "home" / "models" / "tiny@1"
    tiny_model.make(model, context=600)
    (model / "README.md").write_text(HOSTILE)
    (model / "evaluation.json").write_text(json.dumps({"right": 0.715, "turns": 300}))
    (folder / "home" / "chatbot.toml").write_text(HOSTED)
    server = Site(folder)
    yield server
    server.stop()


@pytest.fixture
def page(shop, context):
    """The Models page. A script error or a failed request fails the test."""
    made, problems = context.new_page(), []
    note_problems(made, problems)
    yield opened(made, shop)
    assert problems == []


def opened(page, shop, place=""):
    page.goto(f"{shop.address}/models{place}", timeout=PATIENCE)
    expect(page.get_by_role("table", name="Models").get_by_role("link").first).to_be_visible(
        timeout=30_000
    )
    return page


def inside(page, model="tiny@1"):
    """Open the look inside of a model."""
    page.get_by_role("tab", name="Look inside").click()
    page.get_by_label("Model", exact=True).select_option(model)
    return page


def attend(page):
    page.get_by_role("button", name="Show", exact=True).click()
    grid = page.get_by_role("grid")
    expect(grid).to_be_visible(timeout=PATIENCE)
    return grid


class TestRegistry:
    def test_header_leads_here_and_back(self, page, shop):
        pages = page.get_by_role("navigation", name="Pages")
        expect(pages.get_by_role("link", name="Models")).to_have_attribute("aria-current", "page")
        pages.get_by_role("link", name="Chat").click()
        expect(page.get_by_label("Message", exact=True)).to_be_visible(timeout=30_000)
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Models").click()
        expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()

    def test_chosen_model_shows_facts_figures_and_card(self, page):
        page.get_by_role("link", name="tiny@1").click()
        detail = page.get_by_role("region", name="Model tiny@1")
        expect(detail).to_contain_text("Random weights for tests.")
        expect(detail).to_contain_text("600 tokens")
        figures = detail.get_by_role("table", name="Evaluation")
        expect(figures.get_by_role("row", name="right")).to_contain_text("0.715")
        expect(figures.get_by_role("row", name="turns")).to_contain_text("300")
        card = page.get_by_role("region", name="Model card")
        expect(card.get_by_role("heading", name="Tiny")).to_be_visible()
        expect(card).to_contain_text("<img src=x onerror=alert(1)> ${alert(1)} {{value}}")
        expect(card.get_by_role("cell", name="2")).to_be_visible()
        assert page.url.endswith("/models#tiny@1")

    def test_address_names_a_model(self, page, shop):
        opened(page, shop, "#cluster@large")
        detail = page.get_by_role("region", name="Model cluster@large")
        expect(detail).to_contain_text("on a server: http://127.0.0.1:9/v1")
        expect(detail.get_by_role("button", name="Look inside")).to_be_disabled()
        expect(page.get_by_role("region", name="Model card")).to_be_hidden()

    def test_address_of_no_model_says_so(self, page, shop):
        page.evaluate("location.hash = 'nobody@7'")
        expect(page.get_by_role("alert")).to_contain_text("There is no model nobody@7")

    def test_search_finds_conversations_from_here(self, page, shop, tab_with_words):
        page.keyboard.press("Control+k")
        page.get_by_label("Search", exact=True).fill("lighthouse")
        expect(page.get_by_role("option").first).to_contain_text("lighthouse")
        page.keyboard.press("Enter")
        expect(page.get_by_role("article", name="Question")).to_contain_text(
            "lighthouse", timeout=30_000
        )

    def test_connects_changes_and_disconnects_a_model(self, page, shop):
        with ScriptedServer(key="sesame") as server:
            page.get_by_role("button", name="Connect a model").click()
            dialog = page.get_by_role("dialog")
            dialog.get_by_label("Name here").fill("far")
            dialog.get_by_label("Address").fill(server.url)
            dialog.get_by_label("Key, optional").fill("wrong")
            dialog.get_by_role("button", name="Test").click()
            refused = dialog.get_by_role("alert")
            expect(refused).to_contain_text("does not accept the key", timeout=PATIENCE)
            dialog.get_by_label("Key, optional").fill("sesame")
            dialog.get_by_role("button", name="Test").click()
            found = dialog.get_by_role("status")
            expect(found).to_contain_text("scripted answers", timeout=PATIENCE)
            expect(dialog.get_by_label("Model, optional")).to_have_value("scripted")
            dialog.get_by_role("button", name="Connect").click()
            far = page.get_by_role("link", name="far@scripted")
            expect(far).to_be_visible(timeout=PATIENCE)

        far.click()
        page.get_by_role("button", name="More for far@scripted").click()
        page.get_by_role("menuitem", name="Change the connection…").click()
        expect(page.get_by_label("Key, optional")).to_have_value("…")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="More for far@scripted").click()
        page.get_by_role("menuitem", name="Disconnect…").click()
        page.get_by_role("button", name="Disconnect", exact=True).click()
        expect(far).to_be_hidden(timeout=PATIENCE)


@pytest.fixture
def tab_with_words(shop, context):
    """A conversation to be found."""
    from tests.support.browser import opened as chat

    tab = chat(context.new_page(), shop.address)
    tab.ask("!say the lighthouse keeper")
    tab.page.close()


class TestAnswer:
    def test_own_answer_by_token(self, page):
        inside(page)
        page.get_by_label("Answer, if you want to judge your own").fill("We are sorry.")
        page.get_by_role("button", name="Run").click()
        tokens = page.get_by_role("group", name="Tokens of the answer").get_by_role("button")
        expect(tokens.first).to_be_visible(timeout=PATIENCE)
        assert "".join(tokens.all_text_contents()) == "We are sorry."
        expect(tokens.first).to_have_attribute(
            "aria-label", re.compile(r"W.*, probability (under )?[\d.]+ %")
        )
        rows = page.get_by_role("region", name="Candidates").get_by_role("row")
        expect(rows).to_have_count(10)
        expect(page.locator("#inside-sum")).to_contain_text("Your own answer.")

    def test_arrows_move_between_tokens(self, page):
        inside(page)
        page.get_by_label("Answer, if you want to judge your own").fill("Thank you")
        page.get_by_role("button", name="Run").click()
        tokens = page.get_by_role("group", name="Tokens of the answer").get_by_role("button")
        expect(tokens.first).to_be_visible(timeout=PATIENCE)
        tokens.first.focus()
        page.keyboard.press("ArrowRight")
        expect(tokens.nth(1)).to_be_focused()
        expect(tokens.nth(1)).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("End")
        expect(tokens.last).to_be_focused()
        name = tokens.last.get_attribute("aria-label").split(",")[0]
        expect(page.get_by_role("heading", name=f"In place of “{name}”")).to_be_visible()

    def test_model_writes_one(self, page):
        inside(page)
        page.get_by_role("button", name="Run").click()
        expect(page.locator("#inside-sum")).to_contain_text(
            "Written by always taking", timeout=PATIENCE
        )
        expect(page.get_by_role("button", name="Run")).to_be_enabled()

    def test_empty_question_keeps_the_form_and_says_so(self, page):
        inside(page)
        page.get_by_label("Question").fill(" ")
        page.get_by_label("Answer, if you want to judge your own").fill("kept")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("alert")).to_contain_text("There is no text to look at.")
        expect(page.get_by_label("Answer, if you want to judge your own")).to_have_value("kept")

    @pytest.mark.parametrize(
        ("model", "why"), [("cluster@large", "server"), ("scripted@1", "fake")]
    )
    def test_other_models_say_why_not(self, page, model, why):
        inside(page, model)
        expect(page.locator("#inside-why")).to_contain_text(why)
        expect(page.get_by_role("button", name="Run")).to_be_disabled()


class TestAttention:
    def test_a_cell_says_its_value(self, page):
        grid = attend(inside(page))
        cells = grid.get_by_role("gridcell").and_(page.locator("[data-i]"))
        tokens = grid.get_by_role("rowheader").count()
        expect(cells).to_have_count(tokens * (tokens + 1) // 2)
        expect(cells.first).to_have_attribute("aria-label", re.compile(r".+ to .+: 1\.00"))
        cells.nth(2).hover()
        value = cells.nth(2).get_attribute("aria-label").split(": ")[1]
        expect(page.locator("#inside-read")).to_contain_text(f"takes {value} from")

    def test_arrows_move_between_cells(self, page):
        grid = attend(inside(page))
        grid.locator("[data-i='0'][data-j='0']").focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
            page.keyboard.press(key)
        expect(grid.locator("[data-i='2'][data-j='1']")).to_be_focused()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")  # the first row has one cell
        expect(grid.locator("[data-i='0'][data-j='0']")).to_be_focused()
        expect(page.locator("#inside-read")).to_contain_text("takes 1.00 from")

    def test_table_of_numbers_sums_to_one(self, page):
        attend(inside(page))
        page.get_by_label("Head", exact=True).select_option("3 of 4")
        page.get_by_role("button", name="Table").click()
        table = page.get_by_role("table", name=re.compile("layer 1, head 3 of 4"))
        for row in table.locator("tbody tr").all():
            numbers = [float(text) for text in row.locator("td:not(.later)").all_text_contents()]
            assert sum(numbers) == pytest.approx(1, abs=0.05)

    def test_another_layer(self, page):
        attend(inside(page))
        page.get_by_label("Layer", exact=True).select_option("2 of 2")
        expect(page.get_by_role("grid", name=re.compile("layer 2, head mean"))).to_be_visible()

    def test_too_long_a_sentence_says_so(self, page):
        inside(page)
        page.get_by_label("Sentence").fill("word " * 200)
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("64 are the most", timeout=PATIENCE)


class TestTokens:
    def test_text_in_tokens_with_their_numbers(self, page):
        inside(page)
        page.get_by_label("Text", exact=True).fill("Größe 漢字\n")
        page.get_by_role("button", name="Cut into tokens").click()
        chips = page.get_by_role("list", name="Tokens and their numbers").get_by_role("listitem")
        expect(chips.first).to_be_visible(timeout=PATIENCE)
        expect(chips.last).to_contain_text("⏎")
        assert all(re.search(r"\d+$", text) for text in chips.all_text_contents())
        expect(page.get_by_role("img", name="part of a character").first).to_be_visible()


class TestWidthsAndColours:
    @pytest.mark.parametrize("width", [390, 1280])
    @pytest.mark.parametrize("colours", ["light", "dark"])
    def test_all_of_it_fits(self, shop, chromium, width, colours):
        made = chromium.new_context(
            locale="en-US", viewport={"width": width, "height": 844}, color_scheme=colours
        )
        page = inside(opened(made.new_page(), shop))
        page.get_by_role("button", name="Run").click()
        attend(page)
        expect(page.locator("#inside-tokens button").first).to_be_visible(timeout=PATIENCE)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        ink, ground = page.evaluate(
            """() => ['color', 'backgroundColor']
                 .map((name) => getComputedStyle(document.body)[name])
                 .map((colour) => colour.match(/\\d+/g).slice(0, 3).map(Number))
                 .map(([r, g, b]) => r + g + b)"""
        )
        assert (ink > ground) == (colours == "dark")
        page.get_by_role("tab", name="Registry").click()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        made.close()

    def test_every_control_has_a_name(self, page):
        attend(inside(page))
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('#models :is(button, input, select, textarea)')]
                 .filter((one) => one.checkVisibility() && !one.textContent.trim()
                   && !one.getAttribute('aria-label') && !one.labels?.length)
                 .map((one) => one.outerHTML)"""
        )
        assert nameless == []
