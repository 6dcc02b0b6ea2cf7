"""Works: begun, followed to their end, stopped; each for the person who began it."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from chatbot.errors import Busy, NotFound, TextTooLong
from ui.pages import works as room
from ui.pages.works import MOST, MOST_OF_ONE, Works

IRIS, OTTO = SimpleNamespace(id=1), SimpleNamespace(id=2)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(room, "LOOK", 0.01)


def play(scene):
    async def whole():
        works = Works()
        try:
            return await scene(works)
        finally:
            works.close()

    return asyncio.run(asyncio.wait_for(whole(), 60))


async def end_of(works, name, person=IRIS):
    while "running" in (told := await works.follow(person, name)):
        pass
    return told


def test_result_is_told_once():
    async def scene(works):
        name = works.begin(IRIS, lambda work: {"twice": 4})["work"]
        told = await end_of(works, name)
        with pytest.raises(NotFound):
            await works.follow(IRIS, name)
        return told

    assert play(scene) == {"result": {"twice": 4}}


def test_running_work_tells_how_far_it_is():
    done = threading.Event()

    def run(work):
        work.now("Counting", 3, 9)
        done.wait(60)
        return {}

    async def scene(works):
        name = works.begin(IRIS, run)["work"]
        while (told := await works.follow(IRIS, name))["running"]["stage"] != "Counting":
            pass
        done.set()
        return told, await end_of(works, name)

    running, end = play(scene)
    assert running == {"running": {"stage": "Counting", "done": 3, "of": 9}}
    assert end == {"result": {}}


def test_error_of_a_work_is_raised():
    def run(work):
        raise TextTooLong

    async def scene(works):
        await end_of(works, works.begin(IRIS, run)["work"])

    with pytest.raises(TextTooLong):
        play(scene)


def test_stop_reaches_the_work():
    def run(work):
        event = threading.Event()
        work.cancel.on_cancel(event.set)
        return {"stopped": event.wait(60)}

    async def scene(works):
        name = works.begin(IRIS, run)["work"]
        works.stop(IRIS, name)
        return await end_of(works, name)

    assert play(scene) == {"result": {"stopped": True}}


def test_work_of_another_person_is_not_there():
    async def scene(works):
        name = works.begin(IRIS, lambda work: {})["work"]
        with pytest.raises(NotFound):
            await works.follow(OTTO, name)
        with pytest.raises(NotFound):
            works.stop(OTTO, name)
        with pytest.raises(NotFound):
            await works.follow(IRIS, "no such work")
        return await end_of(works, name)

    assert play(scene) == {"result": {}}


def test_one_person_leaves_room_for_others():
    may_end = threading.Event()

    def run(work):
        may_end.wait(60)
        return {}

    async def scene(works):
        names = [works.begin(IRIS, run)["work"] for _ in range(MOST_OF_ONE)]
        with pytest.raises(Busy, match="things that you began"):
            works.begin(IRIS, run)
        other = works.begin(OTTO, run)["work"]
        works.stop(IRIS, names[1])
        names[1] = works.begin(IRIS, run)["work"]
        may_end.set()
        for name in names:
            await end_of(works, name)
        await end_of(works, other, OTTO)
        return await end_of(works, works.begin(IRIS, run)["work"])

    assert play(scene) == {"result": {}}


def test_line_has_an_end():
    may_end = threading.Event()

    def run(work):
        may_end.wait(60)
        return {}

    async def scene(works):
        people = [SimpleNamespace(id=10 + number) for number in range(MOST)]
        names = [works.begin(each, run)["work"] for each in people]
        with pytest.raises(Busy, match="Several people"):
            works.begin(OTTO, run)
        may_end.set()
        for each, name in zip(people, names, strict=True):
            await end_of(works, name, each)
        return await end_of(works, works.begin(OTTO, run)["work"], OTTO)

    assert play(scene) == {"result": {}}


def test_work_that_nobody_follows_makes_room(monkeypatch):
    monkeypatch.setattr(room, "KEPT", -1.0)
    stopped, begun = [], threading.Event()

    def run(work):
        begun.set()
        event = threading.Event()
        work.cancel.on_cancel(event.set)
        stopped.append(event.wait(60))
        return {}

    async def scene(works):
        left = works.begin(IRIS, run)["work"]
        assert await asyncio.to_thread(begun.wait, 60)
        name = works.begin(IRIS, lambda work: {"next": True})["work"]
        told = await end_of(works, name)
        with pytest.raises(NotFound):
            await works.follow(IRIS, left)
        return told

    assert play(scene) == {"result": {"next": True}}
    assert stopped == [True]


def test_what_ends_a_work_runs_also_where_the_work_never_did(monkeypatch):
    ended, let_go = [], threading.Event()

    async def scene(works):
        def first(_work):
            let_go.wait(60)
            return {}

        works.begin(IRIS, first, after=lambda: ended.append("first"))
        monkeypatch.setattr(room, "KEPT", -1.0)
        works.begin(IRIS, lambda _: {}, after=lambda: ended.append("cancelled"))
        last = works.begin(IRIS, lambda _: {"ran": True}, after=lambda: ended.append("last"))
        while not ended:
            await asyncio.sleep(0.01)
        assert ended == ["cancelled"]  # the first still runs
        let_go.set()
        return await end_of(works, last["work"])

    assert play(scene) == {"result": {"ran": True}}
    assert sorted(ended) == ["cancelled", "first", "last"]
