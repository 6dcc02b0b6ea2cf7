"""Keys of programs on both databases: made, used, counted together, ended, forgotten."""

import json
import threading
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from chatbot.allowance import UNLIMITED, Allowance
from chatbot.errors import Conflict, NotAllowed, NotFound, Refused, UnknownModel
from chatbot.keys import KeyLimit, Keys, KeyUnknown, ModelNotAllowed
from chatbot.options import Limits
from store import accounts, api_calls, keys
from store.errors import Unavailable
from tests.support.house import everything
from tests.support.stored import started, turn


@pytest.fixture
def made(house, clock):
    """Keys with models of two names and three versions, and one prompt."""
    labels = {"small": "small@2", "small@1": "small@1", "small@2": "small@2", "big": "big@1"}

    def label(name):
        if name not in labels:
            raise UnknownModel
        return labels[name]

    def published(name):
        if name != "support":
            raise NotFound

    return Keys(house.archive, house.audit, label, published, clock)


def add(house, made, name="Shop", **more):
    return made.add(house.local, name=name, **more)


def test_a_key_opens_what_it_was_given(house, made):
    new = add(house, made, roles=("agent", "chatter"), models=("small", "prompt:support"))
    assert (new.token[:3], len(new.token)) == ("cb-", 46)
    caller = made.of_token(new.token)
    assert (caller.name, caller.models) == ("Shop", ("small", "prompt:support"))
    assert caller.person.roles == ("chatter", "agent")
    assert made.holds(caller)
    assert new.key.ends == new.token[-4:]


def test_the_key_itself_is_kept_nowhere(house, made, database):
    new = add(house, made)
    made.begin(made.of_token(new.token))
    made.of_token(new.token)
    assert new.token not in everything(database)
    assert new.token[3:] not in everything(database)
    assert new.token not in repr(new)


def test_what_no_key_can_be(house, made, clock):
    for given in (
        {"name": " "},
        {"name": "x" * 61},
        {"name": "two\x07tones"},
        {"roles": ()},
        {"roles": ("king",)},
        {"models": ("unknown",)},
        {"models": ("prompt:unknown",)},
        {"models": ("small",) * 51},
        {"requests_minute": -1},
        {"tokens_month": 2**40},
        {"expires_at": clock()},
    ):
        with pytest.raises(Refused):
            add(house, made, **given)
    assert made.all(house.local) == []


def test_a_name_stands_for_one_key_at_a_time(house, made):
    first = add(house, made)
    with pytest.raises(Conflict):
        add(house, made)
    made.revoke(house.local, first.key.public_id)
    second = add(house, made)
    assert made.find(house.local, "Shop").public_id == second.key.public_id
    assert made.find(house.local, first.key.public_id).state == "revoked"
    with pytest.raises(NotFound):
        made.find(house.local, "Another")


def test_what_is_no_key(made):
    for token in ("", "cb-", "cb-" + "a" * 43, "sk-" + "a" * 43, "x" * 5000, "é", "cb-\x00"):
        with pytest.raises(KeyUnknown, match="no such key"):
            made.of_token(token)


def test_a_revoked_key_opens_nothing(house, made):
    new = add(house, made)
    caller = made.of_token(new.token)
    view = made.revoke(house.local, new.key.public_id)
    assert view.state == "revoked"
    assert not made.holds(caller)
    with pytest.raises(KeyUnknown, match="revoked"):
        made.of_token(new.token)
    assert made.revoke(house.local, new.key.public_id).revoked == view.revoked
    assert house.actions().count("key_revoked") == 1


def test_an_expired_key_opens_nothing(house, made, clock):
    new = add(house, made, expires_at=clock() + timedelta(days=1))
    caller = made.of_token(new.token)
    clock.go(days=1)
    assert not made.holds(caller)
    with pytest.raises(KeyUnknown, match="expired"):
        made.of_token(new.token)
    assert made.all(house.local)[0].state == "expired"


