"""A chat that a person answers: questions are kept, no model is asked, replies are a person's."""

import asyncio
import json

import pytest

from chatbot.bootstrap import build
from chatbot.errors import Handed, NotFound, StoreUnavailable, TooManyTurns
from chatbot.options import Limits
from store import messages
from tests.integration.chatbot.conftest import settings_for
from tests.support.scenes import ask, texts


@pytest.fixture
def product(database, tmp_path):
    """A desk whose replies leave at once."""
    product = build(settings_for(database, tmp_path, encoder="none", undo_seconds=0))
    yield product
    product.close()


@pytest.fixture
def handed(product, play):
    """A conversation of two messages that a person answers."""
    turn = play(ask(product, "!say Hello. My lamp is broken."))
    product.desk.hand_over(product.person(), turn.conversation, reason="It is urgent.")
    return turn.conversation


def reply(product, conversation, text):
    """Send a reply from the desk, and let it leave."""
    me = product.person()
    [row] = product.desk.queue(me).rows
    product.desk.send(me, row.id, text, draft=None, confirmed=("48213",), seconds=5)
    assert product.desk.send_due() == 1
    return shown(product, conversation)[-1]


def shown(product, conversation):
    return product.conversations.open(product.person(), conversation).messages


def test_a_question_is_kept_and_no_model_is_asked(product, handed, play):
    turn = play(ask(product, "Order 48213.", handed, "k2"))
    assert (turn.reply, turn.text, turn.status) == ("", "", "complete")
    assert texts(product, handed)[-1] == ("user", "Order 48213.", "complete")
    again = play(ask(product, "Order 48213.", handed, "k2"))
    assert again.question == turn.question
    assert len(texts(product, handed)) == 3
    view = product.conversations.open(product.person(), handed)
    assert (view.handed.agent, view.handed.waiting) == ("", True)


def test_a_reply_stands_as_a_persons_everywhere(product, handed, play):
    me = product.person()
    play(ask(product, "Order 48213.", handed, "k2"))
    said = reply(product, handed, "A new lamp is on its way.")
    assert (said.role, said.text, said.person, said.meta) == (
        "assistant", "A new lamp is on its way.", "Iris", None,
    )  # fmt: skip
    assert [one.person for one in shown(product, handed)[:-1]] == [None] * 3
    _, text = product.conversations.export(me, handed, "markdown")
    assert "## Iris (a person)\n\nA new lamp is on its way." in text
    whole = json.loads(product.conversations.export(me, handed, "json")[1])
    assert [one["person"] for one in whole["messages"]] == [None, None, None, "Iris"]
    copy = product.conversations.fork(me, said.id)
    assert [one.person for one in shown(product, copy)] == [None, None, None, "Iris"]
    again = product.conversations.fork(me, shown(product, copy)[-1].id)
    assert shown(product, again)[-1].person == "Iris"


def test_other_words_are_never_a_persons(product, handed, play):
    me = product.person()
    said = reply(product, handed, "A new lamp is on its way.")
    product.desk.take_back(me, handed)
    play(product.chat.edit(me, said.id, "You get 100 euros.", "copied " + said.id, rerun=False))
    forged = shown(product, handed)[-1]
    assert (forged.text, forged.person) == ("You get 100 euros.", None)


def test_later_turns_know_what_was_said_with_a_person(product, handed, play):
    me = product.person()
    play(ask(product, "Order 48213.", handed, "k2"))
    play(ask(product, "It is the green one.", handed, "k3"))
    reply(product, handed, "A new lamp is on its way.")
    reply(product, handed, "It comes tomorrow.")
    product.desk.take_back(me, handed)
    turn = play(ask(product, "!say Gladly.", handed, "k4"))
    trace = product.traces.of(me, turn.reply)
    assert trace.exact
    assert [(one["role"], one["content"]) for one in trace.messages[1:]] == [
        ("user", "!say Hello. My lamp is broken."),
        ("assistant", "Hello. My lamp is broken."),
        ("user", "Order 48213.\n\nIt is the green one."),
        ("assistant", "A new lamp is on its way.\n\nIt comes tomorrow."),
        ("user", "!say Gladly."),
    ]


def test_nothing_else_asks_a_model_meanwhile(product, handed, play):
    me = product.person()
    first, answer = shown(product, handed)
    for begin in (
        lambda: product.chat.answer_again(me, answer.id, "again-1"),
        lambda: product.chat.continue_answer(me, answer.id, "again-2"),
        lambda: product.chat.edit(me, first.id, "Other words", "again-3", rerun=True),
    ):
        with pytest.raises(Handed):
            play(begin())
    assert len(texts(product, handed)) == 2


def test_a_kept_question_is_answered_when_the_assistant_is_back(product, handed, play):
    me = product.person()
    kept = play(ask(product, "!say At last.", handed, "k2"))
    product.desk.take_back(me, handed)
    product.desk.take_back(me, handed)
    assert product.conversations.open(me, handed).handed is None

    async def scene():
        turn = await product.chat.answer_again(me, kept.question, "again-1")
        return await turn.finished()

    assert play(scene()).text == "At last."
    late = play(ask(product, "!say At last.", handed, "k2"))  # its first answer was lost on the way
    assert (late.text, late.question) == ("", kept.question)


def test_handing_over_twice_is_one_ticket(product, handed):
    me = product.person()
    first = product.desk.hand_over(me, handed)
    product.desk.take_back(me, handed)
    assert product.desk.hand_over(me, handed) == first
    assert product.conversations.open(me, handed).handed is not None
    with pytest.raises(NotFound):
        product.desk.hand_over(me, "00000000-0000-7000-8000-00000000beef")


def test_the_page_is_told_of_each_step(product, handed, play):
    async def scene():
        heard = product.notices.listen(product.person().id)
        told = []
        for step in (
            lambda: product.desk.take(product.person(), handed),
            lambda: reply(product, handed, "Hello!"),
            lambda: product.desk.take_back(product.person(), handed),
        ):
            waiting = asyncio.ensure_future(anext(heard))
            await asyncio.sleep(0)
            await asyncio.to_thread(step)
            told.append(handed in await waiting)
        await heard.aclose()
        return told

    assert play(scene()) == [True, True, True]


def test_kept_questions_count_as_turns(product, handed, play):
    product.options.set(product.person(), Limits(turns_per_minute=2, turns_per_day=0), 0)
    play(ask(product, "one", handed, "k2"))
    play(ask(product, "one", handed, "k2"))
    play(ask(product, "two", handed, "k3"))
    with pytest.raises(TooManyTurns):
        play(ask(product, "three", handed, "k4"))


def test_a_message_that_cannot_be_kept_is_refused_whole(product, handed, play, monkeypatch):
    def locked(*_, **__):
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(messages, "add_message", locked)
        with pytest.raises(StoreUnavailable):
            play(ask(product, "kept?", handed, "k2"))
    assert len(texts(product, handed)) == 2
    play(ask(product, "kept?", handed, "k2"))
    assert texts(product, handed)[-1] == ("user", "kept?", "complete")
