"""The Webhooks tab behind its scripts, and the same on the terminal."""

import asyncio
import json

import pytest

from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support.hooks import receiver
from tests.support.shell import Shell
from ui.pages.admin_commands import AdminCommands
from ui.pages.commands import calling
from ui.pages.frame import ADMIN


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    home = tmp_path_factory.mktemp("webhooks") / "home"
    settings = Settings(home=home, model="scripted", webhook_hosts=("127.0.0.1",))
    product = build(settings)
    yield product
    product.close()


@pytest.fixture
def ask(product):
    """One command of the page, as the local person."""
    call = calling(product, AdminCommands(product), ADMIN.roles)
    with asyncio.Runner() as runner:
        yield lambda do, **data: runner.run(call({"do": do, **data}, None))


def test_a_webhook_is_added_tried_switched_and_removed(ask):
    assert ask("webhooks")["hooks"] == []
    events = ask("webhooks")["events"]
    with receiver() as taker:
        added = ask("add_webhook", url=taker.url, events=events[:2])
        hook = added["hook"]["id"]
        assert added["secret"].startswith("whsec_")
        assert ask("test_webhook", hook=hook)["delivery"]["state"] == "taken"
    assert "cannot be reached" in ask("test_webhook", hook=hook)["delivery"]["error"]
    [shown] = ask("webhooks")["hooks"]
    assert (shown["events"], shown["taken"], shown["failed"]) == (tuple(events[:2]), 1, 1)
    assert added["secret"] not in json.dumps(ask("webhooks"))
    states = [each["state"] for each in ask("deliveries", hook=hook)["deliveries"]]
    assert states == ["failed", "taken"]
    assert ask("switch_webhook", hook=hook, active=False)["hook"]["active"] is False
    assert ask("remove_webhook", hook=hook) == {}
    assert ask("remove_webhook", hook=hook)["code"] == "not_found"


def test_what_is_wrong_is_a_sentence(ask):
    for url in ("", "http://10.0.0.1/", "https://10.0.0.1/", "https://x@example.com/"):
        assert ask("add_webhook", url=url, events=[])["code"] == "address_refused"
    assert "There are: ticket.created" in ask("add_webhook", url="x", events=["x"])["error"]


def test_the_terminal_does_the_same(tmp_path):
    shell = Shell(tmp_path / "home")
    more = {"CHATBOT_WEBHOOK_HOSTS": '["127.0.0.1"]'}
    with receiver() as taker:
        made = shell.run("webhooks", "add", taker.url, "--json", **more).data
        told = shell.run("webhooks", "test", taker.url, "--json", **more).data
        assert (told["state"], len(taker.taken)) == ("taken", 1)
    assert shell.run("webhooks", "off", made["id"]).code == 0
    [listed] = shell.run("webhooks", "list", "--json").data
    assert (listed["id"], listed["taken"], listed["active"]) == (made["id"], 1, False)
    assert made["secret"] not in str(listed)
    refused = shell.run("webhooks", "add", "https://127.0.0.1/")
    assert (refused.code, "private address" in refused.err) == (1, True)
    failed = shell.run("webhooks", "test", made["id"], **more)
    assert (failed.code, "cannot be reached" in failed.err) == (1, True)