def test_only_administrators_govern_keys(house, made):
    other = house.accounts.person(house.local, house.add("ann", "agent", "author").id)
    new = add(house, made)
    asked = (
        lambda: made.add(other, name="Mine"),
        lambda: made.all(other),
        lambda: made.find(other, "Shop"),
        lambda: made.revoke(other, new.key.public_id),
        lambda: made.person(other, new.key.public_id),
    )
    for ask in asked:
        with pytest.raises(NotAllowed):
            ask()
    made.of_token(new.token)


# Models ------------------------------------------------------------------------------------------


def test_names_count_for_what_they_stand_for(house, made):
    for number, (allowed, fine, refused) in enumerate(
        (
            ((), ("small", "small@1", "big", "prompt:x", "unknown"), ()),
            (("small",), ("small", "small@2"), ("small@1", "big", "prompt:support", "unknown", "")),
            (("small@1",), ("small@1",), ("small", "small@2", "big@1")),
            (("small@2",), ("small", "small@2"), ("small@1",)),
            (
                ("prompt:support",),
                ("prompt:support",),
                ("small", "prompt:other", "support", "prompt:"),
            ),
        )
    ):
        caller = made.of_token(add(house, made, name=f"Key {number}", models=allowed).token)
        for name in fine:
            made.may_use(caller, name)
        for name in refused:
            with pytest.raises(ModelNotAllowed):
                made.may_use(caller, name)


def test_a_version_that_left_opens_nothing_else(house, clock):
    """Two names that stand for nothing are not the same."""
    made = Keys(house.archive, house.audit, {"old": "old@1"}.__getitem__, clock=clock)
    caller = made.of_token(add(house, made, models=("old",)).token)

    def gone(_):
        raise UnknownModel

    later = Keys(house.archive, house.audit, gone, clock=clock)
    with pytest.raises(ModelNotAllowed):
        later.may_use(caller, "another that is gone")


# Limits ------------------------------------------------------------------------------------------


def test_requests_of_a_minute_are_counted(house, made, clock):
    caller = made.of_token(add(house, made, requests_minute=2).token)
    assert [made.begin(caller).requests_left for _ in range(2)] == [1, 0]
    clock.go(seconds=20)
    for _ in range(3):
        with pytest.raises(KeyLimit, match="2 requests a minute") as refused:
            made.begin(caller)
        assert (refused.value.limit, refused.value.retry_after) == ("requests a minute", 40)
    clock.go(seconds=40)
    assert made.begin(caller).requests_left == 1
    assert made.all(house.local)[0].usage.today_requests == 3  # what was refused was not asked


def test_tokens_of_a_minute_are_counted_when_they_are_known(house, made, clock):
    caller = made.of_token(add(house, made, tokens_minute=100).token)
    assert made.begin(caller).tokens_left == 100
    made.charge(caller, 99)
    assert made.begin(caller).tokens_left == 1
    made.charge(caller, 500)  # the answer that passes the limit is the last one
    with pytest.raises(KeyLimit, match="100 tokens a minute"):
        made.begin(caller)
    clock.go(seconds=60)
    assert made.begin(caller).tokens_left == 100


def test_who_asks_on_and_on_costs_the_database_nothing(house, made, clock):
    caller, begun = made.of_token(add(house, made, requests_minute=1).token), clock()
    made.begin(caller)
    for seconds in (0, 10, 10):
        clock.go(seconds=seconds)
        with pytest.raises(KeyLimit, match=f"in {60 - (clock() - begun).seconds} seconds"):
            made.begin(caller)
    assert made.all(house.local)[0].used == begun  # the later ones were not even looked up
    clock.go(hours=-1)  # a clock that is put back refuses nobody for longer
    made.begin(caller)


