"""Many at once: tabs of one conversation, a thousand people, readers that do not read.

What each of them said holds a canary of their own; nobody's is found at anybody else's.
"""

import asyncio
from contextlib import asynccontextmanager

import pytest
from httpx import ASGITransport, AsyncClient

from chatbot.bootstrap import build
from chatbot.errors import Busy, NotFound
from chatbot.settings import Settings
from store import accounts
from tests.support.scenes import texts
from ui.web import create_app

UNREAD = 50
"""Messages that may wait for a reader who does not come."""


@pytest.fixture
def product(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted"))
    yield product
    product.close()


def test_many_tabs_of_one_conversation_take_turns(product):
    async def scene():
        person, start = product.person(), product.chat.start_turn
        first = await start(person, None, "!say begin", "tab 0")
        await first.finished()

        async def tab(number):
            for _ in range(1000):
                try:
                    turn = await start(
                        person, first.conversation, f"!say {number}", f"tab {number}"
                    )
                except Busy:
                    await asyncio.sleep(0.01)
                else:
                    return await turn.finished()
            raise AssertionError("it never had its turn")

        await asyncio.gather(*(tab(number) for number in range(1, 13)))
        return first.conversation

    said = texts(product, asyncio.run(asyncio.wait_for(scene(), 200)))
    assert [role for role, _, _ in said] == ["user", "assistant"] * 13
    assert {status for _, _, status in said} == {"complete"}
    for (_, question, _), (_, answer, _) in zip(said[::2], said[1::2], strict=True):
        assert question == f"!say {answer}"
    assert len({answer for _, answer, _ in said[1::2]}) == 13


def add_people(product, count):
    with product.archive.main.writing() as session:
        return [
            accounts.add_person(session, f"Person {number}", ("chatter",))
            for number in range(count)
        ]


@pytest.mark.parametrize(
    "count", [24, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_what_people_say_at_once_stays_with_each(product, count):
    people = add_people(product, count)
    room = asyncio.Semaphore(50)

    async def talk(number, person):
        async with room:
            seen, conversation = set(), None
            for part in range(2):
                turn = await product.chat.start_turn(
                    person,
                    conversation,
                    f"!rate 200 canary-{number}-end part {part}",
                    f"crowd {number} {part}",
                )
                conversation = turn.conversation
                async for now in turn.follow():
                    seen.add(now.text)
            return conversation, seen

    async def scene():
        return await asyncio.gather(*(talk(*one) for one in enumerate(people)))

    talks = asyncio.run(asyncio.wait_for(scene(), 1500))
    for number, (person, (conversation, seen)) in enumerate(zip(people, talks, strict=True)):
        mine = f"canary-{number}-end"
        view = product.conversations.open(person, conversation)
        stored = [message.text for message in view.messages]
        exported = product.conversations.export(person, conversation, "json")[1]
        ends = [(message.status, message.note) for message in view.messages]
        assert ends == [("complete", None)] * 4
        assert all(mine in text for text in stored)
        for text in (*seen, *stored, exported):
            assert text.count("canary-") == text.count(mine)
        assert [one.id for one in product.conversations.recent(person)] == [conversation]
        hits = product.conversations.search(person, "canary")
        assert {hit.conversation for hit in hits} == {conversation}
        stranger = people[number - 1]
        with pytest.raises(NotFound):
            product.conversations.open(stranger, conversation)


@asynccontextmanager
async def served(product):
    """The application in this process, and a client of it."""
    app = create_app(product)
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield app, client


def waiting(app, session):
    """Messages that Gradio keeps for a reader."""
    blocks = next(
        route.app.get_blocks() for route in app.routes if hasattr(route.app, "get_blocks")
    )
    queue = blocks._queue.pending_messages_per_session.get(session)
    return queue.qsize() if queue is not None else 0


@pytest.mark.filterwarnings("ignore:.*no_silent_downcasting")  # of Gradio's own statistics
def test_a_reader_who_never_reads_costs_little(product):
    """The tab asks for its stream and does not fetch it, while an answer of 800 tokens is made."""

    async def scene():
        async with served(product) as (app, client):
            config = (await client.get("/config")).json()
            meta = next(
                one["id"]
                for one in config["components"]
                if one["props"].get("elem_id") == "chat-meta"
            )
            person = product.person()
            turn = await product.chat.start_turn(
                person, None, "!tokens 800 !rate 50 on", "slow 0001"
            )
            body = {
                "data": [],
                "event_data": {"tab": "t", "conversation": turn.conversation, "number": 1},
                "fn_index": next(
                    one["id"] for one in config["dependencies"] if [meta, "watch"] in one["targets"]
                ),
                "trigger_id": meta,
                "session_hash": "never-reads",
            }
            answer = await client.post("/gradio_api/queue/join", json=body)
            assert answer.status_code == 200
            most = 0
            while not turn.done:
                most = max(most, waiting(app, "never-reads"))
                await asyncio.sleep(0.05)
            app.state.streams.close()
            await asyncio.sleep(0.2)
            return turn, most

    turn, most = asyncio.run(asyncio.wait_for(scene(), 200))
    assert turn.status == "complete"
    assert 0 < most <= UNREAD
