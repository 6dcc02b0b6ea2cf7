"""The Prompts page in real browsers: writing, trying, saving; for chatters the tools."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import Site, note_problems, opened
from tests.support.team import PASSWORD, Team, product_of

pytestmark = pytest.mark.browser

PATIENCE = 60_000
"""Milliseconds for what opens a page first."""
HOSTILE = "<img src=x onerror=alert(1)> ${alert(1)}"
LANGFUSE = (
    '{"type": "chat", "name": "greeter", "prompt": ['
    '{"role": "system", "content": "You greet people."},'
    '{"role": "user", "content": "Greet {{who}}."}]}'
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server of one person, who writes prompts."""
    server = Site(tmp_path_factory.mktemp("prompts"), CHATBOT_PROMPT="support")
    yield server
    server.stop()


@pytest.fixture
def tabs(site, context):
    """Open a place of the page in a tab. A script error or a failed request fails the test."""
    problems = []

    def open_place(place):
        page = context.new_page()
        page.set_default_timeout(20_000)
        note_problems(page, problems)
        page.goto(f"{site.address}/prompts{place}", timeout=PATIENCE)
        return page

    yield open_place
    assert problems == []


@pytest.fixture
def page(tabs):
    """The prompt `support`, open in the editor."""
    page = tabs("#support")
    expect(messages(page).first).to_be_visible(timeout=PATIENCE)
    return page


def source(page):
    return page.get_by_label("Prompt source, Jinja")


def problems(page):
    return page.get_by_role("region", name="Problems")


def messages(page):
    return page.locator("#prompt-messages .pm")


def write(page, text):
    """Type at the end of the source."""
    source(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def save(page, note):
    expect(page.get_by_role("button", name="Save version")).to_be_enabled()
    page.keyboard.press("Control+s")
    page.get_by_role("dialog").get_by_label("Note").fill(note)
    page.keyboard.press("Control+s")


class TestWriting:
    def test_error_is_named_where_it_is_typed_and_keeps_the_preview(self, page):
        write(page, "\nFor {{ compny }}.")
        expect(problems(page)).to_contain_text("compny is not declared")
        line = page.locator(".ln.e")
        expect(line).to_have_text("For {{ compny }}.")
        expect(line.locator(".squig")).to_have_text("compny")
        expect(messages(page).first).to_contain_text("You answer customers of")
        expect(page.get_by_role("button", name="Save version")).to_be_disabled()
        page.keyboard.press("Control+s")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Fix 1 error first").click()
        picked = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
        assert source(page).evaluate(picked) == "compny"
        page.keyboard.type("company")
        expect(problems(page)).to_contain_text("none")
        expect(messages(page).last).to_contain_text("For our company.")
        expect(page.locator(".ln.e")).to_have_count(0)

    def test_f8_goes_from_problem_to_problem_also_in_a_partial(self, page):
        page.get_by_role("button", name="partials/sources.j2").click()
        page.get_by_label("partials/sources.j2").fill("{{ nobody }}")
        page.get_by_role("button", name="Source", exact=True).click()
        write(page, "\n{{ nothing }}")
        expect(problems(page)).to_contain_text("partials/sources.j2 1:4")
        expect(problems(page)).to_contain_text("nothing is not declared")
        for _ in range(problems(page).get_by_role("listitem").count()):
            page.keyboard.press("F8")
            if page.get_by_label("partials/sources.j2").count():
                break
        expect(page.get_by_label("partials/sources.j2")).to_be_focused()
        page.get_by_role("button", name="More for the source").click()
        page.get_by_role("menuitem", name="Discard unsaved changes").click()
        page.get_by_role("button", name="Discard", exact=True).click()
        expect(problems(page)).to_contain_text("none")
        expect(page.get_by_text("unsaved", exact=True)).to_be_hidden()

    def test_values_are_text_and_are_marked(self, page):
        page.get_by_label("question text, required").fill(f"{{{{ 7*7 }}}} {HOSTILE}")
        last = messages(page).last
        expect(last.locator(".var")).to_have_text(f"{{{{ 7*7 }}}} {HOSTILE}")
        assert page.locator("main img, #prompts img").count() == 0
        expect(page.get_by_role("status").filter(has_text="of 4,096 tokens")).to_be_visible()
        page.get_by_label("question text, required").fill("")
        expect(last.locator(".hole")).to_have_text("question?")
        page.keyboard.press("Control+Enter")
        field = page.get_by_label("question text, required")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_text("Needs a value. Fill it in.")).to_be_visible()

    def test_tab_indents_and_leaves_after_escape(self, page):
        write(page, "\n")
        page.keyboard.press("Tab")
        page.keyboard.type("x")
        assert source(page).input_value().endswith("\n  x")
        page.keyboard.press("Control+z")
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        expect(source(page)).not_to_be_focused()

    def test_nothing_is_wider_than_a_telephone(self, tabs, page):
        page.set_viewport_size({"width": 390, "height": 844})
        for place in ("#support", "", "#rewrite/tool"):
            page.goto(re.sub("#.*", "", page.url) + place)
            expect(page.get_by_role("main")).to_be_visible()
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            wide = "document.documentElement.scrollWidth"
            assert page.evaluate(wide) <= 390, place


