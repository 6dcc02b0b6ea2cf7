"""A person's own page behind its scripts, with a login and without."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from chatbot import passwords
from chatbot.bootstrap import build
from chatbot.errors import Refused
from chatbot.settings import Settings
from store import attempts
from ui.pages.account_commands import NO_LOGIN, AccountCommands
from ui.pages.admin_commands import WRONG_WORDS
from ui.pages.commands import NOT_UNDERSTOOD, calling

PASSWORD = "nine lamps in a row"


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """Ada administers, Eve does not."""
    home = tmp_path_factory.mktemp("team")
    product = build(Settings(home=home, model="scripted", auth="accounts"))
    for login, role in {"ada": "admin", "eve": "chatter"}.items():
        product.accounts.add(
            product.person(), login=login, name=login.title(), roles=[role], password=PASSWORD
        )
    yield product
    product.close()


def asking(product, login, password=PASSWORD):
    """A function that sends commands from a new login of somebody's."""
    signed = product.accounts.sign_in(login, password, address="192.0.2.7", agent="Firefox")
    headers = {"cookie": f"chatbot_session={signed.token}"}
    request = SimpleNamespace(headers=headers, client=SimpleNamespace(host="192.0.2.7"))
    call = calling(product, AccountCommands(product))
    return lambda do, **data: asyncio.run(call({"do": do, **data}, request))


def test_start_tells_about_the_caller_alone(team):
    told = asking(team, "eve")("start")
    assert (told["account"]["login"], told["roles"]) == ("eve", {"chatter": "asks in the chat"})
    assert dict(told["rows"])["roles"] == 1
    assert "ada" not in str(told).lower()


def test_logins_are_ones_own(team):
    ada, eve = asking(team, "ada"), asking(team, "eve")
    (of_ada,) = [one for one in ada("sessions")["sessions"] if one["current"]]
    ids = [one["id"] for one in eve("sessions")["sessions"]]
    assert of_ada["id"] not in ids
    assert eve("end_session", session=of_ada["id"])["code"] == "not_found"
    assert ada("start")["account"]["login"] == "ada"


def test_one_of_several_logins_ends(team):
    first, second = asking(team, "eve"), asking(team, "eve")
    (mine,) = [one["id"] for one in second("sessions")["sessions"] if one["current"]]
    assert first("end_session", session=mine) == {}
    assert second("start")["code"] == "not_signed_in"


def test_password_changes_and_other_logins_end(team):
    team.accounts.add(team.person(), login="max", name="Max", roles=["chatter"], password=PASSWORD)
    here, there = asking(team, "max"), asking(team, "max")
    assert here("change_password", old="wrong", new="eleven green lamps")["code"] == "wrong_login"
    assert here("change_password", old=PASSWORD, new="short")["code"] == "refused"
    assert here("change_password", old=PASSWORD, new="x" * 1001)["error"] == NOT_UNDERSTOOD
    assert here("change_password", old=PASSWORD, new="eleven green lamps") == {}
    assert there("start")["code"] == "not_signed_in"
    assert asking(team, "max", "eleven green lamps")("start")["account"]["login"] == "max"


def test_name_and_address_are_ones_own(team):
    team.accounts.add(team.person(), login="lea", name="Lea", roles=["chatter"], password=PASSWORD)
    lea = asking(team, "lea")
    was = {"was_name": "Lea", "was_email": ""}
    told = lea("set_profile", name="Lea L.", email="lea@example.org", **was)
    assert (told["account"]["name"], told["account"]["email"]) == ("Lea L.", "lea@example.org")
    assert lea("start")["person"]["name"] == "Lea L."
    assert lea("set_profile", name="Lea", email="", **was)["code"] == "conflict"
    assert lea("set_profile", name="x" * 401, email="", **was)["error"] == NOT_UNDERSTOOD
    was = {"was_name": "Eve", "was_email": ""}
    told = asking(team, "eve")("set_profile", name="Eve", email="LEA@example.org", **was)
    assert (told["code"], "address already" in told["error"]) == ("conflict", True)
    (entry,) = team.audit.entries(team.person(), action="person_changed")
    assert (entry.actor_id, entry.subject_name) == (entry.subject, "Lea L.")


def test_many_new_passwords_of_one_person_hold_up_nobody(team):
    """Each is compared in a thread, and takes a moment: all threads of the server could do that."""
    team.accounts.add(team.person(), login="may", name="May", roles=["chatter"], password=PASSWORD)
    signed = team.accounts.sign_in("may", PASSWORD, address="", agent="")
    headers = {"cookie": f"chatbot_session={signed.token}"}
    request = SimpleNamespace(headers=headers, client=None)
    call = calling(team, AccountCommands(team))
    given = {"do": "change_password", "old": PASSWORD, "new": "eleven green lamps"}

    async def scene():
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4))
        with ExitStack() as busy:
            for _ in range(passwords.AT_ONCE):
                busy.enter_context(passwords._slots)
            many = [asyncio.create_task(call(given, request)) for _ in range(20)]
            while not tried(team):
                await asyncio.sleep(0.01)
            told = await asyncio.wait_for(call({"do": "start"}, request), 60)
        return told, await asyncio.gather(*many)

    told, changed = asyncio.run(scene())
    assert told["account"]["login"] == "may"
    assert changed.count({}) == 1
    assert {one.get("code") for one in changed} <= {None, "wrong_login", "too_many_tries"}


def tried(team):
    with team.archive.main.reading() as session:
        return attempts.get(session, attempts.login_key("may"))


def test_last_administrator_cannot_leave(team):
    ada = asking(team, "ada")
    assert ada("delete", typed="Ada L")["error"] == WRONG_WORDS
    assert "administrator first" in ada("delete", typed="ada")["error"]
    assert ada("start")["account"]["state"] == "active"


def test_account_goes_with_everything(team):
    team.accounts.add(team.person(), login="kim", name="Kim", roles=["chatter"], password=PASSWORD)
    kim = asking(team, "kim")
    assert dict(kim("delete", typed="KIM")["rows"]) == {"roles": 1, "logins": 1}
    assert kim("start")["code"] == "not_signed_in"


def test_without_a_login_there_is_no_password_and_data_can_go(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted"))
    call = calling(product, AccountCommands(product))

    def ask(do, **data):
        return asyncio.run(call({"do": do, **data}, None))

    try:
        assert ask("start")["account"] is None
        assert ask("sessions") == {"sessions": []}
        assert ask("change_password", old="a", new="b") == {
            "error": NO_LOGIN,
            "code": Refused.code,
        }
        told = ask("set_profile", name="Me", email="", was_name="You", was_email="")
        assert told["error"] == NO_LOGIN
        assert ask("delete", typed="Me")["error"] == WRONG_WORDS
        assert "rows" in ask("delete", typed="you")
        assert ask("start")["person"]["name"] == "You"
    finally:
        product.close()
