"""Drafts on both databases: stored, told again, made ahead; chat comes first."""

import asyncio
import copy
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from chatbot.backends.cancel import CancelToken
from chatbot.errors import BackendError, NotFound, Refused
from store import models
from tests.support.desk import brought, due, talk, thread


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


def test_a_ticket_whose_draft_fails_keeps_no_other_back(product, desk, play, lea):
    brought(product, "!say fine", subject="Fine")
    brought(product, "!500", subject="Broken", at=datetime.now(UTC))

    async def scene():
        with pytest.raises(BackendError):
            await desk.draft_ahead()
        return [await desk.draft_ahead() for _ in range(2)]

    assert play(scene()) == [True, False]
    drafts = {row.subject: row.draft for row in desk.queue(lea).rows}
    assert drafts["Fine"]
    assert drafts["Broken"] == ""


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
    desk = copy.copy(product.desk)
    desk._parts = replace(desk._parts, drafts_ahead=lambda: False)

    async def scene():
        keeping = asyncio.create_task(desk.keep_drafted())
        await asyncio.sleep(0.3)
        keeping.cancel()

    play(scene())
    with product.database.reading() as session:
        assert session.scalars(select(models.TicketDraft)).all() == []
