"""What the Chat page shows of a conversation and its running turns."""

from datetime import UTC, datetime
from types import SimpleNamespace

from chatbot.turn import Turn
from chatbot.views import Found, Group, Item, MessageView, Meta, View
from ui.pages import chat_view

NOW = datetime(2026, 11, 25, tzinfo=UTC)
META = Meta("starter@1.0", "local", "assistant", 3, 118, 0.2, 1.9)


def message(name, role="assistant", text="", status="complete", meta=None):
    alone = SimpleNamespace(index=1, count=1, previous=None, next=None)
    return MessageView(name, role, text, status, None, alone, meta, 0, (), None)


def view(*messages):
    return View(
        id="c1",
        title="Lamps",
        prompt="assistant",
        model="starter@1.0",
        channel="chat",
        pinned=False,
        temporary=False,
        created_at=NOW,
        messages=list(messages),
        has_earlier=True,
    )


def turn(reply, text="", state="writing"):
    return Turn(1, "c1", "q", reply, state=state, text=text, model="starter@1.0")


def texts(shown):
    return [one["content"][0]["text"] for one in shown]


ASKED = message("q1", "user", "Why?")
TALK = (ASKED, message("a1", text="So.", meta=META), message("q2", "user", "And?"))


def test_settled_conversation_is_all_in_the_log():
    shown = chat_view.screen(view(*TALK), [], {}, ask=4)
    assert texts(shown.log) == ["```text\nWhy?\n```", "So.", "```text\nAnd?\n```"]
    assert shown.now == []
    assert shown.page["settled"] == 3
    assert (shown.page["title"], shown.page["earlier"], shown.page["ask"]) == ("Lamps", True, 4)


def test_running_answer_and_what_follows_are_the_tail():
    waiting = (message("q3", "user", "Later"), message("a3", status="streaming"))
    whole = view(*TALK, message("a2", text="saved", status="streaming"), *waiting)
    running = [turn("a2", "saved and more"), turn("a3", state="waiting")]
    shown = chat_view.screen(whole, running, {})
    assert len(shown.log) == shown.page["settled"] == 3
    assert texts(shown.now) == ["saved and more", "```text\nLater\n```", "\u200b"]
    assert shown.page["running"] == ["a2", "a3"]
    assert [one["stage"]["state"] for one in shown.page["messages"][3::2]] == ["writing", "waiting"]
    assert chat_view.tail(whole, running) == shown.now


def test_turn_on_another_branch_leaves_the_log_settled():
    shown = chat_view.screen(view(*TALK), [turn("elsewhere", "x")], {})
    assert shown.now == []
    assert shown.page["running"] == ["elsewhere"]


def test_unsaved_answer_is_shown_with_its_sentence():
    lost = turn("a2", "all of it")
    lost.finish("complete", "Not saved.")
    shown = chat_view.screen(view(ASKED, message("a2", status="streaming")), [], {"a2": lost})
    assert texts(shown.log)[-1] == "all of it"
    told = shown.page["messages"][-1]
    assert (told["unsaved"], told["note"], told["text"]) == (True, "Not saved.", "all of it")


def test_figures_and_versions_of_an_answer():
    told = chat_view.screen(view(TALK[1]), [], {}).page["messages"][0]
    assert told["meta"]["version"] == 3
    assert told["meta"]["first"] == 0.2
    assert told["version"] == [1, 1, None, None]


def test_lists_are_plain_json():
    item = Item("c1", "Lamps", pinned=True, running=False, updated_at=NOW)
    [group] = chat_view.groups([Group("Pinned", [item])])
    assert group["items"] == [{"id": "c1", "title": "Lamps", "pinned": True, "running": False}]
    [hit] = chat_view.hits([Found("c1", "Lamps", "a1", "assistant", [("a ", False)], NOW)])
    assert hit["snippet"] == [["a ", False]]
    assert hit["date"] == "2026-11-25"
