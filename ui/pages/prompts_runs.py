"""Answers that are written while a page looks on: begun, followed piece by piece, stopped.

    begin ─▶ {"work": id}
    follow(work, have) ─▶ {"text": what came after `have` characters, "ended": None}, again and
                         again, then with the figures of the end
    stop ─▶ it ends as soon as it can, with what it has

A run belongs to a person, is kept in memory only, and is forgotten once its end was told or nobody
asks for it any more. Knows no page and no model.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol

from chatbot.backends.cancel import CancelToken
from chatbot.errors import Busy, ChatbotError, NotFound
from chatbot.views import Person

Json = dict[str, Any]


class Piece(Protocol):
    """A piece of an answer; the last one has `ended`, its figures.

    One may have `beside`: what a page shows before the answer is there.
    """

    @property
    def text(self) -> str:
        """What is added."""

    @property
    def ended(self) -> Json | None:
        """The figures of the end."""


Start = Callable[[CancelToken], AsyncGenerator[Piece, None]]

log = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds that one `follow` waits for more text, so that a page asks five times a second."""
KEPT = 30.0
"""Seconds without a `follow` after which a run is stopped and forgotten: its page is gone."""
MOST = 40
"""Runs that are written or kept at once."""
MOST_EACH = 8
"""The same of one person."""


@dataclass(slots=True, eq=False)
class _Run:
    person: int
    cancel: CancelToken = field(default_factory=CancelToken)
    text: str = ""
    ended: Json | None = None
    beside: Json | None = None
    error: ChatbotError | None = None
    seen: float = field(default_factory=time.monotonic)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None


class Runs:
    """The runs of one page, for its event loop."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def begin(self, person: Person, start: Start) -> Json:
        """Begin to write what `start` yields. Raises Busy."""
        self._forget()
        own = sum(run.person == person.id for run in self._runs.values())
        if own >= MOST_EACH or len(self._runs) >= MOST:
            raise Busy("Several answers are being written just now. Try again in a moment.")
        run, name = _Run(person.id), uuid.uuid4().hex
        run.task = asyncio.create_task(_write(run, start))
        self._runs[name] = run
        return {"work": name}

    async def follow(self, person: Person, name: str, have: int) -> Json:
        """What was written after the first `have` characters. Raises NotFound, and what broke."""
        run = self._of(person, name)
        run.seen = time.monotonic()
        if run.ended is None and run.error is None and len(run.text) <= have and not run.beside:
            run.more.clear()
            with_patience = asyncio.wait_for(run.more.wait(), LOOK * 5)
            await asyncio.gather(with_patience, return_exceptions=True)
        if run.ended is None and run.error is None and have:
            await asyncio.sleep(LOOK)
        if run.error is not None:
            del self._runs[name]
            raise run.error
        if run.ended is not None:
            self._runs.pop(name, None)
        told = {"text": run.text[have:], "ended": run.ended}
        if run.beside is not None:
            told["beside"], run.beside = run.beside, None
        return told

    def stop(self, person: Person, name: str) -> None:
        """Ask a run to end; `follow` tells what it has until then. Raises NotFound."""
        self._of(person, name).cancel.cancel()

    def close(self) -> None:
        """Stop all: the server ends."""
        for run in self._runs.values():
            run.cancel.cancel()

    def _of(self, person: Person, name: str) -> _Run:
        run = self._runs.get(name)
        if run is None or run.person != person.id:
            raise NotFound("That was too long ago, or the server was started again. Run it again.")
        return run

    def _forget(self) -> None:
        late = time.monotonic() - KEPT
        for name, run in list(self._runs.items()):
            if run.seen < late:
                run.cancel.cancel()
                del self._runs[name]


async def _write(run: _Run, start: Start) -> None:
    """Write into the run until its end; an error waits there for the page."""
    try:
        async with aclosing(start(run.cancel)) as told:
            async for one in told:
                run.text += one.text
                run.beside = getattr(one, "beside", None) or run.beside
                run.ended = one.ended or run.ended
                run.more.set()
                if time.monotonic() - run.seen > KEPT:
                    run.cancel.cancel()
        if run.ended is None:
            run.ended = {"status": "stopped" if run.cancel.cancelled else "truncated"}
    except ChatbotError as error:
        run.error = error
    except Exception as error:  # noqa: BLE001  whatever broke, the page gets an end
        # The exception's text may quote what was asked, so only its type is logged.
        log.error("a run broke: %s", type(error).__name__)  # noqa: TRY400
        run.error = ChatbotError("Something went wrong while answering. Try again.")
    finally:
        run.more.set()
