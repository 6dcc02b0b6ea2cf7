"""Tickets on both databases: ranked, filtered, found, merged, removed, claimed once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from store import (
    accounts,
    block_words,
    conversations,
    forgetting,
    macros,
    models,
    ticket_presence,
    ticket_queue,
    ticket_replies,
    ticket_texts,
    ticket_threads,
    tickets,
)
from store.errors import NotFound, UnstorableText
from store.ticket_queue import Only
from store.ticket_records import NewMessage
from tests.support.stored import person, started, turn

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def made(database, subject="Late parcel", *, minutes=0, waits=True, **changes):
    """A ticket whose customer wrote so many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    values = {
        "source": "test",
        "external_id": None,
        "channel": "e-mail",
        "subject": subject,
        "customer": "Ana",
        "address": "Ana@Example.test",
        "at": at,
    }
    with database.transaction() as session:
        ticket = tickets.add(session, **(values | changes))
        if waits:
            tickets.customer_wrote(session, ticket, at)
        ticket_queue.put_words(session, ticket.id, f"{ticket.id} {subject} Ana")
        return tickets.by_id(session, ticket.id)


def page(database, only=None, **how):
    with database.reading() as session:
        found = ticket_queue.page(session, only or Only(), **how)
    return [each.subject for each in found]


def test_the_longest_wait_comes_first_and_answered_ones_last(database):
    made(database, "second", minutes=2)
    made(database, "first", minutes=1)
    answered = made(database, "answered", minutes=0)
    with database.transaction() as session:
        tickets.change(session, answered, state="waiting", answered=True, at=NOON)

    assert page(database) == ["first", "second", "answered"]
    assert page(database, newest=True) == ["second", "first", "answered"]


