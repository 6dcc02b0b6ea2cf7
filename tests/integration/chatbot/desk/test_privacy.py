"""What of the desk is kept, exported and forgotten, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from chatbot.errors import NotFound, Refused
from chatbot.options import Retention
from store import models, ticket_replies, tickets
from tests.support.desk import brought, due, subjects, talk


def test_tickets_leave_by_the_class_desk(product, desk, database, lea):
    brought(product, "old", external_id="old", subject="Old")
    brought(product, "new", subject="New", at=datetime.now(UTC))
    product.options.set(product.person(), Retention(desk_days=1), 0)
    assert product.privacy.due()["desk"] == 1
    assert product.privacy.run_retention(product.person())["desk"] == 1
    assert subjects(desk, lea) == ["New"]
    assert subjects(desk, lea, text="old") == []


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
