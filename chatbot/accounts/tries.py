"""How long somebody waits who typed wrong passwords: twice as long each time, up to a limit.

Counted by login and by address, in the database, so that all processes count together. Who waits is
refused without a look at the password, and that does not count. A login is counted before its
password is compared, so that many tries at once are many tries.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chatbot.errors import TooManyTries
from store import attempts
from store.engine import Session
from store.records import Attempt

FREE_LOGIN, FREE_ADDRESS = 5, 50
"""Wrong tries in a row without a wait; many people may share an address."""
FIRST_WAIT, LONGEST_WAIT = 5, 900
"""Seconds."""
FORGET_AFTER = timedelta(hours=1)
"""Without a try for so long, counting begins anew."""


def wait_after(wrong: int, free: int) -> int:
    """Seconds to wait after so many wrong tries in a row, the first `free` of which cost nothing.

    >>> [wait_after(wrong, free=5) for wrong in (4, 5, 6, 7, 100)]
    [0, 5, 10, 20, 900]
    """
    beyond = wrong - free
    if beyond < 0:
        return 0
    return min(LONGEST_WAIT, FIRST_WAIT << min(beyond, 10))


def begin(session: Session, login: str, address: str, now: datetime) -> None:
    """Count a try for a login, as a wrong one until `right` is called. Raises TooManyTries."""
    check_address(session, address, now)
    key = attempts.login_key(login)
    held = attempts.hold(session, key, now)
    _refuse(held, now)
    attempts.put(session, key, counted(held, now, FREE_LOGIN))


def check_address(session: Session, address: str, now: datetime) -> None:
    """Raises TooManyTries: there were too many wrong ones from an address."""
    seen = attempts.get(session, attempts.address_key(address))
    if seen is not None:
        _refuse(seen, now)


def wrong(session: Session, address: str, now: datetime) -> None:
    """Count a wrong try from an address."""
    key = attempts.address_key(address)
    attempts.put(session, key, counted(attempts.hold(session, key, now), now, FREE_ADDRESS))


def right(session: Session, login: str) -> None:
    """Forget the wrong tries for a login: the right password came."""
    attempts.forget(session, attempts.login_key(login))


def tidy(session: Session, now: datetime) -> None:
    """Remove counts that no longer count."""
    attempts.purge(session, now - FORGET_AFTER)


def counted(attempt: Attempt, now: datetime, free: int) -> Attempt:
    """The count after one more wrong try."""
    if attempt.until < now - FORGET_AFTER:
        attempt = Attempt(0, now, now)
    count = attempt.count + 1
    return replace(attempt, count=count, until=now + timedelta(seconds=wait_after(count, free)))


def left(attempt: Attempt, now: datetime) -> int:
    """Seconds to wait still. A wait beyond the longest one means that the clock was put back."""
    seconds = (attempt.until - now).total_seconds()
    return -int(-seconds // 1) if 0 < seconds <= LONGEST_WAIT else 0


def _refuse(attempt: Attempt, now: datetime) -> None:
    seconds = left(attempt, now)
    if seconds:
        raise TooManyTries(f"Too many wrong tries. Wait {in_words(seconds)}.", seconds)


def in_words(seconds: int) -> str:
    """Such as `5 seconds`, `2 minutes` or `20 hours`, never too short."""
    if seconds < 100:
        return f"{seconds} second{'s' * (seconds != 1)}"
    if seconds < 100 * 60:
        return f"{-(-seconds // 60)} minutes"
    return f"{-(-seconds // 3600)} hours"
