"""Rows worked on in this process, several at once, their results in the order of the rows.

One process is enough for a local model, whose runtime computes several answers together and takes
every core, and for a hosted one, where all is waiting. More processes are Ray's affair.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator

from chatbot.batch.files import Line
from chatbot.batch.working import Row, Work, result_of

AHEAD = 4
"""For each row that is worked on so many may have been begun: a slow one holds back no others."""


async def worked(
    rows: Iterator[Line], work: Work, at_once: int
) -> AsyncGenerator[tuple[Line, Row], None]:
    """Each row with its result, in order. At most `at_once` are worked on at a time."""
    gate = asyncio.Semaphore(at_once)
    begun: deque[tuple[Line, asyncio.Task[Row]]] = deque()

    async def one(line: Line) -> Row:
        async with gate:
            return await result_of(line.text, work)

    try:
        for line in rows:
            begun.append((line, asyncio.create_task(one(line))))
            if len(begun) >= AHEAD * at_once:
                first, task = begun.popleft()
                yield first, await task
        while begun:
            first, task = begun.popleft()
            yield first, await task
    finally:
        tasks = [task for _, task in begun]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
