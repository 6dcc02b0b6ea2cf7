"""Counting what keys ask: one short transaction for whatever several threads ask at once.

A request is counted, and admitted, before it begins: in the database, so processes count together.
What decides nothing waits in memory for the next transaction, or for a second at most: requests of
keys without a limit, and tokens, which are known when an answer has ended. A crash loses that
second of them.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from chatbot.archive import Archive
from chatbot.errors import ChatbotError
from chatbot.keys import limiting
from chatbot.keys.errors import KeyLimit, KeyUnknown
from chatbot.keys.views import Left, Limits
from store import keys
from store.engine import Session

LATEST = 1.0
"""Seconds that what decides nothing waits to be counted."""
UNLIMITED = Limits(requests_minute=0)
NOTHING_TO_SAY = Left(None, None, None, None, 0.0)

log = logging.getLogger(__name__)


class _Request:
    """A request that waits to be counted; `told` is what becomes of it.

    Without a key it only waits for what was there before it. `leads`: who waits writes for all.
    """

    def __init__(self, key_id: int | None = None, limits: Limits = UNLIMITED) -> None:
        self.key_id = key_id
        self.limits = limits
        self.told: Left | ChatbotError | None = None
        self.leads = False
        self.ready = threading.Event()


_Told = tuple[_Request, Left | ChatbotError]


class Counting:
    """What the keys of one process ask. Safe to share between threads."""

    def __init__(self, archive: Archive, clock: Callable[[], datetime]) -> None:
        self._archive = archive
        self._clock = clock
        self._holding = threading.Lock()
        self._waiting: list[_Request] = []
        self._requests, self._tokens = Counter[int](), Counter[int]()
        self._timer: threading.Timer | None = None
        self._busy = False
        self._over: dict[int, tuple[KeyLimit, datetime, Limits]] = {}

    def begin(self, key_id: int, limits: Limits) -> Left:
        """Count a request; what is left. Raises KeyLimit, KeyUnknown, StoreUnavailable."""
        if limits == UNLIMITED:
            self.later(key_id, requests=1)
            return NOTHING_TO_SAY
        self._refuse_again(key_id, limits)
        told = self._through(_Request(key_id, limits))
        if isinstance(told, Left):
            return told
        if isinstance(told, KeyLimit):
            until = self._clock() + timedelta(seconds=told.retry_after)
            self._over[key_id] = (told, until, limits)
        raise told or KeyUnknown  # nothing was told of a key that was forgotten meanwhile

    def _refuse_again(self, key_id: int, limits: Limits) -> None:
        """Raises KeyLimit for who was refused before it was time: what is used stays used.

        Costs nothing, so a program that asks on and on keeps nobody from the database. Who was
        given other limits meanwhile is counted anew.
        """
        if (known := self._over.get(key_id)) is None:
            return
        error, until, were = known
        at = self._clock()
        seconds = (until - at).total_seconds()
        if were == limits and 0 < seconds <= error.retry_after:
            raise limiting.met(error.most, error.limit, seconds, at)
        self._over.pop(key_id, None)

    def later(self, key_id: int, *, requests: int = 0, tokens: int = 0) -> None:
        """Count so much more of a key soon."""
        with self._holding:
            self._requests[key_id] += requests
            self._tokens[key_id] += tokens
            if self._timer is None:
                self._timer = threading.Timer(LATEST, self._flush_some)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Count now what waits. Raises StoreUnavailable: it waits on."""
        with self._holding:
            if not self._tokens and not self._busy:
                return
        if isinstance(told := self._through(_Request()), ChatbotError):
            raise told

    def close(self) -> None:
        """Count what waits, for the last time."""
        with self._holding:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        with suppress(ChatbotError):
            self.flush()

    def _flush_some(self) -> None:
        with self._holding:
            self._timer = None
        try:
            self.flush()
        except ChatbotError as error:
            log.warning("what keys asked waits to be counted: %s", type(error).__name__)

    def _through(self, mine: _Request) -> Left | ChatbotError | None:
        """Wait for a transaction that counts this; the first of those who wait writes it."""
        with self._holding:
            self._waiting.append(mine)
            if not self._busy:
                self._busy = mine.leads = True
        if not mine.leads:
            mine.ready.wait()
        if mine.leads:
            try:
                self._write()
            finally:
                self._hand_over()
        return mine.told

    def _hand_over(self) -> None:
        """Let somebody write who came meanwhile."""
        with self._holding:
            self._busy = bool(self._waiting)
            if self._busy:
                heir = self._waiting[0]
                heir.leads = True
                heir.ready.set()

    def _write(self) -> None:
        """Count everything that waits, in one transaction."""
        with self._holding:
            waiting, self._waiting = self._waiting, []
            requests, self._requests = self._requests, Counter()
            tokens, self._tokens = self._tokens, Counter()
        try:
            with self._archive.main.writing() as session:
                told, at = list[_Told](), self._clock()
                asked = {one.key_id for one in waiting if one.key_id is not None} | set(tokens)
                # In one order: two processes that each wait for the other's row would hang.
                for key_id in sorted(keys.known(session, asked)):
                    own = [one for one in waiting if one.key_id == key_id]
                    more = (requests[key_id], tokens[key_id])
                    told += _admitted(session, key_id, own, more, at)
        except Exception as error:  # noqa: BLE001  whatever broke, nobody is left waiting
            failed = error if isinstance(error, ChatbotError) else ChatbotError()
            told = [(one, failed) for one in waiting]
            with self._holding:
                self._requests.update(requests)
                self._tokens.update(tokens)
        for one, answer in told:
            one.told = answer
        for one in waiting:
            one.ready.set()


def _admitted(
    session: Session, key_id: int, waiting: list[_Request], more: tuple[int, int], at: datetime
) -> list[_Told]:
    """Count the requests of one key that are within its limits, and `more` requests and tokens."""
    number, (requests, tokens) = len(waiting), more
    counted = keys.count(session, key_id, at, requests=number + requests, tokens=tokens)
    told: list[_Told] = []
    refused = 0
    for place, one in enumerate(waiting):
        not_yet = number - 1 - place + refused
        seen = replace(
            counted,
            minute_requests=counted.minute_requests - not_yet,
            month_requests=counted.month_requests - not_yet,
        )
        try:
            told.append((one, limiting.left(one.limits, seen, at)))
        except KeyLimit as error:
            told.append((one, error))
            refused += 1
    if refused:
        keys.count(session, key_id, at, requests=-refused, tokens=0)
    return told
