"""Passwords: which are good enough, and that nothing but the right one opens a hash."""

import threading

import pytest
from argon2 import extract_parameters

from chatbot import passwords
from chatbot.errors import Refused

GOOD = "staple horse 42"


@pytest.mark.parametrize("good", [GOOD, "пароль-на-двері", "x!7Qz_0pLm", "a" * 5 + "bcdefg"])
def test_good_passwords_pass(good):
    passwords.check(good, "ada")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("", "too short"),
        ("nine char", "too short"),
        ("x" * 1001, "too long"),
        ("Ada.Lovelace", "name you log in with"),
        ("ada.lovelace2026!", "name you log in with"),
        ("Password123", "everybody tries"),
        ("1212121212", "everybody tries"),
        ("good enough \ud800", "broken character"),
        ("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44123", "everybody tries"),  # password
        ("\u24d0da.lovelace", "name you log in with"),  # a circled a
        ("e\u0301a\u0301o\u0301u\u0301i\u0301", "too short"),  # five letters with accents
    ],
)
def test_bad_passwords_are_refused_with_the_reason(bad, says):
    with pytest.raises(Refused, match=says):
        passwords.check(bad, "ada.lovelace")


def test_a_refusal_does_not_repeat_the_password():
    with pytest.raises(Refused) as caught:
        passwords.check("Password123", "ada")
    assert "password123" not in str(caught.value).casefold()


def test_hashes_are_argon2id_of_64_mib_with_their_own_salt(real_passwords):
    real_passwords()
    first, second = passwords.hashed(GOOD), passwords.hashed(GOOD)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,")
    assert passwords.fits(first, GOOD)
    assert not passwords.fits(first, GOOD + "!")
    assert not passwords.is_outdated(first)


def test_nobody_costs_as_much_as_somebody(real_passwords):
    real_passwords()
    assert extract_parameters(passwords.NOBODY) == extract_parameters(passwords.hashed(GOOD))
    assert not passwords.fits(None, GOOD)
    assert not passwords.fits(None, "")


def test_spelling_of_the_same_characters_does_not_count():
    assert passwords.fits(passwords.hashed("Zu\u0308rich am See"), "Z\u00fcrich am See")


@pytest.mark.parametrize("odd", ["\ud800" * 12, "x" * 1_000_000, "\x00", ""])
def test_odd_input_opens_nothing(odd):
    assert not passwords.fits(passwords.hashed(GOOD), odd)
    assert not passwords.fits("not a hash", odd)


def test_cheaper_hashes_are_outdated(real_passwords):
    old = passwords.hashed(GOOD)
    real_passwords()
    assert passwords.is_outdated(old)


class Counting:
    """Hashes like the real one, and counts how many do at once."""

    def __init__(self):
        self.now = self.most = 0
        self.lock, self.full = threading.Lock(), threading.Event()

    def hash(self, _password):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now == passwords.AT_ONCE:
                self.full.set()
        self.full.wait(10)  # the first ones wait for each other, so that they do meet
        with self.lock:
            self.now -= 1
        return "hash"


def test_only_a_few_are_hashed_at_once(monkeypatch):
    counting = Counting()
    monkeypatch.setattr(passwords, "HASHER", counting)
    threads = [threading.Thread(target=passwords.hashed, args=(GOOD,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting.most == passwords.AT_ONCE
