"""The Administration page and a person's own page, in browsers of several people."""

import json
import re
import zipfile

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.browser import Site
from tests.support.hooks import receiver
from tests.support.team import PASSWORD, Team, product_of

pytestmark = pytest.mark.browser

PATIENCE = 60_000
"""Milliseconds for what opens a page first."""
HOSTILE = "<img src=x onerror=alert(1)> ${alert(1)} {{value}}"


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """A server with people, two of whom administer."""
    folder = tmp_path_factory.mktemp("team")
    server = Team(folder, CHATBOT_WEBHOOK_HOSTS='["127.0.0.1"]')
    product = product_of(folder / "home")
    by = product.person()
    chatters = dict.fromkeys(("eve", "kim", "mallory"), ("chatter",))
    for login, roles in {"ada": ("admin",), **chatters}.items():
        name = HOSTILE if login == "mallory" else login.title()
        email = f"{login}@lamps.test"
        product.accounts.add(
            by, login=login, name=name, roles=roles, email=email, password=PASSWORD
        )
    product.close()
    yield server
    server.stop()


@pytest.fixture
def of(team, chromium):
    """Open a page of somebody's in a browser of theirs. A script error fails the test."""
    made, problems = [], []

    def opened(login, path="/admin", **options):
        view = {"viewport": {"width": 1280, "height": 860}} | options
        context = chromium.new_context(locale="en-US", **view)
        context.set_default_timeout(20_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        made.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        page.goto(f"{team.address}/login?next={path}", timeout=PATIENCE)
        page.get_by_label("Name or e-mail").fill(login)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible(
            timeout=PATIENCE
        )
        return page

    yield opened
    for context in made:
        context.close()
    assert problems == []


def row(page, name):
    return page.get_by_role("table", name="People").get_by_role("row").filter(has_text=name)


def choose(page, name, entry):
    """An entry of the menu of somebody's row."""
    page.get_by_role("button", name=f"More for {name}").click()
    page.get_by_role("menuitem", name=entry).click()


def tab(page, name):
    page.get_by_role("tab", name=name).click()


class TestPeople:
    def test_invited_person_gets_in_by_the_link(self, of, team, chromium):
        page = of("root")
        page.get_by_role("button", name="Add person").click()
        dialog = page.get_by_role("dialog", name="Add person")
        dialog.get_by_role("button", name="Add and make a link").click()
        expect(dialog.get_by_role("alert")).to_be_visible()
        dialog.get_by_label("Login").fill("iris")
        dialog.get_by_label("Name").fill("Iris Novak")
        dialog.get_by_label("agent").check()
        dialog.get_by_role("button", name="Add and make a link").click()
        shown = page.get_by_label("One-time link")
        link = shown.input_value()
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == link
        page.keyboard.press("Escape")
        expect(row(page, "Iris Novak")).to_contain_text("invited")
        expect(row(page, "Iris Novak")).to_contain_text("agent")

        context = chromium.new_context()
        other = context.new_page()
        other.goto(link, timeout=PATIENCE)
        other.get_by_label("New password").fill("seven lamps by night")
        other.get_by_role("button", name="Begin").click()
        expect(other.get_by_label("Message", exact=True)).to_be_visible(timeout=PATIENCE)
        context.close()
        page.reload()
        expect(row(page, "Iris Novak")).not_to_contain_text("invited")

    def test_chatter_sees_no_page_and_no_link_to_it(self, of):
        page = of("eve")
        expect(page.get_by_role("alert")).to_contain_text("Your role does not open this page")
        pages = page.get_by_role("navigation", name="Pages")
        expect(pages.get_by_role("link", name="Admin")).to_be_hidden()
        expect(page.get_by_role("tab")).to_have_count(0)

    def test_demoted_administrator_can_do_nothing_more(self, of):
        page, other = of("root"), of("ada")
        choose(page, "Ada", "Roles…")
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("chatter").check()
        dialog.get_by_label("admin").uncheck()
        dialog.get_by_role("button", name="Save roles").click()
        expect(row(page, "Ada")).to_contain_text("chatter")
        choose(other, "Eve", "Switch off…")
        other.get_by_role("button", name="Switch off").click()
        expect(other.get_by_role("alert").first).to_contain_text("Your role does not open")
        page.get_by_role("button", name="More for Root").click()
        expect(page.get_by_role("menu")).to_contain_text("The last administrator who can log in")
        expect(page.get_by_role("menuitem", name="Switch off…")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="More for Root")).to_be_focused()
        choose(page, "Root", "Roles…")
        expect(page.get_by_role("dialog").get_by_label("admin")).to_be_disabled()
        page.keyboard.press("Escape")
        choose(page, "Ada", "Roles…")
        page.get_by_role("dialog").get_by_label("admin").check()
        page.get_by_role("button", name="Save roles").click()
        expect(page.get_by_role("button", name="More for Ada")).to_be_focused()

    def test_name_and_address_are_changed_for_somebody(self, of):
        page, other = of("root"), of("root")
        for one in (page, other):
            choose(one, "Rita", "Name and e-mail…")
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name", exact=True).fill("Rita R.")
        dialog.get_by_label("E-mail, optional").fill("rita@lamps.test")
        dialog.get_by_role("button", name="Save").click()
        expect(row(page, "Rita R.")).to_contain_text("rita@lamps.test")
        dialog = other.get_by_role("dialog")
        dialog.get_by_label("Name", exact=True).fill("Rita too late")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert")).to_contain_text("changed meanwhile")
        expect(dialog.get_by_label("Name", exact=True)).to_have_value("Rita too late")
        tab(page, "Record")
        expect(page.get_by_role("table", name="Record")).to_contain_text("person changed")

    def test_switched_off_person_is_out_at_once(self, of):
        page, other = of("root"), of("bob", "/account")
        choose(page, "Bob", "Logins…")
        expect(page.get_by_role("dialog")).to_contain_text("Chrome on Linux")
        page.keyboard.press("Escape")
        choose(page, "Bob", "Switch off…")
        page.get_by_role("button", name="Switch off", exact=True).click()
        expect(row(page, "Bob")).to_contain_text("off")
        other.get_by_label("Type bob to confirm").fill("bob")
        other.get_by_role("button", name="Delete my account").click()
        expect(other.get_by_role("alert").first).to_contain_text("logged out")
        choose(page, "Bob", "Switch on")
        expect(row(page, "Bob")).not_to_contain_text("off")

    def test_names_are_text(self, of):
        page = of("root")
        expect(row(page, "mallory")).to_contain_text(HOSTILE)
        choose(page, HOSTILE, "Roles…")
        expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
        page.keyboard.press("Escape")
        tab(page, "Record")
        expect(page.get_by_role("table", name="Record")).to_contain_text(HOSTILE)
        assert page.locator("main img, #admin img").count() == 0

    def test_forgetting_shows_counts_and_asks_again(self, of):
        page = of("root")
        forget = page.get_by_role("region", name="Forget a person")
        forget.get_by_label("Login, name or e-mail").fill("nobody at all")
        forget.get_by_role("button", name="Find").click()
        expect(forget.get_by_role("status")).to_contain_text("Nobody is called so")
        forget.get_by_label("Login, name or e-mail").fill("mallory")
        page.keyboard.press("Enter")
        expect(forget).to_contain_text("roles")
        forget.get_by_label("Type mallory").fill("malory")
        forget.get_by_role("button", name="Forget for good").click()
        expect(forget.get_by_role("alert")).to_contain_text("Type it again")
        expect(forget.get_by_label("Type mallory")).to_have_value("malory")
        with page.expect_download() as got:
            forget.get_by_role("button", name="Export first").click()
        assert "users.json" in str(zipfile.ZipFile(got.value.path()).namelist())
        forget.get_by_label("Type mallory").fill("mallory")
        forget.get_by_role("button", name="Forget for good").click()
        expect(row(page, "mallory")).to_have_count(0)


