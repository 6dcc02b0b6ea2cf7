"""The Desk page in real browsers: triage, drafts, changes, what blocks sending, undo."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import Site, note_problems
from tests.support.shell import Shell

pytestmark = pytest.mark.browser

PATIENCE = 60_000
"""Milliseconds for what opens a page first, or asks a model first."""
HOSTILE = "<img src=x onerror=alert(1)> ${alert(1)}"
SAYS = "Hello Maja,\n\nwe collect the shade of HL-20418 on [[pickup_date]].\n\nKind regards"
ARTICLE = "# Damaged on arrival\n\n## Replacement\n\nA broken shade is replaced free.\n"


def thread(number, customer, *texts, subject="Shade arrived cracked"):
    messages = [{"role": "customer", "text": text} for text in texts]
    person = {"customer": customer, "email": f"{number}@example.com", "channel": "email"}
    return {"id": number, "subject": subject, "messages": messages} | person


THREADS = [
    thread("1", "Maja Lindqvist", f"!say {SAYS}"),
    thread("2", "Tom Becker", "!say Hello Tom, € 129 comes back today."),
    thread("3", "Greta Holm", "!say Thank you, Greta. We are glad.", subject=HOSTILE),
    thread("4", "Kofi Mensah", "!say Hello Kofi. The cable is 3 metres long."),
    thread("5", "Priya Raman", "!say Hello Priya. It hums at full power."),
    thread("6", "Nora Falk", "!say Hello Nora. It glows at night."),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A desk of one person with tickets and an article; its drafts say what the customers wrote."""
    folder = tmp_path_factory.mktemp("desk")
    server = Site(folder, CHATBOT_ENCODER="none")
    tickets, article = folder / "tickets.jsonl", folder / "damaged.md"
    tickets.write_text("\n".join(map(json.dumps, THREADS)), "utf-8")
    article.write_text(ARTICLE, "utf-8")
    shell = Shell(server.home)
    for command in (("tickets", "import", tickets), ("knowledge", "add", article)):
        done = shell.run(*map(str, command), CHATBOT_ENCODER="none")
        assert done.code == 0, done.err
    yield server
    server.stop()


@pytest.fixture
def tabs(site, context):
    """Open the desk in a tab. A script error or a failed request fails the test."""
    problems = []

    def open_desk(made=context):
        page = made.new_page()
        page.set_default_timeout(20_000)
        note_problems(page, problems)
        page.goto(f"{site.address}/desk", timeout=PATIENCE)
        expect(rows(page).first).to_be_visible(timeout=PATIENCE)
        page.get_by_role("button", name=re.compile("^All ")).click()
        return page

    yield open_desk
    assert problems == []


@pytest.fixture
def page(tabs):
    return tabs()


def rows(page):
    return page.get_by_role("navigation", name="Tickets").get_by_role("link")


def row(page, name):
    return rows(page).filter(has_text=name)


def field(page):
    return page.locator("#desk-edit")


def foot(page):
    return page.locator("#desk-foot")


def draft(page):
    return page.get_by_role("group", name="Waiting draft")


def show(page, name):
    row(page, name).click()
    expect(field(page)).to_have_attribute("aria-label", f"Reply to {name}")


def open_ticket(page, name):
    """Open a ticket and wait until its draft is there."""
    show(page, name)
    expect(page.get_by_role("button", name="Use Tab")).to_be_visible(timeout=PATIENCE)


def take(page, name):
    """Open a ticket and take its draft."""
    open_ticket(page, name)
    field(page).focus()
    page.keyboard.press("Tab")
    expect(draft(page)).to_be_hidden()


