"""The Knowledge page in a real browser: files dropped, an article written, tried, removed."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import Site, note_problems

pytestmark = pytest.mark.browser

PATIENCE = 60_000
HOSTILE = "<img src=x onerror=alert(1)> ${alert(1)} {{7*7}}"
RETURNS = """---
title: Returns within 30 days
tags: [returns]
visibility: public
---
## Condition
Unused lamps may be sent back within thirty days.

## Money
The money comes back within three days.
"""
DROP = """([region, files]) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([text], name));
  const drop = (kind) => region.dispatchEvent(
    new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: transfer}));
  drop("dragenter");
  drop("dragover");
  drop("drop");
}"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    server = Site(tmp_path_factory.mktemp("shop"))
    yield server
    server.stop()


@pytest.fixture
def page(shop, context):
    """The Knowledge page. A script error, a dialog or a failed request fails the test."""
    made, problems = context.new_page(), []
    note_problems(made, problems)
    yield opened(made, shop)
    assert problems == []


@pytest.fixture
def filled(page):
    """The page with an article on it, whatever this worker has run before."""
    if listed(page, "Returns within 30 days").count() == 0:
        drop(page, ("returns.md", RETURNS))
        expect(listed(page, "Returns within 30 days")).to_be_visible(timeout=PATIENCE)
    return page


def opened(page, shop, place=""):
    page.goto(f"{shop.address}/knowledge{place}", timeout=PATIENCE)
    expect(page.locator("#knowledge-sum")).to_contain_text("searched by", timeout=PATIENCE)
    return page


def drop(page, *files):
    region = page.locator("#knowledge").element_handle()
    page.evaluate(DROP, [region, [list(one) for one in files]])


def listed(page, title):
    return page.get_by_role("table", name="Articles", exact=True).get_by_role(
        "button", name=title, exact=True
    )


def write(page, title, text):
    page.get_by_role("button", name="Write article", exact=True).first.click()
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Text, Markdown").fill(text)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("region", name=f"Article {title}")).to_be_visible()


def test_from_nothing_to_a_question_that_is_answered(page):
    expect(page.get_by_role("heading", name="Add the pages you answer from")).to_be_visible()
    expect(page.get_by_role("button", name="Load the demo shop")).to_be_visible()
    drop(page, ("returns.md", RETURNS), ("broken.pdf", "%PDF no"), ("empty.txt", ""))
    expect(listed(page, "Returns within 30 days")).to_be_visible(timeout=PATIENCE)
    alerts = page.get_by_role("alert")
    expect(alerts.filter(has_text="damaged")).to_be_visible(timeout=PATIENCE)
    expect(alerts.filter(has_text="It is empty.")).to_be_visible()
    page.get_by_role("button", name="Close the message about broken.pdf").click()
    expect(alerts.filter(has_text="damaged")).to_have_count(0)

    page.get_by_label("Question to search with").fill("When does the money come back?")
    page.get_by_role("button", name="Search", exact=True).click()
    first = page.get_by_role("list", name="Passages found").get_by_role("listitem").first
    expect(first).to_contain_text("Returns within 30 days › Money", timeout=PATIENCE)
    expect(first).to_contain_text("text 1st")
    expect(first.get_by_text("money", exact=True)).to_be_visible()
    first.get_by_role("button").click()
    article = page.get_by_role("region", name="Article Returns within 30 days")
    expect(article.get_by_role("group", name="Passage 2")).to_be_focused()
    expect(article).to_contain_text("returns.md")


