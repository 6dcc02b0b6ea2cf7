"""Datasets, runs, evaluations and promotion on the Models page, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from store.engine import Database
from tests.support import tiny_model
from tests.support.browser import Site, note_problems
from tests.support.learned import DATASET, QUESTION, TUNED, learn

pytestmark = pytest.mark.browser

PATIENCE = 60_000
"""Milliseconds for what opens a page or a model first."""
LINES = (
    '{"messages": [{"role": "user", "content": "Is the Tilda damp proof?"}], "reply": "Yes."}\n'
    '{"messages": [{"role": "user", "content": "Where do you ship to?"}], "reply": "Everywhere."}\n'
    "{broken\n"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory, chromium):
    """A server with a tuned model; `nothing` is what its empty tab of runs said before."""
    folder = tmp_path_factory.mktemp("shop")
    tiny_model.make(folder / "home" / "models" / TUNED, context=600)
    server = Site(folder, CHATBOT_MODEL="scripted")
    page = chromium.new_page()
    page.goto(f"{server.address}/models#runs", timeout=PATIENCE)
    empty = page.locator("#models-runs .nothing")
    empty.wait_for(timeout=PATIENCE)
    server.nothing = empty.text_content()
    page.close()
    database = Database(f"sqlite:///{folder}/home/chatbot.db")
    server.learned = learn(database, "scripted@1")
    yield server
    server.stop()
    database.close()


@pytest.fixture
def page(shop, context):
    """A tab. A script error or a failed request fails the test."""
    made, problems = context.new_page(), []
    note_problems(made, problems)
    yield made
    assert problems == []


def opened(page, shop, place, heading=None):
    page.goto(f"{shop.address}/models{place}", timeout=PATIENCE)
    wanted = page.get_by_role("heading", level=2).first if heading is None else heading
    expect(wanted).to_be_visible(timeout=PATIENCE)
    return page


def test_without_turns_it_says_how_many_a_run_needs(shop):
    assert "A run needs 200 reviewed turns; you have 0." in shop.nothing


def test_a_run_is_watched_read_by_keyboard_and_stopped(shop, page):
    run = opened(page, shop, f"#run={shop.learned.live}")
    expect(run.get_by_role("heading", name=re.compile(r"^Run 3, tuned@\d from"))).to_be_visible()
    plot = run.get_by_role("slider")
    expect(plot).to_have_attribute("aria-label", re.compile(r"lowest 1\.295 at step 660"))
    plot.focus()
    page.keyboard.press("Home")
    expect(plot).to_have_attribute("aria-valuetext", "Step 0, train 2.400, validation 2.500")
    page.keyboard.press("ArrowRight")
    expect(plot).to_have_attribute("aria-valuetext", "Step 10, train 2.383")
    expect(run.locator(".tip")).to_contain_text("Step 10")

    shop.learned.hear(790, 0.987)
    expect(run.get_by_text("Step 790 of 1,200")).to_be_visible(timeout=PATIENCE)
    expect(run.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "66")
    page.keyboard.press("End")
    expect(plot).to_have_attribute("aria-valuetext", "Step 790, train 0.987")
    run.get_by_role("button", name="Table").click()
    last = run.get_by_role("table", name="Losses by step").get_by_role("row").last
    expect(last).to_contain_text("0.9870")

    page.reload()
    expect(run.get_by_text("Step 790 of 1,200")).to_be_visible(timeout=PATIENCE)
    expect(run.get_by_role("table", name=QUESTION)).to_contain_text("Please check the bulb.")
    run.get_by_role("button", name="New run like this").click()
    dialog = page.get_by_role("dialog", name="New run")
    expect(dialog.get_by_label("Learning rate")).to_have_value("0.0003", timeout=PATIENCE)
    expect(dialog.get_by_label("Learning rate")).to_have_accessible_description(
        re.compile("How far one step goes")
    )
    dialog.get_by_text("More settings").click()
    expect(dialog.get_by_label("LoRA rank")).to_have_value("8")
    dialog.get_by_label("LoRA rank").fill("many")
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("alert")).to_contain_text("LoRA rank: a number from 1 to 1,024.")
    page.keyboard.press("Escape")

    run.get_by_role("button", name="Stop and keep best").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop and keep best").click()
    expect(run.locator(".head .badge")).to_contain_text("stopping", timeout=PATIENCE)


def test_a_failed_run_says_why_and_from_where_it_goes_on(shop, page):
    run = opened(page, shop, f"#run={shop.learned.failed}")
    expect(run.get_by_role("alert")).to_contain_text("The disk is full.")
    expect(run.get_by_role("button", name="Resume from step 720")).to_be_visible()
    run.get_by_role("link", name="Runs", exact=True).click()
    rows = run.get_by_role("table", name="Runs").get_by_role("row")
    expect(rows).to_have_count(4)
    expect(rows.nth(2)).to_contain_text("failed")
    run.get_by_role("link", name=DATASET).first.press("Enter")
    expect(run.get_by_role("heading", name=DATASET)).to_be_focused()
    expect(run.get_by_role("region", name="Counts")).to_contain_text("192")


def test_a_dataset_is_built_of_a_file_that_has_a_bad_line(shop, page, tmp_path):
    (tmp_path / "own.jsonl").write_text(LINES)
    opened(page, shop, "#datasets", page.get_by_role("table", name="Datasets"))
    page.get_by_role("button", name="Build…").click()
    dialog = page.get_by_role("dialog", name="Build a dataset")
    dialog.get_by_label("Name").fill("own-1")
    for box in dialog.get_by_role("checkbox").all():
        box.uncheck()
    dialog.get_by_role("button", name="Look first").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose at least one source")
    with page.expect_file_chooser() as chooser:
        dialog.get_by_role("button", name="Add files…").click()
    chooser.value.set_files(tmp_path / "own.jsonl")
    expect(dialog.get_by_role("list", name="Files")).to_contain_text("here")
    dialog.get_by_role("button", name="Look first").click()
    bad = dialog.get_by_role("list", name="Lines that could not be used")
    expect(bad).to_contain_text("own.jsonl, line 3", timeout=PATIENCE)
    expect(dialog.get_by_role("button", name="Look first")).to_be_focused()
    dialog.get_by_role("button", name="Build", exact=True).click()
    expect(page.get_by_role("heading", name="own-1")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("region", name="Turns")).to_be_visible()
    page.get_by_role("button", name="New run…").click()
    refused = page.get_by_role("dialog", name="New run")
    expect(refused.get_by_role("alert")).to_contain_text(
        "A run needs 200 reviewed turns", timeout=PATIENCE
    )
    expect(refused.get_by_role("link", name="Review")).to_be_visible()
    expect(refused.get_by_role("button", name="Start")).to_be_disabled()


def test_an_evaluation_shows_bars_table_gate_and_answers(shop, page):
    shown = opened(page, shop, f"#evaluation={shop.learned.evaluation}")
    expect(shown.get_by_text("gate closed")).to_be_visible()
    bars = shown.get_by_role("slider")
    bars.focus()
    page.keyboard.press("Home")
    expect(bars).to_have_attribute(
        "aria-valuetext", re.compile(r"Own data, all 5, scripted@1 40.0, tuned@1 60.0")
    )
    row = shown.get_by_role("table", name="Scores").get_by_role("row", name="Own data, all 5")
    expect(row).to_contain_text("+20.0")
    expect(shown.get_by_role("list", name="Gate of tuned@1").first).to_contain_text("Attacks")
    answers = shown.get_by_role("region", name="Answers side by side")
    expect(answers).to_contain_text("1 of 2")
    expect(answers.locator("ins")).to_have_text("45")
    expect(answers.locator("del")).to_have_text("40")
    answers.get_by_role("button", name="Next answer").click()
    expect(answers).to_contain_text("2 of 2")
    answers.get_by_role("button", name="Better 3").click()
    expect(answers).to_contain_text("1 of 3")
    with page.expect_download() as download:
        shown.get_by_role("button", name="Report").click()
        page.get_by_role("menuitem", name="As Markdown").click()
    assert download.value.suggested_filename == "tuned-1-against-scripted-1.md"


def test_a_model_is_promoted_against_the_gate_and_rolled_back(shop, page):
    registry = opened(page, shop, f"#{TUNED}", page.get_by_role("region", name=f"Model {TUNED}"))
    detail = registry.get_by_role("region", name=f"Model {TUNED}")
    expect(detail.get_by_role("list", name="Gate for production").first).to_contain_text(
        "The files of tuned@1 are others", timeout=PATIENCE
    )
    expect(detail).to_contain_text("candidate")
    detail.get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog", name=f"Promote {TUNED}")
    promote = dialog.get_by_role("button", name="Promote to production")
    expect(promote).to_be_visible(timeout=PATIENCE)
    dialog.get_by_label("Note").fill("Knows our shades.")
    expect(promote).to_be_disabled()
    dialog.get_by_text("Promote against the gate").click()
    dialog.get_by_label("Reason, kept in the record").fill("Tried by hand, the shop agreed.")
    promote.click()
    expect(dialog).to_be_hidden(timeout=PATIENCE)
    chosen = registry.get_by_role("table", name="Models").get_by_role("row", name=TUNED)
    expect(chosen).to_contain_text("production")
    expect(detail.get_by_role("button", name=f"More for {TUNED}")).to_be_focused()

    detail.get_by_role("button", name=f"More for {TUNED}").click()
    page.get_by_role("menuitem", name="Roll back…").click()
    back = page.get_by_role("dialog", name="Roll back the model")
    expect(back).to_be_visible(timeout=PATIENCE)
    back.get_by_label("Why, kept in the record").fill("It only says nonsense.")
    back.get_by_role("button", name=re.compile("^Roll back to")).click()
    expect(back).to_be_hidden(timeout=PATIENCE)
    expect(chosen).to_contain_text("kept")
    detail.get_by_role("button", name=f"More for {TUNED}").click()
    page.get_by_role("menuitem", name="What was served").click()
    record = page.get_by_role("table", name="Releases of models")
    expect(record).to_contain_text("Against the gate: Tried by hand, the shop agreed.")


@pytest.mark.parametrize("width", [390, 1280])
def test_every_tab_fits_and_every_control_has_a_name(shop, chromium, width):
    made = chromium.new_context(locale="en-US", viewport={"width": width, "height": 844})
    page = made.new_page()
    learned = shop.learned
    opened(page, shop, f"#run={learned.live}")
    for place in (f"#evaluation={learned.evaluation}", f"#dataset={DATASET}", "#runs", ""):
        assert page.evaluate("document.documentElement.scrollWidth") == width
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('#models :is(button, input, [tabindex])')]
                 .filter((one) => one.checkVisibility() && !one.textContent.trim()
                   && !one.getAttribute('aria-label') && !one.labels?.length)
                 .map((one) => one.outerHTML)"""
        )
        assert nameless == []
        page.evaluate("(place) => { location.hash = place }", place)
        expect(
            page.locator("#models [role=tabpanel]:not([hidden]) :is(h2, table)").first
        ).to_be_visible()
    made.close()
