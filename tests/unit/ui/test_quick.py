"""When a server looks through its memory: between answers, and at last amid them."""

import asyncio
import gc
import sys
import weakref

import pytest

from ui import quick


class Node:
    """Garbage that only a collection finds."""

    def __init__(self):
        self.me = self


@pytest.fixture
def interval():
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def soon(monkeypatch):
    """Moments instead of minutes."""
    monkeypatch.setattr(quick, "OFTEN_S", 0.02)
    monkeypatch.setattr(quick, "LONGEST_S", 10.0)
    yield monkeypatch
    gc.freeze()  # as the tests began


def old_garbage():
    """What outlived two collections, and is garbage since: only a full one finds it."""
    node = Node()
    gc.collect(0)
    gc.collect(1)
    return weakref.ref(node)


async def looked_after(is_busy, until):
    keeping = asyncio.create_task(quick.keep_collecting(is_busy, every=0.005))
    await asyncio.sleep(0)  # what is there now is frozen; what comes is not
    gone = old_garbage()
    await until(gone)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    return gone() is None


async def is_gone(gone):
    async with asyncio.timeout(60):
        while gone() is not None:
            await asyncio.sleep(0.005)


async def a_while(_):
    await asyncio.sleep(0.2)


def test_garbage_goes_while_nobody_waits(soon):
    assert asyncio.run(looked_after(lambda: False, is_gone))


def test_it_stays_while_answers_are_written(soon):
    assert not asyncio.run(looked_after(lambda: True, a_while))


def test_it_goes_amid_answers_at_last(soon):
    soon.setattr(quick, "LONGEST_S", 0.05)
    assert asyncio.run(looked_after(lambda: True, is_gone))


def test_python_collects_by_itself_again_afterwards(soon):
    before = gc.get_threshold()
    asyncio.run(looked_after(lambda: False, is_gone))
    assert gc.get_threshold() == before


def test_what_was_loaded_later_is_left_out_too(soon):
    soon.setattr(quick, "MANY_MODULES", 1)

    async def scene():
        keeping = asyncio.create_task(quick.keep_collecting(lambda: False, every=0.005))
        await asyncio.sleep(0)
        before = gc.get_freeze_count()
        soon.setitem(sys.modules, "loaded_later", quick)
        async with asyncio.timeout(60):
            while gc.get_freeze_count() <= before:
                kept.append([])
                await asyncio.sleep(0.005)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    kept = []
    asyncio.run(scene())


def test_threads_take_turns(interval):
    quick.take_turns()
    assert sys.getswitchinterval() == pytest.approx(quick.TURN_S)
