"""Commands check what they are given, and always come back with a result or a sentence."""

import asyncio
from types import SimpleNamespace

import pytest

from chatbot.errors import NotAllowed, NotFound, TextTooLong
from ui.pages.commands import BROKEN, NOT_UNDERSTOOD, calling, command

IRIS = SimpleNamespace(id=7, name="Iris", roles=("chatter", "reviewer"))


class Book:
    """Commands of every kind."""

    @command
    def double(self, person, *, number: int) -> dict:
        return {"who": person.name, "twice": number * 2}

    @command
    async def refuse(self, person, *, long: bool = False) -> dict:
        raise TextTooLong if long else NotFound

    @command
    def crash(self, person, *, secret: str) -> dict:
        raise RuntimeError(secret)

    @command
    def ask(self, person, request, *, number: int) -> dict:
        return {"asked_by": request, "number": number}

    def hidden(self, person) -> dict:
        return {"reached": True}


def call(data, person=IRIS, roles=()):
    product = SimpleNamespace(person=lambda: person, settings=SimpleNamespace(auth="solo"))
    return asyncio.run(calling(product, Book(), roles)(data, None))


def test_result_of_a_command():
    assert call({"do": "double", "number": 21}) == {"who": "Iris", "twice": 42}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "double",
        {},
        {"do": "hidden"},
        {"do": "__init__"},
        {"do": ["double"]},
        {"do": "double"},
        {"do": "double", "number": "21"},
        {"do": "double", "number": 1, "more": 2},
        {"do": "double", "person": "x", "number": 1},
    ],
)
def test_anything_else_is_not_understood(data):
    assert call(data) == {"error": NOT_UNDERSTOOD, "code": "refused"}


def test_command_learns_which_login_asks():
    product = SimpleNamespace(person=lambda: IRIS, settings=SimpleNamespace(auth="solo"))
    call = calling(product, Book())
    told = asyncio.run(call({"do": "ask", "number": 1}, "the request"))
    assert told == {"asked_by": "the request", "number": 1}
    forged = asyncio.run(call({"do": "ask", "number": 1, "request": "mine"}, "the request"))
    assert forged == {"error": NOT_UNDERSTOOD, "code": "refused"}


def test_errors_come_back_as_sentences():
    assert call({"do": "refuse"})["code"] == "not_found"
    assert call({"do": "refuse", "long": True}) == {
        "error": TextTooLong.sentence,
        "code": "text_too_long",
    }


def test_crash_tells_and_logs_no_text(caplog):
    assert call({"do": "crash", "secret": "my diary"}) == {"error": BROKEN, "code": "error"}
    assert "RuntimeError" in caplog.text
    assert "diary" not in caplog.text


@pytest.mark.parametrize("data", [{"do": "double", "number": 1}, {"do": "nothing"}, None])
def test_role_is_asked_for_before_anything_else(data):
    assert call(data, roles=("admin", "author")) == {
        "error": NotAllowed.sentence,
        "code": "not_allowed",
    }


def test_one_of_the_roles_is_enough():
    told = call({"do": "double", "number": 1}, roles=("admin", "reviewer"))
    assert told == {"who": "Iris", "twice": 2}