class TestSaving:
    def test_unsaved_text_survives_a_reload_and_is_saved_with_a_note(self, page):
        write(page, "\nPlease answer in one line.")
        expect(page.get_by_text("unsaved", exact=True)).to_be_visible()
        page.reload()
        page.get_by_role("button", name="Restore").click()
        expect(source(page)).to_have_value(re.compile("Please answer in one line"))
        save(page, "Asks for one line")
        expect(page.get_by_text("Saved as v")).to_be_visible()
        expect(page.locator("#prompt-state")).to_have_text(re.compile("v[0-9]+ not live"))
        page.reload()
        expect(messages(page).last).to_contain_text("Please answer in one line.")
        expect(page.get_by_role("button", name="Restore")).to_have_count(0)

    def test_of_two_authors_nobody_loses_anything(self, tabs, page):
        other = tabs("#support")
        expect(messages(other).first).to_be_visible(timeout=PATIENCE)
        write(other, "\nTheirs.")
        save(other, "theirs")
        expect(other.get_by_text("Saved as v")).to_be_visible()
        first = int(re.search(r"Saved as v(\d+)", other.inner_text("body"))[1])
        write(page, "\nMine.")
        save(page, "mine")
        dialog = page.get_by_role("dialog", name="Somebody else saved meanwhile")
        expect(dialog.get_by_label("Yours: source")).to_contain_text("Mine.")
        expect(dialog.get_by_label("Theirs: source")).to_contain_text("Theirs.")
        dialog.get_by_role("button", name="Take theirs").click()
        expect(source(page)).to_have_value(re.compile(r"Theirs\.$"))
        page.get_by_role("button", name="Back to mine").click()
        expect(source(page)).to_have_value(re.compile(r"Mine\.$"))
        write(other, " More.")
        save(other, "more")
        expect(other.get_by_text(f"Saved as v{first + 1}").first).to_be_visible()
        save(page, "mine")
        dialog.get_by_role("button", name="Keep mine as a new version").click()
        expect(page.get_by_text("Saved as v")).to_be_visible()
        expect(page.get_by_text("unsaved", exact=True)).to_be_hidden()
        assert re.search(r"Mine\.$", source(page).input_value())

    def test_new_prompt_begins_by_key_and_is_listed_when_saved(self, tabs):
        page = tabs("")
        expect(page.get_by_role("table", name="Prompts")).to_be_visible(timeout=PATIENCE)
        page.keyboard.press("n")
        dialog = page.get_by_role("dialog", name="New prompt")
        dialog.get_by_label("Name").fill("Not a name")
        dialog.get_by_role("button", name="Begin").click()
        expect(dialog.get_by_role("alert")).to_contain_text("small letter")
        dialog.get_by_label("Name").fill("order-status")
        dialog.get_by_label("Start from").select_option("an empty one")
        dialog.get_by_role("button", name="Begin").click()
        expect(source(page)).to_have_value(re.compile("name: order-status"))
        expect(page.get_by_role("tab")).to_have_count(1)
        page.reload()
        expect(source(page)).to_have_value(re.compile("name: order-status"))
        save(page, "first")
        expect(page.get_by_text("Saved as v1")).to_be_visible()
        expect(page.get_by_role("tab", name="History")).to_be_visible()
        page.get_by_role("navigation", name="Breadcrumb").get_by_role("link").click()
        page.get_by_label("Filter prompts").fill("order")
        row = page.get_by_role("table", name="Prompts").get_by_role("row").nth(1)
        expect(row).to_contain_text("order-status")
        expect(row).to_contain_text("not live")
        row.get_by_role("link").click()
        page.get_by_role("button", name="More for this prompt").click()
        page.get_by_role("menuitem", name="Take off the lists").click()
        expect(page.get_by_text("order-status is off the lists")).to_be_visible()
        page.get_by_role("navigation", name="Breadcrumb").get_by_role("link").click()
        expect(page.get_by_text("No prompt fits")).to_be_visible()
        page.get_by_role("button", name="Archived 1").click()
        expect(row).to_contain_text("order-status")

    def test_file_of_another_program_is_taken_in(self, tabs):
        page = tabs("")
        expect(page.get_by_role("table", name="Prompts")).to_be_visible(timeout=PATIENCE)
        file = {"name": "greeter.json", "mimeType": "application/json", "buffer": LANGFUSE.encode()}
        page.locator("input[type=file]").set_input_files(file)
        expect(source(page)).to_have_value(re.compile("You greet people"))
        expect(page.get_by_label("who text")).to_be_visible()
        save(page, "from Langfuse")
        expect(page.get_by_text("Saved as v1")).to_be_visible()
        page.goto(re.sub("#.*", "", page.url))
        file["buffer"] = LANGFUSE.replace("greet people", "greet nobody").encode()
        page.locator("input[type=file]").set_input_files(file)
        expect(source(page)).to_have_value(re.compile("You greet nobody"))
        expect(page.get_by_text("unsaved", exact=True)).to_be_visible()
        file["buffer"] = b"\x00\x01 nothing"
        page.goto(re.sub("#.*", "", page.url))
        page.locator("input[type=file]").set_input_files(file)
        expect(page.get_by_role("alert")).to_be_visible()


