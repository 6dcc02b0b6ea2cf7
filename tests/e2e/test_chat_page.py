"""Every feature of the Chat page, in a real browser, with the scripted model behind it."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage

pytestmark = pytest.mark.browser

SLOW = "!tokens 200 !rate 20"


def another(tab, path=None):
    """A second tab of the same browser on the same conversation."""
    page = tab.page.context.new_page()
    return ChatPage(page, tab.address).open(path or f"/?c={tab.conversation}")


class TestAnswering:
    def test_answer_streams(self, tab):
        tab.send("!tokens 40 !rate 20 lamp")
        expect(tab.writing).to_contain_text("Thank you")
        expect(tab.writing).not_to_contain_text("goes on for as long as it was told to.Thank")
        expect(tab.writing).to_contain_text(re.compile(r"scripted@1 · assistant · writing, \d s"))
        tab.idle()
        expect(tab.answers.last).to_contain_text("40 tokens")

    def test_figures_stand_under_the_answer(self, tab):
        answer = tab.ask("!tokens 12 hello")
        expect(answer).to_contain_text(
            re.compile(r"scripted@1 · assistant v1 · 12 tokens · first word \d\.\d+ s · \d\.\d+ s")
        )

    def test_stop_keeps_the_partial_text(self, tab):
        tab.send(f"{SLOW} stop me")
        expect(tab.writing).to_contain_text("Thank you")
        tab.page.keyboard.press("Escape")
        tab.idle()
        expect(tab.answers.last).to_contain_text("Thank you")
        expect(tab.answers.last).to_contain_text("stopped")
        assert tab.ask("!say at once").locator(".md").inner_text() == "at once"

    def test_reload_shows_all_text_and_goes_on(self, tab):
        tab.send("!tokens 60 !rate 5 reload")
        expect(tab.writing).to_contain_text("scripted answer")
        tab.page.reload()
        expect(tab.writing).to_contain_text("Thank you. You wrote: reload")
        tab.idle()
        expect(tab.answers.last).to_contain_text("60 tokens")

    def test_second_tab_follows(self, tab):
        tab.ask("!say first")
        other = another(tab)
        tab.send("!tokens 40 !rate 15 both")
        expect(other.questions).to_have_count(2)
        expect(other.writing).to_contain_text("Thank you")
        other.idle()
        expect(other.answers.last).to_contain_text("40 tokens")

    def test_new_tab_lists_the_conversation(self, tab):
        tab.ask("!say listed everywhere")
        expect(another(tab, "/").listed.first).to_contain_text("!say listed everywhere")

    def test_one_message_may_wait(self, tab):
        tab.send(f"{SLOW} first")
        expect(tab.writing).to_contain_text("Thank you")
        tab.send("!say second")
        expect(tab.page.get_by_text("Waits for the answer above")).to_be_visible()
        tab.box.fill("third")
        tab.box.press("Enter")
        expect(tab.page.get_by_role("alert")).to_contain_text("one message waits")
        expect(tab.box).to_have_value("third")
        tab.button("Stop").click()
        expect(tab.answers.last.locator(".md")).to_have_text("second")

    def test_double_click_is_one_turn(self, tab):
        tab.box.fill("!say once only")
        tab.button("Send").dblclick()
        tab.idle()
        expect(tab.questions).to_have_count(1)
        expect(tab.answers).to_have_count(1)

    def test_model_failure_offers_the_next_step(self, tab):
        tab.send("!500 !once try")
        failed = tab.answers.last
        expect(failed).to_contain_text("The connection to the model broke off. Try again.")
        tab.button("Try again", failed).click()
        expect(tab.answers.last).to_contain_text("You wrote: try")
        expect(tab.answers.last).to_contain_text("2 / 2")

    def test_cut_off_answer_says_so(self, tab):
        tab.send("!tokens 20 !no-end cut")
        expect(tab.answers.last).to_contain_text("ended before the answer did")
        expect(tab.button("Continue", tab.answers.last)).to_be_visible()

    def test_refused_message_stays_in_the_box(self, tab):
        text = "x" * 100_001
        tab.box.fill(text)
        tab.box.press("Enter")
        expect(tab.page.get_by_role("alert")).to_contain_text("100,001 characters")
        expect(tab.button("Try again")).to_be_visible()
        expect(tab.box).to_have_value(text)

    def test_unsent_text_survives_a_reload(self, tab):
        tab.box.fill("not yet sent")
        tab.open()
        expect(tab.box).to_have_value("not yet sent")

    def test_hidden_tab_gives_its_connection_back(self, tab):
        tab.ask("!say before")
        tab.page.clock.install()
        for hidden in (True, False):
            tab.page.evaluate(
                """(value) => {
                    Object.defineProperty(document, 'hidden', {value, configurable: true});
                    document.dispatchEvent(new Event('visibilitychange'));
                }""",
                hidden,
            )
            tab.page.clock.run_for(16_000)
        tab.page.clock.resume()
        assert tab.ask("!say after").locator(".md").inner_text() == "after"


class TestVersions:
    def test_answer_again_makes_a_sibling(self, tab):
        tab.ask("!say hello")
        tab.key("r")
        expect(tab.answers.last).to_contain_text("2 / 2")
        tab.key("ArrowLeft")
        expect(tab.answers.last).to_contain_text("1 / 2")
        tab.key("ArrowRight")
        expect(tab.answers.last).to_contain_text("2 / 2")
        expect(tab.button("Next version", tab.answers.last)).to_be_disabled()

    def test_edited_question_is_answered(self, tab):
        tab.ask("!say old")
        tab.box.press("ArrowUp")
        editor = tab.page.get_by_label("Text of the question")
        expect(editor).to_have_value("!say old")
        editor.fill("!say new")
        editor.press("Control+Enter")
        expect(tab.answers.last.locator(".md")).to_have_text("new")
        expect(tab.questions.last).to_contain_text("2 / 2")
        tab.button("Previous version", tab.questions.last).click()
        expect(tab.answers.last.locator(".md")).to_have_text("old")

    def test_edited_answer_is_saved_without_rerun(self, tab):
        tab.ask("!say wrong")
        tab.key("e")
        editor = tab.page.get_by_label("Text of the answer")
        editor.fill("right")
        editor.press("Control+s")
        expect(tab.answers.last.locator(".md")).to_have_text("right")
        expect(tab.answers.last).to_contain_text("2 / 2")
        expect(tab.answers.last).to_contain_text("edited by a person")

    def test_edited_answer_goes_on(self, tab):
        tab.ask("!tokens 20 words")
        tab.button("Edit answer", tab.answers.last).click()
        tab.page.get_by_label("Text of the answer").fill("Thank you. You wrote:")
        tab.button("Save and rerun").click()
        expect(tab.answers.last).to_contain_text("2 / 2")
        tab.idle()
        expect(tab.answers.last.locator(".md")).to_contain_text("Thank you. You wrote: words")

    def test_escape_gives_up_an_edit(self, tab):
        tab.ask("!say as it was")
        tab.key("e")
        tab.page.get_by_label("Text of the answer").fill("changed")
        tab.page.keyboard.press("Escape")
        expect(tab.answers.last.locator(".md")).to_have_text("as it was")
        expect(tab.page.get_by_label("Text of the answer")).to_have_count(0)

    def test_continue_goes_on_from_the_end(self, tab):
        tab.send("!tokens 40 !length go on")
        expect(tab.answers.last).to_contain_text("longest length")
        shown = tab.answers.last.locator(".md").inner_text()
        tab.button("Continue", tab.answers.last).click()
        expect(tab.answers.last).to_contain_text("2 / 2")
        tab.idle()
        expect(tab.answers.last.locator(".md")).to_contain_text(shown)

    def test_delete_version_shows_the_other(self, tab):
        tab.ask("!say kept")
        tab.key("e")
        tab.page.get_by_label("Text of the answer").fill("spare")
        tab.page.keyboard.press("Control+s")
        expect(tab.answers.last.locator(".md")).to_have_text("spare")
        tab.button("More for this answer", tab.answers.last).click()
        tab.item("Delete this version").click()
        tab.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(tab.answers.last.locator(".md")).to_have_text("kept")
        expect(tab.answers.last).not_to_contain_text("1 /")

    def test_fork_copies_up_to_here(self, tab):
        tab.ask("!say one")
        tab.ask("!say two")
        first = tab.conversation
        tab.button("More for this answer", tab.answers.first).click()
        tab.item("Fork from here").click()
        expect(tab.questions).to_have_count(1)
        expect(tab.page.get_by_role("heading", level=1)).to_contain_text("(fork)")
        assert tab.conversation != first
        tab.page.go_back()
        expect(tab.questions).to_have_count(2)


class TestCopying:
    def clipboard(self, tab):
        return tab.page.evaluate("navigator.clipboard.readText()")

    def test_answer_is_copied_as_written(self, tab):
        tab.ask("!say **bold** and\n    indented")
        tab.key("c")
        expect(tab.page.locator(".toast")).to_contain_text("Answer copied")
        assert self.clipboard(tab) == "**bold** and\n    indented"

    def test_last_code_block_is_copied(self, tab):
        tab.ask("!say ```python\nfirst()\n```\ntext\n```python\nif x < 1:\n    second()\n```")
        expect(tab.answers.last.locator("pre")).to_have_count(2)
        tab.key("Shift+C")
        expect(tab.page.locator(".toast")).to_contain_text("Code copied")
        assert self.clipboard(tab) == "if x < 1:\n    second()"


class TestConversations:
    def test_rename_by_key(self, tab):
        tab.ask("!say name")
        tab.key("F2")
        title = tab.page.get_by_label("Title")
        title.fill("A better name")
        title.press("Enter")
        expect(tab.page.get_by_role("heading", level=1)).to_have_text("A better name")
        expect(tab.listed.first).to_have_text("A better name")
        expect(tab.page).to_have_title("A better name · Chat")
        expect(tab.page.get_by_role("dialog")).to_have_count(0)

    def test_pin_and_unpin(self, tab):
        tab.ask("!say pin me")
        menu = tab.page.get_by_label("Conversation", exact=True)
        tab.button("More for this conversation", menu).first.click()
        tab.item("Pin").click()
        expect(tab.page.get_by_role("heading", name="Pinned")).to_be_visible()
        tab.button("More for this conversation", menu).first.click()
        tab.item("Unpin").click()
        expect(tab.page.get_by_role("heading", name="Pinned")).to_have_count(0)

    def test_delete_can_be_undone(self, tab):
        tab.ask("!say delete me")
        expect(tab.listed.first).to_contain_text("delete me")
        tab.listed.first.hover()
        tab.page.get_by_role("navigation", name="Conversation list").get_by_role(
            "button", name="More for this conversation"
        ).first.click()
        tab.item("Delete").click()
        expect(tab.questions).to_have_count(0)
        expect(tab.listed.filter(has_text="delete me")).to_have_count(0)
        tab.button("Undo").click()
        expect(tab.questions).to_have_count(1)
        expect(tab.listed.filter(has_text="delete me")).to_have_count(1)

    @pytest.mark.parametrize(("form", "suffix"), [("Markdown", "md"), ("JSON", "json")])
    def test_export_gives_a_file(self, tab, tmp_path, form, suffix):
        tab.ask("!say exported words")
        head = tab.page.get_by_label("Conversation", exact=True)
        tab.button("More for this conversation", head).first.click()
        with tab.page.expect_download() as download:
            tab.item(f"Export as {form}").click()
        assert download.value.suggested_filename.endswith(f".{suffix}")
        download.value.save_as(tmp_path / "file")
        text = (tmp_path / "file").read_text("utf-8")
        assert "exported words" in text
        if suffix == "json":
            assert json.loads(text)

    def test_search_opens_at_the_message(self, tab):
        tab.ask("!say a title\n\nzebracrossing stands here")
        first = tab.conversation
        for number in range(3):
            tab.ask(f"!tokens 60 filler {number}")
        tab.button("New conversation").click()
        expect(tab.questions).to_have_count(0)
        tab.page.keyboard.press("Control+K")
        tab.page.get_by_role("combobox", name="Search").fill("zebracrossing")
        hits = tab.page.get_by_role("listbox", name="Results").get_by_role("option")
        expect(hits.first).to_contain_text("zebracrossing")
        tab.page.keyboard.press("ArrowDown")
        tab.page.keyboard.press("Enter")
        expect(tab.page).to_have_url(re.compile(f"c={first}&m="))
        expect(tab.page.locator(".message-row.hit")).to_be_in_viewport()

    def test_sidebar_search_replaces_the_list(self, tab):
        tab.ask("!say quaggasighting")
        field = tab.page.get_by_label("Search conversations")
        field.fill("quaggasighting")
        expect(tab.page.get_by_role("heading", name=re.compile("result"))).to_be_visible()
        expect(tab.listed.first).to_contain_text("quaggasighting")
        field.fill("nosuchwordanywhere")
        expect(tab.page.get_by_text("Nothing found")).to_be_visible()
        field.fill("")
        expect(tab.page.get_by_role("heading", name="Today")).to_be_visible()

    def test_picked_conversation_is_in_the_address(self, tab):
        tab.ask("!say picked one")
        first = tab.conversation
        tab.page.keyboard.press("Control+Shift+O")
        expect(tab.page.get_by_role("heading", name="How can we help?")).to_be_visible()
        tab.listed.filter(has_text="picked one").first.click()
        expect(tab.answers).to_have_count(1)
        assert tab.conversation == first

    def test_unknown_address_says_so(self, site, context):
        tab = ChatPage(context.new_page(), site.address).open("/?c=0190a000-0000-7000-8000-0")
        expect(tab.page.get_by_role("alert")).to_contain_text("does not exist")
        expect(tab.page.get_by_role("heading", name="How can we help?")).to_be_visible()

    def test_earlier_messages_on_demand(self, tab):
        for number in range(25):
            tab.ask(f"!say number {number}")
        tab.send("!say the last")
        expect(tab.answers.last.locator(".md")).to_have_text("the last")
        expect(tab.questions).to_have_count(25)
        tab.button("Load earlier messages").click()
        expect(tab.questions).to_have_count(26)
        expect(tab.button("Load earlier messages")).to_have_count(0)
        expect(tab.questions.first).to_contain_text("number 0")


class TestChoices:
    def test_prompt_and_model_are_named(self, tab):
        prompt = tab.page.get_by_role("combobox", name="Prompt: ")
        prompt.select_option("support")
        answer = tab.ask("!say as support")
        expect(answer).to_contain_text("support v1")
        expect(tab.page.get_by_role("combobox", name="Prompt: Support")).to_be_visible()
        expect(tab.page.get_by_role("combobox", name="Model: scripted@1")).to_be_visible()

    def test_temporary_conversation_says_how_long(self, tab):
        tab.button("Temporary").click()
        expect(tab.page.get_by_text("kept in memory only")).to_be_visible()
        tab.ask("!say whisper unlisted")
        expect(tab.page.get_by_text("kept in memory only")).to_be_visible()
        expect(tab.listed.filter(has_text="unlisted")).to_have_count(0)
        tab.page.reload()
        expect(tab.answers.last.locator(".md")).to_have_text("whisper unlisted")

    def test_starting_question_is_sent(self, tab):
        tab.button("Who are you?").click()
        expect(tab.questions.last).to_contain_text("Who are you?")
        tab.idle()

    def test_trace_shows_what_was_sent(self, tab, site):
        answer = tab.ask("!say <b>exact</b> words")
        tab.button("More for this answer", answer).click()
        tab.item("Trace").click()
        dialog = tab.page.get_by_role("dialog", name="Trace")
        expect(dialog).to_contain_text("sent, exactly so")
        expect(dialog.locator(".pm").last).to_contain_text("!say <b>exact</b> words")
        expect(dialog.locator(".pm").first).to_contain_text("system")
        turn = dialog.locator("code").first.inner_text()
        dialog.get_by_role("button", name="Copy Turn id").click()
        expect(tab.page.locator(".toast")).to_contain_text("Turn id copied.")
        assert f"turn={turn}" in site.log
        tab.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)

    def test_feedback_is_kept(self, tab):
        answer = tab.ask("!say judge me")
        tab.button("Poor answer", answer).click()
        tab.button("Missing something", answer).click()
        answer.get_by_label("A better answer, optional").fill("With the date.")
        tab.button("Send feedback", answer).click()
        expect(tab.page.locator(".toast")).to_contain_text("Thank you")
        tab.page.reload()
        poor = tab.button("Poor answer", tab.answers.last)
        expect(poor).to_have_attribute("aria-pressed", "true")
        poor.click()
        expect(tab.button("Missing something")).to_have_attribute("aria-pressed", "true")
        expect(tab.page.get_by_label("A better answer, optional")).to_have_value("With the date.")
        tab.button("Take back").click()
        expect(tab.button("Poor answer")).to_have_attribute("aria-pressed", "false")

    def test_good_answer_toggles(self, tab):
        good = tab.button("Good answer", tab.ask("!say fine"))
        good.click()
        expect(good).to_have_attribute("aria-pressed", "true")
        good.click()
        expect(good).to_have_attribute("aria-pressed", "false")


class TestKeysAndLook:
    def test_shift_enter_breaks_the_line(self, tab):
        tab.box.press_sequentially("!say one")
        tab.box.press("Shift+Enter")
        tab.box.press_sequentially("two")
        tab.box.press("Enter")
        expect(tab.answers.last.locator(".md")).to_contain_text("two")
        assert tab.questions.last.locator("code").inner_text().rstrip() == "!say one\ntwo"

    def test_input_method_does_not_send(self, tab):
        tab.box.fill("にほ")
        for init in ({"isComposing": True}, {"keyCode": 229}):
            tab.box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, **init})
        tab.box.press("x")
        expect(tab.box).to_have_value("にほx")
        expect(tab.questions).to_have_count(0)

    def test_question_mark_lists_shortcuts(self, tab):
        tab.key("?")
        dialog = tab.page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(dialog).to_contain_text("Answer again")
        tab.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        tab.box.press_sequentially("why?")
        expect(tab.box).to_have_value("why?")

    def test_single_keys_can_be_switched_off(self, tab):
        tab.ask("!say quiet keys")
        tab.page.get_by_role("button", name="Account: ").click()
        tab.page.get_by_role("menuitemcheckbox", name="Single-key shortcuts").click()
        tab.page.reload()
        expect(tab.answers).to_have_count(1)
        tab.key("e")
        tab.key("?")
        expect(tab.page.get_by_role("dialog")).to_have_count(0)
        expect(tab.page.locator(".editor")).to_have_count(0)
        tab.page.keyboard.press("Control+/")
        expect(tab.page.get_by_role("dialog")).to_contain_text("Single-key shortcuts are off")

    def test_focus_returns_after_a_dialog(self, tab):
        button = tab.button("Keyboard shortcuts")
        button.click()
        tab.page.keyboard.press("Escape")
        expect(button).to_be_focused()

    def test_colours_are_kept(self, tab):
        before = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.button("Use dark colours").click()
        assert tab.page.evaluate("getComputedStyle(document.body).backgroundColor") != before
        tab.page.reload()
        expect(tab.button("Use light colours")).to_be_visible()
        expect(tab.page.locator("body")).to_have_class(re.compile(r"\bdark\b"))

    def test_every_control_has_a_name(self, tab):
        tab.ask("!say names")
        nameless = tab.page.evaluate(
            """[...document.querySelectorAll('button, input, textarea, select, a[href]')]
            .filter((one) => one.checkVisibility() && !one.getAttribute('aria-label')
                && !one.innerText.trim() && !one.labels?.length)
            .map((one) => one.outerHTML)"""
        )
        assert nameless == []

    def test_skip_link_goes_to_the_content(self, tab):
        tab.page.evaluate("document.activeElement.blur()")
        tab.page.keyboard.press("Tab")
        expect(tab.page.get_by_text("Skip to content")).to_be_focused()
        tab.page.keyboard.press("Enter")
        expect(tab.page.get_by_role("main")).to_be_focused()

    def test_markdown_is_drawn_and_html_is_text(self, tab):
        answer = tab.ask(
            "!say **bold** <i>raw</i>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- item\n\n`<code>`"
        )
        expect(answer.locator("strong")).to_have_text("bold")
        expect(answer.locator("td")).to_have_text(["1", "2"])
        expect(answer.locator("li")).to_have_text("item")
        expect(answer.locator("code")).to_have_text("<code>")
        expect(answer).to_contain_text("<i>raw</i>")
        expect(answer.locator("i")).to_have_count(0)

    def test_links_are_tame_and_images_are_links(self, tab):
        answer = tab.ask("!say ![far](http://a.example/x.png) [bad](javascript:alert(1))")
        expect(answer.locator("img")).to_have_count(0)
        far = answer.get_by_role("link", name="far")
        expect(far).to_have_attribute("rel", "noopener noreferrer")
        expect(answer.get_by_text("bad")).not_to_have_attribute("href", re.compile("."))

    def test_larger_model_is_explained(self, tab):
        tab.button("connect a larger model").click()
        expect(tab.page.get_by_role("dialog")).to_contain_text("[[hosted]]")


class TestPhone:
    def test_sidebar_is_an_overlay(self, phone):
        phone.ask("!say on the telephone")
        phone.button("Open conversations").click()
        expect(phone.listed.first).to_contain_text("on the telephone")
        phone.button("New conversation").click()
        expect(phone.listed.first).not_to_be_visible()
        expect(phone.page.get_by_role("heading", name="How can we help?")).to_be_visible()

    def test_page_does_not_scroll_sideways(self, phone):
        phone.ask("!say " + "word " * 60 + "averyveryverylongword" * 6)
        width = phone.page.evaluate("document.documentElement.scrollWidth")
        assert width == 390

    def test_targets_are_large_enough(self, phone):
        phone.ask("!say touch")
        small = phone.page.evaluate(
            """[...document.querySelectorAll('button, select, textarea')]
            .filter((one) => one.checkVisibility() && !one.classList.contains('as-link'))
            .map((one) => [one.getBoundingClientRect().height, one.outerHTML.slice(0, 80)])
            .filter(([height]) => height < 36)"""
        )
        assert small == []

    def test_page_button_lists_pages(self, phone):
        phone.page.get_by_role("button", name="Page: Chat. Change page").click()
        expect(phone.item("Chat")).to_be_visible()
