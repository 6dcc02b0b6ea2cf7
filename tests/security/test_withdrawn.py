"""Somebody loses a role, their account or everything in mid-answer: the answer itself ends.

Through the real server. What a reader of the stream is told is in test_sessions.py.
"""

import asyncio
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from store.models import Message
from tests.support.team import PASSWORD, product_of

PATIENCE = 60
"""Seconds for an answer of an hour to end."""


@pytest.fixture
def behind(team):
    product = product_of(team.home)
    yield product
    product.close()


@pytest.fixture
def max_(behind):
    """Somebody with two roles; their public id."""
    by = behind.person()
    names = {one.login for one in behind.accounts.people(by)}
    login = f"max{len(names)}"
    return behind.accounts.add(
        by, login=login, name=login.title(), roles=("chatter", "reviewer"), password=PASSWORD
    )


@contextmanager
def answering(team, behind, login, number=1):
    """Answers of an hour that are being written; their messages' public ids."""
    with team.door(login) as door:
        asked = {"conversation": None, "text": "!tokens 72000 !rate 20 x"}
        begun = [door.call("send", key=f"key-0000{n}", **asked) for n in range(number)]
        replies = [one["reply"] for one in begun]
        wait_until(lambda: [state(behind, one) for one in replies] == ["streaming"] * number)
        yield replies


def state(behind, reply):
    """The status of an answer as it is stored; None when it is gone."""
    with behind.archive.main.reading() as session:
        return session.scalar(select(Message.status).where(Message.public_id == reply))


def wait_until(true):
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def set_roles(behind, whom, *roles):
    behind.accounts.set_roles(behind.person(), whom.id, roles)


@pytest.mark.parametrize("left", [("chatter",), ("reviewer",), ("chatter", "agent")])
def test_who_loses_a_role_loses_the_answer(team, behind, max_, left):
    with answering(team, behind, max_.login, 2) as replies:
        set_roles(behind, max_, *left)
        for reply in replies:
            wait_until(lambda reply=reply: state(behind, reply) == "stopped")


def test_who_is_switched_off_loses_the_answer(team, behind, max_):
    with answering(team, behind, max_.login) as [reply]:
        behind.accounts.set_active(behind.person(), max_.id, active=False)
        wait_until(lambda: state(behind, reply) == "stopped")


def test_who_is_forgotten_elsewhere_loses_the_answer(team, behind, max_):
    """By `chatbot users forget` beside the server, which stops what runs in its own process."""
    with answering(team, behind, max_.login) as [reply]:
        asyncio.run(behind.privacy.forget(None, behind.accounts.person(behind.person(), max_.id)))
        assert state(behind, reply) is None
        with team.door("alice") as door:  # one place for everybody's answers, and it is free again
            begun = door.call("send", conversation=None, text="!say on", key="key-after")
            assert door.finished(begun["conversation"])["messages"][-1]["status"] == "complete"


def test_who_gets_a_role_keeps_the_answer(team, behind, max_):
    with (
        answering(team, behind, max_.login) as [reply],
        answering(team, behind, "alice") as [other],
    ):
        set_roles(behind, max_, "chatter", "reviewer", "author")
        behind.accounts.end_sessions(behind.person(), max_.id)
        rita = behind.accounts.find(behind.person(), "rita")
        behind.accounts.set_active(behind.person(), rita.id, active=False)
        behind.accounts.set_active(behind.person(), rita.id, active=True)
        time.sleep(5)  # two looks
        assert (state(behind, reply), state(behind, other)) == ("streaming", "streaming")
        set_roles(behind, max_, "author")
        wait_until(lambda: state(behind, reply) == "stopped")
        assert state(behind, other) == "streaming"
        with team.door("alice") as door:
            door.call("stop", message=other)