class TestRules:
    def test_of_two_who_change_the_same_nothing_is_lost(self, of):
        page, other = of("root"), of("ada")
        for one in (page, other):
            tab(one, "Rules")
            expect(one.get_by_label("Chats, days", exact=True)).to_be_visible()
        page.get_by_label("Chats, days", exact=True).fill("180")
        page.get_by_role("button", name="Save").first.click()
        expect(page.get_by_role("region", name="Kept for")).to_contain_text("by Root")
        other.get_by_label("Chats, days", exact=True).fill("90")
        other.get_by_label("Tickets, days").fill("700")
        other.get_by_role("button", name="Save").first.click()
        kept = other.get_by_role("region", name="Kept for")
        expect(kept.get_by_role("alert")).to_contain_text("Root changed this meanwhile")
        expect(kept).to_contain_text("Saved meanwhile: 180 days")
        expect(other.get_by_label("Chats, days", exact=True)).to_have_value("90")
        kept.get_by_role("button", name="Take it").first.click()
        expect(other.get_by_label("Chats, days", exact=True)).to_have_value("180")
        other.get_by_role("button", name="Save").first.click()
        expect(kept).to_contain_text("by Ada")
        page.reload()
        expect(page.get_by_label("Tickets, days")).to_have_value("700")

    def test_wrong_days_are_named_and_kept(self, of):
        page = of("root")
        tab(page, "Rules")
        page.get_by_label("Record, days").fill("3")
        page.get_by_role("button", name="Save").first.click()
        alert = page.get_by_role("region", name="Kept for").get_by_role("alert")
        expect(alert).to_contain_text("Record: it should be greater than or equal to 30")
        tab(page, "People")
        tab(page, "Rules")
        expect(page.get_by_label("Record, days")).to_have_value("3")

    def test_limits_are_set_and_of_two_who_change_them_nothing_is_lost(self, of):
        page, other = of("root"), of("ada")
        for one in (page, other):
            tab(one, "Rules")
        limits = page.get_by_role("region", name="What one person may ask")
        expect(limits).to_contain_text("0 takes a limit off")
        day = page.get_by_label("Questions in a day")
        day.fill("-1")
        limits.get_by_role("button", name="Save").click()
        alert = limits.get_by_role("alert")
        expect(alert).to_contain_text("Questions in a day: it should be greater than or equal to 0")
        day.fill("70")
        limits.get_by_role("button", name="Save").click()
        expect(limits).to_contain_text("by Root")
        theirs = other.get_by_role("region", name="What one person may ask")
        other.get_by_label("Answers at once").fill("3")
        theirs.get_by_role("button", name="Save").click()
        expect(theirs.get_by_role("alert")).to_contain_text("Root changed this meanwhile")
        expect(theirs).to_contain_text("Saved meanwhile: 70.")
        theirs.get_by_role("button", name="Take it").first.click()
        theirs.get_by_role("button", name="Save").click()
        expect(theirs).to_contain_text("by Ada")
        page.reload()
        expect(day).to_have_value("70")
        expect(page.get_by_label("Answers at once")).to_have_value("3")

    def test_masking_is_tried_while_typing(self, of):
        page = of("root")
        tab(page, "Masking")
        leaves = page.get_by_role("region", name="What leaves")
        page.get_by_label("Sample text").fill("Write to iris@lamps.test about QX-123456.")
        expect(leaves).to_contain_text("⟨email 1⟩ about QX-123456")
        page.get_by_role("button", name="Add a pattern").click()
        page.get_by_label("Name of pattern 1").fill("code")
        page.get_by_label("Pattern 1", exact=True).fill("QX")
        expect(leaves).to_contain_text("holds no #")
        page.get_by_label("Pattern 1", exact=True).fill("QX-######")
        expect(leaves).not_to_contain_text("QX-123456")
        page.get_by_label("E-mail addresses").uncheck()
        expect(leaves).to_contain_text("iris@lamps.test")
        page.get_by_role("button", name="Save rules").click()
        expect(page.get_by_role("region", name="What is masked")).to_contain_text("by Root")
        page.reload()
        expect(page.get_by_label("Pattern 1", exact=True)).to_have_value("QX-######")
        expect(page.get_by_label("E-mail addresses")).not_to_be_checked()


