"""Threads become tickets, on both databases: new ones, known ones, bad ones."""

from datetime import UTC, datetime, timedelta

import pytest

from chatbot.ticket_files import Bad
from tests.support.desk import NOON, brought, due, subjects, thread


def test_threads_become_tickets_with_what_they_say(product, desk, lea):
    text = "I am furious! My parcel never arrived and nobody answers. This is terrible."
    ticket = brought(product, "Hello?", "> What is wrong?", text)

    opened = desk.open(lea, ticket)

    assert [(each.said.role, each.said.text) for each in opened.thread] == [
        ("customer", "Hello?"),
        ("agent", "What is wrong?"),
        ("customer", text),
    ]
    assert opened.row.language == "en"
    assert opened.row.state == "new"
    assert opened.row.late
    since = NOON + timedelta(minutes=2)
    assert opened.row.waiting_s == pytest.approx(
        (datetime.now(UTC) - since).total_seconds(), abs=60
    )


def test_the_same_thread_again_adds_what_is_new(product, desk, lea):
    first = thread("one", external_id="7")
    longer = thread("one", "> two", "three", external_id="7")
    told = desk.bring(lea, [first, first, longer, longer])
    assert (told.new, told.known, told.appended) == (1, 2, 1)
    [row] = desk.queue(lea).rows
    assert [each.said.text for each in desk.open(lea, row.id).thread] == ["one", "two", "three"]


def test_bad_threads_are_named_and_the_rest_is_taken(desk, lea):
    seen = []
    told = desk.bring(
        lea,
        [
            thread("good"),
            Bad("file:a.csv", "It has no text.", 3),
            thread("nul \0"),
            thread(),
            thread("x" * 200_000),
            thread("also good"),
        ],
        lambda done, total: seen.append((done, total)),
    )
    assert told.new == 2
    assert [each.line for each in told.refused] == [3, None, None, None]
    assert seen == [(done, 6) for done in range(1, 7)]
    assert len(desk.queue(lea).rows) == 2


def test_a_mail_joins_the_ticket_it_answers_if_it_is_of_the_same_address(desk, lea):
    desk.bring(lea, [thread("one", external_id="a")])
    answer = thread("two", external_id="b", references=("<a.0@mail.test>",))
    foreign = thread("eve", external_id="c", references=("<a.0@mail.test>",), address="eve@x.test")
    told = desk.bring(lea, [answer, foreign])
    assert (told.new, told.appended) == (1, 1)


def test_a_customer_who_writes_opens_a_closed_ticket(product, desk, lea):
    ticket = brought(product, "one", external_id="9")
    desk.close(lea, ticket)
    assert subjects(desk, lea) == []
    desk.bring(None, [thread("one", "and two", external_id="9")])
    [row] = desk.queue(lea).rows
    assert (row.id, row.state, row.unread) == (ticket, "open", True)


def test_a_mail_that_crossed_our_reply_waits_all_the_same(product, desk, lea):
    ticket = brought(product, "one", external_id="9")
    desk.send(lea, ticket, "Here.", draft=None, seconds=1)
    assert due(product) == 1
    desk.close(lea, ticket)
    desk.bring(None, [thread("one", "Do not send it!", external_id="9")])
    [row] = desk.queue(lea).rows
    assert (row.id, row.state, row.waiting_s is None) == (ticket, "open", False)


def test_the_same_id_of_another_customer_is_refused(product, desk, lea):
    ticket = brought(product, "one", external_id="1", source="file")
    told = desk.bring(lea, [thread("secret", external_id="1", source="file", address="eve@x.test")])
    assert (told.new, told.appended, len(told.refused)) == (0, 0, 1)
    assert "another customer" in told.refused[0].reason
    assert len(desk.open(lea, ticket).thread) == 1
