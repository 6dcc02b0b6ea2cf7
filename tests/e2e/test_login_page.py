"""Logging in and out in real browsers, and what an open page does when its login is over."""

import re

import pytest
from playwright.sync_api import expect

from chatbot.accounts import Profile
from tests.support.chat_page import ChatPage
from tests.support.team import PASSWORD, Team, product_of

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("patience")]

OUT = "You are logged out. What you wrote is kept here"


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    server = Team(tmp_path_factory.mktemp("team"))
    yield server
    server.stop()


@pytest.fixture
def browser(chromium):
    """Makes browser profiles of their own; a script error fails the test."""
    made, problems = [], []

    def make(**options):
        profile = chromium.new_context(locale="en-US", **options)
        profile.set_default_timeout(60_000)
        profile.on("weberror", lambda error: problems.append(str(error.error)))
        made.append(profile)
        return profile

    yield make
    for profile in made:
        profile.close()
    assert problems == []


def fill_in(page, login, password=PASSWORD):
    page.get_by_label("Name or e-mail").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Password", exact=True).press("Enter")


def log_in(team, profile, login, path="/", name=""):
    """A tab of somebody who came to a page and logged in."""
    page = profile.new_page()
    page.goto(team.address + path)
    expect(page).to_have_url(re.compile("/login"))
    fill_in(page, login)
    expect(page.get_by_role("button", name=f"Account: {name or login.title()}")).to_be_visible()
    return ChatPage(page, team.address)


def end_logins(team, login):
    product = product_of(team.home)
    found = product.accounts.find(product.person(), login)
    product.accounts.end_sessions(product.person(), found.id)
    product.close()


class TestLoggingIn:
    def test_log_in_chat_and_log_out(self, team, browser):
        tab = log_in(team, browser(), "alice")
        expect(tab.ask("!say hello Alice").locator(".md")).to_have_text("hello Alice")
        tab.button("Account: Alice").click()
        expect(tab.page.locator(".menu .who")).to_have_text("Alicechatter")
        expect(tab.item("Your account")).to_have_attribute("href", "/account")
        tab.page.get_by_role("menuitem", name="Log out", exact=True).click()
        expect(tab.page).to_have_url(f"{team.address}/login")
        tab.page.goto(team.address)
        expect(tab.page).to_have_url(re.compile("/login"))

    def test_the_wanted_page_opens_after_the_login(self, team, browser):
        profile = browser()
        tab = log_in(team, profile, "alice")
        tab.ask("!say come back here")
        address = tab.page.url.removeprefix(team.address)
        profile.clear_cookies()
        again = log_in(team, profile, "alice", address)
        expect(again.answers.last).to_contain_text("come back here")

    def test_a_wrong_password_keeps_the_name(self, team, browser):
        page = browser().new_page()
        page.goto(f"{team.address}/login")
        expect(page.get_by_label("Name or e-mail")).to_be_focused()
        fill_in(page, "bob", "not this one")
        expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
        expect(page.get_by_label("Name or e-mail")).to_have_value("bob")
        expect(page.get_by_label("Password", exact=True)).to_be_focused()
        expect(page.get_by_label("Password", exact=True)).to_have_value("")
        fill_in(page, "bob")
        expect(page.get_by_role("button", name="Account: Bob")).to_be_visible()

    def test_the_password_can_be_shown(self, team, browser):
        page = browser().new_page()
        page.goto(f"{team.address}/login")
        field = page.get_by_label("Password", exact=True)
        show = page.get_by_role("button", name="Show password")
        expect(field).to_have_attribute("type", "password")
        show.click()
        expect(field).to_have_attribute("type", "text")
        expect(show).to_have_attribute("aria-pressed", "true")
        expect(field).to_be_focused()

    def test_it_works_without_scripts(self, team, browser):
        page = browser(java_script_enabled=False).new_page()
        page.goto(team.address)
        expect(page.get_by_role("button", name="Show password")).to_have_count(0)
        fill_in(page, "bob", "not this one")
        expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
        fill_in(page, "bob")
        expect(page).to_have_url(f"{team.address}/")

    def test_it_fits_a_telephone(self, team, browser):
        page = browser(viewport={"width": 390, "height": 844}).new_page()
        page.goto(f"{team.address}/login")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390
        assert page.get_by_role("button", name="Log in").bounding_box()["height"] >= 40


