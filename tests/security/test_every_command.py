"""Every command and listener of every page, called by everybody who must not.

They are found in the running application's own Blocks, so a new one is called here without being
named. One that takes an id of somebody's needs a line in IDS, else the first test fails.
"""

import asyncio
import inspect
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import pytest

from tests.support.over_http import CHAT, Door
from tests.support.team import product_of
from ui.web import pages_of

IDS = {"conversation", "message", "work", "session", "upload", "reply", "asked"}
"""Parameters that name something of one person's; alice's are given, and must not be found."""
FREE = {
    (CHAT, "look", "conversation"): "reads nothing: the stream does, and says not found",
}
"""Parameters of these names that need no refusal, and why."""


def commands_of(home):
    """{(carrier, command): (method, roles)} and the listeners of the application."""
    product = product_of(home)

    async def made():
        return pages_of(product)

    try:
        blocks, _, works = asyncio.run(made())
        works.close()
        found = {}
        for block in blocks.blocks.values():
            for function in getattr(block, "server_fns", ()):
                for name, method in function.commands.items():
                    found[block.elem_id, name] = (method, function.roles)
        names = {number: block.elem_id for number, block in blocks.blocks.items()}
        listeners = {
            (names[number], event): block_fn
            for block_fn in blocks.fns.values()
            for number, event in block_fn.targets
            if number is not None
        }
        return found, listeners
    finally:
        product.close()


@pytest.fixture(scope="module")
def known(team):
    return commands_of(team.home)


def value_for(annotation):
    """Something of the right type."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Annotated, Union, UnionType):
        return value_for(inner[0])
    if origin is Literal:
        return inner[0]
    return {bool: True, int: 1, str: "some text"}.get(origin or annotation, [])


def arguments(method, **given):
    """Everything that a command takes, of the right types."""
    parameters = inspect.signature(method).parameters.values()
    filled = {
        one.name: value_for(one.annotation) for one in parameters if one.kind is one.KEYWORD_ONLY
    }
    return filled | {name: value for name, value in given.items() if name in filled}


def session_of(team, token):
    """The name of a login on a person's own page."""
    product = product_of(team.home)
    person = product.accounts.of_token(token)
    [session] = product.accounts.sessions(person, token)
    product.close()
    return session.id


@pytest.fixture(scope="module")
def alice(team):
    """Alice's things, by the parameters that name them, and what they look like."""
    with team.door("root") as door:  # who may use every page
        begun = door.call("send", conversation=None, text="!say only for me", key="key-00001")
        door.finished(begun["conversation"])
        work = door.call("tokens", at="models-data", model="scripted", text="x")
        sides = [{"model": "scripted", "prompt": one} for one in ("support", "assistant")]
        made = door.call("make", at="compare-data", left=sides[0], right=sides[1], blind=True)
        question = door.call(
            "ask", at="compare-data", comparison=made["comparison"]["id"], question="Only mine?"
        )
        door.things = {
            "asked": question["asked"]["id"],
            "conversation": begun["conversation"],
            "message": begun["reply"],
            "reply": begun["reply"],  # of a chat that is hers: no reply of the desk's
            "upload": "a file of mine",
            "work": work.get("work", "0" * 32),
            "session": session_of(team, door.client.cookies["chatbot_session"]),
        }
        yield door


@pytest.fixture(scope="module")
def other(team):
    """Somebody else with every role."""
    product = product_of(team.home)
    by = product.person()
    bob = product.accounts.find(by, "bob")
    roles = product.accounts.find(by, "root").roles
    product.accounts.set_roles(by, bob.id, roles)
    with team.door("bob") as door:
        yield door
    product.accounts.set_roles(by, bob.id, ("chatter",))
    product.close()


def test_every_id_has_a_decision(known):
    """An id is a text of 64 characters at most: what takes one is refused another's, or listed."""
    commands, _ = known
    assert len(commands) > 25
    open_questions = [
        (*place, name)
        for place, (method, roles) in commands.items()
        for name, parameter in inspect.signature(method).parameters.items()
        if "max_length=64)" in str(parameter.annotation)
        and name not in IDS
        and roles != ("admin",)  # who governs other people
    ]
    assert {name for _, _, name in open_questions} <= {"tab", "key", "at"}


