"""How long somebody waits who typed wrong passwords: twice as long each time, up to a limit.

Counted by login and by address, in the database, so that all processes count together. Who waits is
refused without a look at the password, and that does not count. A login is counted before its
password is compared, so that many tries at once are many tries.

Many people may share an address, and somebody among them always mistypes: its count goes down with
time. One who guesses may have as many addresses as they like of one IPv6 network, so that counts as
one. A login's count goes down with the right password alone, or an hour of rest.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

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
FORGIVEN_AFTER = timedelta(minutes=2)
"""A wrong try from an address is forgiven after so much time without a wait, then another one."""


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
    seen = attempts.get(session, attempts.address_key(line_of(address)))
    if seen is not None:
        _refuse(seen, now)


def wrong(session: Session, address: str, now: datetime) -> None:
    """Count a wrong try from an address."""
    key = attempts.address_key(line_of(address))
    held = attempts.hold(session, key, now)
    attempts.put(session, key, counted(held, now, FREE_ADDRESS, FORGIVEN_AFTER))


def right(session: Session, login: str) -> None:
    """Forget the wrong tries for a login: the right password came."""
    attempts.forget(session, attempts.login_key(login))


def tidy(session: Session, now: datetime) -> None:
    """Remove counts that no longer count."""
    attempts.purge(session, now - FORGET_AFTER)


def line_of(address: str) -> str:
    """What is counted as one address: of IPv6 the network that a house gets, /64."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    return str(found if found.version == 4 else ip_network(f"{found}/64", strict=False))


def counted(
    attempt: Attempt, now: datetime, free: int, forgiven_after: timedelta | None = None
) -> Attempt:
    """The count after one more wrong try; one is taken off for each `forgiven_after` of rest."""
    if attempt.until < now - FORGET_AFTER:
        attempt = Attempt(0, now, now)
    rest = max(now - attempt.until, timedelta())
    count = max(0, attempt.count - (rest // forgiven_after if forgiven_after else 0)) + 1
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
