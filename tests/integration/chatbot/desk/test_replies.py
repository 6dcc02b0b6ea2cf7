"""Unsent texts and replies, on both databases: kept, checked, taken back, delivered once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from chatbot.desk import Blocked, TakenBack, TextConflict
from chatbot.errors import Conflict, EmptyText, Refused, TextTooLong, UnstorableText
from store import mail, models
from tests.support.desk import brought, due, thread


def test_the_unsent_text_is_on_the_other_device(product, desk, lea, max_):
    ticket = brought(product, "one")
    assert desk.keep(lea, ticket, "Dear", version=0) == 1
    assert desk.keep(lea, ticket, "Dear Ana", version=1, facts=["x"], confirmed=["y"]) == 2
    work = desk.open(lea, ticket).work
    assert (work.text, work.version, work.writer) == ("Dear Ana", 2, "Lea")
    assert (work.facts, work.confirmed) == (("x",), ("y",))
    with pytest.raises(TextConflict) as caught:
        desk.keep(max_, ticket, "Hi", version=1)
    assert (caught.value.theirs, caught.value.who, caught.value.version) == ("Dear Ana", "Lea", 2)
    assert desk.keep(max_, ticket, "Hi", version=2) == 3


def test_a_reply_waits_and_can_be_taken_back(product, desk, lea):
    ticket = brought(product, "one")
    desk.keep(lea, ticket, "Sorry!", version=0, facts=["f"])
    sending = desk.send(lea, ticket, "Sorry!", draft=None, facts=["f"], seconds=9, version=1)
    assert sending.until > datetime.now(UTC)
    assert desk.send_due() == 0
    assert desk.open(lea, ticket).work.text == ""
    assert desk.unsend(lea, sending.id) == TakenBack("Sorry!", stands=True)
    assert desk.open(lea, ticket).work.text == "Sorry!"
    assert due(product) == 0
    with pytest.raises(Conflict):
        desk.unsend(lea, sending.id)
    assert len(desk.open(lea, ticket).thread) == 1


def test_a_reply_that_comes_back_replaces_nobodys_text(product, desk, lea, max_):
    ticket = brought(product, "one")
    sending = desk.send(lea, ticket, "Sorry!", draft=None, seconds=9)
    version = desk.open(max_, ticket).work.version
    desk.keep(max_, ticket, "I look into it.", version=version)
    assert desk.unsend(lea, sending.id) == TakenBack("Sorry!", stands=False)
    assert desk.open(max_, ticket).work.text == "I look into it."
    assert due(product) == 0


def test_a_reply_that_has_left_stays(product, desk, lea):
    ticket = brought(product, "one")
    sending = desk.send(lea, ticket, "Sorry!", draft=None, seconds=9)
    assert due(product) == 1
    with pytest.raises(Conflict):
        desk.unsend(lea, sending.id)


def test_a_mail_is_queued_with_what_it_answers(product, desk, lea, database):
    ticket = brought(product, "one", "two", external_id="q", subject="Where?")
    desk.send(lea, ticket, "Here.", draft=None, seconds=1)
    due(product)
    opened = desk.open(lea, ticket)
    assert (opened.thread[-1].said.text, opened.thread[-1].delivery) == ("Here.", "queued")
    with database.reading() as session:
        [mail] = session.scalars(select(models.OutgoingMail)).all()
    assert (mail.to_address, mail.subject, mail.body) == ("ana@example.test", "Re: Where?", "Here.")
    assert mail.in_reply_to == "<q.1@mail.test>"
    assert mail.refs == ["<q.0@mail.test>", "<q.1@mail.test>"]
    # The customer's answer to that mail comes home.
    desk.bring(None, [thread("thanks", at=datetime.now(UTC), references=(mail.message_id,))])
    assert desk.open(lea, ticket).thread[-1].said.text == "thanks"


def test_a_copied_reply_is_kept_and_not_mailed(product, desk, lea, database):
    ticket = brought(product, "one", channel="file")
    with pytest.raises(Refused, match="Copy"):
        desk.send(lea, ticket, "Here.", draft=None, seconds=1)
    desk.send(lea, ticket, "Here.", draft=None, seconds=1, how="clipboard")
    due(product)
    assert desk.open(lea, ticket).thread[-1].said.role == "agent"
    with database.reading() as session:
        assert session.scalars(select(models.OutgoingMail)).all() == []


def test_nothing_of_the_demo_is_mailed(product, desk, lea, database):
    ticket = brought(product, "one", source="demo:tickets")
    desk.send(lea, ticket, "Here.", draft=None, seconds=1)
    assert due(product) == 1
    with database.reading() as session:
        assert session.scalars(select(models.OutgoingMail)).all() == []
    assert desk.remove_source(lea, "demo:") == 1


def test_what_must_not_leave_is_refused_with_its_marks(product, desk, lea):
    ticket = brought(product, "Where is my order 48213?")
    with pytest.raises(Blocked) as caught:
        desk.send(lea, ticket, "Come on [[pickup_date]].", draft=None, seconds=1)
    assert [mark.kind for mark in caught.value.marks] == ["unfilled"]
    invented = "Your order 48213 costs €913.20."
    with pytest.raises(Blocked) as caught:
        desk.send(lea, ticket, invented, draft=None, seconds=1)
    [mark] = caught.value.marks
    assert "913.20" in mark.text
    assert desk.send(lea, ticket, invented, draft=None, seconds=1, confirmed=[mark.text]).id


def test_a_value_may_come_from_a_passage_that_was_found(product, desk, lea):
    found = product.knowledge.write(
        product.person(), None, title="Prices", text="A lamp costs €913.20.",
        visibility="public", tags=(), language="en", valid_from=None, valid_until=None,
        base_version=None,
    )  # fmt: skip
    passage = found.pieces[0].passage
    ticket = brought(product, "What does a lamp cost?")
    text = "A lamp costs €913.20 [1]."
    for passages in ({}, {"no such passage": 1}):
        with pytest.raises(Blocked):
            desk.send(lea, ticket, text, draft=None, seconds=1, passages=passages)
    assert desk.send(lea, ticket, text, draft=None, seconds=1, passages={passage: 1}).id
    product.knowledge.remove(product.person(), found.row.id)


def test_texts_that_cannot_be_sent(product, desk, lea):
    ticket = brought(product, "one")
    for text, error in ((" \n", EmptyText), ("x" * 200_000, TextTooLong), ("\0", UnstorableText)):
        with pytest.raises(error):
            desk.send(lea, ticket, text, draft=None, seconds=1)
    desk.close(lea, ticket)
    with pytest.raises(Conflict, match="Reopen"):
        desk.send(lea, ticket, "Hello.", draft=None, seconds=1)


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("how", ["version", "seen", "neither"])
def test_the_second_of_two_agents_is_shown_the_first_text(product, desk, lea, max_, left, how):
    ticket = brought(product, "one")
    desk.open(lea, ticket)
    last = desk.open(max_, ticket).thread[-1].id
    desk.send(lea, ticket, "First.", draft=None, seconds=1, version=0)
    if left:
        due(product)
    given = {"version": {"version": 0}, "seen": {"seen": last}, "neither": {}}[how]
    with pytest.raises(TextConflict) as caught:
        desk.send(max_, ticket, "Second.", draft=None, seconds=1, **given)
    assert (caught.value.theirs, caught.value.who, caught.value.sent) == ("First.", "Lea", True)
    # Having read it, they may answer too.
    due(product)
    opened = desk.open(max_, ticket)
    given = {"version": opened.work.version, "seen": opened.thread[-1].id}
    assert desk.send(max_, ticket, "Second.", draft=None, seconds=1, **given).id


def test_a_second_click_sends_nothing(product, desk, lea):
    ticket = brought(product, "one")
    desk.send(lea, ticket, "First.", draft=None, seconds=1)
    with pytest.raises(TextConflict):
        desk.send(lea, ticket, "First.", draft=None, seconds=1)


def test_what_a_customer_wrote_after_the_reply_waits_on(product, desk, lea):
    ticket = brought(product, "one", external_id="7")
    desk.send(lea, ticket, "Sorry!", draft=None, seconds=1)
    begun = datetime.now(UTC) - timedelta(minutes=1)
    desk.bring(None, [thread("one", "Stop, it is here!", external_id="7", at=begun)])
    assert due(product) == 1
    row = desk.open(lea, ticket).row
    assert (row.state, row.waiting_s is None) == ("open", False)


def test_a_reply_that_cannot_leave_keeps_no_other_back(product, desk, lea, monkeypatch):
    first, second = (brought(product, text, subject=text) for text in ("one", "two"))
    desk.send(lea, first, "Broken.", draft=None, seconds=1)
    desk.send(lea, second, "Whole.", draft=None, seconds=1)
    put = mail.put

    def broken(session, reply, to, subject, body, *more):
        if body == "Broken.":
            raise ZeroDivisionError
        return put(session, reply, to, subject, body, *more)

    monkeypatch.setattr("chatbot.desk.delivery.mail.put", broken)
    assert due(product) == 1
    assert [len(desk.open(lea, each).thread) for each in (first, second)] == [1, 2]
    monkeypatch.undo()
    assert due(product) == 1
