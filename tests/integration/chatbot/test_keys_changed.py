"""Keys that are given other limits, models or another end, on both databases."""

from datetime import timedelta

import pytest

from chatbot.errors import NotAllowed, NotFound, Refused, UnknownModel
from chatbot.keys import KeyLimit, Keys, KeyUnknown, Limits, ModelNotAllowed

LABELS = {"small", "big"}


@pytest.fixture
def made(house, clock):
    """Keys with models of the names in LABELS, and no prompt."""

    def label(name):
        if name not in LABELS:
            raise UnknownModel
        return f"{name}@1"

    def published(_):
        raise NotFound

    return Keys(house.archive, house.audit, label, published, clock)


def test_what_is_named_is_changed_and_noted(house, made, clock):
    new = made.add(house.local, name="Shop", roles=("agent",), models=("small",), requests_month=9)
    end = clock() + timedelta(days=3)
    limits = {"requests_minute": 5, "requests_month": 9}
    done = made.edit(house.local, new.key.public_id, models=(), expires_at=end, **limits)
    assert (done.limits, done.models) == (Limits(5, 0, 9, 0), ())
    assert (done.expires, done.roles, done.name) == (end, ("agent",), "Shop")
    assert made.all(house.local) == [done]
    entry = house.audit.entries(house.local, action="key_changed")[0]
    told = {"models": "all", "requests_minute": 5, "expires_at": end.isoformat(timespec="seconds")}
    assert (entry.subject, entry.detail) == (new.key.public_id, told)
    assert made.edit(house.local, new.key.public_id, expires_at="never").expires is None


def test_what_changes_nothing_is_not_noted(house, made):
    new = made.add(house.local, name="Shop")
    same = {"requests_minute": 60, "models": (), "expires_at": "never"}
    assert made.edit(house.local, new.key.public_id, **same) == new.key
    assert made.edit(house.local, new.key.public_id) == new.key
    assert "key_changed" not in house.actions()


def test_the_next_call_has_the_new_limits(house, made, clock):
    new = made.add(house.local, name="Shop", requests_month=1, models=("small",))
    made.begin(made.of_token(new.token))
    with pytest.raises(KeyLimit, match=r"its 1 request a month\. It can ask again"):
        made.begin(made.of_token(new.token))
    made.edit(house.local, new.key.public_id, requests_month=2, models=("big",))
    caller = made.of_token(new.token)
    made.begin(caller)  # though it was refused before it was time
    with pytest.raises(KeyLimit, match="2 requests a month"):
        made.begin(caller)
    made.may_use(caller, "big")
    with pytest.raises(ModelNotAllowed):
        made.may_use(caller, "small")


def test_an_expired_key_is_given_a_later_end(house, made, clock):
    new = made.add(house.local, name="Shop", expires_at=clock() + timedelta(days=1))
    clock.go(days=2)
    with pytest.raises(KeyUnknown, match="expired"):
        made.of_token(new.token)
    done = made.edit(house.local, new.key.public_id, expires_at=clock() + timedelta(days=1))
    assert done.state == "active"
    assert made.holds(made.of_token(new.token))


def test_a_model_that_left_may_stay(house, made, monkeypatch):
    new = made.add(house.local, name="Shop", models=("small",))
    monkeypatch.setattr(f"{__name__}.LABELS", {"big"})
    assert made.edit(house.local, new.key.public_id, models=("small", "big")).models[0] == "small"


def test_what_no_key_can_become(house, made, clock):
    new = made.add(house.local, name="Shop")
    for given in (
        {"models": ("unknown",)},
        {"models": ("prompt:unknown",)},
        {"models": ("small",) * 51},
        {"requests_minute": -1},
        {"tokens_month": 2**40},
        {"expires_at": clock()},
    ):
        with pytest.raises(Refused):
            made.edit(house.local, new.key.public_id, **given)
    assert made.all(house.local) == [new.key]
    made.revoke(house.local, new.key.public_id)
    with pytest.raises(Refused, match="revoked for good"):
        made.edit(house.local, new.key.public_id, requests_minute=1)
    with pytest.raises(NotFound):
        made.edit(house.local, "0" * 36, requests_minute=1)


def test_only_administrators_change_keys(house, made):
    other = house.accounts.person(house.local, house.add("ann", "agent", "author").id)
    new = made.add(house.local, name="Shop")
    for given in ({"requests_minute": 1}, {"models": ("small",)}, {}):
        with pytest.raises(NotAllowed):
            made.edit(other, new.key.public_id, **given)
