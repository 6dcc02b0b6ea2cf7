"""The server's own socket."""

import asyncio
import socket

from ui.web import _listen


def test_answers_are_sent_at_once_and_not_held_back_for_more():
    """asyncio switches Nagle's algorithm off, but only where a socket says that it is TCP's."""
    found = []

    async def scene():
        listener = _listen("127.0.0.1", 0)
        where = listener.getsockname()

        async def met(_, writer):
            accepted = writer.get_extra_info("socket")
            found.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(met, sock=listener):
            reader, writer = await asyncio.open_connection(*where)
            await reader.read()
            writer.close()
            await writer.wait_closed()

    asyncio.run(scene())
    assert found != [0]
    assert len(found) == 1
