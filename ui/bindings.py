"""Whose each Gradio session is, and how much one person may have at once. In memory, no HTTP.

A page chooses the name of its session itself, and to Gradio that name is the whole key: who knows
another's reads their stream. Here the first person who uses a name owns it until it is forgotten.

Names can be invented without end, and Gradio keeps something for each and drops the oldest of
anybody when it has too many. So a session is forgotten soon after its page was left, and a person
holds `EACH` at most, of which those that nothing runs in make room for new ones, oldest first; all
together hold `MOST`, which is what Gradio may keep.
"""

import re
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from ui.refusal import Refusal

MOST = 2000
"""Gradio sessions at once: open tabs, and those lately closed."""
EACH = 100
"""Gradio sessions of one person."""
EVENTS = 120
"""Listeners of one person that run or wait; each open tab has one."""
STREAMS = 6
"""Streams of one session that are open."""
CALLS = 60
"""Requests of one person that are being answered, streams not counted."""
BYTES = 32 * 2**20
"""Bytes of bodies of one person that are being read or answered."""
LEFT = 120.0
"""Seconds without use and without an open stream after which a session is forgotten.

An open tab always has one. Gradio keeps some 57 KiB of each session (bench/load.py --soak); a tab
that comes back later, after its machine slept, begins it anew.
"""

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

FOREIGN = "This page was opened by somebody else. Reload it."
TOO_MANY_TABS = "You have too many pages open. Close some, then reload this one."
TOO_MANY = "Too much at once. Wait a moment, then try again."
FULL = "The server has no room for another page just now. Try again in a few minutes."


class Held(Protocol):
    """What Gradio keeps of its sessions."""

    def events(self) -> Mapping[str, int]:
        """Listeners that run or wait, by session."""

    def session_of(self, event: str) -> str | None:
        """The session of a listener that runs or waits."""

    def forget(self, name: str) -> None:
        """Drop all that is kept of a session."""


@dataclass(slots=True)
class _Session:
    person: int
    used: float
    streams: int = 0


class Bindings:
    """The sessions of one process. For the event loop."""

    def __init__(
        self,
        held: Held,
        *,
        most: int = MOST,
        each: int = EACH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._held = held
        self._most = most
        self._each = each
        self._clock = clock
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._count: Counter[int] = Counter()
        self._calls: Counter[int] = Counter()
        self._bytes: Counter[int] = Counter()

    def bind(self, name: str, person: int) -> None:
        """Note that a person uses a session. Raises Refusal: another's, too many, or no room."""
        if not NAME.fullmatch(name):
            raise Refusal(422, "This is no name of a session.", "not_understood")
        known = self._sessions.get(name)
        if known is None:
            self._forget_left()
            self._make_room(person)
            self._sessions[name] = _Session(person, self._clock())
            self._count[person] += 1
        elif known.person != person:
            raise Refusal(403, FOREIGN, "foreign_session")
        else:
            known.used = self._clock()
            self._sessions.move_to_end(name)

    def check_event(self, event: str, name: str) -> None:
        """Raises Refusal when a listener runs in another session."""
        if self._held.session_of(event) not in (None, name):
            raise Refusal(404, "That does not exist, or it has ended.", "not_found")

    def check_events(self, person: int) -> None:
        """Raises Refusal when a person has as many listeners as they may."""
        running = 0
        for name, count in self._held.events().items():
            session = self._sessions.get(name)
            running += count if session is not None and session.person == person else 0
        if running >= EVENTS:
            raise Refusal(429, TOO_MANY, "too_many", retry_after=5)

    @contextmanager
    def streaming(self, name: str) -> Iterator[None]:
        """While a stream of a session is open, it is not forgotten. Raises Refusal: too many."""
        session = self._sessions[name]
        if session.streams >= STREAMS:
            raise Refusal(429, TOO_MANY, "too_many", retry_after=5)
        session.streams += 1
        try:
            yield
        finally:
            session.streams -= 1
            session.used = self._clock()

    @contextmanager
    def calling(self, person: int, size: int) -> Iterator[None]:
        """Count a request of `size` bytes while it is answered. Raises Refusal: too many."""
        if self._calls[person] >= CALLS or (size and self._bytes[person] + size > BYTES):
            raise Refusal(429, TOO_MANY, "too_many", retry_after=1)
        self._calls[person] += 1
        self._bytes[person] += size
        try:
            yield
        finally:
            self._less(self._calls, person, 1)
            self._less(self._bytes, person, size)

    def _make_room(self, person: int) -> None:
        if self._count[person] >= self._each and not self._drop(person):
            raise Refusal(429, TOO_MANY_TABS, "too_many_pages", retry_after=60)
        if len(self._sessions) >= self._most and not self._drop(person):
            raise Refusal(503, FULL, "full", retry_after=120)

    def _forget_left(self) -> None:
        """Forget every session that its page has left."""
        late = self._clock() - LEFT
        for name in [name for name, one in self._idle() if one.used < late]:
            self._forget(name)

    def _drop(self, person: int) -> bool:
        """Forget the oldest idle session of a person; whether there was one."""
        found = next((name for name, one in self._idle() if one.person == person), None)
        if found is not None:
            self._forget(found)
        return found is not None

    def _idle(self) -> Iterator[tuple[str, _Session]]:
        """Sessions in which nothing is open or runs, the oldest first."""
        busy = self._held.events()
        for name, one in self._sessions.items():
            if not one.streams and name not in busy:
                yield name, one

    def _forget(self, name: str) -> None:
        self._less(self._count, self._sessions.pop(name).person, 1)
        self._held.forget(name)

    @staticmethod
    def _less(counter: Counter[int], person: int, by: int) -> None:
        counter[person] -= by
        if counter[person] <= 0:
            del counter[person]
