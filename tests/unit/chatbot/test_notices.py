"""Notices: every listener of a person hears which conversations changed, others hear nothing."""

import asyncio
import threading

from chatbot.notices import Notices


def test_a_listener_hears_its_person_only():
    async def scene() -> frozenset[str]:
        notices = Notices()
        listening = notices.listen(1)
        heard = asyncio.ensure_future(anext(listening))
        await asyncio.sleep(0)
        notices.tell(2, "of another")
        notices.tell(1, "mine")
        return await heard

    assert asyncio.run(scene()) == {"mine"}


def test_changes_pile_up_as_a_set():
    async def scene() -> frozenset[str]:
        notices = Notices()
        listening = notices.listen(1)
        first = asyncio.ensure_future(anext(listening))
        await asyncio.sleep(0)
        notices.tell(1, "a")
        await first
        for _ in range(1000):
            notices.tell(1, "b")
        notices.tell(1, "c")
        await asyncio.sleep(0)
        return await anext(listening)

    assert asyncio.run(scene()) == {"b", "c"}


def test_telling_from_a_thread_reaches_the_loop():
    async def scene() -> frozenset[str]:
        notices = Notices()
        listening = notices.listen(1)
        heard = asyncio.ensure_future(anext(listening))
        await asyncio.sleep(0)
        threading.Thread(target=notices.tell, args=(1, "x")).start()
        return await asyncio.wait_for(heard, 5)

    assert asyncio.run(scene()) == {"x"}


def test_a_closed_listener_is_forgotten():
    async def scene() -> dict[int, object]:
        notices = Notices()
        listening = notices.listen(1)
        heard = asyncio.ensure_future(anext(listening))
        await asyncio.sleep(0)
        notices.tell(1, "a")
        await heard
        await listening.aclose()
        return dict(notices._listeners)

    assert asyncio.run(scene()) == {}
