"""Replies leave exactly once: when their process is killed half way, and when several deliver."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from chatbot.bootstrap import build
from chatbot.settings import Settings
from store import models
from store.columns import now
from tests.support import desk_process
from tests.support.desk import agent, brought, talk
from tests.support.forked import started
from tests.support.stored import person


@pytest.fixture
def url(database):
    return database.url.render_as_string(hide_password=False)


@pytest.fixture
def product(url, tmp_path):
    product = build(Settings(home=tmp_path, database_url=url, model="scripted"))
    yield product
    product.close()


def wait_for_due(product):
    """Let every reply that waits be due."""
    with product.database.transaction() as session:
        session.execute(update(models.Reply).values(due_at=now()))


def sent(product, who, ticket):
    return [
        each.said.text
        for each in product.desk.open(who, ticket).thread
        if each.said.role == "agent"
    ]


def test_a_killed_process_loses_and_doubles_no_reply(product, database, url, tmp_path):
    lea, ada = agent(database), person(database)
    tickets = [product.desk.hand_over(ada, talk(database, ada)), brought(product, "where?")]
    for ticket in tickets:
        product.desk.send(lea, ticket, "On its way.", draft=None, seconds=1)
    wait_for_due(product)
    for _ in range(2):
        with started(desk_process.main, tmp_path, url) as process:
            assert process.lines.readline() == "taken\n"
        assert [sent(product, lea, ticket) for ticket in tickets] == [[], []]

    assert product.desk.send_due() == 2
    assert product.desk.send_due() == 0
    assert [sent(product, lea, ticket) for ticket in tickets] == [["On its way."]] * 2


def test_of_many_who_deliver_one_does(product, database):
    lea, ada = agent(database), person(database)
    ticket = product.desk.hand_over(ada, talk(database, ada))
    for letter in "abcde":
        version = product.desk.open(lea, ticket).work.version
        product.desk.send(lea, ticket, f"Reply {letter}", draft=None, seconds=1, version=version)
    wait_for_due(product)
    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(lambda _: product.desk.send_due(), range(6)))
    assert sum(counts) == 5
    assert sent(product, lea, ticket) == [f"Reply {letter}" for letter in "abcde"]


def test_of_many_who_hand_over_or_bring_the_same_there_is_one_ticket(product, database):
    ada = person(database)
    chat = talk(database, ada)
    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(lambda _: product.desk.hand_over(ada, chat), range(6)))
        told = list(pool.map(lambda _: brought(product, "one", external_id="x"), range(6)))
    assert len(ids) == len(set(told)) == 1


def test_of_two_who_answer_at_once_one_does(product, database):
    ticket = brought(product, "one")
    people = [agent(database, f"Agent {letter}") for letter in "abcdef"]

    def answer(who):
        try:
            return product.desk.send(who, ticket, f"By {who.name}", draft=None, seconds=1).id
        except Exception as error:  # noqa: BLE001  the test looks at it
            return type(error).__name__

    with ThreadPoolExecutor(6) as pool:
        ends = sorted(pool.map(answer, people), key=len)
    assert ends[:-1] == ["TextConflict"] * 5
