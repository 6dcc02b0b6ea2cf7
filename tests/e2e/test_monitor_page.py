"""The Monitor page in a real browser: a week in figures, the answers behind it, alerts, states."""

import re

import pytest
from playwright.sync_api import expect

from chatbot.bootstrap import build
from chatbot.monitoring.views import RuleForm
from chatbot.settings import Settings
from tests.support.browser import Site, note_problems
from tests.support.past import a_week

pytestmark = pytest.mark.browser

PATIENCE = 60_000
HOSTILE = "<img src=x onerror=alert(1)> ${alert(1)}"
BROKEN = RuleForm("Broken answers", "errors", "above", 0.001, minutes=60, least=1)
FULL = """group => {
  const side = (one) => one.getBoundingClientRect().right;
  return side(group.lastElementChild) > side(group) - 1;
}"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A server of one person with a week behind it."""
    folder = tmp_path_factory.mktemp("week")
    product = build(Settings(home=folder / "home", model="scripted", encoder="none"))
    a_week(product)
    product.monitoring.set_rule(product.person(), BROKEN)
    product.monitoring.refresh(judge=True)
    product.close()
    server = Site(folder, CHATBOT_ENCODER="none")
    yield server
    server.stop()


def opened(tab, shop, place=""):
    tab.set_default_timeout(PATIENCE)
    tab.goto(f"{shop.address}/monitor{place}", timeout=PATIENCE)
    expect(tab.locator("#mon-foot")).to_be_visible()
    return tab


@pytest.fixture
def page(shop, context, patience):
    """The week. A script error or a failed request fails the test."""
    made, problems = context.new_page(), []
    note_problems(made, problems)
    yield opened(made, shop)
    assert problems == []


def figure(page, key):
    return page.locator(f"[data-figure={key}]")


def alert(page):
    return page.get_by_role("alert").filter(has_text="0.8 s")


def test_a_week_in_figures_plots_and_versions(page):
    """Six figures, a plot with its table, the table by version and its file, another grouping."""
    header = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Monitor")
    expect(header).to_have_attribute("aria-current", "page")
    expect(figure(page, "answers")).to_contain_text("5")
    expect(figure(page, "answers")).to_contain_text("+400 % against last week")
    expect(figure(page, "first")).to_contain_text(re.compile(r"1\.\d s\+1\.\d worse against"))
    expect(figure(page, "unchanged")).to_contain_text("nothing to measure")

    plot = page.get_by_role("slider", name="Time to first word: p95, p50, p99")
    plot.focus()
    expect(plot).to_have_attribute("aria-valuetext", re.compile(r"p95 1\.\d\d s, of 2"))
    page.keyboard.press("Home")
    expect(plot).to_have_attribute("aria-valuetext", re.compile(r"p95 0\.\d\d s, of 2"))
    page.get_by_role("button", name="Show Thumbs up as a table").click()
    table = page.get_by_role("table", name="Thumbs up")
    expect(table.get_by_role("row")).to_have_count(3)  # the head, and two days with thumbs
    expect(table).to_contain_text("50.0 %")
    expect(page.locator("#mon-foot")).to_contain_text("Edit distance of sent replies")

    versions = page.get_by_role("table", name="By version")
    row = versions.get_by_role("row", name="support v1")
    expect(row).to_contain_text("scripted@1")
    expect(row).to_contain_text("20 %")  # one of five broke
    page.get_by_role("button", name="All columns").click()
    expect(versions.get_by_role("columnheader", name="p99 total")).to_be_visible()
    with page.expect_download() as coming:
        page.get_by_role("button", name="CSV").click()
    assert "support,1," in coming.value.path().read_text("utf-8")

    page.get_by_label("Group by").select_option("By model")
    expect(page.get_by_role("region", name="Thumbs up").locator(".leg")).to_have_text("scripted@1")
    page.reload()
    expect(page.get_by_label("Group by")).to_have_value("model", timeout=PATIENCE)
    assert page.url.endswith("/monitor#group=model")
    plots = page.get_by_role("group", name="More plots")
    assert plots.evaluate(FULL)  # no half of a row is left empty


def test_a_point_leads_to_the_answers_behind_it(page):
    """By keyboard from a plot, by link from its table; from there to the review and the chat."""
    page.get_by_role("slider", name="Time to first word").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Answers: Time to first word")
    expect(dialog.get_by_role("row")).to_have_count(3)
    expect(dialog.get_by_role("link", name="Review")).to_have_count(2)
    dialog.get_by_role("button", name="Copy turn id").first.click()
    expect(page.locator("#said")).to_have_text("Copied")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("slider", name="Time to first word")).to_be_focused()
    assert page.url.endswith("/monitor")

    page.get_by_role("button", name="Show Errors by kind as a table").click()
    page.get_by_role("link", name="1: show the answers").click()
    broken = page.get_by_role("dialog", name="Answers: Errors by kind")
    expect(broken.get_by_role("row")).to_have_count(2)
    expect(broken).to_contain_text("failed")
    page.go_back()
    expect(broken).to_be_hidden()
    page.go_forward()
    broken.get_by_role("link", name="Chat").click()
    expect(page.get_by_role("article", name="Question")).to_contain_text("Is it open?")


