"""Before a hosted call: what the line says, what is shown, what arrives; and staying here."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import Site, opened
from tests.support.scripted_server import ScriptedServer

pytestmark = pytest.mark.browser

# A tag that a person types stays what they typed.
TEXT = "!say Dear ⟨Name 1⟩, [order 1] is late. From Wilma Quokka about order 48213"


@pytest.fixture(scope="module")
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="module")
def hosted_site(tmp_path_factory, server):
    """A server whose default model is hosted; the starter is there too."""
    record = {"name": "big", "model": "scripted", "base_url": server.url}
    site = Site(
        tmp_path_factory.mktemp("hosted"),
        CHATBOT_MODEL="big",
        CHATBOT_HOSTED=json.dumps([record]),
        CHATBOT_RUNTIME="transformers",  # nothing is converted beside the tests
    )
    yield site
    assert "Quokka" not in site.log
    site.kill()  # stopping well is tested elsewhere


@pytest.fixture
def tab(hosted_site, context):
    context.set_default_timeout(60_000)
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield opened(page, hosted_site.address)
    assert problems == []


def line(tab):
    return tab.page.locator("#chat-leaves-text")


def says(tab, text):
    expect(line(tab)).to_have_text(text, timeout=30_000)  # the first look opens the model


def test_line_says_what_leaves(tab):
    expect(line(tab)).to_be_hidden()
    tab.box.fill("hello")
    says(tab, "Leaves this machine: 2 messages, nothing to mask")
    tab.box.fill("hello, I am called Wilma Quokka")
    says(tab, "Leaves this machine: 2 messages, 1 name masked")
    tab.box.fill("")
    expect(line(tab)).to_be_hidden()


def test_shown_messages_are_those_that_arrive(tab, server):
    tab.box.fill(TEXT)
    tab.button("See what leaves").press("Enter")
    dialog = tab.page.get_by_role("dialog", name="What leaves this machine")
    shown = dialog.get_by_role("group", name=re.compile("^Message of the "))
    expect(shown).to_have_count(2)
    expect(dialog).to_contain_text("1 name, 1 reference number")
    contents = [shown.nth(index).text_content() for index in range(2)]
    tab.page.keyboard.press("Escape")
    expect(tab.button("See what leaves")).to_be_focused()
    tab.box.press("Enter")
    tab.idle()
    sent = [message["content"] for message in server.requests[-1]["messages"]]
    assert sent == contents
    assert "Quokka" not in "".join(sent)
    expect(tab.answers.last).to_contain_text(TEXT.removeprefix("!say "))
    expect(tab.questions.last).to_contain_text("Wilma Quokka about order 48213")


def test_trace_tells_what_was_masked(tab):
    answer = tab.ask(TEXT)
    tab.button("Prompt assistant v1. Show what was sent", answer).click()
    trace = tab.page.get_by_role("dialog", name="Trace")
    expect(trace).to_contain_text("1 name, 1 reference number")
    expect(trace).to_contain_text("with tags in the place of what was masked")


def test_one_click_answers_locally(tab, server):
    before = len(server.requests)
    tab.box.fill("Hello, I am called Wilma Quokka")
    tab.button("Answer locally").click()
    expect(tab.box).to_have_value("")
    expect(tab.box).to_be_focused()
    expect(tab.button("Copy answer", tab.answers.last)).to_be_visible(timeout=150_000)
    expect(tab.answers.last).to_contain_text("starter@")
    assert len(server.requests) == before
    tab.box.fill("and now?")
    says(tab, "Leaves this machine: 4 messages, 1 name masked")


def test_choosing_a_local_model_takes_the_line_away(tab):
    tab.box.fill("hello")
    expect(line(tab)).to_be_visible()
    label = tab.page.locator("#chat-model optgroup[label=local] option").first.get_attribute(
        "value"
    )
    tab.page.get_by_label(re.compile("^Model: ")).select_option(label)
    expect(line(tab)).to_be_hidden()


def test_fits_a_telephone(hosted_site, chromium):
    made = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    made.set_default_timeout(60_000)
    tab = opened(made.new_page(), hosted_site.address)
    tab.box.fill("I am called Wilma Quokka, a@b.org, +44 20 7946 0018, order 48213")
    says(tab, "Leaves this machine: 2 messages, 4 values masked")
    wide = tab.page.evaluate("document.documentElement.scrollWidth")
    for name in ("See what leaves", "Answer locally", "Send"):
        box = tab.button(name).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["height"] >= 36
    made.close()
    assert wide == 390
