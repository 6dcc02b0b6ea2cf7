"""The Monitor page behind its scripts: what its commands give and refuse, and its file."""

import asyncio
import csv
import io

import pytest
from httpx import ASGITransport, AsyncClient

from chatbot.bootstrap import build
from chatbot.errors import Refused
from chatbot.settings import Settings
from store import accounts
from tests.support.past import SLOW, a_week
from ui.pages.commands import commands_of
from ui.pages.monitor_commands import MonitorCommands
from ui.web import create_app


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    made = build(Settings(home=tmp_path_factory.mktemp("home"), model="scripted", encoder="none"))
    a_week(made)
    yield made
    made.close()


@pytest.fixture
def ask(product):
    """A command of the page, with the types of its form checked."""
    commands = commands_of(MonitorCommands(product))
    return lambda name, **given: commands[name](product.person(), **given)


def test_a_week_as_json(ask):
    shown = ask("overview")
    assert (shown["bucket"], shown["answers"], shown["group"]) == ("day", 5, "prompt")
    figures = {one["key"]: one for one in shown["figures"]}
    assert (figures["answers"]["value"], figures["answers"]["before"]) == (5, 1)
    assert figures["unchanged"]["value"] is None
    plots = {one["key"]: one for one in shown["plots"]}
    assert plots["distance"]["empty"]
    [thumbs] = plots["thumbs"]["series"]
    at, value, count, low, high = next(one for one in thumbs["points"] if one[1] is not None)
    assert (value, count) == (0.5, 2)
    assert 0 < low < value < high < 1
    [line] = shown["lines"]
    assert (line["name"], line["model"], line["answers"]) == ("support v1", "scripted@1", 5)

    behind = ask("answers", plot="thumbs", series=thumbs["key"], moment=at)
    assert [one["thumb"] for one in behind["answers"]] == [1, -1]
    assert behind["more"] is None
    assert all(one["item"] and one["conversation"] for one in behind["answers"])


def test_an_alert_leads_to_the_slow_answers(ask):
    [alert] = ask("overview")["alerts"]
    assert alert["name"] == SLOW.name
    behind = dict(alert["behind"])
    found = ask("answers", moment=behind.pop("at"), **behind)["answers"]
    assert [one["first_s"] for one in found] == [1.5]  # those from the p95 on


def test_what_is_no_moment_is_refused(ask):
    for moment in ("yesterday", "2026-11-23", "2026-11-23T00:00:00"):
        with pytest.raises(Refused, match="not a point"):
            ask("answers", plot="first", series="p95", moment=moment)


def test_the_table_leaves_as_a_file_for_those_who_may(product):
    async def scene():
        app = create_app(product)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
            good = await client.post("/monitor/export?period=30d&group=model")
            bad = [
                await client.post(f"/monitor/export?{query}")
                for query in ("period=1y", "group=people", "channel=post", "nobody=1")
            ]
            me = product.person()
            with product.archive.main.writing() as session:
                accounts.set_roles(session, me.id, ("chatter", "agent"))
            closed = await client.post("/monitor/export")
            with product.archive.main.writing() as session:
                accounts.set_roles(session, me.id, me.roles)
            return good, bad, closed

    good, bad, closed = asyncio.run(scene())
    [line] = csv.DictReader(io.StringIO(good.text))
    assert (line["prompt"], line["answers"]) == ("support", "6")
    assert good.headers["content-type"].startswith("text/csv")
    assert 'filename="versions-30d-' in good.headers["content-disposition"]
    assert good.headers["cache-control"] == "no-store"
    assert {(one.status_code, one.json()["code"]) for one in bad} == {(400, "refused")}
    assert closed.status_code == 403