class TestTrying:
    def test_answer_is_streamed_stopped_and_told(self, page):
        page.get_by_label("question text, required").fill("!rate 10 !tokens 400")
        page.keyboard.press("Control+Enter")
        answer = page.get_by_role("region", name="scripted@1")
        expect(answer).to_contain_text("scripted answer")
        answer.get_by_role("button", name="Stop").click()
        expect(answer.get_by_role("status")).to_contain_text("stopped")
        page.get_by_label("question text, required").fill("!429")
        page.keyboard.press("Control+Enter")
        expect(answer.get_by_role("alert")).to_be_visible()

    def test_stored_turn_is_asked_again_beside_what_was_said(self, site, context, page):
        chat = opened(context.new_page(), site.address)
        chat.send("Is the Tilda damp proof?")
        chat.page.close()
        page.get_by_role("button", name="From a conversation").click()
        page.get_by_label("Find a question or an answer").fill("damp")
        page.get_by_role("list", name="Turns").get_by_role("button").first.click()
        field = page.get_by_label("question text, required")
        expect(field).to_have_value("Is the Tilda damp proof?")
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_role("region", name="What was said")).to_contain_text("damp proof")
        expect(page.get_by_role("region", name="scripted@1")).to_contain_text("damp proof")
        expect(page.get_by_role("region", name="scripted@1").get_by_role("status")).to_contain_text(
            "out"
        )


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """A server with people."""
    folder = tmp_path_factory.mktemp("team")
    server = Team(folder)
    product = product_of(folder / "home")
    by = product.person()
    for login, roles in {"ada": ("author",), "eve": ("chatter",)}.items():
        product.accounts.add(by, login=login, name=login, roles=roles, password=PASSWORD)
    product.close()
    yield server
    server.stop()


class TestPeople:
    @staticmethod
    def log_in(team, page, login, place):
        page.goto(f"{team.address}/login?next=/prompts", timeout=PATIENCE)
        page.get_by_label("Name or e-mail").fill(login)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Prompts")).to_be_visible(timeout=PATIENCE)
        page.goto(f"{team.address}/prompts{place}")

    def test_chatter_uses_published_prompts_and_sees_no_others(self, team, context):
        page = context.new_page()
        self.log_in(team, page, "eve", "")
        expect(page.get_by_role("button", name="New prompt")).to_have_count(0)
        expect(page.get_by_role("link", name="Support")).to_have_count(0)
        page.get_by_role("link", name="Rewrite").click()
        page.get_by_label("text text, required").fill("we send it tomorow")
        page.get_by_label("tone choice").select_option("warm")
        page.keyboard.press("Control+Enter")
        answer = page.get_by_role("region", name="Answer")
        expect(answer).to_contain_text("Rewrite this message: warmer")
        answer.get_by_role("button", name="Copy").click()
        expect(answer.get_by_role("button", name="Copied")).to_be_visible()
        assert "tomorow" in page.evaluate("navigator.clipboard.readText()")
        page.goto(f"{team.address}/prompts#support/tests")
        expect(page.get_by_role("alert")).to_contain_text("There is no tool")

    def test_logging_out_forgets_unsaved_texts(self, team, context):
        page = context.new_page()
        self.log_in(team, page, "ada", "#support")
        write(page, "\nA secret of ada's.")
        kept = "Object.values(localStorage).some(text => text.includes('secret of ada'))"
        expect(page.get_by_text("unsaved", exact=True)).to_be_visible()
        page.wait_for_function(kept)
        page.get_by_role("button", name="Account: ada").click()
        page.get_by_role("menuitem", name="Log out", exact=True).click()
        expect(page.get_by_label("Name or e-mail")).to_be_visible()
        assert not page.evaluate(kept)
