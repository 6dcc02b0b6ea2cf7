"""Processes that share a database: seen, missed, and one of them at each work."""

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from chatbot.archive import Archive
from chatbot.notices import Notices
from chatbot.replicas import Replicas, Wire, process, service
from store import messages, replicas
from tests.support.stored import person, started


@pytest.fixture
def archive(database):
    return Archive(database)


@pytest.fixture
def told():
    return []


@pytest.fixture
def here(archive, told):
    return Replicas(archive, lambda *changed: told.append(changed))


def left(database, pid, host=None, key="k"):
    """A process that was there, and an answer that it writes."""
    talk = started(database, person(database))
    with database.transaction() as session:
        number = replicas.register(session, host=host or process.host(), pid=pid, address="x:1")
        asked = {"parent_id": None, "text": "hello", "key": key, "writer": number}
        messages.add_turn(session, talk.id, **asked)
    return talk


def ended_process():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_process_that_has_ended_is_told_from_one_that_runs():
    assert process.is_gone(ended_process())
    assert not process.is_gone(os.getpid())
    assert not process.is_gone(1), "it is somebody else's, or ours"


def test_a_zombie_has_ended():
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert child.stdout.read() == b""
    while not process.is_gone(child.pid):
        pass
    child.stdout.close()
    child.wait()


def test_what_an_ended_process_of_this_machine_wrote_is_interrupted_at_once(database, here, told):
    here.begin("here:1")
    talk = left(database, ended_process())
    assert here.others() == []
    assert here.look() == 1
    assert told == [(talk.user_id, talk.public_id)]
    assert here.look() == 0
    with database.reading() as session:
        assert [one.id for one in replicas.there(session)] == [here.id]


def test_a_process_of_another_machine_is_gone_when_it_is_not_seen(database, here, monkeypatch):
    here.begin("here:1")
    left(database, 1, host="another machine")
    assert here.look() == 0
    assert len(here.others()) == 1
    monkeypatch.setattr(service, "GONE", -service.GONE)
    assert here.sweep() == 1


def test_who_ends_leaves_its_work_to_the_next(archive, here):
    other = Replicas(archive)
    assert here.holds("mail")
    assert not other.holds("mail")
    here.end()
    assert here.id is None
    assert other.holds("mail")
    other.let_go("mail")
    assert here.holds("mail")


def test_work_goes_on_elsewhere_when_its_process_stops(archive, here, monkeypatch):
    monkeypatch.setattr(service, "LOOK", 0.01)
    monkeypatch.setattr(service, "STILL", 0.01)
    other, at = Replicas(archive), []

    def work(name):
        async def run():
            at.append(name)
            await asyncio.sleep(60)

        return run

    async def scene():
        first = asyncio.create_task(here.alone("mail", work("here")))
        while not at:
            await asyncio.sleep(0.01)
        second = asyncio.create_task(other.alone("mail", work("there")))
        await asyncio.sleep(0.1)
        assert at == ["here"]
        first.cancel()
        await asyncio.wait({first})
        here.end()
        while len(at) < 2:
            await asyncio.sleep(0.01)
        second.cancel()
        await asyncio.wait({second})

    asyncio.run(scene())
    assert at == ["here", "there"]


def test_work_that_breaks_is_begun_again_and_one_that_ends_is_not(here, monkeypatch):
    monkeypatch.setattr(service, "LOOK", 0.01)
    tries = []

    async def run():
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError

    asyncio.run(asyncio.wait_for(here.alone("mail", run), 30))
    assert len(tries) == 3


def test_work_stops_here_when_nothing_renews_its_lease(here, monkeypatch):
    monkeypatch.setattr(service, "STILL", 0.01)
    monkeypatch.setattr(service, "LEASE", timedelta(seconds=0.1))
    stopped = []

    async def run():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append(1)
            raise

    async def scene():
        work = asyncio.create_task(here.alone("mail", run))
        while not stopped:
            await asyncio.sleep(0.01)
        work.cancel()
        await asyncio.wait({work})

    asyncio.run(asyncio.wait_for(scene(), 30))


def test_a_process_is_seen_also_while_its_threads_are_busy(archive, here, monkeypatch):
    monkeypatch.setattr(service, "BEAT", 0.01)
    here.begin("here:1")

    def seen():
        with archive.main.reading() as session:
            return replicas.there(session)[0].seen_at

    async def scene():
        free, pool = threading.Event(), ThreadPoolExecutor(1)
        asyncio.get_running_loop().set_default_executor(pool)
        busy = asyncio.create_task(asyncio.to_thread(free.wait))
        keeping, before = asyncio.create_task(here.keep()), seen()
        try:
            while seen() == before:
                await asyncio.sleep(0.01)
        finally:
            free.set()
            keeping.cancel()
            await asyncio.wait({keeping, busy})

    asyncio.run(asyncio.wait_for(scene(), 30))


@pytest.mark.postgres
def test_changes_are_told_to_other_processes(database, archive):
    if database.dialect == "sqlite":
        pytest.skip("SQLite tells nobody")
    ears = Notices(), Notices()
    wires = [Wire(archive, one, Replicas(archive)) for one in ears]
    for one in wires:
        one.begin()

    async def scene():
        heard = [one.listen(7) for one in ears]
        first = [asyncio.ensure_future(anext(each)) for each in heard]
        while not all(one.done() for one in first):
            ears[0].tell(7, "a talk")
            await asyncio.sleep(0.05)
        with archive.main.writing() as session:
            session.execute(text("SELECT pg_notify('chatbot', 'not ours')"))
            session.execute(text("SELECT pg_notify('chatbot', '[Infinity, 1, 1]')"))
        while "a talk" not in (seen := await anext(heard[1])):
            ears[0].tell(7, "a talk")
        for each in heard:
            await each.aclose()
        return seen

    try:
        assert asyncio.run(scene()) == {"a talk"}
    finally:
        for one in wires:
            one.close()
