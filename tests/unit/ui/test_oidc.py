"""What a browser keeps while its person is at another server: its words, its end, nonsense."""

import pytest

from ui.cookies import AWAY_SECONDS
from ui.oidc import Away, begun, read

NOW = 1_800_000_000.5


def test_a_cookie_holds_all_of_it():
    away = begun("/?c=1&m=ü.%2E", NOW)
    assert read(away.cookie) == Away(away.secret, int(NOW), "/")  # no such path is ours
    away = begun("/?c=1&m=2.3", NOW)
    assert read(away.cookie) == away
    assert begun("/", NOW).secret != away.secret


def test_its_words_differ_and_tell_nothing():
    away = begun("/", NOW)
    words = {away.word(purpose) for purpose in ("state", "nonce", "verifier")}
    assert len(words) == 3
    assert all(43 <= len(word) <= 128 and word.isalnum() for word in words)
    assert away.secret not in "".join(words)


def test_it_ends_after_ten_minutes():
    away = begun("/", NOW)
    state = away.word("state")
    assert away.brought(state, NOW)
    assert away.brought(state, away.since + AWAY_SECONDS)
    assert not away.brought(state, away.since + AWAY_SECONDS + 1)
    assert not away.brought(state, away.since - 1)


@pytest.mark.parametrize("changed", [{"secret": "x"}, {"since": 1_800_000_001}, {"to": "/?c=2"}])
def test_its_state_fits_nothing_else(changed):
    away = begun("/?c=1", NOW)
    given = {"secret": away.secret, "since": away.since, "to": away.to} | changed
    assert not Away(**given).brought(away.word("state"), NOW)
    assert not away.brought("", NOW)
    assert not away.brought("é", NOW)


@pytest.mark.parametrize(
    "cookie", ["", "x", "x.y.z", ".1.%2F", "a..%2F", "a.-1.%2F", "a.²." + "%2F", "a." + "9" * 13]
)
def test_nonsense_is_nothing(cookie):
    assert read(cookie) is None


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil", "/login", ""])
def test_it_leads_to_this_server_only(to):
    assert read(begun(to, NOW).cookie).to == "/"