@pytest.mark.parametrize("limit", ["requests_month", "tokens_month"])
def test_a_month_is_over_on_its_last_day(house, made, clock, limit):
    clock.moment = clock.moment.replace(
        month=12, day=30, hour=12, minute=0, second=0, microsecond=0
    )
    caller = made.of_token(add(house, made, **{limit: 5}).token)
    for _ in range(5):
        made.begin(caller)
        made.charge(caller, 1)
    made.all(house.local)
    with pytest.raises(KeyLimit, match=r"a month.* on 1 January") as refused:
        made.begin(caller)
    assert refused.value.retry_after == 36 * 3600
    clock.go(hours=36)
    made.begin(caller)
    usage = made.all(house.local)[0].usage
    assert (usage.month_requests, usage.today_requests, usage.month_tokens) == (1, 1, 0)


def test_usage_tells_of_this_minute_day_and_month(house, made, clock):
    clock.moment = clock.moment.replace(day=10, hour=23, minute=0)
    caller = made.of_token(add(house, made).token)
    made.begin(caller)
    made.charge(caller, 7)
    found = made.all(house.local)[0]
    assert found.used == clock()
    assert (found.usage.minute_tokens, found.usage.today_tokens, found.usage.month_tokens) == (
        7,
        7,
        7,
    )
    clock.go(hours=2)
    usage = made.all(house.local)[0].usage
    assert (usage.minute_tokens, usage.today_tokens, usage.month_tokens) == (0, 0, 7)


def test_a_key_without_limits_is_counted_all_the_same(house, made):
    caller = made.of_token(add(house, made, requests_minute=0).token)
    left = [made.begin(caller) for _ in range(3)]
    assert {(one.requests_limit, one.tokens_left) for one in left} == {(None, None)}
    assert made.all(house.local)[0].usage.month_requests == 3


def test_processes_and_threads_count_together(house, made, clock):
    """Two of `Keys`, as in two servers, asked by many threads at once: no request too many."""
    token = add(house, made, requests_minute=10).token
    other = Keys(house.archive, house.audit, clock=clock)
    caller, told = made.of_token(token), []

    def ask(one):
        try:
            told.append(one.begin(caller).requests_left)
        except KeyLimit:
            told.append("refused")

    threads = [threading.Thread(target=ask, args=(one,)) for one in (made, other) * 12]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told, key=str) == [*range(10), *["refused"] * 14]
    assert made.all(house.local)[0].usage.minute_requests == 10


def test_what_waits_is_counted_at_the_end(house, made):
    caller = made.of_token(add(house, made).token)
    made.charge(caller, 12)
    made.close()
    later = Keys(house.archive, house.audit, clock=house.clock)
    assert later.all(house.local)[0].usage.month_tokens == 12


def test_what_the_database_did_not_take_is_counted_at_the_end(house, made, monkeypatch):
    def broken(*_, **__):
        raise Unavailable("lost")

    made.charge(made.of_token(add(house, made).token), 12)
    made._counting._timer.cancel()
    monkeypatch.setattr(keys, "count", broken)
    made._counting._flush_some()
    monkeypatch.undo()
    made.close()
    later = Keys(house.archive, house.audit, clock=house.clock)
    assert later.all(house.local)[0].usage.month_tokens == 12


# Its person --------------------------------------------------------------------------------------


def test_a_program_is_no_one_among_people(house, made, database):
    add(house, made, roles=("agent", "admin"))
    new = add(house, made, name="Second", roles=("agent", "admin"))
    person = made.of_token(new.token).person
    assert house.accounts.people(house.local) == []
    with pytest.raises(NotFound):
        house.accounts.person(house.local, person.public_id)
    for change in (
        lambda: house.accounts.set_roles(house.local, person.public_id, ["admin"]),
        lambda: house.accounts.set_password(house.local, person.public_id, "staple horse 42"),
        lambda: house.accounts.reset_link(house.local, person.public_id),
    ):
        with pytest.raises(NotFound):
            change()
    with database.reading() as session:
        found = accounts.with_roles(session, ("agent", "admin"))
        assert person.id not in {one.id for one in found}
        assert accounts.administrators(session) == []