def test_nobody_without_a_login_calls_a_command(team, known, alice):
    commands, _ = known
    with team.browser() as client:
        for (carrier, name), (method, _) in commands.items():
            body = {
                "data": {"do": name, **arguments(method)},
                "fn_name": "call",
                "component_id": alice.books[carrier],
                "session_hash": "invented",
            }
            answer = client.post("/gradio_api/component_server", json=body)
            assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), name


def test_nobody_without_a_login_starts_a_listener(team, known, alice):
    _, listeners = known
    assert len(listeners) >= 2
    with team.browser() as client:
        for dependency in alice.config["dependencies"]:
            body = {"data": [], "fn_index": dependency["id"], "session_hash": "invented"}
            answer = client.post("/gradio_api/queue/join", json=body)
            assert answer.status_code == 401
        with client.stream("GET", "/gradio_api/queue/data?session_hash=invented") as answer:
            assert answer.status_code == 401


def test_the_wrong_role_calls_nothing(team, known):
    commands, _ = known
    closed = {place: found for place, found in commands.items() if "chatter" not in found[1]}
    with team.door("alice") as door:
        closed = {place: one for place, one in closed.items() if one[1]}
        assert len(closed) >= 5
        for (carrier, name), (method, _) in closed.items():
            told = door.call(name, at=carrier, **arguments(method))
            assert told.get("code") == "not_allowed", (carrier, name, told)


def test_the_wrong_role_sees_nothing_of_a_listener(team, known):
    """What a chatter gets from the listeners of pages for others is a sentence."""
    with team.door("alice") as door:
        door.join("models-data", "card", {"model": "scripted"}).raise_for_status()
        texts = [event for event in door.events() if event["msg"] == "process_completed"]
    assert "Your role does not open this page" in str(texts[-1]["output"]["data"])


def test_what_is_anothers_does_not_exist(known, alice, other):
    commands, _ = known
    before = alice.call("export", conversation=alice.things["conversation"], form="json")
    tried = 0
    for (carrier, name), (method, _) in commands.items():
        for given in IDS & set(inspect.signature(method).parameters):
            if (carrier, name, given) in FREE:
                continue
            others = {given: alice.things[given]}
            if given == "message" and "conversation" in inspect.signature(method).parameters:
                others["conversation"] = alice.things["conversation"]
            told = other.call(name, at=carrier, **(arguments(method, **others)))
            assert told.get("code") == "not_found", (carrier, name, given, told)
            tried += 1
    assert tried >= 15
    assert alice.call("export", conversation=alice.things["conversation"], form="json") == before


def test_anothers_conversation_is_not_shown(alice, other):
    facts = next(other.watch(alice.things["conversation"], tab="spy"))
    assert facts["code"] == "not_found"
    assert (facts["log"], facts["messages"]) == ([], [])
    told = other.call("look", tab="spy", conversation=alice.things["conversation"], number=2)
    assert set(told) == {"watching"}


def test_lists_and_searches_find_nothing_of_anothers(alice, other):
    assert alice.things["conversation"] not in str(other.call("list", offset=0))
    assert other.call("search", text="only for me")["hits"] == []


def test_the_doors_own_names_are_no_commands(team):
    with team.door("alice") as door:
        for name in ("__init__", "call", "_product", "is_command", "", None, 7):
            assert door.call(name)["code"] == "refused"
        body = {"data": {}, "component_id": door.books[CHAT], "session_hash": door.session}
        for function in ("__init__", "get_config", "postprocess", "load", "__class__", "watch"):
            answer = door.client.post(
                "/gradio_api/component_server", json=body | {"fn_name": function}
            )
            assert answer.status_code == 404


def test_a_door_needs_a_login(team):
    with team.browser() as client, pytest.raises(KeyError):
        Door(team.address, client)
