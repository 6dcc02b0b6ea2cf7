"""A tab's stream over a real product: it shows what is there, follows, wakes, and owns nothing."""

import asyncio
import json
from contextlib import aclosing
from types import SimpleNamespace

import gradio as gr
import orjson
import pytest
from gradio.utils import is_prop_update
from sqlalchemy import text

from chatbot.bootstrap import build
from chatbot.errors import StoreUnavailable
from chatbot.settings import Settings
from tests.support.scenes import ask
from ui.pages import chat_stream
from ui.pages.chat_stream import SAME, ChatStream, Look

REQUEST = SimpleNamespace(session_hash="s")


@pytest.fixture
def product(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted", person="Iris"))
    yield product
    product.close()


class Held:
    """What a page's server keeps: nothing waits; a session may be gone."""

    def __init__(self):
        self.gone = set()

    def unread(self, name):
        return 0

    def is_gone(self, name):
        return name in self.gone


@pytest.fixture
def held():
    return Held()


@pytest.fixture
def stream(product, held):
    return ChatStream(product, held)


def watching(stream, **look):
    return aclosing(stream.watch(gr.EventData(None, {"tab": "t1", **look}), REQUEST))


async def upto(updates, wanted):
    """The first update whose facts fulfil `wanted`, within a minute."""
    async with asyncio.timeout(60):
        async for log, now, page in updates:
            facts = json.loads(page)
            if wanted(facts):
                return log, now, facts
    raise AssertionError("the stream ended")


def play(scene):
    return asyncio.run(asyncio.wait_for(scene, 90))


def test_shows_a_conversation_and_waits(product, stream):
    async def scene():
        turn = await ask(product, "!say hello")
        async with watching(stream, conversation=turn.conversation, number=3) as updates:
            return await upto(updates, lambda facts: True)

    log, now, facts = play(scene())
    assert [one["content"][0]["text"] for one in log] == ["```text\n!say hello\n```", "hello"]
    assert (now, facts["ask"], facts["running"]) == ([], 3, [])


def test_follows_an_answer_to_its_end(product, stream):
    async def scene():
        start = product.chat.start_turn
        turn = await start(product.person(), None, "!tokens 20 !rate 40 go", "k")
        async with watching(stream, conversation=turn.conversation) as updates:
            _, now, _ = await upto(updates, lambda facts: facts.get("stage"))
            log, after, _ = await upto(updates, lambda facts: not facts["running"])
        return now, log, after

    now, log, after = play(scene())
    assert now[0]["role"] == "assistant"
    assert (len(log), after) == (2, [])


def test_settled_messages_are_not_sent_again_while_writing(product, stream):
    async def scene():
        start = product.chat.start_turn
        first = await ask(product, "!say settled")
        turn = await start(product.person(), first.conversation, "!tokens 20 !rate 40 go", "k2")
        async with watching(stream, conversation=turn.conversation) as updates:
            whole, _, _ = await upto(updates, lambda facts: facts["running"])
            same, now, _ = await upto(updates, lambda facts: facts.get("stage"))
        return whole, same, now

    whole, same, now = play(scene())
    assert [len(whole), len(now)] == [3, 1]
    assert same is SAME


def test_same_is_a_value_to_the_server_and_nothing_to_the_page():
    assert not is_prop_update(SAME)
    assert orjson.loads(orjson.dumps(SAME)) == gr.skip()


def test_leaving_tab_leaves_the_turn_running(product, stream):
    async def scene():
        start = product.chat.start_turn
        turn = await start(product.person(), None, "!tokens 30 !rate 60 on", "k")
        async with watching(stream, conversation=turn.conversation) as updates:
            await upto(updates, lambda facts: facts["running"])
        return await turn.finished()

    assert play(scene()).status == "complete"


def test_turns_to_another_conversation(product, stream):
    async def scene():
        first = await ask(product, "!say one", key="k1")
        slow = await product.chat.start_turn(product.person(), None, "!hang", "k3")
        async with watching(stream, conversation=slow.conversation, number=1) as updates:
            await upto(updates, lambda facts: facts["running"])
            look = Look(first.conversation, number=2)
            assert stream.look(product.person(), "t1", look)
            _, _, facts = await upto(updates, lambda facts: facts["ask"] == 2)
        await product.chat.stop(product.person(), slow.reply)
        return first, facts

    first, facts = play(scene())
    assert facts["id"] == first.conversation


def test_wakes_for_changes_made_elsewhere(product, stream):
    async def scene():
        turn = await ask(product, "!say name me")
        async with watching(stream, conversation=turn.conversation) as updates:
            await upto(updates, lambda facts: True)
            await asyncio.to_thread(
                product.conversations.rename, product.person(), turn.conversation, "Named"
            )
            return await upto(updates, lambda facts: facts["title"] == "Named")

    assert play(scene())[2]["changes"] >= 1


def test_unknown_conversation_is_told_not_raised(stream):
    async def scene():
        async with watching(stream, conversation="0190a000-0000-7000-8000-000000000000") as updates:
            return await upto(updates, lambda facts: True)

    log, _, facts = play(scene())
    assert (log, facts["code"], facts["id"]) == ([], "not_found", None)


def test_trouble_keeps_what_is_shown(product, stream, monkeypatch):
    async def scene():
        turn = await ask(product, "!say stay")
        async with watching(stream, conversation=turn.conversation) as updates:
            await upto(updates, lambda facts: True)

            def lost(*_, **__):
                raise StoreUnavailable

            monkeypatch.setattr(product.conversations, "open", lost)
            stream.look(product.person(), "t1", Look(turn.conversation, number=9))
            return await upto(updates, lambda facts: facts.get("error"))

    log, _, facts = play(scene())
    assert len(log) == 2
    assert (facts["code"], facts["ask"]) == ("store_unavailable", 9)


def test_only_the_owner_turns_a_tab(product, stream):
    other = SimpleNamespace(id=999)

    async def scene():
        async with watching(stream) as updates:
            await upto(updates, lambda facts: True)
            return [stream.look(other, "t1", Look()), stream.look(product.person(), "t2", Look())]

    assert play(scene()) == [False, False]


def test_tab_that_leaves_is_told_so(product, stream):
    async def scene():
        async with watching(stream) as updates:
            await upto(updates, lambda facts: True)
            stream.leave(product.person(), "t1")
            await upto(updates, lambda facts: facts.get("left"))
            return stream.look(product.person(), "t1", Look())

    assert play(scene()) is False


@pytest.mark.parametrize("data", [None, 7, {"conversation": 3, "limit": "x"}, {"limit": -5}])
def test_odd_requests_show_the_empty_page(stream, data):
    async def scene():
        async with aclosing(stream.watch(gr.EventData(None, data), REQUEST)) as updates:
            return await upto(updates, lambda facts: True)

    assert play(scene())[2]["id"] is None


def strip(product):
    """Take every role of the one person away, behind the product's back."""
    with product.archive.main.writing() as session:
        session.execute(text("DELETE FROM user_roles"))


def test_a_role_taken_away_ends_a_stream_that_writes(product, stream, monkeypatch):
    monkeypatch.setattr(chat_stream, "CHECK", 0.05)

    async def scene():
        start = product.chat.start_turn
        turn = await start(product.person(), None, "!tokens 4000 !rate 20 on", "k")
        async with watching(stream, conversation=turn.conversation) as updates:
            await upto(updates, lambda facts: facts.get("stage"))
            strip(product)
            *_, facts = await upto(updates, lambda facts: facts.get("left"))
            rest = [update async for update in updates]
        return facts, rest, turn.done

    facts, rest, done = play(scene())
    assert facts["code"] == "not_allowed"
    assert "Your role does not open this page" in facts["error"]
    assert (rest, done) == ([], False)


def test_without_a_role_nothing_is_read_after_a_wake(product, stream):
    async def scene():
        turn = await ask(product, "!say before")
        async with watching(stream, conversation=turn.conversation) as updates:
            await upto(updates, lambda facts: facts["messages"])
            strip(product)
            product.notices.tell(product.local_person, turn.conversation)
            return await upto(updates, lambda facts: facts.get("left"))

    *_, facts = play(scene())
    assert facts["code"] == "not_allowed"


def test_without_a_role_nothing_is_shown_at_all(product, stream):
    async def scene():
        turn = await ask(product, "!say before")
        strip(product)
        async with watching(stream, conversation=turn.conversation) as updates:
            return [update async for update in updates]

    [(log, now, page)] = play(scene())
    assert (log, now) == ([], [])
    assert json.loads(page)["code"] == "not_allowed"
    assert "before" not in page


def test_a_page_that_is_gone_ends_its_stream_though_nothing_happens(stream, held, monkeypatch):
    monkeypatch.setattr(chat_stream, "CHECK", 0.01)

    async def scene():
        async with watching(stream, conversation=None) as updates:
            await anext(updates)
            held.gone.add("s")
            return [json.loads(page)["left"] async for _, _, page in updates]

    assert play(scene()) == [True]


def test_the_more_are_watched_the_longer_the_pieces(stream):
    paces = []
    for watched in (1, 25, 50, 1000):
        stream._watched = watched
        paces.append(stream._pace())
    assert paces == [0.05, 0.05, 0.1, 0.2]