class TestRecordAndSystem:
    def test_record_is_filtered_and_exported(self, of):
        page = of("root")
        tab(page, "Record")
        table = page.get_by_role("table", name="Record")
        page.get_by_label("Action").select_option("person_added")
        expect(table.get_by_role("row").nth(1)).to_contain_text("person added")
        expect(table).not_to_contain_text("sign in")
        page.get_by_label("Person", exact=True).select_option(label="Eve (eve)")
        expect(table.get_by_role("row")).to_have_count(2)
        with page.expect_download() as got:
            page.get_by_role("button", name="Export").click()
        lines = [json.loads(line) for line in got.value.path().read_text("utf-8").splitlines()]
        assert [(line["action"], line["subject_name"]) for line in lines] == [
            ("person_added", "Eve")
        ]
        page.get_by_label("From").fill("2001-01-01")
        page.get_by_label("To").fill("2001-01-02")
        expect(page.get_by_role("region", name="Record").get_by_role("status")).to_contain_text(
            "No entries fit"
        )

    def test_system_tells_health_and_room(self, of, team):
        page = of("root")
        tab(page, "System")
        health = page.get_by_role("region", name="Health")
        expect(health).to_contain_text("administrators can log in", timeout=PATIENCE)
        expect(health.get_by_role("status")).to_have_count(0, timeout=PATIENCE)
        expect(health).not_to_contain_text("looking")
        expect(page.get_by_role("region", name="Storage")).to_contain_text("MB")
        expect(page.get_by_role("region", name="This server")).to_contain_text(str(team.home))

    def test_tabs_move_by_arrows(self, of):
        page = of("root")
        page.get_by_role("tab", name="People").focus()
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("tab", name="System")).to_be_focused()
        assert page.url.endswith("#system")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name="People")).to_have_attribute("aria-selected", "true")

    def test_nothing_is_wider_than_a_telephone(self, of):
        page = of("root", viewport={"width": 390, "height": 844})
        for name in ("Rules", "Masking", "Record", "System", "People"):
            tab(page, name)
            expect(page.get_by_role("tabpanel", name=name).locator("section").first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("button", name="Account: Root").click()
        page.get_by_role("menuitem", name="Your account").click()
        expect(page.get_by_role("heading", name="Your account")).to_be_visible(timeout=PATIENCE)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


class TestAccount:
    def test_name_and_address_are_ones_own(self, of):
        page = of("kim", "/account")
        you = page.get_by_role("region", name="You")
        you.get_by_label("E-mail, optional").fill("ada@lamps.test")
        you.get_by_role("button", name="Save").click()
        expect(you.get_by_role("alert")).to_contain_text("address already")
        you.get_by_label("E-mail, optional").fill("kim.k@lamps.test")
        you.get_by_label("Name", exact=True).fill("Kim K.")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Account: Kim K.")).to_be_visible()
        page.reload()
        expect(you.get_by_label("Name", exact=True)).to_have_value("Kim K.")
        expect(you.get_by_label("E-mail, optional")).to_have_value("kim.k@lamps.test")

    def test_password_changes_and_other_logins_end(self, of, team):
        other, page = of("alice", "/account"), of("alice", "/account")
        logins = page.get_by_role("region", name="Logins")
        expect(logins.get_by_role("listitem")).to_have_count(2)
        expect(logins.get_by_role("listitem").filter(has_text="this one")).to_have_count(1)
        page.get_by_label("Old password").fill("wrong words here")
        page.get_by_label("New password").fill("short")
        page.get_by_role("button", name="Change password").click()
        alert = page.get_by_role("region", name="Password").get_by_role("alert")
        expect(alert).to_contain_text("10 characters or more")
        page.get_by_label("New password").fill("eleven green lamps")
        page.get_by_role("button", name="Change password").click()
        expect(alert).to_contain_text("old password is wrong")
        expect(page.get_by_label("New password")).to_have_value("eleven green lamps")
        page.get_by_label("Old password").fill(PASSWORD)
        page.get_by_role("button", name="Change password").click()
        expect(logins.get_by_role("listitem")).to_have_count(1)
        other.get_by_role("button", name="Change password").click()
        expect(other.get_by_role("alert").first).to_contain_text("logged out")

    def test_one_login_is_ended(self, of):
        other, page = of("rita", "/account"), of("rita", "/account")
        page.get_by_role("region", name="Logins").get_by_role("button", name="End").first.click()
        expect(page.get_by_role("region", name="Logins").get_by_role("listitem")).to_have_count(1)
        other.get_by_role("button", name="Change password").click()
        expect(other.get_by_role("alert").first).to_contain_text("logged out")

    def test_own_data_leaves_and_the_account_goes(self, of, team):
        page = of("eve", "/account")
        with page.expect_download() as got:
            page.get_by_role("button", name="Export my data").click()
        names = zipfile.ZipFile(got.value.path()).namelist()
        assert {"README.txt", "account/users.json", "audit.json"} <= set(names)
        page.get_by_label("Type eve to confirm").fill("Adam")
        page.get_by_role("button", name="Delete my account").click()
        deleting = page.get_by_role("region", name="Delete my account")
        expect(deleting.get_by_role("alert")).to_contain_text("Type it again")
        page.get_by_label("Type eve to confirm").fill("eve")
        page.get_by_role("button", name="Delete my account").click()
        expect(page).to_have_url(re.compile(r"/login$"))
        page.get_by_label("Name or e-mail").fill("eve")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("Name or password is wrong.")).to_be_visible()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    server = Site(tmp_path_factory.mktemp("alone"))
    yield server
    server.stop()