def test_alerts_are_muted_and_rules_are_kept(page):
    """The alert with its cause's answers; muted and heard again; a rule made, changed, removed."""
    expect(alert(page)).to_contain_text(re.compile(r"First word.* Since \d\d:\d\d\. "))
    alert(page).get_by_role("link", name="See the slow answers").click()
    slow = page.get_by_role("dialog").get_by_role("table", name="Answers")
    expect(slow).to_contain_text("1.50 s")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="See the failed answers").click()  # of all lines together
    failed = page.get_by_role("dialog", name="Answers: Errors by kind")
    expect(failed.get_by_role("table", name="Answers")).to_contain_text("failed")
    page.keyboard.press("Escape")
    alert(page).get_by_role("button", name="Mute for a day").click()
    expect(alert(page)).to_be_hidden()
    expect(page.get_by_text("Muted until")).to_be_visible()
    page.get_by_role("button", name="Speak again").click()
    expect(alert(page)).to_be_visible()

    page.get_by_role("button", name="Alerts").click()
    rules = page.get_by_role("list", name="Rules")
    expect(rules).to_contain_text("Slow first word")
    before = rules.get_by_role("listitem").count()
    page.get_by_role("button", name="Mute for a day: Slow first word").click()
    slow = rules.get_by_role("listitem").filter(has_text="Slow first word")
    expect(slow).to_contain_text(re.compile(r"muted until tomorrow \d\d:\d\d"))
    page.get_by_role("button", name="Speak again: Slow first word").press("Enter")
    expect(slow).not_to_contain_text("muted")
    expect(page.get_by_role("button", name="Mute for a day: Slow first word")).to_be_focused()
    page.get_by_role("button", name="New rule").click()
    form = page.get_by_role("dialog", name="New rule")
    form.get_by_label("Name").fill(f"Few thumbs {HOSTILE}")
    form.get_by_label("What is watched").select_option("Thumbs up")
    form.get_by_label("When it").select_option("is below")
    form.get_by_role("button", name="Make the rule").click()
    expect(form.get_by_role("alert")).to_have_text("Give the limit as a number.")
    form.get_by_label("Limit").fill("62,5")
    form.get_by_role("button", name="Make the rule").click()
    expect(form).to_be_hidden()
    expect(rules.get_by_role("listitem")).to_have_count(before + 1)
    expect(rules).to_contain_text("62.5 %")
    expect(rules).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Change Few thumbs").click()
    changed = page.get_by_role("dialog", name="Change the rule")
    expect(changed.get_by_label("Limit")).to_have_value("62.5")
    changed.get_by_label("On", exact=True).uncheck()
    changed.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Change Few thumbs")).to_be_focused()
    expect(rules.get_by_role("listitem").filter(has_text="Few thumbs")).to_contain_text("off")
    page.get_by_role("button", name="Remove Few thumbs").click()
    page.get_by_role("dialog", name="Remove the rule").get_by_role("button", name="Remove").click()
    expect(rules.get_by_role("listitem")).to_have_count(before)
    expect(page.get_by_role("button", name="New rule")).to_be_focused()


def test_a_period_without_answers_and_a_server_that_is_away(shop, context, patience):
    page = opened(context.new_page(), shop)
    page.get_by_label("Channel").select_option("API")
    expect(page.get_by_text("No answers in this period")).to_be_visible()
    page.get_by_role("link", name="All channels").click()
    expect(figure(page, "answers")).to_be_visible()
    context.set_offline(True)
    page.get_by_role("button", name="30 days").click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    expect(figure(page, "answers")).to_be_hidden()
    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(figure(page, "answers")).to_contain_text("6")


def test_a_small_dark_screen(shop, chromium, patience):
    made = chromium.new_context(
        locale="en-US",
        viewport={"width": 390, "height": 844},
        color_scheme="dark",
        has_touch=True,
        is_mobile=True,
    )
    page = opened(made.new_page(), shop)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 24)"
    row = page.get_by_role("table", name="By version").get_by_role("row", name="support v1")
    expect(row.get_by_text("Thumbs up")).to_be_visible()  # each value has its name beside it
    page.get_by_role("button", name="Page: Monitor. Change page").tap()
    expect(page.get_by_role("menuitem", name="Monitor")).to_be_visible()
    made.close()
