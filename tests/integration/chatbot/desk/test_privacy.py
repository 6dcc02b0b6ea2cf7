"""What of the desk is kept, exported and forgotten, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from chatbot.errors import NotFound, Refused
from chatbot.options import Retention
from store import models, ticket_replies, tickets
from tests.support.desk import NOON, brought, due, subjects, talk


def test_tickets_leave_by_the_class_desk(product, desk, database, lea):
    brought(product, "old", external_id="old", subject="Old")
    brought(product, "new", subject="New", at=datetime.now(UTC))
    product.options.set(product.person(), Retention(desk_days=1), 0)
    assert product.privacy.due()["desk"] == 1
    assert product.privacy.run_retention(product.person())["desk"] == 1
    assert subjects(desk, lea) == ["New"]
    assert subjects(desk, lea, text="old") == []


def test_a_merged_ticket_leaves_with_the_one_that_goes_on(product, desk, database, lea):
    long_ago = datetime.now(UTC) - timedelta(days=9)
    old = brought(product, "My parcel is late.", subject="Old")
    new = brought(product, "It came broken.", subject="New", at=datetime.now(UTC))
    desk.merge(lea, old, new)

    def age(ticket):
        aged = update(models.Ticket).where(models.Ticket.public_id == ticket)
        with database.transaction() as session:
            session.execute(aged.values(updated_at=long_ago))

    age(old)
    product.options.set(product.person(), Retention(desk_days=1), 0)
    assert product.privacy.due()["desk"] == 0
    assert product.privacy.run_retention(product.person())["desk"] == 0
    assert len(desk.open(lea, new).thread) == 2
    age(new)
    product.privacy.run_retention(product.person())
    with database.reading() as session:
        assert tickets.count(session, ()) == 0


def test_who_left_a_ticket_long_ago_is_forgotten(product, desk, database, lea):
    ticket = brought(product, "one")
    desk.here(lea, ticket, typing=False)
    desk.tidy()
    with database.transaction() as session:
        assert session.scalars(select(models.TicketPresence.user_id)).all() == [lea.id]
        session.execute(update(models.TicketPresence).values(seen_at=NOON))
    desk.tidy()
    with database.reading() as session:
        assert session.scalars(select(models.TicketPresence)).all() == []


def test_forgetting_a_chatter_takes_their_tickets(product, desk, play, database, chatter, lea):
    ticket = desk.hand_over(chatter, talk(database, chatter))
    desk.send(lea, ticket, "Here.", draft=None, seconds=1)
    file = product.privacy.export_mine(chatter)
    assert b"tickets.json" in file.read_bytes()
    play(product.privacy.forget(None, chatter))
    with database.reading() as session:
        for table in (models.Ticket, models.Reply, models.TicketWords):
            assert session.scalars(select(table)).all() == []


def test_an_administrator_forgets_a_customer_by_address(product, desk, lea):
    brought(product, "one", address="Ana@Example.test")
    brought(product, "two", address="bea@example.test", subject="Other")
    assert desk.of_address(product.person(), " ana@EXAMPLE.test") == 1
    assert desk.forget_address(product.person(), "ana@example.test") == 1
    assert subjects(desk, lea) == ["Other"]
    with pytest.raises(Refused):
        desk.forget_address(product.person(), " ")


def test_a_deleted_conversation_takes_its_ticket_along(product, desk, database, chatter, lea):
    chat = talk(database, chatter)
    ticket = desk.hand_over(chatter, chat)
    desk.send(lea, ticket, "Here.", draft=None, seconds=1)
    product.conversations.delete(chatter, chat)
    assert due(product) == 0  # it may be brought back
    with database.reading() as session:
        assert ticket_replies.next_due(session) is None  # nobody looks for it meanwhile
    product.conversations.undelete(chatter, chat)
    assert due(product) == 1
    product.conversations.erase(chatter, chat)
    with pytest.raises(NotFound):
        desk.open(lea, ticket)
    with database.reading() as session:
        assert tickets.count(session, ()) == 0
