"""A server that is there to be stopped: it answers a number of questions and reports on lines.

    python -m tests.support.stopping_process HOME DRAIN_SECONDS COUNT TEXT [stuck]

Prints `writing` when every answer has begun, `refused SENTENCE` for a question that comes while it
stops, `left` when it has stopped by itself. With `stuck` a thread runs that nothing can end.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn

from chatbot.bootstrap import Product, build
from chatbot.errors import ChatbotError
from chatbot.settings import Settings
from ui import stopping


async def ask(product: Product, count: int, text: str) -> None:
    start, person = product.chat.start_turn, product.person()
    turns = [await start(person, None, text, f"key {n}") for n in range(count)]
    silent = text.startswith("!hang")
    while not all(turn.done or turn.text or (silent and turn.state == "writing") for turn in turns):
        await asyncio.sleep(0.01)
    print("writing", flush=True)
    while not product.chat.closing:
        await asyncio.sleep(0.01)
    try:
        await start(person, None, "!say late", "late")
    except ChatbotError as error:
        print("refused", error.status, error, flush=True)


def main(home: str, drain: str, count: str, text: str, stuck: str = "") -> None:
    product = build(
        Settings(home=Path(home), model="scripted", drain_seconds=float(drain), database_wait=0.2)
    )
    tasks = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        tasks.append(asyncio.create_task(ask(product, int(count), text)))
        if stuck:
            stopping.LEAVE_WITHIN = 0.5
            tasks.append(asyncio.create_task(asyncio.to_thread(time.sleep, 600)))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    config = uvicorn.Config(app, port=0, log_level="warning", lifespan="on")
    stopping.Server(config, product, lambda: print("streams ended", flush=True)).run()
    product.close()
    print("left", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
