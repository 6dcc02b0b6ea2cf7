"""A prompt is changed, tested, mended, published and rolled back in a real browser."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import expect

from tests.support.browser import Site, note_problems, opened

pytestmark = pytest.mark.browser

PATIENCE = 60_000
"""Milliseconds for what opens a page first."""
# The scripted model repeats what it is asked, so a test sees what the user message has become.
TESTS = """\
# Kept by hand.
- description: The question comes first
  metadata: {critical: true}
  vars: {question: "Is the Tilda damp proof?"}
  assert:
    - {type: icontains, value: "wrote: Is the Tilda damp proof?"}
    - {type: not-icontains, value: free of charge}

- description: Offers a call
  vars: {question: "Who are you?"}
  assert: [{type: icontains, value: call you back}]
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    server = Site(
        tmp_path_factory.mktemp("shop"), CHATBOT_MODEL="scripted", CHATBOT_PROMPT="support"
    )
    yield server
    server.stop()


@pytest.fixture
def tests_of(shop, context):
    """Open the Tests tab of a prompt. A script error or a failed request fails the test."""
    problems = []

    def open_tests(prompt):
        made = context.new_page()
        note_problems(made, problems)
        made.goto(f"{shop.address}/prompts#{prompt}/tests", timeout=PATIENCE)
        expect(matrix(made)).to_be_visible(timeout=PATIENCE)
        return made

    yield open_tests
    assert problems == []


def matrix(page):
    return page.get_by_role("region", name="Test matrix")


def tab(page, name):
    page.get_by_role("tab", name=name).click()


def cell(page, case, column):
    return matrix(page).get_by_role("button", name=re.compile(f"{re.escape(case)}, {column} "))


def add_case(page, how):
    matrix(page).get_by_role("button", name="Case", exact=True).click()
    page.get_by_role("menuitem", name=how).click()


def write_tests(page, text):
    add_case(page, "Test file as text…")
    dialog = page.get_by_role("dialog", name="Test file")
    dialog.get_by_label("Test file, YAML").fill(text)
    dialog.get_by_role("button", name="Save tests").click()
    expect(dialog).to_be_hidden()


def run_all(page, version):
    """Run every case of the columns, of which the newest version is one."""
    expect(matrix(page).get_by_role("columnheader", name=re.compile(version))).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(cell(page, "Offers a call", version)).to_contain_text("/3", timeout=PATIENCE)
    expect(matrix(page).get_by_role("button", name="Run all")).to_be_visible(timeout=PATIENCE)


def save_version(page, old, new, note):
    """Change the text in the editor and save it as the next version."""
    tab(page, "Edit")
    source = page.get_by_label("Prompt source, Jinja")
    source.fill(source.input_value().replace(old, new))
    expect(page.get_by_role("button", name="Save version")).to_be_enabled()
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="Save version")
    dialog.get_by_label("Note").fill(note)
    dialog.get_by_role("button", name="Save version").click()
    expect(page.locator("#prompt-state")).to_contain_text("not live")
    tab(page, "Tests")


def publish_dialog(page):
    page.get_by_role("button", name="Publish…").click()
    return page.get_by_role("dialog", name=re.compile("^Publish .+ v"))