class TestLoggedOut:
    def test_everywhere_means_the_other_browser_too(self, team, browser):
        here, there = (log_in(team, browser(), "rita") for _ in range(2))
        there.box.fill("a thought that is not finished")
        here.button("Account: Rita").click()
        here.item("Log out everywhere").click()
        expect(here.page).to_have_url(f"{team.address}/login")
        there.box.press("Enter")
        expect(there.page.locator("#signed-out")).to_contain_text(OUT)
        expect(there.box).to_have_value("a thought that is not finished")
        there.page.goto(team.address)
        expect(there.page).to_have_url(re.compile("/login"))

    def test_a_login_that_ends_while_typing_loses_nothing(self, team, browser):
        profile = browser()
        tab = log_in(team, profile, "alice")
        tab.ask("!say first")
        conversation = tab.conversation
        tab.box.fill("!say second")
        end_logins(team, "alice")
        tab.box.press("Enter")
        notice = tab.page.locator("#signed-out")
        expect(notice).to_contain_text(OUT)
        expect(tab.box).to_have_value("!say second")
        expect(tab.answers.last).to_contain_text("first")
        with profile.expect_page() as opened:
            notice.get_by_role("link", name="Log in in a new tab").click()
        fill_in(opened.value, "alice")
        expect(opened.value.get_by_role("button", name="Account: Alice")).to_be_visible()
        tab.page.get_by_role("button", name="Try again").click()
        expect(tab.answers).to_have_count(2)
        expect(tab.answers.last.locator(".md")).to_have_text("second")
        expect(notice).to_have_count(0)
        assert tab.conversation == conversation
        expect(tab.page.locator(".toast-body")).to_have_count(0)

    def test_a_login_that_ends_while_an_answer_is_written(self, team, browser):
        profile = browser()
        tab = log_in(team, profile, "alice")
        tab.send("!tokens 100 !rate 10 go on without me")
        expect(tab.writing).to_contain_text("Thank you")
        end_logins(team, "alice")
        expect(tab.page.locator("#signed-out")).to_contain_text(OUT)
        page = profile.new_page()
        page.goto(tab.page.url)
        fill_in(page, "alice")
        after = ChatPage(page, team.address)
        after.idle()
        expect(after.answers.last).to_contain_text("100 tokens")

    def test_another_person_in_the_same_browser_sees_nothing(self, team, browser):
        profile = browser()
        tab = log_in(team, profile, "alice")
        tab.ask("!say for Alice alone")
        profile.clear_cookies()
        log_in(team, profile, "bob")
        tab.box.fill("from whom?")
        tab.box.press("Enter")
        notice = tab.page.locator("#signed-out")
        expect(notice).to_contain_text("Somebody else is logged in in this browser now.")
        notice.get_by_role("link", name="Reload the page").click()
        expect(tab.page.get_by_role("button", name="Account: Bob")).to_be_visible()
        expect(tab.box).to_have_value("")
        expect(tab.listed).to_have_count(0)

    def test_a_namesake_in_the_same_browser_sees_nothing(self, team, browser):
        product = product_of(team.home)
        by = product.person()
        rita = product.accounts.find(by, "rita")
        was, alice = Profile(rita.name, rita.email), Profile("Alice", rita.email)
        product.accounts.set_profile(by, rita.id, "Alice", rita.email, was)
        try:
            profile = browser()
            tab = log_in(team, profile, "alice")
            profile.clear_cookies()
            log_in(team, profile, "rita", name="Alice")
            tab.box.fill("from whom?")
            tab.box.press("Enter")
            notice = tab.page.locator("#signed-out")
            expect(notice).to_contain_text("Somebody else is logged in in this browser now.")
        finally:
            product.accounts.set_profile(by, rita.id, was.name, was.email, alice)
            product.close()

    def test_solo_offers_no_login(self, tab):
        tab.button("Account: You").click()
        expect(tab.item("Keyboard shortcuts")).to_be_visible()
        expect(tab.item("Log out")).to_have_count(0)
