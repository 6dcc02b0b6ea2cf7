"""The demo goes in whole, shows what its texts say, and goes out without anything else."""

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from chatbot.demo.texts import articles, stories
from chatbot.documents import parse_text
from chatbot.errors import NotAllowed
from chatbot.ticket_files import Incoming, IncomingMessage
from store.records import Person
from tests.support.mailing import product_with

OWN = Incoming(
    "file",
    "1",
    "Own ticket",
    "Cleo",
    "",
    "file",
    "en",
    (IncomingMessage("customer", "Where is my parcel?", datetime(2026, 5, 1, tzinfo=UTC)),),
)


@pytest.fixture
def product(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "chatbot.db")
    with product_with(tmp_path, f"sqlite:///{tmp_path / 'chatbot.db'}") as made:
        yield made


def rows(product, **only):
    found = product.desk.queue(product.person(), limit=500, **only).rows
    return found if "state" in only else found + rows(product, state="closed")


def test_the_shop_goes_in_and_out(product):
    demo, me, desk, knowledge = product.demo, product.person(), product.desk, product.knowledge
    assert demo.is_wanted(me)
    knowledge.add(me, parse_text("# Own article\n\nOurs alone.", "own.md"))
    desk.bring(me, [OWN])
    assert not demo.is_wanted(me)
    assert not demo.is_loaded()
    told = []
    loaded = demo.load(me, lambda done, of: told.append((done, of)))
    texts = list(stories())
    assert (loaded.articles, loaded.tickets) == (len(list(articles())), len(texts))
    assert told[-1] == (loaded.articles + loaded.tickets,) * 2
    assert demo.is_loaded()

    shown = [row for row in rows(product) if row.subject != "Own ticket"]
    assert Counter(row.mood for row in shown) == Counter(each.mood for each in texts)
    assert Counter(row.language for row in shown) == Counter(each.language for each in texts)
    assert {row.state for row in shown} == {"new", "open", "closed"}
    assert any(row.assignee == me.name for row in shown)
    now = datetime.now(UTC)
    ages = sorted(now - row.created_at for row in shown)
    assert timedelta(0) < ages[0] < timedelta(hours=2)
    assert timedelta(days=4) < ages[-1] < timedelta(days=7)

    [last, *_] = desk.queue(me, sort="newest").rows
    desk.keep(me, last.id, "an unsent text", version=0)
    desk.close(me, last.id)
    assert demo.load(me) == loaded
    assert len(rows(product)) == loaded.tickets + 1
    assert last.id in {row.id for row in rows(product, state="closed")}

    assert demo.clear(me) == loaded
    assert not demo.is_loaded()
    assert [row.subject for row in rows(product)] == ["Own ticket"]
    assert [row.title for row in knowledge.articles(me).rows] == ["Own article"]
    assert demo.clear(me).tickets == 0


def test_who_may_not_does_not(product):
    nobody = Person(10**6, "x", "Nobody", ())
    assert not product.demo.is_wanted(nobody)
    for work in (product.demo.load, product.demo.clear):
        with pytest.raises(NotAllowed):
            work(nobody)
    assert not product.demo.is_loaded()
