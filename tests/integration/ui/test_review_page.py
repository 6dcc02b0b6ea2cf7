"""The Review page behind its scripts: its file, its filters, what is asked again."""

import asyncio
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from chatbot.bootstrap import build
from chatbot.errors import Refused
from chatbot.settings import Settings
from tests.support.stored import started, turn
from ui.pages.review_commands import FilterForm, question_of
from ui.web import create_app

QUESTION, ANSWER = "I am Jo Miller. Is it open?", "Yes, Jo Miller."


@pytest.fixture
def product(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted"))
    me = product.person()
    talk = started(product.database, me, title="Opening")
    _, reply = turn(product.database, talk, QUESTION, ANSWER)
    product.conversations.feedback(me, reply.public_id, rating=-1, reasons=("Tone",))
    [row] = product.review.queue(me).rows
    product.review.judge(me, row.id, rating=1, tags=("tone",))
    yield product
    product.close()


@pytest.fixture
def fetched(product):
    """A file of the page."""

    async def scene(given):
        app = create_app(product)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
            return await client.post(f"/review/export?{urlencode(given)}")

    return lambda **given: asyncio.run(scene(given))


def test_the_filtered_set_leaves_as_a_masked_file(fetched, tmp_path):
    answer = fetched(shape="openai", filters=json.dumps({"tag": "tone"}))
    [line] = answer.text.splitlines()
    assert [one["role"] for one in json.loads(line)["messages"]][-2:] == ["user", "assistant"]
    assert "Miller" not in answer.text
    assert ".jsonl" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert fetched(shape="openai", filters=json.dumps({"tag": "other"})).text == ""
    assert fetched(shape="csv", filters="{}").headers["content-type"].startswith("text/csv")


def test_a_file_that_cannot_be_made_is_refused_in_a_sentence(fetched, product):
    for given in (
        {"shape": "exe", "filters": "{}"},
        {"shape": "csv", "filters": "{"},
        {"shape": "csv", "filters": '{"nobody": 1}'},
        {"shape": "csv", "filters": '{"since": "30.11.2026"}'},
        {"shape": "csv", "filters": " " * 2001},
    ):
        told = fetched(**given)
        assert (told.status_code, told.json()["code"]) == (400, "refused"), given
    with product.archive.main.writing() as session:
        session.execute(text("DELETE FROM user_roles WHERE role = 'reviewer'"))
    assert fetched(shape="csv", filters="{}").status_code == 403


def test_a_day_counts_whole():
    given = FilterForm(rating=-1, since="2026-11-29", until="2026-11-30").filters()
    assert given.rating == -1
    assert given.since == datetime(2026, 11, 29, tzinfo=UTC)
    assert given.until == datetime(2026, 12, 1, tzinfo=UTC)
    with pytest.raises(Refused):
        FilterForm(until="yesterday").filters()


def line(role, said, judged=False):
    return SimpleNamespace(role=role, text=said, judged=judged)


def test_what_is_asked_again_is_what_stood_before_the_answer():
    thread = [
        line("customer", "Hi"),
        line("assistant", "Hello."),
        line("agent", "I am here."),
        line("customer", "Is it open?"),
        line("customer", "Today?"),
        line("assistant", "Yes.", judged=True),
        line("customer", "Thanks"),
    ]
    question, history = question_of(SimpleNamespace(thread=thread))
    assert question == "Is it open?\n\nToday?"
    assert history == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello.\n\nI am here."},
    ]
    with pytest.raises(Refused):
        question_of(SimpleNamespace(thread=[line("assistant", "Yes.", judged=True)]))
