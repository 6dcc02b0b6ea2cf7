"""A turn while it runs: the text so far, for any number of readers.

It belongs to the server, not to a browser tab. Readers get snapshots, so a slow one skips states
and nothing grows while it sleeps. Knows nothing of databases, prompts or models.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from chatbot.backends.cancel import CancelToken

State = Literal["waiting", "loading", "writing", "done"]
PACE = 1 / 20
"""Least seconds between two looks at a text that grows."""
TURN: ContextVar[str] = ContextVar("turn", default="")
"""The turn that a task works on, by the public id of its answer: lines of the log name it."""


@dataclass(slots=True, eq=False)
class Turn:
    """One question and the answer being made to it. All ids are public ids.

    `text` is the whole answer so far. `status` is the message's (`streaming` until done); `error` a
    sentence for people. `reply` is empty where a person answers, and no model. `saved` is False
    when the database did not take the finished answer.
    `started` and `first_at` are seconds of the monotonic clock.
    """

    user_id: int
    conversation: str
    question: str
    reply: str
    state: State = "waiting"
    text: str = ""
    status: str = "streaming"
    error: str | None = None
    saved: bool = True
    model: str | None = None
    started: float = field(default_factory=time.monotonic)
    first_at: float | None = None
    cancel: CancelToken = field(default_factory=CancelToken, repr=False)
    _version: int = field(default=0, repr=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def done(self) -> bool:
        """Whether nothing more will change, but for a later `save_again`."""
        return self.state == "done"

    def add(self, text: str) -> None:
        """Append a piece of the answer."""
        if text and self.first_at is None:
            self.first_at = time.monotonic()
        self.text += text
        self.changed()

    def become(self, state: State) -> None:
        """Go on to another state."""
        self.state = state
        self.changed()

    def finish(self, status: str, error: str | None = None) -> None:
        """Reach the end with a true status; readers get this last snapshot and leave."""
        self.status, self.error = status, error
        self.become("done")

    def changed(self) -> None:
        """Wake every reader."""
        self._version += 1
        self._wake.set()
        self._wake = asyncio.Event()

    async def follow(self, pace: float | Callable[[], float] = PACE) -> AsyncIterator["Turn"]:
        """This turn now, after changes, and when done.

        Once there is text, at most one look in `pace` seconds; the first piece waits for none.
        A function is asked before each look.
        """
        seen, due = -1, 0.0
        while True:
            wake, done = self._wake, self.done
            if self._version != seen:
                seen = self._version
                if self.first_at is not None:
                    due = time.monotonic() + (pace() if callable(pace) else pace)
                yield self
            if done:
                return
            if self._version == seen:
                await wake.wait()
            await asyncio.sleep(0 if self.done else due - time.monotonic())

    async def finished(self) -> "Turn":
        """Wait for the end."""
        while not self.done:
            await self._wake.wait()
        return self
