"""The Review page and the tab Compare in a real browser: judge, correct, filter, compare blind."""

import re

import pytest
from playwright.sync_api import expect

from chatbot.bootstrap import build
from chatbot.settings import Settings
from store import traces
from store.records import Trace
from tests.support.browser import Site, note_problems
from tests.support.stored import started, turn

pytestmark = pytest.mark.browser

PATIENCE = 60_000
HOSTILE = "<img src=x onerror=alert(1)> ${alert(1)}"
LAMP = "My lamp flickers below a third. I am Jo Miller, jo@halden.example."
DIMMER = "That comes from the dimmer [1], Jo Miller. Check the letters on it."
TALKS = [
    ("Is there a shop in Bonn?", "No, there is none.", 1, ()),
    (HOSTILE, f"I see {HOSTILE}.", -1, ("Wrong fact",)),
    ("Delivery on a Saturday?", "We deliver Monday to Friday.", -1, ("Too long",)),
    (LAMP, DIMMER, -1, ("Missing something",)),
]
PASSAGE = {"n": 1, "passage": "p", "article": "a", "title": "Dimmers", "heading": "Lamps"}


def talked(product, question, answer, rating, reasons):
    """An answered question with its trace, and what whoever asked thought of it."""
    me = product.person()
    sha = next(iter(product.releases.current("support").weights))
    talk = started(product.database, me, prompt="support", version=sha, model="scripted@1")
    _, reply = turn(product.database, talk, question, answer)
    turn(product.database, talk, "It says R, L.", "Then it does not fit.", parent_id=reply.id)
    passage = PASSAGE | {"text": "Trailing edge.", "internal": False, "score": 1, "used": "cited"}
    with product.database.transaction() as session:
        traces.add_trace(
            session,
            Trace(
                message_id=reply.id,
                attempt=1,
                prompt="support",
                version=sha,
                release_id=None,
                model="scripted@1",
                parameters={"temperature": 0.2},
                inputs={"workspace": "Chatbot", "continued": 0},
                rendered_hash="",
                history_ids=[],
                passages=[passage],
                prompt_tokens=341,
                reply_tokens=118,
                first_token_s=0.21,
                total_s=1.9,
                error=None,
                notes=[],
            ),
        )
    product.conversations.feedback(me, reply.public_id, rating=rating, reasons=reasons)


@pytest.fixture
def site(tmp_path):
    """A server of one person, with answers that wait for a verdict; a new one for each test."""
    product = build(Settings(home=tmp_path / "home", model="scripted", encoder="none"))
    for talk in TALKS:
        talked(product, *talk)
    product.close()
    server = Site(tmp_path, CHATBOT_ENCODER="none")
    yield server
    server.stop()


@pytest.fixture
def page(site, context, patience):
    """The review, the newest message open. A script error or a failed request fails the test."""
    problems = []
    made = context.new_page()
    made.set_default_timeout(PATIENCE)
    note_problems(made, problems)
    made.goto(f"{site.address}/review", timeout=PATIENCE)
    expect(title(made)).to_contain_text("lamp flickers")
    yield made
    assert problems == []


def title(page):
    return page.locator("#review-title")


def rows(page):
    return page.get_by_role("navigation", name="Messages to review").get_by_role("link")


def correction(page):
    return page.get_by_role("region", name="Correction")


def waiting(page):
    return page.get_by_role("navigation", name="Pages").get_by_label(re.compile(r"\d+ waiting"))


