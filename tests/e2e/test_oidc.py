"""Logging in through another server in a real browser; that server is another site."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage
from tests.support.oidc_provider import CLIENT, SECRET, OidcProvider
from tests.support.team import Team, product_of

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("patience")]


@pytest.fixture(scope="module")
def provider():
    with OidcProvider("localhost") as started:
        started.here = None
        yield started


@pytest.fixture(scope="module")
def team(provider, tmp_path_factory):
    server = Team(
        tmp_path_factory.mktemp("team"),
        CHATBOT_OIDC_ISSUER=provider.issuer,
        CHATBOT_OIDC_CLIENT_ID=CLIENT,
        CHATBOT_OIDC_CLIENT_SECRET=SECRET,
        CHATBOT_OIDC_NAME="Quarry",
    )
    product = product_of(server.home)
    product.accounts.invite(
        product.person(),
        login="archer",
        name="Alice Archer",
        roles=["chatter"],
        email="alice@example.org",
    )
    product.close()
    yield server
    server.stop()


@pytest.fixture
def page(context):
    context.set_default_timeout(60_000)
    problems = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield context.new_page()
    assert problems == []


def test_there_and_back_and_out_again(team, provider, page):
    page.goto(f"{team.address}/?c=wanted")
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_role("link", name="Log in with Quarry").click()
    expect(page).to_have_url(re.compile(re.escape(f"{provider.issuer}/authorize")))
    page.get_by_role("link", name="Continue as Alice Archer").click()
    expect(page.get_by_role("button", name="Account: Alice Archer")).to_be_visible()
    assert "code=" not in page.url
    tab = ChatPage(page, team.address)
    tab.open("/")
    expect(tab.ask("!say hello Alice").locator(".md")).to_have_text("hello Alice")
    tab.button("Account: Alice Archer").click()
    page.get_by_role("menuitem", name="Log out", exact=True).click()
    expect(page).to_have_url(f"{team.address}/login")
    page.goto(team.address)
    expect(page).to_have_url(re.compile("/login"))


def test_a_stranger_stays_out(team, page):
    page.goto(f"{team.address}/login")
    page.get_by_role("link", name="Log in with Quarry").click()
    page.get_by_role("link", name="Continue as Mallory").click()
    expect(page.get_by_role("alert")).to_have_text(
        "You have no account here. Ask an administrator to invite you."
    )
    expect(page.get_by_label("Name or e-mail")).to_be_focused()
    expect(page.get_by_label("Password", exact=True)).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("link", name="Log in with Quarry")).to_be_visible()


def test_the_button_fits_a_telephone(team, phone_page):
    phone_page.goto(f"{team.address}/login")
    link = phone_page.get_by_role("link", name="Log in with Quarry")
    assert link.bounding_box()["height"] >= 40
    assert phone_page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.fixture
def phone_page(chromium):
    made = chromium.new_context(locale="en-US", viewport={"width": 390, "height": 844})
    made.set_default_timeout(60_000)
    yield made.new_page()
    made.close()