def test_without_a_login_both_pages_say_so(alone, context):
    page = context.new_page()
    page.goto(f"{alone.address}/admin", timeout=PATIENCE)
    expect(page.get_by_role("region", name="Only you")).to_contain_text("CHATBOT_AUTH=accounts")
    tab(page, "Rules")
    expect(page.get_by_label("Chats, days", exact=True)).to_be_visible()
    limits = page.get_by_role("region", name="What one person may ask")
    expect(limits).to_contain_text("nothing is limited until you save")
    page.get_by_role("button", name="Account: You").click()
    page.get_by_role("menuitem", name="Your account").click()
    password = page.get_by_role("region", name="Password")
    expect(password).to_contain_text("runs without a login", timeout=PATIENCE)
    expect(page.get_by_role("region", name="Logins")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete my data")).to_be_visible()


def test_a_webhook_is_added_tried_and_removed(of):
    page = of("ada")
    tab(page, "Webhooks")
    expect(page.get_by_text("No webhooks yet")).to_be_visible()
    with receiver() as taker:
        page.get_by_role("button", name="Add webhook").click()
        dialog = page.get_by_role("dialog", name="Add webhook")
        dialog.get_by_label("Address").fill("https://10.0.0.1/")
        dialog.get_by_role("button", name="Add webhook").click()
        expect(dialog.get_by_role("alert")).to_contain_text("private address")
        dialog.get_by_label("Address").fill(f"{taker.url}?x=<b>${{alert(1)}}".replace(" ", ""))
        dialog.get_by_label("verdict.given").uncheck()
        dialog.get_by_role("button", name="Add webhook").click()
        told = page.get_by_role("dialog", name="The webhook's secret")
        expect(told.get_by_label("Secret")).to_have_value(re.compile("^whsec_"))
        told.get_by_role("button", name="Copy").click()
        expect(told.get_by_role("button", name="Copied")).to_be_visible()
        page.keyboard.press("Escape")
        line = page.get_by_role("table", name="Webhooks").get_by_role("row").nth(1)
        more = line.get_by_role("button", name="More for")
        expect(more).to_be_focused()
        expect(line).to_contain_text("<b>${alert(1)}")
        expect(line).not_to_contain_text("verdict.given")
        line.get_by_role("button", name="More for").click()
        page.get_by_role("menuitem", name="Send a test").click()
        expect(page.locator(".toast")).to_contain_text("It was taken")
        expect(more).to_be_focused()
        assert len(taker.taken) == 1
    line.get_by_role("button", name="More for").click()
    page.get_by_role("menuitem", name="Deliveries").click()
    sent = page.get_by_role("dialog", name="Deliveries")
    expect(sent).to_contain_text("webhook.test")
    page.keyboard.press("Escape")
    more.press("Enter")
    page.get_by_role("menuitem", name="Send a test").press("Enter")  # nobody listens any more
    expect(page.get_by_role("alert")).to_contain_text("then send the test again")
    expect(line).to_contain_text("failed")
    page.set_viewport_size({"width": 390, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 860})
    line.get_by_role("button", name="More for").click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No webhooks yet")).to_be_visible()
    expect(page.get_by_role("button", name="Add webhook")).to_be_focused()


def test_a_key_is_made_shown_once_changed_and_revoked(of, team):
    page = of("root")
    keys = page.get_by_role("region", name="Keys")
    page.get_by_role("button", name="New key").click()
    form = page.get_by_role("dialog", name="New key")
    form.get_by_label("Name").fill(f"Shop {HOSTILE}"[:60])
    form.get_by_label("Only these").check()
    form.get_by_role("button", name="Make the key").click()
    expect(form.get_by_role("alert")).to_contain_text("Choose a model")
    form.get_by_label("scripted", exact=True).check()
    form.get_by_label("Requests a month").fill("5000")
    form.get_by_label("Expires, optional").fill("2999-03-01")
    page.keyboard.press("Enter")
    token = page.get_by_label("The key", exact=True).input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="New key")).to_be_focused()
    bearer = {"authorization": f"Bearer {token}"}
    said = {"model": "scripted", "messages": [{"role": "user", "content": "!say hello"}]}
    path = f"{team.address}/v1/chat/completions"
    assert httpx.post(path, json=said, headers=bearer, timeout=60).status_code == 200
    page.reload()
    expect(keys.get_by_role("row").last).to_contain_text(f"…{token[-4:]}")
    expect(keys.get_by_role("row").last).to_contain_text("1 of 5,000")
    expect(keys.get_by_role("row").last).to_contain_text("1 Mar 2999")
    assert token not in page.content()
    keys.get_by_role("button", name="More for").press("Enter")
    page.get_by_role("menuitem", name="Change…").press("Enter")
    form = page.get_by_role("dialog", name="Change Shop")
    expect(form.get_by_label("scripted", exact=True)).to_be_checked()
    expect(form.get_by_label("Expires, optional")).to_have_value("2999-03-01")
    form.get_by_label("Requests a month").fill("1.5")
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("a whole number")
    form.get_by_label("Requests a month").fill("1")
    page.keyboard.press("Enter")
    expect(keys.get_by_role("row").last).to_contain_text("1 of 1")
    expect(keys.get_by_role("row").last).to_contain_text("1 Mar 2999")
    expect(keys.get_by_role("button", name="More for")).to_be_focused()
    assert httpx.post(path, json=said, headers=bearer, timeout=60).status_code == 429
    keys.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(keys.get_by_role("table")).to_have_count(0)
    assert httpx.post(path, json=said, headers=bearer, timeout=60).status_code == 401
    keys.get_by_role("button", name="Show 1").click()
    expect(keys.get_by_role("row").last).to_contain_text("revoked")
    expect(keys.get_by_role("button", name=re.compile("^Revoke "))).to_have_count(0)
