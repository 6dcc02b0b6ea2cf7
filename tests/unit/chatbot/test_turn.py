"""A turn's readers: snapshots, no growing buffers, a last look when it is done."""

import asyncio

from chatbot.turn import Turn


def turn() -> Turn:
    return Turn(1, "conversation", "question", "reply")


def test_a_reader_sees_all_text_so_far_and_the_end():
    async def scene() -> list[tuple[str, str]]:
        running = turn()
        running.add("Hel")

        async def write() -> None:
            await asyncio.sleep(0.01)
            running.add("lo")
            running.finish("complete")

        writing = asyncio.create_task(write())
        seen = [(snapshot.text, snapshot.status) async for snapshot in running.follow(0)]
        await writing
        return seen

    seen = asyncio.run(scene())

    assert seen[0] == ("Hel", "streaming")
    assert seen[-1] == ("Hello", "complete")


def test_a_slow_reader_skips_states():
    async def scene() -> int:
        running = turn()

        async def write() -> None:
            for _ in range(500):
                running.add("x")
                await asyncio.sleep(0)
            running.finish("complete")

        writing = asyncio.create_task(write())
        looks = 0
        async for _ in running.follow(0.05):
            looks += 1
        await writing
        return looks

    assert asyncio.run(scene()) < 10


def test_a_reader_that_works_skips_states_too():
    async def scene() -> int:
        running = turn()

        async def write() -> None:
            for _ in range(200):
                running.add("x")
                await asyncio.sleep(0.001)
            running.finish("complete")

        writing = asyncio.create_task(write())
        looks = 0
        async for _ in running.follow(0.05):
            looks += 1
            await asyncio.sleep(0.002)
        await writing
        return looks

    assert asyncio.run(scene()) < 50


def test_the_first_piece_does_not_wait_for_the_next_look():
    async def scene() -> str:
        running, loop = turn(), asyncio.get_running_loop()
        readers = running.follow(3600)
        async with asyncio.timeout(10):
            await anext(readers)
            loop.call_later(0.01, running.become, "writing")
            await anext(readers)
            loop.call_later(0.01, running.add, "first")
            return (await anext(readers)).text

    assert asyncio.run(scene()) == "first"


def test_a_reader_that_comes_late_gets_the_last_snapshot_only():
    async def scene() -> list[str]:
        running = turn()
        running.add("all of it")
        running.finish("complete")
        return [snapshot.text async for snapshot in running.follow()]

    assert asyncio.run(scene()) == ["all of it"]


def test_finished_waits_for_the_end():
    async def scene() -> str:
        running = turn()
        asyncio.get_running_loop().call_later(0.01, running.finish, "failed", "why")
        await running.finished()
        return f"{running.status}: {running.error}"

    assert asyncio.run(scene()) == "failed: why"


def test_time_of_the_first_piece_is_kept():
    running = turn()
    running.add("")
    assert running.first_at is None

    running.add("a")
    first = running.first_at
    running.add("b")

    assert first is not None
    assert running.first_at == first