def test_written_kept_edited_removed_and_brought_back(page, shop):
    page.locator("body").press("n")
    page.get_by_label("Title", exact=True).fill("Old lamps")
    page.get_by_label("Text, Markdown").fill("## Take back\n\nWe take **old lamps** back.")
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("We take old lamps back.")
    page.wait_for_timeout(300)
    opened(page, shop)  # a reload keeps what was typed
    page.get_by_role("button", name="Write article", exact=True).first.click()
    expect(page.get_by_label("Text, Markdown")).to_have_value(re.compile("old lamps"))
    page.get_by_label("Text, Markdown").press("Control+s")
    article = page.get_by_role("region", name="Article Old lamps")
    expect(article).to_contain_text("We take old lamps back.")
    expect(page).to_have_url(re.compile(r"\?article="))

    article.get_by_role("button", name="Edit").click()
    page.get_by_label("Tags").fill("lamps, service")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(article).to_contain_text("lamps, service")
    expect(article).to_contain_text("version 2")

    article.get_by_role("button", name="More for this article").click()
    page.get_by_role("menuitem", name="Show to staff only").click()
    expect(article).to_contain_text("staff alone")
    article.get_by_role("button", name="More for this article").click()
    page.get_by_role("menuitem", name="Remove").click()
    expect(listed(page, "Old lamps")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(listed(page, "Old lamps")).to_be_visible()


def test_two_texts_of_one_article_are_shown_side_by_side(page, shop, context):
    write(page, "Dimmers", "Some fit.")
    second = opened(context.new_page(), shop, "?" + page.url.partition("?")[2])
    for one in (page, second):
        one.get_by_role("button", name="Edit", exact=True).click()
    second.get_by_label("Text, Markdown").fill("Most fit.")
    second.get_by_role("button", name="Save", exact=True).click()
    expect(second.get_by_role("region", name="Article Dimmers")).to_contain_text("Most fit.")
    page.get_by_label("Text, Markdown").fill("None fits.")
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog", name="Somebody else saved meanwhile")
    expect(dialog.get_by_role("region", name="Yours")).to_contain_text("None fits.")
    expect(dialog.get_by_role("region", name="Theirs")).to_contain_text("Most fit.")
    dialog.get_by_role("button", name="Keep mine as a new version").click()
    expect(page.get_by_role("region", name="Article Dimmers")).to_contain_text("None fits.")


def test_what_files_hold_is_text(page):
    drop(page, ("x.csv", f'title,text\n"{HOSTILE}","{HOSTILE}"\n'), (f"{HOSTILE}.txt", ""))
    expect(page.get_by_text(f"{HOSTILE}.txt", exact=True)).to_be_visible(timeout=PATIENCE)
    listed(page, HOSTILE).click()
    article = page.get_by_role("region", name=f"Article {HOSTILE}")
    expect(article.get_by_role("heading", name=HOSTILE)).to_be_visible()
    expect(page.locator("#knowledge-article .pm").first).to_contain_text("${alert(1)} {{7*7}}")
    assert page.locator("#knowledge img").count() == 0


def test_a_citation_opens_at_its_passage(filled, shop):
    page = filled
    page.get_by_label("Question to search with").fill("unused lamps sent back")
    with page.expect_response(lambda one: '"ask"' in (one.request.post_data or "")) as answer:
        page.get_by_role("button", name="Search", exact=True).click()
    passage = answer.value.json()["hits"][0]["passage"]
    opened(page, shop, f"?passage={passage}")
    expect(page.locator("#knowledge-article .pm.hit")).to_be_focused()
    opened(page, shop, "?passage=none")
    expect(page.get_by_role("alert")).to_contain_text("is gone")


def test_on_a_telephone_one_thing_is_seen_at_a_time(filled):
    page = filled
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    listed(page, "Returns within 30 days").click()
    article = page.get_by_role("region", name="Article Returns within 30 days")
    expect(article).to_be_visible()
    expect(page.get_by_role("table", name="Articles", exact=True)).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Back to articles").click()
    expect(page.get_by_role("table", name="Articles", exact=True)).to_be_visible()


def test_every_control_has_a_name(filled):
    page = filled
    listed(page, "Returns within 30 days").click()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("#knowledge :is(button,input,select,textarea)")]
          .filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim()
            || (one.id && document.querySelector(`label[for="${one.id}"]`))))
          .map((one) => one.outerHTML)"""
    )
    assert nameless == []