def write(page, text):
    field(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


def test_triage_by_keyboard(page):
    expect(rows(page)).to_have_count(len(THREADS))
    expect(row(page, "Greta Holm")).to_contain_text(HOSTILE)
    assert page.locator("#desk img").count() == 0
    page.keyboard.press("j")
    expect(rows(page).nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows(page).nth(0)).to_be_focused()
    row(page, "Greta Holm").focus()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Mine 1")).to_be_visible()
    page.keyboard.press(".")
    expect(page.get_by_role("status").filter(has_text="#3 copied")).to_be_visible()
    row(page, "Greta Holm").focus()
    page.keyboard.press("e")
    expect(rows(page)).to_have_count(len(THREADS) - 1)
    page.get_by_role("button", name="Reopen").click()
    expect(rows(page)).to_have_count(len(THREADS))
    page.get_by_label("Search tickets").fill("Mensah")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#desk-subject")).to_have_text("Shade arrived cracked")
    expect(page.get_by_role("region", name="Thread")).to_contain_text("The cable is 3 metres")


def test_draft_waits_and_own_text_is_never_lost(page):
    open_ticket(page, "Maja Lindqvist")
    expect(draft(page)).to_contain_text("we collect the shade")
    expect(page.get_by_role("group", name="Summary")).to_contain_text("HL-20418")
    write(page, "My own words")
    page.keyboard.press("Tab")
    expect(field(page)).to_have_value(SAYS)
    page.keyboard.press("Control+z")
    expect(field(page)).to_have_value("My own words")
    page.keyboard.press("Control+Shift+z")
    expect(field(page)).to_have_value(SAYS)
    expect(page.locator(".edit-layer mark.is-unfilled")).to_have_text("[[pickup_date]]")
    expect(foot(page)).to_contain_text("Fill in pickup_date before sending")
    expect(page.get_by_role("button", name="Send reply")).to_be_disabled()
    foot(page).get_by_role("button", name="pickup_date").click()
    page.keyboard.type("Tuesday")
    expect(foot(page)).to_contain_text("Saved")
    expect(page.get_by_role("button", name="Send reply")).to_be_enabled()


def test_text_is_on_the_other_device_and_two_writers_see_both(tabs, page):
    take(page, "Kofi Mensah")
    write(page, "Written here")
    expect(foot(page)).to_contain_text("Saved")
    other = tabs()
    row(other, "Kofi Mensah").click()
    expect(field(other)).to_have_value("Written here")
    field(other).focus()
    other.keyboard.press("Control+End")
    other.keyboard.type(" and there")
    expect(foot(other)).to_contain_text("Saved")
    field(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("!")
    dialog = page.get_by_role("dialog", name="The text was changed elsewhere")
    expect(dialog).to_contain_text("Written here and there")
    dialog.get_by_role("button", name="Take the other").click()
    expect(field(page)).to_have_value("Written here and there")


def test_changes_are_decided_one_by_one(page):
    take(page, "Priya Raman")
    page.get_by_role("button", name="Shorter").click()
    expect(page.get_by_role("tab", name=re.compile("Changes [1-9]"))).to_be_visible()
    expect(foot(page)).to_contain_text("to send")
    expect(page.get_by_role("button", name="Send reply")).to_be_disabled()
    page.get_by_role("button", name="Reject all").click()
    expect(field(page)).to_have_value("Hello Priya. It hums at full power.")
    write(page, "It hums.")
    field(page).select_text()
    expect(page.get_by_role("button", name="Shorter selection")).to_be_visible()
    page.get_by_label("Refine by instruction").fill("friendlier")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name=re.compile("Changes [1-9]"))).to_be_visible()
    page.keyboard.press("Control+d")
    expect(field(page)).to_be_visible()
    page.keyboard.press("Control+d")
    page.get_by_role("group", name="Changes").focus()
    while page.locator("#desk-changes .chg").count():
        page.keyboard.press("y")
    expect(field(page)).to_have_value(re.compile("friendlier"))


def test_macro_asks_and_goes_in_at_the_cursor(page):
    show(page, "Kofi Mensah")
    write(page, "/")
    page.get_by_role("button", name="Edit macros").click()
    page.get_by_role("button", name="New macro").click()
    form = page.get_by_role("dialog", name="New macro")
    form.get_by_label("Name, typed after /").fill("pickup")
    form.get_by_label("Title").fill("Courier collects")
    form.get_by_label("Text").fill("The courier comes on [[day:date]], [[customer]].")
    form.get_by_role("button", name="Save macro").click()
    expect(form).to_have_count(0)
    page.keyboard.press("Escape")
    write(page, "Hello. /pic")
    expect(page.get_by_role("option")).to_contain_text("asks day (date)")
    page.keyboard.press("Enter")
    page.get_by_label("day", exact=True).fill("soon")
    page.keyboard.press("Enter")
    expect(page.locator(".macro-form [role=alert]")).not_to_be_empty()
    page.get_by_label("day", exact=True).fill("2026-12-01")
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value(re.compile("Hello. The courier comes on .+, Kofi Mensah."))