def test_who_is_revoked_or_expired_has_no_roles(house, made, database, clock):
    """What their answers go on by; asked with the machine's own clock."""
    soon = {"expires_at": datetime.now(UTC) + timedelta(days=1)}
    over = {"expires_at": datetime.now(UTC) - timedelta(days=1)}
    clock.moment = datetime.now(UTC) - timedelta(days=2)
    given = {"Lasting": {}, "Ending": soon, "Over": over, "Revoked": {}}
    tokens = {name: add(house, made, name, **more).token for name, more in given.items()}
    people = {name: made.of_token(token).person.id for name, token in tokens.items()}
    made.revoke(house.local, made.find(house.local, "Revoked").public_id)
    with database.reading() as session:
        found = accounts.roles(session, set(people.values()))
    assert {name for name, each in people.items() if each in found} == {"Lasting", "Ending"}


def test_counts_of_clocks_that_differ(house, made, database, clock):
    """A server a little behind counts with the others; one put back by far begins anew."""
    caller = made.of_token(add(house, made).token)
    at = clock.moment.replace(day=15, hour=0, minute=0, second=1)
    with database.transaction() as session:
        first = keys.count(session, caller.key_id, at, requests=1, tokens=0)
        behind = keys.count(session, caller.key_id, at - timedelta(seconds=2), requests=1, tokens=0)
        anew = keys.count(session, caller.key_id, at - timedelta(days=90), requests=1, tokens=0)
    assert (first.minute_requests, first.day_requests) == (1, 1)
    assert (behind.minute_requests, behind.day_requests, behind.month_requests) == (2, 2, 2)
    assert (anew.minute_requests, anew.day_requests, anew.month_requests) == (1, 1, 1)


# What it asked -----------------------------------------------------------------------------------


def test_what_a_key_asked_is_exported_and_forgotten(product, play):
    """Conversations, calls that named themselves, counts: told to an administrator, then gone."""
    by, database = product.person(), product.database
    new = product.keys.add(by, name="Quokka shop", roles=("agent",))
    caller = product.keys.of_token(new.token)
    product.keys.begin(caller)
    talk = started(database, caller.person)
    turn(database, talk, text="where is my quokka")
    with database.transaction() as session:
        known = {"writer": 1, "stale": datetime.now(UTC)}
        call = api_calls.begin(session, caller.key_id, "once", "0" * 64, **known)
        api_calls.done(session, call, 200, "a quokka answer")
    person = product.keys.person(by, new.key.public_id)
    with zipfile.ZipFile(product.privacy.export_of(by, person)) as made:
        held = {name: made.read(name).decode() for name in made.namelist()}
    assert "a quokka answer" in held["account/api_calls.json"]
    assert json.loads(held["account/api_keys.json"])[0]["name"] == "Quokka shop"
    assert "where is my quokka" in "".join(held.values())
    assert "hash" not in held["account/api_keys.json"]
    assert product.privacy.held(by, person)["api_calls"] == 1
    done = play(product.privacy.forget(by, person))
    assert done.rows["conversations"] == 1
    assert product.keys.all(by) == []
    with pytest.raises(KeyUnknown):
        product.keys.of_token(new.token)
    with pytest.raises(KeyUnknown):
        product.keys.begin(caller)
    assert "uokka" not in everything(database)


def test_a_program_has_the_limits_of_its_key_alone(product):
    """A person's own limits, here one question in a minute, do not count for a key."""
    product.options.set(product.person(), Limits(turns_per_minute=1), 0)
    token = product.keys.add(product.person(), name="Shop", roles=("agent",)).token
    allowance = Allowance(product.options, product.local_person)
    assert allowance.of(product.keys.of_token(token).person) == UNLIMITED
    assert allowance.of(product.person()).turns_per_minute == 1
