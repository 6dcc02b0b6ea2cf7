"""What a person is shown before a hosted call is what the server then receives, byte for byte."""

import json
import logging

import pytest

from chatbot.bootstrap import build
from chatbot.errors import ContextTooSmall, NotFound
from chatbot.options import Masking
from chatbot.settings import HostedModel
from store import accounts
from tests.integration.chatbot.conftest import settings_for
from tests.support.scenes import ask, texts
from tests.support.scripted_server import ScriptedServer
from tests.support.shelf import shelve

SECRET = "I am Dr. Wilma Quokka, wilma@quokka.org, +44 20 7946 0018, order 48213"
SAID = ("Wilma", "Quokka", "wilma@", "7946", "48213")


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def product_with(database, tmp_path, server):
    """A function from changes of the hosted model to a product that answers with it."""
    made = []

    def make(**changes):
        given = {"name": "big", "model": "scripted", "base_url": server.url, "retries": 0}
        record = HostedModel(**given | {"first_token_timeout": 60, "gap_timeout": 60} | changes)
        settings = settings_for(database, tmp_path, model="big", hosted=(record,))
        made.append(build(settings.model_copy(update={"workspace": "Velo Store"})))
        return made[-1]

    yield make
    for product in made:
        product.close()


def played(play, product, *scenes):
    """The results of scenes in one event loop, whose connections are closed before it ends."""

    async def whole():
        results = [await scene for scene in scenes]
        await product.registry.open("big").release()
        return results

    return play(whole())


async def begun(product, beginning):
    """The turn once a model writes it, stopped there: a small one may go on for long."""
    turn = await beginning
    async for state in turn.follow():
        if state.model or state.done:
            break
    await product.chat.stop(product.person(), turn.reply)
    return turn


def as_bytes(messages):
    return json.dumps(messages, ensure_ascii=False, sort_keys=True).encode()


@pytest.mark.parametrize("mask", [True, False])
def test_what_is_shown_is_what_leaves(product_with, play, server, mask):
    product = product_with(mask=mask)
    me, question = product.person(), f"!say {SECRET}"
    shown = product.preview.of(me, None, question)
    [turn] = played(play, product, ask(product, question))
    assert as_bytes(server.requests[-1]["messages"]) == as_bytes(shown.messages)
    for text in ("Is it late? Wilma asks for 48213", "Next: ⟨name 1⟩ [phone 1] &lt;email 1&gt;"):
        shown = product.preview.of(me, turn.conversation, text)
        played(play, product, ask(product, text, turn.conversation, key=text))
        assert as_bytes(server.requests[-1]["messages"]) == as_bytes(shown.messages)
    assert len(shown.messages) == 6
    assert any(said in as_bytes(shown.messages).decode() for said in SAID) is not mask


def test_trimmed_history_is_shown_trimmed(product_with, play, server):
    product = product_with(context=1200, max_tokens=256)
    me, conversation = product.person(), None
    for number in range(6):
        question = f"{number} {SECRET} " + "and more words to fill " * 30
        shown = product.preview.of(me, conversation, question)
        [turn] = played(play, product, ask(product, question, conversation, key=f"k{number}"))
        conversation = turn.conversation
        assert as_bytes(server.requests[-1]["messages"]) == as_bytes(shown.messages)
    assert len(shown.messages) < 2 * 6
    with pytest.raises(ContextTooSmall):
        product.preview.of(me, conversation, "word " * 2000)


def test_stored_conversation_keeps_the_real_text(product_with, play, server, caplog):
    caplog.set_level(logging.DEBUG)
    product = product_with()
    question = f"!say {SECRET}"
    [turn] = played(play, product, ask(product, question))
    sent = as_bytes(server.requests[-1]["messages"]).decode()
    assert not any(said in sent for said in SAID)
    (_, asked, _), (_, answered, status) = texts(product, turn.conversation)
    assert (asked, answered, status) == (question, SECRET, "complete")
    trace = product.traces.of(product.person(), turn.reply)
    assert trace.exact
    assert trace.masked == {"names": 1, "emails": 1, "phones": 1, "orders": 1}
    assert not any(said in caplog.text for said in SAID)


def test_options_of_the_workspace_hold_for_the_next_call(product_with, play, server):
    product = product_with()
    me = product.person()
    assert product.preview.of(me, None, SECRET).masked
    chosen = Masking(
        off=("emails", "names"), patterns=({"name": "badge", "pattern": "KD-##"},), keep=("Wilma",)
    )
    product.options.set(me, chosen, 0)
    question = f"!say {SECRET} KD-77"
    shown = product.preview.of(me, None, question)
    played(play, product, ask(product, question))
    sent = as_bytes(server.requests[-1]["messages"])
    assert sent == as_bytes(shown.messages)
    assert b"wilma@quokka.org" in sent
    assert b"KD-77" not in sent
    assert shown.masked == {"phones": 1, "orders": 1, "own": 1}


def test_local_models_send_nothing(product_with):
    product = product_with()
    shown = product.preview.of(product.person(), None, SECRET, model="starter")
    assert (shown.leaves, shown.messages, shown.masked) == (False, [], None)


def test_turn_at_home_reaches_no_server(product_with, play, server):
    product = product_with()
    [turn] = played(play, product, ask(product, SECRET, at_home=True))
    more = product.chat.continue_answer(product.person(), turn.reply, "more of it")
    [again] = played(play, product, begun(product, more))
    assert turn.model.startswith("starter@")
    assert again.model == turn.model
    assert server.requests == []
    played(play, product, ask(product, "hello", turn.conversation, key="next"))
    assert len(server.requests) == 1  # the conversation kept its model


def test_foreign_conversations_are_not_previewed(product_with, play):
    product = product_with()
    [turn] = played(play, product, ask(product, "hello"))
    with product.archive.main.writing() as session:
        other = accounts.add_person(session, "Bo", accounts.ROLES)
    with pytest.raises(NotFound):
        product.preview.of(other, turn.conversation, "hello")


def test_passages_are_shown_as_they_leave(product_with, play, server):
    product = product_with()
    me, question = product.person(), "!say Soon. How long is a refund to my card?"
    shelve(product, "Opening hours", "We are open from nine to five.")
    shelve(
        product, "Returns", "A refund to your card takes 14 days. How long a bank takes differs."
    )
    shown = product.preview.of(me, None, question, prompt="support")
    assert "[1] Returns: A refund to your card takes 14 days. How" in shown.messages[0]["content"]
    played(play, product, ask(product, question, prompt="support"))
    assert as_bytes(server.requests[-1]["messages"]) == as_bytes(shown.messages)
    product.preview.of(me, None, "What do zebras eat in winter?", prompt="support")
    assert product.knowledge.lacking(me) == []
