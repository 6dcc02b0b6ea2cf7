"""Connected models: tested, stored, seen by the registry of every process, changed, taken away."""

import asyncio

import pytest

from chatbot import connecting, servers
from chatbot.bootstrap import build
from chatbot.errors import Conflict, NotAllowed, NotFound, Refused
from store import accounts
from tests.integration.chatbot.conftest import settings_for
from tests.support.scripted_server import ScriptedServer

KEY = "the-secret-of-the-cluster"
ONE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
"""For what is no affair of a database."""


@pytest.fixture(scope="module")
def server():
    with ScriptedServer(key=KEY) as server:
        yield server


@pytest.fixture
def form(server):
    """A form that connects the server, with changes."""

    def make(**changes):
        return connecting.read(**{"name": "big", "address": server.url, "key": KEY} | changes)

    return make


def labels(product):
    return [one.label for one in product.registry.list() if one.where == "hosted"]


def test_another_process_sees_it_and_it_answers(database, product, tmp_path, form, play):
    other = build(settings_for(database, tmp_path / "other"))
    try:
        assert labels(other) == []
        made = play(product.connecting.connect(product.person(), form()))
        assert (made.label, made.has_key, made.made_by) == ("big@scripted", True, "Iris")
        other.connecting._known.forget()
        assert labels(product) == labels(other) == ["big@scripted"]

        async def asked():
            model = await asyncio.to_thread(other.registry.open, "big")
            said = await model.ainvoke("!say from afar")
            await model.release()
            return said.content

        assert play(asked()) == "from afar"
        product.connecting.disconnect(product.person(), "big")
        assert labels(product) == []
        assert [one.action for one in product.audit.entries(product.person())][:2] == [
            "model_disconnected",
            "model_connected",
        ]
    finally:
        other.close()


def test_key_is_told_to_nobody_and_kept_on_a_change(product, form, play, caplog):
    me = product.person()
    play(product.connecting.connect(me, form()))
    changed = form(key=connecting.KEPT, context=512, model="scripted")
    made = play(product.connecting.connect(me, changed))
    assert (made.context, made.has_key) == (512, True)
    assert KEY not in repr(product.connecting.all(me)) + repr(changed) + caplog.text
    found = play(product.connecting.probe(me, changed))
    assert found.answers
    elsewhere = changed.model_copy(
        update={"address": changed.address.replace("127.0.0.1", "[::1]")}
    )
    assert product.connecting._record(me, elsewhere).api_key.get_secret_value() == ""
    with pytest.raises(Refused, match="typed again"):
        play(product.connecting.connect(me, elsewhere))
    [record] = product.connecting.records()
    assert record.base_url == changed.address


@ONE
def test_opened_model_follows_a_change(product, form, play):
    me = product.person()
    play(product.connecting.connect(me, form()))
    before = product.registry.open("big")
    assert product.registry.open("big") is before
    play(product.connecting.connect(me, form(max_tokens=7, model="scripted", context=4096)))
    assert product.registry.open("big").record.max_tokens == 7


@ONE
def test_wrong_key_and_silence_are_told(product, form, play):
    me = product.person()
    wrong = play(product.connecting.probe(me, form(key="another")))
    assert (wrong.answers, wrong.model) == (False, "scripted")
    assert "does not accept the key" in str(wrong.wrong)
    dead = play(product.connecting.probe(me, form(address="http://127.0.0.1:9/v1", model="m")))
    assert "does not answer" in str(dead.wrong)
    with pytest.raises(Refused, match="Say which model"):
        play(product.connecting.connect(me, form(address="http://127.0.0.1:9/v1")))
    assert product.connecting.all(me) == []


@ONE
def test_names_that_are_taken_and_needed(database, tmp_path, product, form, play):
    me = product.person()
    with pytest.raises(Conflict, match="starter is the name"):
        play(product.connecting.connect(me, form(name="starter")))
    with pytest.raises(NotFound):
        product.connecting.disconnect(me, "nobody")
    play(product.connecting.connect(me, form()))
    other = build(settings_for(database, tmp_path / "other").model_copy(update={"model": "big"}))
    try:
        with pytest.raises(Conflict, match="big answers in production"):
            other.connecting.disconnect(me, "big")
    finally:
        other.close()


@ONE
def test_administrators_alone(product, form, play):
    with product.archive.main.writing() as session:
        bob = accounts.add_person(session, "Bob", roles=("reviewer",))
    for refused in (
        lambda: product.connecting.all(bob),
        lambda: product.connecting.disconnect(bob, "big"),
        lambda: play(product.connecting.probe(bob, form())),
        lambda: play(product.connecting.connect(bob, form(model="m", context=512))),
    ):
        with pytest.raises(NotAllowed):
            refused()


@pytest.mark.parametrize(
    "address",
    [
        "ftp://host/v1",
        "http://",
        "http://169.254.169.254/latest",
        "http://2852039166/v1",
        "http://0xa9fea9fe/v1",
        "http://[fe80::1]/v1",
        "http://[::ffff:169.254.169.254]/v1",
        "http://user:key@host/v1",
        "http://host/v1?x=1",
        "http://host:99999/v1",
        "http://ho st/v1",
    ],
)
def test_addresses_that_are_none(address):
    with pytest.raises(Refused):
        connecting.read(name="big", address=address)


@ONE
def test_row_of_another_version_is_left_out(product, caplog):
    from store import connected

    with product.archive.main.writing() as session:
        connected.save(session, "odd", {"address": "x", "strange": 1}, "k", product.person().id)
    product.connecting._known.forget()
    assert labels(product) == []
    assert "odd cannot be read" in caplog.text


@ONE
def test_doctor_says_which_answer(database, tmp_path, product, form, play):
    me = product.person()
    play(product.connecting.connect(me, form()))
    play(product.connecting.connect(me, form(name="locked", key="x", model="m", context=512)))
    found = list(servers.look(settings_for(database, tmp_path)))
    assert [one.level for one in found] == ["ok", "warn"]
    assert found[0].found.startswith("big@scripted answers: the first token took")
    assert "does not accept the key of locked" in found[1].found
    assert KEY not in repr(found)
