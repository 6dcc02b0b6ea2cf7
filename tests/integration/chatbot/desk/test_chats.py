"""A chat and the desk, on both databases: handed over, taken, answered, given back."""

import asyncio

import pytest

from chatbot.errors import Conflict, Refused
from tests.support.desk import due, talk
from tests.support.scenes import ask, texts


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
    reads = [each for each in product.audit.each() if each.subject == ticket]
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
    assert [each.said.role for each in opened.thread] == ["customer", "assistant", "agent"]
    assert opened.thread[-1].said.name == "Lea"
    assert (opened.row.state, opened.row.waiting_s) == ("waiting", None)


def test_a_closed_chat_shows_no_more_and_can_be_asked_again(desk, database, chatter, lea):
    chat = talk(database, chatter)
    ticket = desk.hand_over(chatter, chat)
    desk.take_back(chatter, chat)
    assert desk.handed(chatter, chat).closed
    assert desk.hand_over(chatter, chat) == ticket
    assert not desk.handed(chatter, chat).closed