def test_pages_go_on_where_the_last_one_ended(database):
    for number in range(7):
        made(database, f"{number}", minutes=number // 2)
    for newest in (False, True):
        seen, last = [], None
        while True:
            with database.reading() as session:
                found = ticket_queue.page(session, Only(), newest=newest, after=last, limit=3)
            if not found:
                break
            seen += [each.subject for each in found]
            last = found[-1]
        assert sorted(seen) == [f"{number}" for number in range(7)]
        assert len(seen) == 7


def test_filters_and_counts(database):
    ada = person(database)
    plain, mine, closed = (made(database, each) for each in ("plain", "mine", "closed"))
    with database.transaction() as session:
        tickets.mark(session, plain.id, language="de", mood="angry")
        tickets.change(session, mine, state="open", assignee_id=ada.id)
        tickets.change(session, closed, state="closed", answered=True)

    assert page(database, Only(language="de")) == ["plain"]
    assert page(database, Only(mood="angry", language="fr")) == []
    assert page(database, Only(assignee_id=ada.id)) == ["mine"]
    assert page(database, Only(assignee_id=0)) == ["plain"]
    assert page(database, Only(state="new")) == ["plain"]
    assert page(database, Only(active=False)) == ["closed"]
    with database.reading() as session:
        assert ticket_queue.count(session, Only()) == 2
        assert tickets.by_id(session, mine.id).assignee == "Ada"


def test_counts_stop_where_a_page_stops_counting(database, monkeypatch):
    monkeypatch.setattr(ticket_queue, "COUNTED", 3)
    for number in range(5):
        made(database, f"{number}")
    with database.reading() as session:
        assert ticket_queue.count(session, Only()) == 3


def test_words_find_tickets_in_new_blocks_and_old_ones(database, monkeypatch):
    monkeypatch.setattr(block_words, "BLOCK", 2)
    for number in range(9):
        made(database, f"Päckchen {number}" if number % 2 else f"Rechnung {number}")

    def find(typed, **how):
        with database.reading() as session:
            found = ticket_queue.find(session, typed, how.pop("only", Only()), **how)
        return [each.subject for each in found]

    assert find("packchen") == [f"Päckchen {number}" for number in (7, 5, 3, 1)]
    assert find("pack", limit=1) == ["Päckchen 7"]
    assert find("rechnung 4") == ["Rechnung 4"]
    assert find("packchen rechnung") == []
    assert find("pack\" OR (*) & | '") == []
    assert find("packchen", only=Only(state="open")) == []
    assert find("packchen", before=4) == ["Päckchen 1"]


def test_words_that_are_replaced_find_nothing(database):
    ticket = made(database, "Zanzibar")
    with database.transaction() as session:
        ticket_queue.put_words(session, ticket.id, "Lisbon")
    with database.reading() as session:
        assert ticket_queue.find(session, "zanzibar", Only()) == []
        assert len(ticket_queue.find(session, "lisbon", Only())) == 1


def test_a_source_and_a_conversation_have_one_ticket(database):
    assert made(database, external_id="7") is not None
    with database.transaction() as session:
        again = tickets.add(
            session, source="test", external_id="7", channel="e-mail", subject="x",
            customer="x",
        )  # fmt: skip
        assert again is None
        assert tickets.by_source(session, "test", "7").subject == "Late parcel"


def test_a_text_that_no_database_keeps_is_refused(database):
    with pytest.raises(UnstorableText):
        made(database, "nul \0")


def said(database, ticket, *messages):
    with database.transaction() as session:
        for role, minutes, text in messages:
            at = NOON + timedelta(minutes=minutes)
            ticket_threads.add(session, ticket.id, NewMessage(role, "", at, text))


def test_threads_are_in_order_of_time_also_when_merged(database):
    first, second = made(database, "first"), made(database, "second", minutes=1)
    said(database, first, ("customer", 0, "a"), ("agent", 3, "d"))
    said(database, second, ("customer", 1, "b"), ("customer", 2, "c"), ("customer", 4, "e"))
    with database.transaction() as session:
        tickets.merge(session, tickets.by_id(session, second.id), first, NOON)
    with database.reading() as session:
        first = tickets.by_id(session, first.id)
        thread = ticket_threads.read(session, first)
        assert [each.content for each in thread] == ["a", "b", "c", "d", "e"]
        assert [each.content for each in ticket_threads.read(session, first, limit=2)] == ["d", "e"]
        assert ticket_threads.unanswered_since(session, first.id) == NOON + timedelta(minutes=4)
        assert tickets.by_id(session, second.id).state == "closed"
    with database.transaction() as session:
        assert tickets.lock(session, second.public_id).id == first.id


def test_a_thread_knows_its_mails_and_its_words(database):
    ticket = made(database)
    known = NewMessage("customer", "", NOON, "hello", "<1@test>")
    with database.transaction() as session:
        ticket_threads.add(session, ticket.id, known)
        other = NewMessage("customer", "", NOON, "hello", "<2@test>")
        later = NewMessage("customer", "", NOON + timedelta(1), "hello")
        offered = [known, NewMessage("customer", "", NOON, "hello"), later]
        assert ticket_threads.new_in(session, ticket.id, offered) == [later]
        assert ticket_threads.new_in(session, ticket.id, [other]) == []
        assert tickets.by_mail(session, ["<1@test>"], "ANA@example.test ").id == ticket.id
        assert tickets.by_mail(session, ["<1@test>"], "eve@example.test") is None


def chat(database, owner):
    """A conversation with one turn, and its ticket."""
    talk = started(database, owner, "Where is it?")
    turn(database, talk, "where?", "there")
    with database.transaction() as session:
        ticket = tickets.add(
            session,
            source="chat",
            external_id=talk.public_id,
            channel="chat",
            subject="Where is it?",
            customer=owner.name,
            customer_id=owner.id,
            conversation_id=talk.id,
        )
    return talk, ticket


def test_a_chat_is_shown_as_it_is_and_leaves_with_its_conversation(database):
    ada = person(database)
    talk, ticket = chat(database, ada)
    with database.reading() as session:
        thread = ticket_threads.read(session, ticket)
        assert [(each.role, each.content) for each in thread] == [
            ("customer", "where?"),
            ("assistant", "there"),
        ]
    with database.transaction() as session:
        conversations.delete_now(session, ada.id, talk.public_id)
    with database.reading() as session, pytest.raises(NotFound):
        tickets.get(session, ticket.public_id)


def test_what_is_said_after_closing_is_not_shown(database):
    talk, ticket = chat(database, person(database))
    with database.transaction() as session:
        tickets.change(session, ticket, state="closed", at=datetime.now(UTC))
    with database.reading() as session:
        head = conversations.head(session, talk.id)
    turn(database, talk, "a secret", "kept", parent_id=head)
    with database.reading() as session:
        thread = ticket_threads.read(session, tickets.by_id(session, ticket.id))
    assert [each.content for each in thread] == ["where?", "there"]


def test_texts_have_a_version_and_a_writer(database):
    ada, ticket = person(database), made(database)

    def put(text, version):
        with database.transaction() as session:
            return ticket_texts.put_text(
                session, ticket.id, text, version=version, writer_id=ada.id
            )

    assert put("one", 0) == 1
    assert put("again", 0) is None
    assert put("two", 1) == 2
    assert put("late", 1) is None
    assert put("sent", None) == 3
    with database.reading() as session:
        kept = ticket_texts.text(session, ticket.id)
    assert (kept.text, kept.version, kept.writer) == ("sent", 3, "Ada")


def reply(database, ticket, author, text="Here it is.", **changes):
    values = {
        "text": text,
        "how": "reply",
        "due_at": NOON,
        "seconds": 7,
        "draft_id": None,
        "distance": None,
        "facts": (),
        "confirmed": (),
    }
    with database.transaction() as session:
        return ticket_replies.add(session, ticket.id, author.id, **(values | changes))


def test_a_reply_is_taken_once(database):
    ticket, ada = made(database), person(database)
    waits = reply(database, ticket, ada)
    later = reply(database, ticket, ada, due_at=datetime.now(UTC) + timedelta(hours=1))
    with database.reading() as session:
        assert ticket_replies.due(session) == [waits.public_id]
    with database.transaction() as session:
        assert ticket_replies.take(session, waits.id)
        assert not ticket_replies.take(session, waits.id)
        assert not ticket_replies.take_back(session, waits.id)
        assert ticket_replies.take_back(session, later.id)
        assert not ticket_replies.take(session, later.id)
    with database.reading() as session:
        assert ticket_replies.due(session) == []
        assert [each.id for each in ticket_replies.recent(session)] == [waits.id]
        assert ticket_replies.last(session, [ticket.id]).id == waits.id


def test_a_ticket_is_claimed_for_a_draft_by_one(database):
    old, newest = made(database, "old"), made(database, "new", minutes=5)
    with database.transaction() as session:
        for each in (old, newest):
            tickets.mark(session, each.id, to_read=False)
    claimed = []
    for _ in range(3):
        with database.transaction() as session:
            found = tickets.claim_draft(session, tickets.soon(60), 20)
            claimed.append(found and found.subject)
    assert claimed == ["new", "old", None]
    with database.transaction() as session:
        tickets.mark(session, old.id, drafting_until=NOON)  # whoever drafted died
        assert tickets.claim_draft(session, tickets.soon(60), 1) is None
        assert tickets.claim_draft(session, tickets.soon(60), 20).subject == "old"


def test_presence_is_who_was_heard_of_lately(database):
    ticket, ada, bea = made(database), person(database), person(database, "Bea")
    with database.transaction() as session:
        ticket_presence.open_now(session, ticket.id, ada.id)
        ticket_presence.still(session, ticket.id, bea.id, typing=True)
        ticket_presence.still(session, ticket.id, ada.id, typing=False)
    with database.reading() as session:
        here = ticket_presence.of(session, ticket.id, datetime.now(UTC) - timedelta(seconds=20))
        assert [(each.name, each.typing) for each in here] == [("Ada", False), ("Bea", True)]
        assert ticket_presence.of(session, ticket.id, datetime.now(UTC) + timedelta(1)) == []
        assert ticket_presence.since(session, ticket.id, ada.id) == here[0].since
    with database.transaction() as session:
        ticket_presence.leave(session, ticket.id, ada.id)
        assert ticket_presence.since(session, ticket.id, ada.id) is None


def test_removal_goes_in_parts_and_takes_everything_along(database):
    ada = person(database)
    for number in range(5):
        ticket = made(database, f"{number}")
        said(database, ticket, ("customer", 0, "a"))
        reply(database, ticket, ada)
    fresh = made(database, "fresh", minutes=60 * 24 * 365 * 50)
    with database.transaction() as session:
        idle = tickets.idle(datetime.now(UTC))
        assert tickets.count(session, idle) == 5
        assert [tickets.erase(session, idle, most=3) for _ in range(3)] == [3, 2, 0]
    with database.reading() as session:
        assert session.scalars(select(models.Ticket.subject)).all() == ["fresh"]
        assert session.scalars(select(models.TicketMessage.id)).all() == []
        assert session.scalars(select(models.Reply.id)).all() == []
        assert [each.id for each in ticket_queue.find(session, "Ana", Only())] == [fresh.id]


def test_forgetting_a_chatter_leaves_nothing_and_an_agent_leaves_the_tickets(database):
    ada, lea = person(database), person(database, "Lea")
    _, ticket = chat(database, ada)
    mail = made(database)
    reply(database, ticket, lea)
    reply(database, mail, lea)
    with database.transaction() as session:
        tickets.mark(session, mail.id, assignee_id=lea.id)
        macros.save(session, "hi", "Hi", "Hello", lea.id)
        ticket_texts.put_text(session, mail.id, "x", version=0, writer_id=lea.id)
        ticket_presence.open_now(session, mail.id, lea.id)
        assert [each["subject"] for each in forgetting.rows(session, ada.id)["tickets"]] == [
            "Where is it?"
        ]
        assert forgetting.rows(session, lea.id)["tickets"] == []
        assert "replies" not in forgetting.rows(session, lea.id)

        while forgetting.erase_tickets(session, ada.id):
            pass
        while forgetting.erase_conversations(session, ada.id):
            pass
        forgetting.erase_person(session, ada.id, keep=False)
        assert forgetting.counts(session, ada.id) == {}
        assert session.scalars(select(models.Reply.ticket_id)).all() == [mail.id]

        forgetting.erase_person(session, lea.id, keep=True)
        left = forgetting.counts(session, lea.id)
        assert set(left) == {"user_roles"}
        assert tickets.by_id(session, mail.id).assignee is None
        assert macros.every(session)[0].changed_by is None
        assert ticket_replies.last(session, [mail.id]).author is None


def test_people_by_role(database):
    ada = person(database)
    with database.transaction() as session:
        accounts.add_person(session, "Cy", ["chatter"])
        off = accounts.add_person(session, "Off", ["agent"])
        accounts.set_active(session, off.id, active=False)
        assert [each.id for each in accounts.with_roles(session, ["agent", "admin"])] == [ada.id]
