"""The arithmetic of waiting after wrong passwords."""

from datetime import UTC, datetime, timedelta

import pytest

from chatbot.accounts.tries import (
    FORGET_AFTER,
    FORGIVEN_AFTER,
    FREE_ADDRESS,
    FREE_LOGIN,
    LONGEST_WAIT,
    counted,
    in_words,
    left,
    line_of,
    wait_after,
)
from store.records import Attempt

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def after(wrong, free=FREE_LOGIN, now=NOW):
    attempt = Attempt(0, now, now)
    for _ in range(wrong):
        attempt = counted(attempt, now, free)
    return attempt


def test_the_first_tries_are_free_then_each_wait_doubles():
    waits = [wait_after(wrong, FREE_LOGIN) for wrong in range(1, 15)]
    assert waits == [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


@pytest.mark.parametrize("wrong", [20, 10**6])
def test_no_wait_is_longer_than_the_longest(wrong):
    assert wait_after(wrong, FREE_LOGIN) == LONGEST_WAIT


def test_an_address_has_more_free_tries():
    assert left(after(FREE_ADDRESS - 1, FREE_ADDRESS), NOW) == 0
    assert left(after(FREE_ADDRESS, FREE_ADDRESS), NOW) == 5


def test_the_wait_ends_by_itself():
    attempt = after(6)
    assert left(attempt, NOW + timedelta(seconds=9.5)) == 1
    assert left(attempt, NOW + timedelta(seconds=10)) == 0


def test_counting_begins_anew_after_an_hour_of_rest():
    later = NOW + FORGET_AFTER + timedelta(seconds=901)
    assert counted(after(30), later, FREE_LOGIN).count == 1
    assert counted(after(30), NOW + FORGET_AFTER, FREE_LOGIN).count == 31


def test_slips_of_an_office_in_a_day_are_forgiven():
    """A wrong password in three minutes, from one address, for a day: nobody ever waits."""
    attempt, now = Attempt(0, NOW, NOW), NOW
    for _ in range(480):
        assert left(attempt, now) == 0
        attempt = counted(attempt, now, FREE_ADDRESS, FORGIVEN_AFTER)
        now += timedelta(minutes=3)


def test_guesses_of_an_address_are_not_forgiven_while_they_go_on():
    attempt, now, tries = Attempt(0, NOW, NOW), NOW, 0
    while now < NOW + timedelta(days=1):
        tries += 1
        attempt = counted(attempt, now, FREE_ADDRESS, FORGIVEN_AFTER)
        now += timedelta(seconds=max(1, left(attempt, now)))
    assert tries < FREE_ADDRESS + 86_400 / FORGIVEN_AFTER.total_seconds() + 10


def test_a_login_forgives_nothing_but_after_an_hour():
    attempt = after(FREE_LOGIN)
    assert counted(attempt, NOW + timedelta(minutes=30), FREE_LOGIN).count == FREE_LOGIN + 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::2"),
        ("fe80::1%eth0", "fe80::2%eth0"),
    ],
)
def test_addresses_of_one_line_are_one(one, other):
    assert line_of(one) == line_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.7", "192.0.2.8"),
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("testclient", "another"),
        ("", "192.0.2.7"),
    ],
)
def test_addresses_of_two_lines_are_two(one, other):
    assert line_of(one) != line_of(other)


def test_a_clock_put_back_locks_nobody_out():
    assert left(after(30), NOW - timedelta(hours=1)) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (5, "5 seconds"),
        (99, "99 seconds"),
        (160, "3 minutes"),
        (900, "15 minutes"),
        (5_999, "100 minutes"),
        (86_399, "24 hours"),
    ],
)
def test_waits_in_words_are_never_too_short(seconds, words):
    assert in_words(seconds) == words
