"""A process that is there to be killed: it answers in one conversation and reports on lines.

Started by tests.support.forked; `conversation` "-" begins one. Prints `saved CONVERSATION REPLY`
when the question is acknowledged, `text N` as the answer grows, `done STATUS` at its end.
"""

import asyncio
from pathlib import Path

from chatbot.bootstrap import build
from chatbot.settings import Settings


async def _answer(home: str, url: str, conversation: str, key: str, text: str) -> None:
    product = build(Settings(home=Path(home), database_url=url, model="scripted"))
    print("recovered", product.recover(), flush=True)
    turn = await product.chat.start_turn(
        product.person(), None if conversation == "-" else conversation, text, key
    )
    print("saved", turn.conversation, turn.reply, flush=True)
    async for snapshot in turn.follow():
        print("text", len(snapshot.text), flush=True)
    print("done", turn.status, flush=True)


def main(*given: str) -> None:
    asyncio.run(_answer(*given))
