"""A prompt is changed, tested, mended, published and rolled back in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import Site, opened

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
def page(shop, context):
    """The Tests tab of a prompt. A script error or a failed request fails the test."""
    made, problems = context.new_page(), []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on(
        "response",
        lambda answer: answer.status >= 400 and problems.append(f"{answer.status} {answer.url}"),
    )
    made.goto(f"{shop.address}/prompts#support/tests", timeout=PATIENCE)
    expect(matrix(made)).to_be_visible(timeout=PATIENCE)
    yield made
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
    return page.get_by_role("dialog", name=re.compile("^Publish support v"))


def test_a_change_is_tested_mended_published_and_rolled_back(page, shop, context):
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

    save_version(page, "Free of charge: {{ question }}", "{{ question }}\nWe call you back.", "Calls")
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
    expect(fresh.ask("And now?")).to_contain_text("call you back")
    last = opened(context.new_page(), shop.address)
    expect(last.ask("Hello?")).not_to_contain_text("call you back")