def test_a_change_is_tested_mended_published_and_rolled_back(tests_of, shop, context):
    page = tests_of("support")
    write_tests(page, TESTS)
    expect(matrix(page)).to_contain_text("2 cases × 1 column")
    run_all(page, "v1")
    expect(cell(page, "The question comes first", "v1")).to_contain_text("3/3")
    expect(cell(page, "Offers a call", "v1")).to_contain_text("0/3")

    chat = opened(context.new_page(), shop.address)
    expect(chat.ask("Are you there?")).to_contain_text("wrote: Are you there?")
    before = chat.conversation

    save_version(page, "{{ question }}", "Free of charge: {{ question }}", "Generous")
    run_all(page, "v2")
    fallen = cell(page, "The question comes first", "v2")
    expect(fallen).to_contain_text("0/3was 3/3")
    fallen.click()
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Is the Tilda damp proof?")
    expect(result.locator("mark")).to_have_text("Free of charge")
    expect(result).to_contain_text("Answer, run 1 of 3")
    result.get_by_role("button", name="Next run").click()
    expect(result).to_contain_text("Answer, run 2 of 3")
    result.get_by_role("button", name="Rendered messages").click()
    rendered = page.get_by_role("dialog", name=re.compile("^Rendered by v2"))
    expect(rendered.locator(".var", has_text="Is the Tilda damp proof?")).to_be_visible()
    page.keyboard.press("Escape")

    dialog = publish_dialog(page)
    expect(dialog).to_contain_text("The question comes first, 0 of 3")
    expect(dialog.get_by_role("button", name="Publish to production")).to_be_disabled()
    dialog.get_by_role("button", name="Open case").first.click()
    expect(result.get_by_role("heading")).to_have_text("The question comes first")

    save_version(
        page, "Free of charge: {{ question }}", "{{ question }}\nWe call you back.", "Calls"
    )
    run_all(page, "v3")
    expect(cell(page, "The question comes first", "v3")).to_contain_text("3/3")
    expect(cell(page, "Offers a call", "v3")).to_contain_text("3/3")
    dialog = publish_dialog(page)
    dialog.get_by_role("button", name="Publish to production").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#prompt-head")).to_contain_text("production v3")

    expect(chat.ask("Still there?")).not_to_contain_text("call you back")
    assert chat.conversation == before
    fresh = opened(context.new_page(), shop.address)
    expect(fresh.ask("Hello?")).to_contain_text("call you back")

    tab(page, "Releases")
    page.get_by_role("button", name="Roll back…", exact=True).click()
    page.get_by_role("dialog", name="Roll back support").get_by_role(
        "button", name="Roll back to v1"
    ).click()
    expect(page.locator("#prompt-head")).to_contain_text("production v1")
    expect(page.get_by_role("table", name="Releases").get_by_role("row")).to_have_count(4)
    tab(page, "History")
    measured = page.get_by_role("region", name="Measured")
    expect(measured.get_by_role("rowheader")).to_have_text(["v3", "v1production"])
    expect(measured).to_contain_text("Too few to tell")
    expect(fresh.ask("And now?")).to_contain_text("call you back")
    last = opened(context.new_page(), shop.address)
    expect(last.ask("Hello?")).not_to_contain_text("call you back")


class TestCases:
    def test_one_is_written_changed_and_deleted_in_a_form(self, tests_of):
        page = tests_of("rewrite")
        write_tests(page, TESTS.replace("question:", "text:"))
        add_case(page, "Write a case…")
        dialog = page.get_by_role("dialog", name="New case")
        dialog.get_by_label("What must be right").fill("Keeps the number")
        dialog.get_by_label("text", exact=False).first.fill("Order 4711 is late.")
        dialog.get_by_label("Text", exact=True).fill("4711")
        dialog.get_by_role("button", name="Add assertion").click()
        dialog.get_by_label("What is checked").last.select_option("word-count")
        dialog.get_by_label("Text", exact=True).last.fill("many")
        dialog.get_by_role("button", name="Save case").click()
        expect(dialog.get_by_role("alert")).to_contain_text("must be a whole number")
        expect(dialog.get_by_label("What must be right")).to_have_value("Keeps the number")
        dialog.get_by_label("Text", exact=True).last.fill("1 to 40")
        dialog.get_by_label("Critical").check()
        dialog.get_by_role("button", name="Save case").click()
        expect(dialog).to_be_hidden()
        expect(matrix(page)).to_contain_text("3 cases")

        result = page.get_by_role("region", name="Result")
        expect(result).to_contain_text("contains, in any case “4711”")
        result.get_by_role("button", name="Edit case").click()
        dialog = page.get_by_role("dialog", name="Edit case")
        expect(dialog.get_by_label("Critical")).to_be_checked()
        dialog.get_by_label("What must be right").fill("Keeps the order number")
        dialog.get_by_role("button", name="Save case").click()
        expect(matrix(page)).to_contain_text("Keeps the order number")

        result.get_by_role("button", name="Edit case").click()
        page.get_by_role("button", name="Delete case").click()
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(matrix(page)).to_contain_text("2 cases")
        add_case(page, "Test file as text…")
        text = page.get_by_label("Test file, YAML").input_value()
        assert text == TESTS.replace("question:", "text:")

    def test_one_is_made_of_a_conversation(self, tests_of, shop, context):
        chat = opened(context.new_page(), shop.address)
        chat.ask("Is this lamp dimmable?")
        chat.button("Poor answer").click()
        chat.page.get_by_label("A better answer").fill("Yes, with a dimmer for LEDs.")
        chat.button("Send feedback").click()
        page = tests_of("assistant")
        add_case(page, "From a conversation…")
        page.get_by_role("list", name="Turns").get_by_role("button").first.click()
        result = page.get_by_role("region", name="Result")
        expect(result.get_by_role("heading")).to_have_text("Is this lamp dimmable?")
        expect(result).to_contain_text("Yes, with a dimmer for LEDs.")

    def test_a_run_is_downloaded(self, tests_of):
        page = tests_of("rewrite")
        write_tests(page, TESTS.replace("question:", "text:"))
        run_all(page, "v1")
        found = {}
        for form in ("JUnit", "JSON"):
            with page.expect_download() as got:
                matrix(page).get_by_role("button", name=form).click()
            found[form] = got.value.path().read_text("utf-8")
        suite = ET.fromstring(found["JUnit"]).find("testsuite")
        assert (suite.get("tests"), suite.get("name")) == ("2", "v1 · scripted@1")
        assert json.loads(found["JSON"])["prompt"] == "rewrite"

    def test_cells_are_reached_by_keys(self, tests_of):
        page = tests_of("summary")
        cells = matrix(page).locator(".cell")
        cells.first.focus()
        page.keyboard.press("ArrowDown")
        expect(cells.nth(1)).to_be_focused()
        page.keyboard.press("ArrowRight")  # there is one column
        expect(cells.nth(1)).to_be_focused()
        page.keyboard.press("Enter")
        name = matrix(page).get_by_role("rowheader").nth(1).get_by_role("button").text_content()
        expect(page.get_by_role("region", name="Result").get_by_role("heading")).to_have_text(name)
        expect(cells.nth(1)).to_be_focused()