def test_source_is_found_cited_and_opened(page):
    show(page, "Kofi Mensah")
    write(page, "We replace it")
    page.get_by_role("button", name="Find another").click()
    page.get_by_label("Search articles").fill("broken shade replaced")
    page.get_by_role("dialog").get_by_role("button", name="Damaged on arrival").click()
    expect(field(page)).to_have_value("We replace it [1]")
    expect(page.locator(".edit-layer .cite-in")).to_have_text("[1]")
    page.get_by_role("button", name="Source 1: Damaged on arrival").click()
    article = page.get_by_role("complementary", name="Article")
    expect(article.locator(".piece-now")).to_contain_text("A broken shade is replaced free.")
    page.keyboard.press("Escape")
    expect(article).to_be_hidden()


def test_invented_value_is_confirmed_then_sent_and_taken_back(page):
    take(page, "Tom Becker")
    write(page, "Hello Tom, € 777 comes back on Monday.")
    expect(foot(page)).to_contain_text("€ 777")
    expect(page.get_by_role("button", name="Send reply")).to_be_disabled()
    for _ in range(3):
        if not foot(page).get_by_role("button", name="It is right").count():
            break
        foot(page).get_by_role("button", name="It is right").click()
        page.wait_for_timeout(600)
    page.keyboard.press("Control+Enter")
    sent = page.locator(".toast.sent")
    expect(sent).to_contain_text("Sent.")
    page.keyboard.press("2")
    expect(sent.get_by_role("button", name="tone")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("u")
    expect(field(page)).to_have_value("Hello Tom, € 777 comes back on Monday.")
    expect(page.locator("#desk-subject")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(field(page)).to_have_value("")
    page.get_by_role("button", name="Undo").click()
    expect(field(page)).to_have_value("Hello Tom, € 777 comes back on Monday.")


def test_what_no_article_answers_leads_to_writing_one(page):
    open_ticket(page, "Nora Falk")
    expect(foot(page)).to_contain_text("Take the draft, or write")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    expect(field(page)).to_have_value("Hello Nora. It glows at night.")
    expect(page.locator("#desk-made")).to_contain_text("saved")
    page.get_by_role("link", name="Write article").click()
    text = page.get_by_label("Text, Markdown")
    expect(text).to_have_value(re.compile("^## !say Hello Nora"), timeout=PATIENCE)


def test_every_control_has_a_name(page):
    open_ticket(page, "Greta Holm")
    controls = "#desk :is(button, a, input, select, textarea)"
    nameless = """(of) => [...document.querySelectorAll(of)]
        .filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim()
            || (one.labels && one.labels.length)) && !one.hidden).map((one) => one.outerHTML)"""
    assert page.evaluate(nameless, controls) == []


def test_telephone_shows_one_region_at_a_time(site, chromium, tabs):
    made = chromium.new_context(
        locale="en-US", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = tabs(made)
    row(page, "Greta Holm").tap()
    expect(page.get_by_role("region", name="Thread")).to_be_visible()
    expect(rows(page).first).to_be_hidden()
    page.get_by_role("button", name="Write the reply").tap()
    expect(page.get_by_role("region", name="Thread")).to_be_hidden()
    page.get_by_role("button", name="Use", exact=False).first.tap()
    expect(field(page)).to_have_value("Thank you, Greta. We are glad.")
    box = page.get_by_role("button", name="Send reply").bounding_box()
    assert box["y"] + box["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Back to the ticket").tap()
    page.get_by_role("button", name="Back to tickets").tap()
    expect(rows(page).first).to_be_visible()
    made.close()
