"""Keys on the Administration page, behind its scripts: made, shown once, changed, forgotten."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chatbot.bootstrap import build
from chatbot.settings import Settings
from ui.pages.admin_commands import AdminCommands
from ui.pages.admin_keys import NO_DAY, WRONG_NAME
from ui.pages.commands import NOT_UNDERSTOOD, calling
from ui.pages.frame import ADMIN

FORM = {
    "name": "Web shop",
    "roles": ["agent"],
    "models": ["scripted", "prompt:support"],
    "requests_minute": 60,
    "tokens_minute": 0,
    "requests_month": 5000,
    "tokens_month": 0,
    "stores": True,
    "expires": "",
}


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    product = build(Settings(home=tmp_path_factory.mktemp("keys"), model="scripted"))
    yield product
    product.close()


@pytest.fixture
def ask(product):
    """One command of the page, as the local person; no key is left at the end."""
    call = calling(product, AdminCommands(product), ADMIN.roles)
    with asyncio.Runner() as runner:
        told = lambda do, **data: runner.run(call({"do": do, **data}, None))  # noqa: E731
        yield told
        for one in told("keys")["keys"]:
            told("forget_key", key=one["id"], typed=one["name"])


def test_a_key_is_told_once(ask, product):
    made = ask("add_key", **FORM)
    assert product.keys.of_token(made["token"]).models == ("scripted", "prompt:support")
    [listed] = ask("keys")["keys"]
    assert listed == made["key"]
    assert (listed["state"], listed["ends"], listed["used"]) == ("active", made["token"][-4:], None)
    assert made["token"] not in str((ask("keys"), ask("record")))


def test_what_it_may_be_given_is_what_there_is(ask):
    told = ask("key_choices")
    assert {"scripted", "scripted@1"} <= set(told["models"])
    assert {"prompt:support", "prompt:support-draft"} <= set(told["prompts"])
    assert "prompt:grader" not in told["prompts"]
    assert set(told["roles"]) == {"chatter", "agent", "admin"}
    every = [*told["models"], *told["prompts"]]
    assert "error" not in ask("add_key", **FORM | {"models": every, "roles": [*told["roles"]]})


def test_usage_is_told(ask, product):
    caller = product.keys.of_token(ask("add_key", **FORM)["token"])
    product.keys.begin(caller)
    product.keys.charge(caller, 1204)
    [listed] = ask("keys")["keys"]
    assert listed["today"] == listed["month"] == {"requests": 1, "tokens": 1204}
    assert listed["limits"]["requests_month"] == 5000
    assert listed["used"] is not None


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": ""}, "refused"),
        ({"roles": []}, "refused"),
        ({"models": ["nothing"]}, "unknown_model"),
        ({"models": ["prompt:nothing"]}, "not_found"),
        ({"expires": "2001-01-01T00:00:00Z"}, "refused"),
        ({"expires": "tomorrow"}, "refused"),
        ({"expires": "2999-01-01T00:00:00"}, "refused"),
    ],
)
def test_what_cannot_be_is_refused(ask, given, code):
    told = ask("add_key", **FORM | given)
    assert told["code"] == code
    assert told["error"] != NOT_UNDERSTOOD
    assert ask("add_key", **FORM | {"expires": "x"})["error"] == NO_DAY
    assert ask("add_key", **FORM | {"requests_minute": -1})["error"] == NOT_UNDERSTOOD
    assert ask("keys") == {"keys": []}


def test_a_day_ahead_ends_it(ask):
    day = datetime.now(UTC) + timedelta(days=3)
    made = ask("add_key", **FORM | {"expires": day.isoformat()})
    assert made["key"]["expires"] == day.isoformat(timespec="seconds")


def test_what_is_named_is_changed_and_nothing_else(ask):
    made = ask("add_key", **FORM)["key"]
    day = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds")
    done = ask("edit_key", key=made["id"], expires=day, models=[], tokens_month=9)["key"]
    assert done["limits"] == made["limits"] | {"tokens_month": 9}
    assert (done["expires"], done["models"]) == (day, [])
    assert ask("edit_key", key=made["id"], expires="")["key"]["expires"] is None
    assert ask("edit_key", key=made["id"], expires="soon")["error"] == NO_DAY
    assert ask("edit_key", key=made["id"], models=["nothing"])["code"] == "unknown_model"
    assert ask("edit_key", key=made["id"], requests_month=-1)["error"] == NOT_UNDERSTOOD


def test_revoked_is_noted_and_stays_in_the_list(ask):
    key = ask("add_key", **FORM)["key"]["id"]
    assert ask("revoke_key", key=key)["key"]["state"] == "revoked"
    assert [one["state"] for one in ask("keys")["keys"]] == ["revoked"]
    (entry,) = [
        one for one in ask("record", action="key_revoked")["entries"] if one["subject"] == key
    ]
    assert (entry["kind"], entry["subject_name"]) == ("key", "Web shop")
    assert ask("people") == {"people": []}


def test_forgetting_asks_for_the_name(ask):
    key = ask("add_key", **FORM)["key"]["id"]
    assert dict(ask("held_key", key=key)["rows"])["keys"] == 1
    assert ask("forget_key", key=key, typed="web")["error"] == WRONG_NAME
    assert ask("forget_key", key=key, typed=" web SHOP ")["stopped"] == 0
    assert ask("keys") == {"keys": []}


@pytest.mark.parametrize("do", ["edit_key", "revoke_key", "held_key"])
def test_no_key_is_not_found(ask, do):
    assert ask(do, key="0" * 36)["code"] == "not_found"
    assert ask("forget_key", key="0" * 36, typed="x")["code"] == "not_found"