def test_versions_share_production_and_are_compared(tests_of):
    page = tests_of("title")
    write_tests(page, TESTS.replace("question:", "text:"))
    save_version(page, "{{ text }}", "{{ text }} We call you back.", "Calls")
    run_all(page, "v2")
    dialog = publish_dialog(page)
    dialog.get_by_label("Share of new conversations, %").fill("20")
    expect(dialog).to_contain_text("rest v1")
    dialog.get_by_role("button", name="Staging").click()
    expect(dialog).to_contain_text("Staging has no gate")
    dialog.get_by_role("button", name="Production", exact=True).click()
    if dialog.get_by_role("button", name="Publish to production").is_disabled():
        dialog.get_by_text("Publish against the gate").click()
        dialog.get_by_label("Reason, kept in the record").fill("Only for this test")
    dialog.get_by_role("button", name="Publish to production").click()
    expect(page.locator("#prompt-head")).to_contain_text("v2 20")

    tab(page, "History")
    versions = page.get_by_role("region", name="Versions")
    expect(versions.get_by_role("button").first).to_contain_text("production 20 %")
    compare = page.get_by_role("region", name="Compare")
    expect(compare.locator("ins")).to_contain_text("We call you back.")
    compare.get_by_role("button", name="Rendered").click()
    expect(compare.locator("ins").first).to_contain_text("We call you back.")
    compare.get_by_role("button", name="Answers").click()
    row = compare.get_by_role("row").filter(has_text="Offers a call")
    expect(row).to_contain_text("better")
    tab(page, "Use")
    snippet = page.get_by_role("group", name="Command line")
    expect(snippet).to_contain_text("chatbot prompts render title --set")


def test_columns_are_added_removed_and_kept(tests_of):
    page = tests_of("extract")
    heads = matrix(page).get_by_role("columnheader")
    expect(heads).to_have_text(["Case", "v1 · scripted@1production"])
    for problem in ("", "This column is there"):
        matrix(page).get_by_role("button", name="Column", exact=True).click()
        dialog = page.get_by_role("dialog", name="Add a column")
        dialog.get_by_label("Model").select_option(index=0)
        dialog.get_by_role("button", name="Add column").click()
        if problem:
            expect(dialog.get_by_role("alert")).to_contain_text(problem)
            page.keyboard.press("Escape")
    expect(heads).to_have_count(3)
    page.reload()
    expect(heads).to_have_count(3, timeout=PATIENCE)
    heads.nth(1).get_by_role("button", name="Remove column v1 · scripted@1").click()
    expect(heads).to_have_count(2)
    expect(heads.last).to_contain_text("v1 · starter@")


def test_attacks_give_a_rate(tests_of):
    page = tests_of("translate")
    attacks = page.get_by_role("region", name="Injection")
    attacks.get_by_role("button", name="Run attacks").click()
    expect(attacks.get_by_role("button", name="Stop")).to_be_visible()
    row = attacks.get_by_role("table").get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile(r"v1.*%.*to.*%"), timeout=PATIENCE)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_tab_is_wider_than_the_window(shop, chromium, width):
    made = chromium.new_context(locale="en-US", viewport={"width": width, "height": 844})
    page = made.new_page()
    page.goto(f"{shop.address}/prompts#support/tests", timeout=PATIENCE)
    expect(matrix(page)).to_be_visible(timeout=PATIENCE)
    for name in ("History", "Releases", "Use", "Tests"):
        tab(page, name)
        expect(page.get_by_role("tabpanel", name=name).locator("section").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('#prompts :is(button, input, select, textarea)')]
             .filter((one) => one.checkVisibility() && !one.textContent.trim()
               && !one.getAttribute('aria-label') && !one.labels?.length)
             .map((one) => one.outerHTML)"""
    )
    assert nameless == []
    made.close()
