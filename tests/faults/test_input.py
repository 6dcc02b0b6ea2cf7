"""What comes in is sent twice, is far too large, is packed, is no text, or never ends.

Each time the sender gets an answer with a reason, and everybody else goes on.
"""

import asyncio
import gzip
import json
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event

from chatbot.bootstrap import build
from chatbot.settings import Settings
from store import conversations, messages
from tests.support.browser import Site
from tests.support.over_http import Door
from tests.support.scenes import ask, texts
from ui.guard import BODY_LIMIT
from ui.pages.commands import NOT_UNDERSTOOD

PACKED = 2**28
"""Bytes that a small body would unpack to."""


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    server = Site(tmp_path_factory.mktemp("input"))
    yield server
    server.stop()


@pytest.fixture
def door(own):
    with Door(own.address) as door:
        yield door


def send(door, text, key, conversation=None):
    return door.call("send", conversation=conversation, text=text, key=key)


def test_sent_many_times_at_once_is_one_turn(own, door):
    with ThreadPoolExecutor(8) as senders:
        doors = [Door(own.address) for _ in range(8)]
        begun = list(senders.map(lambda one: send(one, "!say once", "the same key"), doors))
    for one in doors:
        one.client.close()
    assert all(one == begun[0] for one in begun)
    facts = door.finished(begun[0]["conversation"])
    assert [one["text"] for one in facts["messages"]] == ["!say once", "once"]


def test_two_megabytes_are_refused_and_stall_nobody(own, door):
    other = send(door, "!tokens 40 !rate 40 meanwhile", "large 000")
    with Door(own.address) as sender:
        told = send(sender, "x" * 2_000_000, "large 001")
        assert told["code"] == "text_too_long"
        assert "2,000,000 characters; 100,000 are allowed" in told["error"]
        headers = {"content-type": "application/json"}
        answer = sender.client.post(
            "/gradio_api/component_server", content=b" " * (BODY_LIMIT + 1), headers=headers
        )
        assert answer.status_code == 413
    facts = door.finished(other["conversation"])
    assert facts["messages"][1]["status"] == "complete"


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_packed_bodies_are_not_unpacked(own, door, packing):
    zeros = b"0" * 2**20
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if "gzip" in packing else 15)
    small = b"".join(packer.compress(zeros) for _ in range(PACKED // len(zeros))) + packer.flush()
    small = gzip.compress(small) if packing.count("gzip") == 2 else small
    before = own.memory
    headers = {"content-type": "application/json", "content-encoding": packing}
    for path in ("component_server", "queue/join"):
        answer = door.client.post(f"/gradio_api/{path}", content=small, headers=headers)
        assert 400 <= answer.status_code < 500
    assert own.memory - before < PACKED / 4


SCRIPTS = (
    "שלום עולם، مرحبا بالعالم ١٢٣ abc",
    "\u202eevil\u202c \u2066iso\u2069",
    "😀 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪 1️⃣",
    "e\u0301 é \u212b Z͑ͫ̓ͪ̂",
    "a\r\nb\u2028c\u0085d\te",
)


@pytest.mark.parametrize("text", SCRIPTS)
def test_every_script_comes_back_exactly(door, text):
    begun = send(door, f"!say {text}", f"script {SCRIPTS.index(text):03}")
    facts = door.finished(begun["conversation"])
    assert [one["text"] for one in facts["messages"]] == [f"!say {text}", text]
    file = door.call("export", conversation=begun["conversation"], form="json")["text"]
    assert json.loads(file)["messages"][1]["content"] == text


REFUSED = ("unstorable_text", "refused")
"""Half a pair is no text to the commands' forms already."""


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x\udfffy"], ids=["nul", "high", "low"])
def test_what_cannot_be_stored_is_refused_in_words(door, text):
    told = send(door, text, "broken 01")
    assert told["code"] in REFUSED
    begun = send(door, "!say kept", f"broken {len(text)}{ord(text[0])}")
    door.finished(begun["conversation"])
    for command in (
        {"do": "rename", "conversation": begun["conversation"], "title": text},
        {"do": "feedback", "message": begun["reply"], "rating": -1, "better": text},
        {
            "do": "edit",
            "message": begun["message"],
            "text": text,
            "key": "broken 03",
            "rerun": True,
        },
    ):
        assert door.post(command).json()["code"] in REFUSED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'{"data": 1}',
        b'{"fn_name": "call"}',
        b"[" * 100_000,
        b'{"session_hash": "x", "component_id": "x", "fn_name": "call", "data": {}}',
        b'{"session_hash": "x", "component_id": 999999, "fn_name": "call", "data": {}}',
        b'{"session_hash": "x", "component_id": -1, "fn_name": "call", "data": {}}',
    ],
)
def test_junk_is_refused_in_few_words(door, body):
    headers = {"content-type": "application/json"}
    answer = door.client.post("/gradio_api/component_server", content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert "<html" not in answer.text.lower()
    assert len(answer.text) < 300


def test_a_part_that_no_page_has_is_told_in_our_words(own, door):
    body = {"session_hash": "x", "component_id": 999_999, "fn_name": "call", "data": {}}
    answer = door.client.post("/gradio_api/component_server", json=body)
    assert (answer.status_code, answer.json()) == (422, {"detail": NOT_UNDERSTOOD})
    assert "broke" not in own.log


# Long conversations -------------------------------------------------------------------------------


@pytest.fixture
def product(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted"))
    yield product
    product.close()


def filled(product, turns):
    """A conversation of so many turns; its public id."""
    release = product.releases.current("assistant")
    with product.archive.main.writing() as session:
        row = conversations.create(
            session,
            user_id=product.local_person,
            channel="chat",
            title="long",
            prompt="assistant",
            release_id=release.id,
            version=max(release.weights),
            model=product.registry.resolve("scripted").label,
        )
        head = None
        for turn in range(turns):
            _, reply = messages.add_turn(
                session, row.id, parent_id=head, text=f"q {turn}", key=f"filled {turn}"
            )
            messages.finish(session, reply.id, content=f"a {turn}", status="complete")
            head = reply.id
    return row.public_id


def opening(product, conversation):
    """What the newest page holds, and how many rows were fetched and queries made for it."""
    made = []

    def note(connection, cursor, statement, *_):
        made.append(statement)

    event.listen(Engine, "after_cursor_execute", note)
    try:
        view = product.conversations.open(product.person(), conversation)
    finally:
        event.remove(Engine, "after_cursor_execute", note)
    return view, len(made)


@pytest.mark.parametrize(
    "turns", [500, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_a_long_conversation_is_opened_by_pages(product, turns):
    short, long = filled(product, 30), filled(product, turns)
    _, few = opening(product, short)
    view, many = opening(product, long)
    assert many == few
    assert len(view.messages) == 50
    assert view.has_earlier
    assert view.messages[-1].text == f"a {turns - 1}"
    earlier = product.conversations.open(product.person(), long, before=view.messages[0].id)
    assert len(earlier.messages) == 50
    assert earlier.messages[-1].text == f"a {turns - 26}"
    turn = asyncio.run(ask(product, "!say new", long, "after it"))
    assert texts(product, long)[-1] == ("assistant", "new", "complete")
    assert turn.status == "complete"