def test_review_by_keyboard_then_by_hand(page):
    """J and K, a correction with its difference, tags, skip, bulk, filters, done; then 390 px."""
    expect(rows(page)).to_have_count(4)
    expect(waiting(page).last).to_have_text("4")
    thread = page.get_by_role("region", name="Messages")
    expect(thread).not_to_contain_text("Miller")
    expect(thread).to_contain_text("⟨name 1⟩")
    expect(page.get_by_role("group", name="Trace")).to_contain_text("341 of")
    # What is written waits while others are looked at.
    page.keyboard.press("e")
    page.keyboard.press("Control+End")
    page.keyboard.type(" R, C is right.")
    expect(page.get_by_role("button", name="Poor")).to_have_attribute("aria-pressed", "true")
    page.locator("#review-thread").focus()
    page.keyboard.press("j")
    expect(title(page)).to_have_text("Delivery on a Saturday?")
    page.keyboard.press("j")
    expect(title(page)).to_have_text(HOSTILE)
    assert page.locator("#review img").count() == 0
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(page.locator("#review-differs")).to_contain_text("1 insertion, edit distance 0.")
    page.keyboard.press("Control+d")
    expect(page.locator("#correction-changes ins")).to_have_text(" R, C is right.")
    expect(page.locator("#correction-changes")).to_contain_text("⟨name 1⟩")
    page.locator("#review-thread").focus()
    page.keyboard.press("t")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="incomplete")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Note for the author").fill("Say which letters.")
    page.keyboard.press("Control+Enter")
    expect(title(page)).to_have_text("Delivery on a Saturday?")
    expect(page.get_by_role("button", name="Done 1")).to_be_visible()
    expect(rows(page)).to_have_count(3)
    # Without a verdict nothing is saved; a skip is one.
    page.keyboard.press("Control+Enter")
    expect(correction(page).get_by_role("alert")).to_contain_text("good (1) or poor (2)")
    page.locator("#review-thread").focus()
    page.keyboard.press("3")
    expect(title(page)).to_have_text(HOSTILE)
    page.keyboard.press("f")
    expect(rows(page).first).to_contain_text("flagged")
    # Several at once.
    page.keyboard.press("x")
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator("#review-bulk")).to_contain_text("2 selected")
    page.locator("#review-bulk").get_by_role("button", name="Good").click()
    expect(page.get_by_text("Nothing waits. Last 30 days: 4 reviewed.")).to_be_visible()
    expect(page.get_by_role("link", name="Build a dataset")).to_be_visible()
    # What is done is found by what was said of it, and shows it.
    page.get_by_role("button", name="Done 4").click()
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Tag", exact=True).select_option("incomplete")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(rows(page)).to_have_count(1)
    rows(page).first.click()
    expect(page.locator("#correction-changes ins")).to_have_text(" R, C is right.")
    expect(page.get_by_label("Note for the author")).to_have_value("Say which letters.")
    page.get_by_role("button", name="incomplete. Remove this filter").click()
    expect(rows(page)).to_have_count(4)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(rows(page).first).to_be_hidden()
    page.get_by_role("button", name="Back to the queue").click()
    rows(page).last.click()
    page.get_by_role("button", name="Judge this answer").click()
    expect(page.get_by_label("Corrected answer")).to_be_visible()
    page.evaluate("location.hash = '%'")
    expect(page.get_by_text("That does not exist, or it was deleted.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_run_again_and_compare(page, site):
    """Another prompt's answer becomes the correction; a blind comparison is voted on."""
    page.get_by_role("button", name="Rendered messages").click()
    expect(page.get_by_role("dialog")).to_contain_text("⟨email 1⟩")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run again with…").click()
    again = page.get_by_role("dialog", name="Run again with…")
    again.get_by_label("Prompt").select_option("assistant")
    again.get_by_role("button", name="Run", exact=True).press("Enter")
    expect(again.get_by_role("button", name="Copy")).to_be_visible()
    expect(again.get_by_role("button", name="Run", exact=True)).to_be_focused()
    again.get_by_role("button", name="Use as the correction").click()
    expect(page.get_by_label("Corrected answer")).to_have_value(re.compile("You wrote: My lamp"))
    box = page.get_by_label("Comment to other reviewers")
    box.fill(f"Ask {HOSTILE}")
    box.press("Enter")
    expect(page.get_by_role("group", name="Comments")).to_contain_text(f"Ask {HOSTILE}")
    page.goto(f"{site.address}/models#compare", timeout=PATIENCE)
    page.get_by_role("tabpanel").get_by_role("button", name="New comparison…").click()
    page.locator("#compare-left-model").select_option("scripted@1")
    page.locator("#compare-right-model").select_option("scripted@1")
    page.locator("#compare-right-prompt").select_option("support")
    page.locator("#compare-left-prompt").select_option("assistant")
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Question to both").fill(f"!say {HOSTILE}")
    page.keyboard.press("Control+Enter")
    for name in ("Answer A", "Answer B"):
        expect(page.get_by_role("region", name=name)).to_contain_text(HOSTILE)
        expect(page.get_by_role("region", name=name)).not_to_contain_text("scripted")
    expect(page.get_by_role("button", name="A is better")).to_be_focused()
    page.keyboard.press("2")
    expect(page.locator("#compare-result")).to_contain_text("A was scripted@1")
    expect(page.locator("#compare-standing")).to_contain_text("100 % (21 % to 100 %)")
    page.get_by_role("link", name="Comparisons", exact=True).click()
    expect(page.get_by_role("table", name="Sides")).to_contain_text("scripted@1 · support v1")
