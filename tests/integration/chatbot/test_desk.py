"""The desk on both databases: threads in, hand-over, texts, drafts, replies out exactly once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from chatbot.backends.cancel import CancelToken
from chatbot.desk import Blocked, TextConflict
from chatbot.errors import (
    Conflict,
    EmptyText,
    NotAllowed,
    NotFound,
    Refused,
    TextTooLong,
    UnstorableText,
)
from chatbot.options import Retention
from chatbot.ticket_files import Bad
from store import models, tickets
from tests.support.desk import NOON, agent, brought, due, thread
from tests.support.scenes import ask, texts
from tests.support.stored import person, started, turn


@pytest.fixture
def desk(product):
    return product.desk


@pytest.fixture
def lea(product, database):
    return agent(database)


@pytest.fixture
def max_(product, database):
    return agent(database, "Max")


@pytest.fixture
def chatter(product, database):
    return agent(database, "Cy", ["chatter"])


def subjects(desk, who, **how):
    return [row.subject for row in desk.queue(who, **how).rows]


def talk(database, owner, *, text="Where is my parcel?"):
    """A chat of somebody with one turn; its public id."""
    made = started(database, owner, "Where is it?")
    turn(database, made, text, "On its way.")
    return made.public_id


# Who may -----------------------------------------------------------------------------------------


def test_only_agents_and_administrators_use_the_desk(product, desk, chatter, database):
    ticket = brought(product, "hello")
    author = agent(database, "Au", ["author", "reviewer"])
    for who in (chatter, author):
        for refused in (
            lambda who=who: desk.queue(who),
            lambda who=who: desk.open(who, ticket),
            lambda who=who: desk.look(who, ticket),
            lambda who=who: desk.card(who, ticket),
            lambda who=who: desk.agents(who),
            lambda who=who: desk.assign(who, ticket, None),
            lambda who=who: desk.close(who, ticket),
            lambda who=who: desk.reopen(who, ticket),
            lambda who=who: desk.merge(who, ticket, ticket),
            lambda who=who: desk.export(who, ticket),
            lambda who=who: desk.remove_source(who, "demo:"),
            lambda who=who: desk.take(who, ticket),
            lambda who=who: desk.bring(who, []),
            lambda who=who: desk.keep(who, ticket, "x", version=0),
            lambda who=who: desk.drafted(who, ticket),
            lambda who=who: desk.send(who, ticket, "x", draft=None, seconds=1),
            lambda who=who: desk.unsend(who, ticket),
            lambda who=who: desk.explain(who, ticket, ""),
            lambda who=who: desk.here(who, ticket, typing=False),
            lambda who=who: desk.away(who, ticket),
            lambda who=who: desk.replies(who),
            lambda who=who: product.macros.list(who),
            lambda who=who: product.macros.save(who, "a", "a", "a"),
            lambda who=who: product.macros.remove(who, "a"),
        ):
            with pytest.raises(NotAllowed):
                refused()


def test_agents_forget_no_customer(desk, lea):
    with pytest.raises(NotAllowed):
        desk.forget_address(lea, "ana@example.test")
    with pytest.raises(NotAllowed):
        desk.of_address(lea, "ana@example.test")


def test_a_chatter_hands_over_an_own_conversation_alone(desk, database, chatter):
    foreign = talk(database, person(database))
    for refused in (desk.hand_over, desk.take_back, desk.handed):
        with pytest.raises(NotFound):
            refused(chatter, foreign)


def test_unknown_ids_are_not_found(desk, lea):
    for unknown in ("", "nonsense", "00000000-0000-7000-8000-00000000abcd"):
        with pytest.raises(NotFound):
            desk.open(lea, unknown)
        with pytest.raises(NotFound):
            desk.take(lea, unknown)
        with pytest.raises(NotFound):
            desk.unsend(lea, unknown)


# Threads in --------------------------------------------------------------------------------------


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


# Triage ------------------------------------------------------------------------------------------


def test_assigning_closing_and_reopening(product, desk, lea, max_):
    ticket = brought(product, "one")
    desk.assign(lea, ticket, lea.public_id)
    assert subjects(desk, lea, which="mine") == ["Late parcel"]
    assert subjects(desk, lea, which="new") == []
    assert desk.queue(max_).counts.mine == 0
    desk.assign(lea, ticket, None)
    assert subjects(desk, lea, which="new") == ["Late parcel"]
    desk.close(lea, ticket)
    desk.close(lea, ticket)
    assert subjects(desk, lea, state="closed") == ["Late parcel"]
    desk.reopen(lea, ticket)
    assert desk.open(lea, ticket).row.waiting_s is not None
    actions = [each.action for each in product.audit.each() if each.kind == "ticket"]
    assert actions[::-1] == [
        "ticket_assigned",
        "ticket_assigned",
        "ticket_closed",
        "ticket_reopened",
    ]


def test_a_ticket_is_given_to_agents_alone(product, desk, lea, chatter):
    ticket = brought(product, "one")
    with pytest.raises(NotFound):
        desk.assign(lea, ticket, chatter.public_id)
    assert chatter.public_id not in dict(desk.agents(lea))
    assert lea.public_id in dict(desk.agents(lea))


def test_merging_keeps_both_threads_in_order(product, desk, lea):
    first = brought(product, "one", external_id="m1", subject="First")
    second = brought(
        product, "two", external_id="m2", subject="Second", at=NOON + timedelta(seconds=30)
    )
    desk.merge(lea, second, first)
    assert [each.said.text for each in desk.open(lea, first).thread] == ["one", "two"]
    assert desk.open(lea, second).merged_into == first
    assert subjects(desk, lea) == ["First"]
    desk.bring(None, [thread("three", external_id="m3", references=("<m2.0@mail.test>",))])
    assert [each.said.text for each in desk.open(lea, first).thread] == ["one", "two", "three"]
    for refused in (lambda: desk.merge(lea, second, first), lambda: desk.reopen(lea, second)):
        with pytest.raises(Conflict):
            refused()
    with pytest.raises(Conflict):
        desk.merge(lea, first, first)


def test_a_chat_is_not_merged_away_from_its_chatter(product, desk, database, lea, chatter):
    ticket = brought(product, "one")
    chat = desk.hand_over(chatter, talk(database, chatter))
    with pytest.raises(Refused, match="chat"):
        desk.merge(lea, chat, ticket)
    desk.merge(lea, ticket, chat)
    assert desk.open(lea, chat).thread[0].said.text == "one"


def test_an_export_is_text_and_is_noted(product, desk, lea):
    ticket = brought(product, "<b>one</b>", subject="A/B: café?")
    name, text = desk.export(lea, ticket)
    assert name.endswith("-a-b-café.md")
    assert "<b>one</b>" in text
    assert next(iter(product.audit.each())).action == "exported"


def test_two_agents_on_a_ticket_see_each_other(product, desk, lea, max_):
    ticket = brought(product, "one")
    assert desk.open(lea, ticket).others == ()
    assert [each.name for each in desk.open(max_, ticket).others] == ["Lea"]
    [other] = desk.here(lea, ticket, typing=True)
    assert (other.name, other.typing) == ("Max", False)
    assert desk.here(max_, ticket, typing=False)[0].typing
    desk.away(max_, ticket)
    assert desk.here(lea, ticket, typing=False) == []


# Chats -------------------------------------------------------------------------------------------


def test_handing_over_is_done_once(desk, database, chatter, lea):
    chat = talk(database, chatter)
    assert desk.handed(chatter, chat) is None
    ticket = desk.hand_over(chatter, chat, reason="no parcel")
    assert desk.hand_over(chatter, chat) == ticket
    handed = desk.handed(chatter, chat)
    assert (handed.ticket, handed.state, handed.agent, handed.waiting) == (
        ticket, "new", None, True,
    )  # fmt: skip
    opened = desk.open(lea, ticket)
    assert [each.said.role for each in opened.thread] == ["customer", "assistant"]
    assert (opened.conversation, opened.reason) == (chat, "no parcel")


def test_a_temporary_chat_is_not_handed_over(product, desk, play):
    async def scene():
        return await ask(product, "hello", temporary=True)

    with pytest.raises(Refused, match="temporary"):
        desk.hand_over(product.person(), play(scene()).conversation)


def test_reading_a_chat_is_noted_once_a_sitting(product, desk, database, chatter, lea):
    ticket = desk.hand_over(chatter, talk(database, chatter))
    for _ in range(3):
        desk.open(lea, ticket)
        desk.look(lea, ticket)
    reads = [each for each in product.audit.each() if each.action == "chat_read"]
    assert [each.actor_id for each in reads] == [lea.public_id]


def test_an_agent_takes_a_chat(product, desk, database, chatter, lea, max_):
    chat = talk(database, chatter)
    ticket = desk.take(lea, chat)
    assert desk.handed(chatter, chat).agent == "Lea"
    assert desk.take(lea, chat) == ticket
    with pytest.raises(Conflict, match="Lea"):
        desk.take(max_, chat)
    assert "chat_taken" in product.audit.actions(product.person())


def test_while_people_answer_no_model_does(product, desk, play, lea):
    me = product.person()

    async def scene():
        first = await ask(product, "!say one", key="k1")
        ticket = await asyncio.to_thread(desk.hand_over, me, first.conversation)
        await ask(product, "are you there?", first.conversation, "k2")
        opened = await asyncio.to_thread(desk.open, lea, ticket)
        await asyncio.to_thread(desk.close, lea, ticket)
        await ask(product, "!say back", first.conversation, "k3")
        return first.conversation, opened

    chat, opened = play(scene())
    assert [each.said.text for each in opened.thread][-1] == "are you there?"
    assert [role for role, _, _ in texts(product, chat)] == [
        "user", "assistant", "user", "user", "assistant",
    ]  # fmt: skip


def test_a_reply_reaches_the_chat_once(product, desk, play, lea, chatter, database):
    chat = talk(database, chatter)
    ticket = desk.hand_over(chatter, chat)

    async def scene():
        heard = product.notices.listen(chatter.id)
        waiting = asyncio.ensure_future(anext(heard))
        await asyncio.sleep(0)
        await asyncio.to_thread(desk.send, lea, ticket, "It comes tomorrow.", draft=None, seconds=5)
        sent = [await asyncio.to_thread(due, product) for _ in range(2)]
        changed = await waiting
        await heard.aclose()
        return sent, changed

    sent, changed = play(scene())

    assert sent == [1, 0]
    assert chat in changed
    view = product.conversations.open(chatter, chat)
    assert [message.text for message in view.messages] == [
        "Where is my parcel?",
        "On its way.",
        "It comes tomorrow.",
    ]
    opened = desk.open(lea, ticket)
    assert [each.by_person for each in opened.thread] == [False, False, True]
    assert opened.thread[-1].said.name == "Lea"
    assert (opened.row.state, opened.row.waiting_s) == ("waiting", None)


def test_a_closed_chat_shows_no_more_and_can_be_asked_again(desk, database, chatter, lea):
    chat = talk(database, chatter)
    ticket = desk.hand_over(chatter, chat)
    desk.take_back(chatter, chat)
    assert desk.handed(chatter, chat).closed
    assert desk.hand_over(chatter, chat) == ticket
    assert not desk.handed(chatter, chat).closed


# Unsent texts ------------------------------------------------------------------------------------


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


# Replies -----------------------------------------------------------------------------------------


def test_a_reply_waits_and_can_be_taken_back(product, desk, lea):
    ticket = brought(product, "one")
    desk.keep(lea, ticket, "Sorry!", version=0, facts=["f"])
    sending = desk.send(lea, ticket, "Sorry!", draft=None, facts=["f"], seconds=9, version=1)
    assert sending.until > datetime.now(UTC)
    assert desk.send_due() == 0
    assert desk.open(lea, ticket).work.text == ""
    assert desk.unsend(lea, sending.id) == "Sorry!"
    assert desk.open(lea, ticket).work.text == "Sorry!"
    assert due(product) == 0
    with pytest.raises(Conflict):
        desk.unsend(lea, sending.id)
    assert len(desk.open(lea, ticket).thread) == 1


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
    desk.bring(None, [thread("thanks", external_id="r", references=(mail.message_id,))])
    assert desk.open(lea, ticket).thread[-1].said.text == "thanks"


def test_a_copied_reply_is_kept_and_not_mailed(product, desk, lea, database):
    ticket = brought(product, "one", channel="file")
    with pytest.raises(Refused, match="Copy"):
        desk.send(lea, ticket, "Here.", draft=None, seconds=1)
    desk.send(lea, ticket, "Here.", draft=None, seconds=1, how="clipboard")
    due(product)
    assert desk.open(lea, ticket).thread[-1].by_person
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


# Drafts ------------------------------------------------------------------------------------------


async def drafted(desk, who, ticket, **how):
    """Everything that is told of a draft."""
    return [each async for each in desk.draft(who, ticket, CancelToken(), **how)]


def test_a_draft_is_stored_and_waits(product, desk, play, lea):
    ticket = brought(product, "!say Your parcel is on its way.")
    told = play(drafted(desk, lea, ticket))
    stored = desk.drafted(lea, ticket)
    assert told[-1].id == stored.id
    assert stored.text == told[-1].ended.text
    assert stored.current
    assert desk.queue(lea).rows[0].draft

    again = play(drafted(desk, lea, ticket))
    assert again[-1].id == stored.id
    assert [each.text for each in again] == ["", ""]

    other = play(drafted(desk, lea, ticket, tone="formal"))
    assert other[-1].id != stored.id
    assert desk.drafted(lea, ticket).tone == "formal"


def test_a_draft_is_old_once_the_customer_writes(product, desk, play, lea):
    ticket = brought(product, "!say one", external_id="d")
    play(drafted(desk, lea, ticket))
    desk.bring(None, [thread("!say one", "!say two", external_id="d")])
    assert not desk.drafted(lea, ticket).current
    assert desk.queue(lea).rows[0].draft == ""


def test_draft_and_reply_are_kept_with_what_changed(product, desk, play, lea):
    ticket = brought(product, "!say Your parcel is on its way.")
    draft = play(drafted(desk, lea, ticket))[-1]
    changed = f"{draft.ended.text} Thank you for waiting."
    sending = desk.send(lea, ticket, changed, draft=draft.id, seconds=42)
    desk.explain(lea, sending.id, "missing")
    with pytest.raises(Refused):
        desk.explain(lea, sending.id, "no such reason")
    due(product)

    [reply] = desk.replies(lea)

    assert (reply.draft, reply.draft_text, reply.text) == (draft.id, draft.ended.text, changed)
    assert 0 < reply.distance < 1
    assert (reply.seconds, reply.reason, reply.author) == (42, "missing", "Lea")
    assert (reply.model, reply.version) == (draft.ended.model, draft.ended.version)


def test_a_draft_of_another_ticket_is_not_found(product, desk, play, lea):
    first = brought(product, "!say one", subject="First")
    second = brought(product, "!say two", subject="Second")
    draft = play(drafted(desk, lea, first))[-1]
    with pytest.raises(NotFound):
        desk.send(lea, second, "Hello.", draft=draft.id, seconds=1)
    with pytest.raises(NotFound):
        desk.keep(lea, second, "Hello.", version=0, draft=draft.id)


def test_drafts_are_made_ahead_one_at_a_time(product, desk, play, lea):
    for number in range(2):
        brought(product, f"!say {number}", subject=f"Ticket {number}")

    async def scene():
        return [await desk.draft_ahead() for _ in range(3)]

    assert play(scene()) == [True, True, False]
    assert all(row.draft for row in desk.queue(lea).rows)


def test_a_chat_comes_before_drafts_ahead(product, desk, play):
    brought(product, "!tokens 500 !rate 20")

    async def scene():
        ahead = asyncio.create_task(desk.draft_ahead())
        await asyncio.sleep(0.3)
        chat = await product.chat.start_turn(product.person(), None, "!tokens 40 !rate 20", "k")
        await ahead
        done = chat.done
        await chat.finished()
        return done

    assert play(scene()) is False
    with product.database.reading() as session:
        assert session.scalars(select(models.TicketDraft)).all() == []
        assert session.scalars(select(models.Ticket.drafting_until)).all() == [None]


def test_what_a_chatter_wrote_is_read_in_the_background(product, desk, database, chatter):
    chat = talk(database, chatter)
    desk.hand_over(chatter, chat)
    with database.transaction() as session:
        session.execute(update(models.Ticket).values(to_read=True, language=""))
    assert desk.read_new() == 1
    assert desk.read_new() == 0
    with database.reading() as session:
        assert session.scalars(select(models.Ticket.language)).all() == ["en"]


# Privacy -----------------------------------------------------------------------------------------


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
    product.conversations.undelete(chatter, chat)
    assert due(product) == 1
    product.conversations.erase(chatter, chat)
    with pytest.raises(NotFound):
        desk.open(lea, ticket)
    with database.reading() as session:
        assert tickets.count(session, ()) == 0


# Macros ------------------------------------------------------------------------------------------


def test_macros_are_saved_listed_and_removed(product, lea):
    saved = product.macros.save(lea, "/Refund", "Refund sent", "Dear [[customer]], [[day:date]].")
    assert (saved.name, saved.changed_by) == ("refund", "Lea")
    product.macros.save(lea, "hello", "", "Hello")
    assert [each.name for each in product.macros.list(lea)] == ["hello", "refund"]
    assert [each.name for each in product.macros.list(lea, "SENT")] == ["refund"]
    product.macros.save(lea, "refund", "Refund", "Dear [[customer]].")
    assert product.macros.list(lea, "refund")[0].variables[0].name == "customer"
    product.macros.remove(lea, "refund")
    with pytest.raises(NotFound):
        product.macros.remove(lea, "refund")


def test_drafts_ahead_are_not_told_to_hosted_models(product, play):
    brought(product, "one")
    parts = replace(product.desk._parts, drafts_ahead=lambda: False)
    product.desk._parts = parts

    async def scene():
        keeping = asyncio.create_task(product.desk.keep_drafted())
        await asyncio.sleep(0.3)
        keeping.cancel()

    play(scene())
    with product.database.reading() as session:
        assert session.scalars(select(models.TicketDraft)).all() == []
