"""What an agent is shown before a hosted draft is what the server then receives, byte for byte."""

import json
from datetime import UTC, datetime

import pytest

from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import build
from chatbot.drafting.leaving import Leaves
from chatbot.settings import HostedModel
from chatbot.ticket_files import Incoming, IncomingMessage
from tests.integration.chatbot.conftest import settings_for
from tests.support.scripted_server import ScriptedServer

SECRET = "I am Dr. Wilma Quokka, wilma@quokka.org, +44 20 7946 0018, order 48213. Where is it?"
SAID = ("Wilma", "Quokka", "wilma@", "7946", "48213")


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def product_with(database, tmp_path, server):
    """A product whose drafts come from a hosted model, with one ticket."""
    made = []

    def make(mask):
        record = HostedModel(
            name="big", model="scripted", base_url=server.url, retries=0, mask=mask
        )
        given = {"model": "big", "hosted": (record,), "encoder": "none"}
        made.append(build(settings_for(database, tmp_path, **given)))
        text = IncomingMessage("customer", SECRET, datetime.now(UTC))
        thread = Incoming("file:t", "1", "Late", "Wilma", "", "file", "en", (text,))
        made[-1].desk.bring(made[-1].person(), [thread])
        return made[-1]

    yield make
    for product in made:
        product.close()


def looks(product):
    workspace = product.settings.workspace
    return Leaves(product.registry, product.releases, product.knowledge, workspace=workspace)


def as_bytes(messages):
    return json.dumps(messages, ensure_ascii=False, sort_keys=True).encode()


@pytest.mark.parametrize("mask", [True, False])
def test_what_is_shown_is_what_leaves(product_with, play, server, mask):
    product = product_with(mask)
    me = product.person()
    [row] = product.desk.queue(me).rows
    said = product.desk.open(me, row.id).said
    shown = looks(product).of(me, said, model="", agent=me.name)
    assert (shown.leaves, shown.masked is not None) == (True, mask)

    async def drafted():
        async for _ in product.desk.draft(me, row.id, CancelToken()):
            pass
        await product.registry.open("big").release()

    play(drafted())
    assert as_bytes(server.requests[-1]["messages"]) == as_bytes(shown.messages)
    assert any(one in as_bytes(shown.messages).decode() for one in SAID) is not mask


def test_nothing_leaves_for_a_model_of_this_machine(database, tmp_path):
    product = build(settings_for(database, tmp_path, model="scripted"))
    found = looks(product).of(product.person(), (), model="")
    assert (found.leaves, found.messages) == (False, [])
    product.close()
