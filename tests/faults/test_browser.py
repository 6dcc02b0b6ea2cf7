"""A tab that is open while the server or the network dies: nothing lost, nothing doubled."""

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.support.browser import Site, opened


@pytest.fixture
def fragile(tmp_path):
    """A server of this test alone, to be killed."""
    server = Site(tmp_path)
    yield server
    server.stop()


def stored(site):
    """Role, text and status of every message, in order."""
    with closing(sqlite3.connect(site.home / "chatbot.db")) as database:
        return database.execute(
            "SELECT role, content, status FROM messages ORDER BY conversation_id, sequence"
        ).fetchall()


def kill_in_mid_answer(site, tab, times):
    """Ask, kill the server while it writes, start it again, and see the tab come back."""
    for n in range(times):
        tab.send(f"!tokens 3000 !rate 100 round {n}")
        expect(tab.answers).to_have_count(n + 1, timeout=40_000)
        expect(tab.answers.last).to_contain_text("goes on for", timeout=40_000)
        site.kill()
        site.again()
        expect(tab.answers.last).to_contain_text("The server stopped here", timeout=40_000)


def check(site, tab, times):
    tab.ask("!say still here")
    rows = stored(site)
    asked = [text for role, text, _ in rows if role == "user"]
    ends = [status for role, _, status in rows if role == "assistant"]
    rounds = [f"!tokens 3000 !rate 100 round {n}" for n in range(times)]
    assert asked == [*rounds, "!say still here"]
    assert ends == ["interrupted"] * times + ["complete"]
    assert "Traceback" not in site.log
    assert "raised=" not in site.log


def test_stale_tab_after_kills(fragile, context):
    tab = opened(context.new_page(), fragile.address)
    kill_in_mid_answer(fragile, tab, 3)
    check(fragile, tab, 3)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_stale_tab_after_twenty_kills(fragile, context):
    tab = opened(context.new_page(), fragile.address)
    kill_in_mid_answer(fragile, tab, 20)
    check(fragile, tab, 20)


def test_message_sent_while_the_server_is_down_is_kept_and_sent_once(fragile, context):
    tab = opened(context.new_page(), fragile.address)
    tab.ask("!say first")
    fragile.kill()
    tab.box.fill("!say second")
    tab.box.press("Enter")
    expect(tab.page.get_by_role("alert")).to_contain_text("try again", timeout=40_000)
    expect(tab.box).to_have_value("!say second")
    fragile.again()
    tab.box.press("Enter")
    expect(tab.answers).to_have_count(2, timeout=40_000)
    tab.idle()

    texts = [text for role, text, _ in stored(fragile) if role == "user"]
    assert texts == ["!say first", "!say second"]


def test_two_tabs_that_send_at_once_do_not_interleave(fragile, context):
    first = opened(context.new_page(), fragile.address)
    first.ask("!say begin")
    second = opened(context.new_page(), fragile.address, f"/?c={first.conversation}")
    expect(second.answers).to_have_count(1)
    for tab, name in ((first, "one"), (second, "two")):
        tab.box.fill(f"!tokens 30 !rate 30 {name}")
    for tab in (first, second):
        tab.box.press("Enter")

    for tab in (first, second):
        expect(tab.answers).to_have_count(3, timeout=40_000)
        tab.idle()
    rows = stored(fragile)
    assert [role for role, _, _ in rows] == ["user", "assistant"] * 3
    assert {status for _, _, status in rows} == {"complete"}
    assert sorted(text[-3:] for role, text, _ in rows if role == "user") == ["gin", "one", "two"]


def test_lost_connection_keeps_the_typed_text(fragile, context):
    tab = opened(context.new_page(), fragile.address)
    tab.ask("!say first")
    context.set_offline(True)
    tab.box.fill("typed on a train")
    tab.box.press("Enter")
    expect(tab.page.get_by_role("alert")).to_contain_text("try again", timeout=40_000)
    expect(tab.box).to_have_value("typed on a train")
    context.set_offline(False)
    tab.box.press("Enter")
    expect(tab.answers).to_have_count(2, timeout=40_000)

    assert [role for role, _, _ in stored(fragile)].count("user") == 2


def test_graceful_stop_keeps_the_answer_so_far(fragile, context):
    tab = opened(context.new_page(), fragile.address)
    tab.send("!tokens 3000 !rate 50 long")
    expect(tab.answers.last).to_contain_text("goes on for")
    fragile.stop()

    [_, (_, text, status)] = stored(fragile)
    assert status == "interrupted"
    assert "goes on for" in text
    fragile.again()


def test_page_shows_an_answer_to_its_end_while_the_server_drains(tmp_path, context):
    context.set_default_timeout(60_000)
    server = Site(tmp_path, CHATBOT_DRAIN_SECONDS="30")
    tab = opened(context.new_page(), server.address)
    tab.ask("!say first")
    tab.send("!tokens 450 !rate 30 long")
    expect(tab.answers.last).to_contain_text("goes on for")
    server.signal()
    tab.box.fill("!say too late")
    tab.box.press("Enter")
    expect(tab.page.get_by_role("alert")).to_contain_text("shutting down", timeout=40_000)
    expect(tab.box).to_have_value("!say too late")
    server.ended()

    rows = stored(server)
    assert [status for role, _, status in rows if role == "assistant"] == ["complete"] * 2
    assert "Traceback" not in server.log
    assert "raised=" not in server.log
    server.again()
    expect(tab.answers.last).to_contain_text(rows[-1][1][-20:].strip(), timeout=40_000)
    tab.box.press("Enter")
    expect(tab.answers).to_have_count(3, timeout=40_000)
    server.stop()
