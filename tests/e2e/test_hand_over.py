"""From the assistant to a person and back, in the chatter's browser; what an answer stands on."""

import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage
from tests.support.shelf import shelve
from tests.support.team import PASSWORD, Team, product_of

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("patience")]

REFUNDS = "We refund within 14 days after the parcel came back. The money goes back to your card."
SECRET = "Staff may pay up to 50 euros as goodwill when a refund to the card takes too long."
ASKED = "!say Within 14 days [1]. How long does a refund take until the money is on my card?"
HERE = "A colleague answers here. You can go on writing."


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    server = Team(
        tmp_path_factory.mktemp("team"),
        CHATBOT_PROMPT="support",
        CHATBOT_ENCODER="none",
        CHATBOT_UNDO_SECONDS="0",
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def product(team):
    """The same home behind the server's back: what agents do."""
    product = product_of(team.home, encoder="none", undo_seconds=0)
    shelve(product, "Returns", f"# Refunds\n\n{REFUNDS}")
    shelve(product, "Goodwill", SECRET, visibility="internal")
    yield product
    product.close()


@pytest.fixture
def tab_of(team, product, chromium):
    """Opens a tab in which somebody is logged in; a script error fails the test."""
    made, problems = [], []

    def opened(login, path="/", **options):
        profile = chromium.new_context(locale="en-US", **options)
        profile.set_default_timeout(60_000)
        profile.on("weberror", lambda error: problems.append(str(error.error)))
        made.append(profile)
        page = profile.new_page()
        page.goto(team.address + path)
        page.get_by_label("Name or e-mail").fill(login)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password", exact=True).press("Enter")
        expect(page.get_by_role("button", name=f"Account: {login.title()}")).to_be_visible()
        return ChatPage(page, team.address)

    yield opened
    for profile in made:
        profile.close()
    assert problems == []


@contextmanager
def facts_held_back(page):
    """Inside, the page does not get to know who sits at it: its messages come first."""
    held = []

    def hold(route):
        if '"start"' in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route(re.compile("component_server"), hold)
    yield
    assert held
    for route in held:
        route.continue_()
    page.unroute(re.compile("component_server"))


def agent_replies(product, conversation, text):
    """Somebody at the desk takes the chat and sends a reply; the server delivers it."""
    me = product.person()
    ticket = product.desk.take(me, conversation)
    product.desk.send(me, ticket, text, draft=None, seconds=20)


def test_a_chat_is_handed_over_answered_by_a_person_and_given_back(product, tab_of):
    tab = tab_of("alice")
    tab.ask("!say Hello. Where is my parcel?")
    asking = tab.page.locator("#chat-person")
    asking.click()
    dialog = tab.page.get_by_role("dialog", name="Ask a person")
    dialog.get_by_label("A note for the person").fill("It is a birthday present.")
    tab.button("Ask a person", dialog).click()
    expect(tab.page.get_by_text(HERE)).to_be_visible()
    expect(asking).to_be_hidden()
    tab.send("I need it tomorrow.")
    expect(tab.questions).to_have_count(2)
    expect(tab.answers).to_have_count(1)

    name = product.person().name
    agent_replies(product, tab.conversation, "I found it: it comes tomorrow.")
    reply = tab.page.get_by_role("article", name=f"Answer by {name}, a person")
    expect(reply).to_contain_text("I found it: it comes tomorrow.")
    expect(reply).to_contain_text(f"{name} · a person")
    expect(tab.button("Answer again", reply)).to_have_count(0)
    expect(tab.page.get_by_text(f"Assigned to {name}.")).to_be_visible()

    tab.button("Let the assistant answer again").click()
    expect(tab.page.get_by_text(HERE)).to_be_hidden()
    answer = tab.ask("!say You are welcome.")
    expect(answer.locator(".md")).to_have_text("You are welcome.")
    with facts_held_back(tab.page):
        tab.page.reload()
        expect(reply).to_contain_text(f"{name} · a person")
    expect(tab.page.locator("#chat-model option")).not_to_have_count(0)
    expect(reply).to_contain_text(f"{name} · a person")


def test_a_chatter_reads_a_source_in_a_panel_and_never_an_internal_one(product, tab_of):
    tab = tab_of("alice")
    answer = tab.ask(ASKED)
    sources = answer.get_by_role("group", name="Sources")
    expect(sources).to_have_text("Sources:[1] Returns › Refunds")
    sources.get_by_role("button").click()
    panel = tab.page.get_by_role("dialog", name="Returns › Refunds")
    expect(panel).to_contain_text(REFUNDS)
    tab.page.keyboard.press("Escape")
    quoted = tab.ask(f"!say {SECRET} How long does a refund to my card take?")
    expect(quoted.get_by_role("group", name="Quoted from")).to_have_count(0)
    assert "Goodwill" not in tab.page.content()


def test_a_person_is_offered_where_knowledge_lacks(product, tab_of):
    tab = tab_of("bob")
    lacking = tab.ask("What do zebras eat in winter?")
    expect(lacking).to_contain_text("There is no article about this.")
    answer = tab.ask(ASKED)
    expect(answer).not_to_contain_text("There is no article about this.")
    expect(lacking).not_to_contain_text("There is no article about this.")
    again = tab.ask("What do zebras eat in winter?")
    tab.button("Ask a person", again).click()
    tab.button("Ask a person", tab.page.get_by_role("dialog")).click()
    expect(tab.page.get_by_text(HERE)).to_be_visible()


def test_search_finds_tickets_and_articles_for_those_who_may_open_them(product, tab_of):
    root, alice = tab_of("root"), tab_of("alice")
    asked = alice.ask("!say Sure. About the quetzal refund")
    expect(asked).to_be_visible()
    product.desk.take(product.person(), alice.conversation)
    for tab, badges in ((root, 1), (alice, 0)):
        tab.page.keyboard.press("Control+k")
        tab.page.get_by_label("Search", exact=True).fill("quetzal")
        found = tab.page.get_by_role("listbox", name="Results").get_by_role("option")
        expect(found.first).to_contain_text("quetzal")
        expect(found.locator(".badge")).to_have_count(badges)
    found = root.page.get_by_role("listbox", name="Results").get_by_role("option")
    root.page.get_by_label("Search", exact=True).fill("Goodwill")
    expect(found).to_contain_text("Goodwill")
    root.page.keyboard.press("Enter")
    expect(root.page).to_have_url(re.compile(r"/knowledge\?article="))
    alice.page.get_by_label("Search", exact=True).fill("Goodwill")
    shown = alice.page.get_by_role("listbox", name="Results")
    expect(shown.locator("p.none, [role=option] mark").first).to_have_text(
        re.compile("Nothing found.|goodwill", re.IGNORECASE)  # of her own words alone
    )
    expect(shown.locator(".badge")).to_have_count(0)
