"""Accounts on both databases: signing in, sessions, links, roles, and what must not get through."""

import contextlib
import logging
import threading
import time
from datetime import timedelta

import pytest

from chatbot import passwords
from chatbot.accounts import ROLES
from chatbot.accounts.signing import MOST_SESSIONS
from chatbot.accounts.tries import FREE_ADDRESS, FREE_LOGIN
from chatbot.errors import (
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    TooManyTries,
    WrongLogin,
)
from store import accounts as rows
from store import attempts, conversations
from store.engine import Database
from tests.support.clock import Clock
from tests.support.house import ANOTHER, HERE, PASSWORD, House, everything, token_of
from tests.support.stored import started

# Signing in --------------------------------------------------------------------------------------


def test_a_session_opens_with_its_token_alone(house):
    house.add("ada", "author", "admin")
    signed = house.sign_in(" ADA ")
    assert house.accounts.of_token(signed.token) == signed.person
    assert signed.person.roles == ("author", "admin")
    assert signed.expires_at == house.clock() + timedelta(days=14)
    for wrong in ("", signed.token[:-1], signed.token + "x", "\ud800", "x" * 100_000):
        with pytest.raises(NotSignedIn):
            house.accounts.of_token(wrong)


def test_an_address_signs_in_where_one_person_has_it(house):
    house.add("ada", email="ada@example.org")
    assert house.sign_in("Ada@Example.org").person.name == "Ada"
    house.share("twin", "ada@example.org")
    house.fail("ada@example.org")


def test_every_cause_has_the_same_sentence(house):
    house.add("ada")
    off = house.add("off")
    house.accounts.set_active(house.local, off.id, active=False)
    house.accounts.invite(house.local, login="invited", name="I", roles=["chatter"])
    sentences = set()
    for login, password in [
        ("ada", "wrong password"),
        ("nobody", PASSWORD),
        ("off", PASSWORD),
        ("invited", ""),
        ("", ""),
        ("\x00", PASSWORD),
        ("\ud800", PASSWORD),
        ("x" * 100_000, PASSWORD),
        (rows.LOCAL, PASSWORD),
        ("Operator", ""),
    ]:
        with pytest.raises(WrongLogin) as caught:
            house.sign_in(login, password)
        sentences.add((str(caught.value), caught.value.status, caught.value.code))
    assert len(sentences) == 1


def test_a_login_waits_after_wrong_passwords_in_every_process(house):
    house.add("ada")
    house.fail("ada", FREE_LOGIN)
    other = House(Database(house.database.url.render_as_string(hide_password=False)), house.clock)
    with pytest.raises(TooManyTries, match="5 seconds") as caught:
        other.sign_in("ada", address="198.51.100.1")
    assert (caught.value.status, caught.value.retry_after) == (429, 5)
    house.clock.go(seconds=5)
    house.fail("ada")
    with pytest.raises(TooManyTries, match="10 seconds"):
        other.sign_in("ada")
    house.clock.go(seconds=10)
    assert other.sign_in("ada").person.name == "Ada"
    house.fail("ada", FREE_LOGIN - 1)  # the right password begins the count anew
    other.database.close()


def test_unknown_logins_wait_alike(house):
    house.fail("nobody", FREE_LOGIN)
    with pytest.raises(TooManyTries):
        house.sign_in("NOBODY ")


def test_an_address_waits_whatever_logins_it_tries(house):
    house.add("ada")
    for number in range(FREE_ADDRESS):
        house.fail(f"guess{number}")
    with pytest.raises(TooManyTries):
        house.sign_in("ada")
    assert house.sign_in("ada", address="198.51.100.1").person.name == "Ada"


def test_a_network_waits_whatever_addresses_it_has(house):
    house.add("ada")
    for number in range(FREE_ADDRESS):
        house.fail(f"guess{number}", address=f"2001:db8:0:1::{number:x}")
    with pytest.raises(TooManyTries):
        house.sign_in("ada", address="2001:db8:0:1:ffff::1")
    assert house.sign_in("ada", address="2001:db8:0:2::1").person.name == "Ada"


def test_slips_from_an_address_are_forgiven(house):
    house.add("ada")
    for number in range(3 * FREE_ADDRESS):
        house.fail(f"slip{number}")
        house.clock.go(minutes=3)
    assert house.sign_in("ada").person.name == "Ada"


def test_refused_tries_do_not_count(house):
    house.add("ada")
    house.fail("ada", FREE_LOGIN)
    for _ in range(20):
        with pytest.raises(TooManyTries):
            house.sign_in("ada")
    house.clock.go(seconds=5)
    house.sign_in("ada")


def test_many_guesses_at_once_are_many_guesses(house):
    house.add("ada")
    outcomes = []

    def guess():
        try:
            house.sign_in("ada", "wrong password")
        except Refused as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["too_many_tries"] * (20 - FREE_LOGIN) + ["wrong_login"] * FREE_LOGIN


def test_a_password_hashed_at_another_cost_is_renewed(house, real_passwords):
    house.add("ada")
    with house.database.reading() as session:
        before = rows.credentials(session, "ada").password_hash
    real_passwords()
    house.sign_in("ada")
    with house.database.reading() as session:
        after = rows.credentials(session, "ada").password_hash
    assert before != after
    assert after.startswith("$argon2id$v=19$m=65536,")
    house.sign_in("ada")


# Sessions ----------------------------------------------------------------------------------------


def test_an_unused_session_ends(house):
    house.add("ada")
    token = house.sign_in("ada").token
    house.clock.go(hours=7.9)
    house.accounts.of_token(token)
    house.clock.go(hours=7.9)
    house.accounts.of_token(token)
    house.clock.go(hours=8)
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(token)


def test_a_used_session_ends_too(house):
    house.add("ada")
    token = house.sign_in("ada").token
    for _ in range(14 * 4 - 1):
        house.clock.go(hours=6)
        house.accounts.of_token(token)
    house.clock.go(hours=6)
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(token)


def test_a_clock_put_back_makes_no_session_immortal(house):
    house.add("ada")
    token = house.sign_in("ada").token
    house.clock.go(hours=-1)
    house.accounts.of_token(token)
    house.clock.go(hours=8)
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(token)


def test_use_is_written_once_a_minute(house):
    house.add("ada")
    signed = house.sign_in("ada")

    def used():
        return house.accounts.sessions(signed.person, signed.token)[0].used

    begun = used()
    house.clock.go(seconds=59)
    house.accounts.of_token(signed.token)
    assert used() == begun
    house.clock.go(seconds=1)
    house.accounts.of_token(signed.token)
    assert used() == begun + timedelta(minutes=1)


def test_sessions_are_listed_and_ended_by_their_owner_alone(house):
    house.add("ada")
    house.add("bob")
    first, second = house.sign_in("ada"), house.sign_in("ada", agent="Safari\x00\ud800")
    bob = house.sign_in("bob").person
    listed = house.accounts.sessions(first.person, second.token)
    assert {(one.agent, one.current) for one in listed} == {("Firefox", False), ("Safari  ", True)}
    [other] = [one for one in listed if not one.current]
    for foreign in (other.id, "nonsense", ""):
        with pytest.raises(NotFound):
            house.accounts.end_session(bob, foreign)
    house.accounts.end_session(first.person, other.id)
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(first.token)
    house.accounts.of_token(second.token)


def test_signing_out_ends_one_and_everywhere_ends_all(house):
    house.add("ada")
    house.add("bob")
    tokens = [house.sign_in("ada").token for _ in range(3)]
    bob = house.sign_in("bob").token
    person = house.accounts.of_token(tokens[0])
    house.accounts.sign_out(tokens[0])
    house.accounts.sign_out(tokens[0])
    house.accounts.sign_out("nonsense")
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(tokens[0])
    assert house.accounts.sign_out_everywhere(person) == 2
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(tokens[2])
    house.accounts.of_token(bob)


def test_one_person_has_so_many_sessions(house):
    house.add("ada")
    first = house.sign_in("ada")
    house.clock.go(seconds=1)
    for _ in range(MOST_SESSIONS):
        last = house.sign_in("ada")
    assert len(house.accounts.sessions(last.person, last.token)) == MOST_SESSIONS
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(first.token)


def test_tidying_removes_what_is_over(house):
    house.add("ada")
    house.fail("nobody", FREE_LOGIN)
    house.sign_in("ada")
    house.clock.go(hours=5)
    kept = house.sign_in("ada")
    house.clock.go(hours=3)
    assert house.accounts.tidy() == 1
    house.accounts.of_token(kept.token)


@pytest.mark.parametrize("deed", ["sessions ended", "switched off", "another password"])
def test_a_password_does_not_change_for_who_was_shut_out_meanwhile(house, deed):
    """A thief at an open page, whom an administrator shuts out while the old one is compared."""
    ada = house.add("ada")
    mine = house.sign_in("ada")
    caught = []

    def change():
        try:
            house.accounts.change_password(mine.person, mine.token, PASSWORD, ANOTHER)
        except Refused as error:
            caught.append(error)

    with contextlib.ExitStack() as busy:
        for _ in range(passwords.AT_ONCE):
            busy.enter_context(passwords._slots)
        thread = threading.Thread(target=change)
        thread.start()
        while not tried(house, "ada"):
            time.sleep(0.01)
        if deed == "sessions ended":
            house.accounts.end_sessions(house.local, ada.id)
        elif deed == "switched off":
            house.accounts.set_active(house.local, ada.id, active=False)
            house.accounts.set_active(house.local, ada.id, active=True)
        else:
            with house.database.transaction() as session:
                rows.set_password(session, mine.person.id, "of an administrator")
    thread.join(60)
    assert len(caught) == 1
    assert "password_changed" not in house.actions()
    house.fail("ada", password=ANOTHER)


def tried(house, login):
    with house.database.reading() as session:
        return attempts.get(session, attempts.login_key(login))


def test_a_changed_password_ends_the_other_sessions(house):
    house.add("ada")
    mine, other = house.sign_in("ada"), house.sign_in("ada")
    ada = house.accounts.own(mine.person)
    link = house.accounts.reset_link(house.local, ada.id)
    with pytest.raises(WrongLogin, match="old password"):
        house.accounts.change_password(mine.person, mine.token, "wrong password", ANOTHER)
    with pytest.raises(Refused, match="too short"):
        house.accounts.change_password(mine.person, mine.token, PASSWORD, "short")
    house.accounts.change_password(mine.person, mine.token, PASSWORD, ANOTHER)
    house.accounts.of_token(mine.token)
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(other.token)
    with pytest.raises(NotFound):
        house.accounts.open_link(token_of(link))
    house.fail("ada")
    house.sign_in("ada", ANOTHER)


def test_guessing_the_old_password_waits_too(house):
    house.add("ada")
    mine = house.sign_in("ada")
    for _ in range(FREE_LOGIN):
        with pytest.raises(WrongLogin):
            house.accounts.change_password(mine.person, mine.token, "wrong password", ANOTHER)
    with pytest.raises(TooManyTries):
        house.accounts.change_password(mine.person, mine.token, PASSWORD, ANOTHER)


# Roles -------------------------------------------------------------------------------------------


def test_a_demotion_is_seen_at_once(house):
    house.add("root", "admin")
    ada = house.add("ada", "admin", "author")
    signed = house.sign_in("ada")
    house.accounts.set_roles(house.local, ada.id, ["chatter"])
    assert house.accounts.of_token(signed.token).roles == ("chatter",)
    with pytest.raises(NotAllowed):  # with the roles that it had
        house.accounts.people(signed.person)


def test_switching_off_ends_sessions_and_links(house):
    house.add("root", "admin")
    ada = house.add("ada", "admin")
    signed = house.sign_in("ada")
    link = house.accounts.reset_link(house.local, ada.id)
    assert house.accounts.set_active(house.local, ada.id, active=False).state == "off"
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(signed.token)
    with pytest.raises(NotFound):
        house.accounts.open_link(token_of(link))
    with pytest.raises(NotAllowed):
        house.accounts.people(signed.person)
    with pytest.raises(Refused, match="switched off"):
        house.accounts.reset_link(house.local, ada.id)
    house.accounts.set_active(house.local, ada.id, active=True)
    house.sign_in("ada")


def test_only_administrators_administer(house):
    ada, bob = house.add("ada", "admin"), house.add("bob", *ROLES[:-1])
    by = house.sign_in("bob").person
    here = house.accounts
    for deed in (
        lambda: here.people(by),
        lambda: here.find(by, "ada"),
        lambda: here.person(by, ada.id),
        lambda: here.acting_as(by, "ada"),
        lambda: here.add(by, login="eve", name="E", roles=["admin"], password=PASSWORD),
        lambda: here.invite(by, login="eve", name="E", roles=["admin"]),
        lambda: here.reset_link(by, ada.id),
        lambda: here.set_password(by, ada.id, ANOTHER),
        lambda: here.set_roles(by, bob.id, ["admin"]),
        lambda: here.set_active(by, ada.id, active=False),
        lambda: here.end_sessions(by, ada.id),
    ):
        with pytest.raises(NotAllowed):
            deed()
    assert [one.login for one in here.people(house.local)] == ["ada", "bob"]
    assert house.accounts.own(by).roles == ROLES[:-1]
    house.sign_in("ada")


@pytest.mark.parametrize(
    "foreign", [rows.LOCAL, "nonsense", "", "00000000-0000-7000-8000-000000000009"]
)
def test_nobody_is_administered_who_has_no_account(house, foreign):
    for deed in (
        lambda: house.accounts.reset_link(house.local, foreign),
        lambda: house.accounts.set_password(house.local, foreign, ANOTHER),
        lambda: house.accounts.set_roles(house.local, foreign, ["chatter"]),
        lambda: house.accounts.set_active(house.local, foreign, active=False),
        lambda: house.accounts.end_sessions(house.local, foreign),
    ):
        with pytest.raises(NotFound):
            deed()


def test_the_last_administrator_stays(house):
    ada = house.add("ada", "admin")
    house.accounts.invite(house.local, login="later", name="L", roles=["admin"])
    with pytest.raises(Refused, match="last administrator"):
        house.accounts.set_roles(house.local, ada.id, ["chatter"])
    with pytest.raises(Refused, match="last administrator"):
        house.accounts.set_active(house.local, ada.id, active=False)
    assert house.accounts.own(house.sign_in("ada").person).roles == ("admin",)
    house.add("bob", "admin")
    house.accounts.set_active(house.local, ada.id, active=False)


def test_two_administrators_do_not_demote_each_other_at_once(house):
    people = [house.add("ada", "admin"), house.add("bob", "admin")]
    ready, refused = threading.Barrier(2), []

    def demote(person):
        ready.wait(10)
        try:
            house.accounts.set_roles(house.local, person.id, ["chatter"])
        except Refused:
            refused.append(person)

    threads = [threading.Thread(target=demote, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sum("admin" in one.roles for one in house.accounts.people(house.local)) == 1


def test_an_administrator_sets_a_password(house):
    ada = house.add("ada")
    signed = house.sign_in("ada")
    house.fail("ada", FREE_LOGIN)
    house.accounts.set_password(house.local, ada.id, ANOTHER)
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(signed.token)
    house.sign_in("ada", ANOTHER)


def test_logins_are_unique_names_are_not(house):
    house.add("ada")
    with pytest.raises(Conflict, match="this login already"):
        house.add("ADA")
    with pytest.raises(Conflict):
        house.accounts.invite(house.local, login="ada", name="Ada", roles=["chatter"])
    house.accounts.invite(house.local, login="ada2", name="Ada", roles=["chatter"])


# Links -------------------------------------------------------------------------------------------


def test_an_invitation_opens_an_account_once(house):
    link = house.accounts.invite(
        house.local, login="Ada", name="Ada", roles=["agent"], email="ada@example.org"
    )
    assert house.accounts.find(house.local, "ada").state == "invited"
    view = house.accounts.open_link(token_of(link))
    assert (view.kind, view.login, view.name) == ("invite", "ada", "Ada")
    with pytest.raises(Refused, match="too short"):
        house.use(link, password="short")
    signed = house.use(link, login="eve", name="Ada L.")
    assert (signed.person.name, signed.person.roles) == ("Ada L.", ("agent",))
    assert house.accounts.of_token(signed.token) == signed.person
    for deed in (lambda: house.use(link), lambda: house.accounts.open_link(token_of(link))):
        with pytest.raises(NotFound, match="used already"):
            deed()
    assert house.accounts.own(signed.person).login == "ada"
    house.sign_in("ada", ANOTHER)


def test_a_link_used_by_two_at_once_serves_one(house):
    link = house.accounts.invite(house.local, login="ada", name="Ada", roles=["agent"])
    ready, outcomes = threading.Barrier(4), []

    def use():
        ready.wait(10)
        try:
            outcomes.append(house.use(link).person.name)
        except NotFound:
            outcomes.append("not found")

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["Ada", "not found", "not found", "not found"]


@pytest.mark.parametrize(("kind", "days"), [("invite", 7), ("reset", 1), ("first", 1)])
def test_links_grow_too_old(house, kind, days):
    if kind == "invite":
        link = house.accounts.invite(house.local, login="ada", name="Ada", roles=["agent"])
    elif kind == "reset":
        link = house.accounts.reset_link(house.local, house.add("ada").id)
    else:
        link = house.accounts.first_link()
    assert link.expires_at == house.clock() + timedelta(days=days)
    house.clock.go(days=days)
    with pytest.raises(NotFound):
        house.accounts.open_link(token_of(link))
    with pytest.raises(NotFound):
        house.use(link, login="ada", name="Ada")


def test_a_reset_ends_sessions_and_keeps_the_name(house):
    ada = house.add("ada")
    signed = house.sign_in("ada")
    old, link = (house.accounts.reset_link(house.local, ada.id) for _ in range(2))
    with pytest.raises(NotFound):
        house.use(old)
    house.accounts.of_token(signed.token)
    assert house.use(link, name="Eve").person.name == "Ada"
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(signed.token)
    house.fail("ada")


@pytest.mark.parametrize("token", ["", "nonsense", "\ud800", "../admin", "x" * 100_000])
def test_invented_links_open_nothing(house, token):
    with pytest.raises(NotFound):
        house.accounts.open_link(token)
    with pytest.raises(NotFound):
        house.accounts.use_link(token, login="eve", name="Eve", password=ANOTHER, **HERE)


def test_the_first_administrator_comes_by_a_link(house):
    old, link = house.accounts.first_link(), house.accounts.first_link()
    with pytest.raises(NotFound):
        house.accounts.open_link(token_of(old))
    assert house.accounts.open_link(token_of(link)).login is None
    with pytest.raises(Refused, match="A login has"):
        house.use(link, login="", name="Root")
    signed = house.use(link, login="root", name="Root")
    assert signed.person.roles == ROLES
    assert house.accounts.first_link() is None


def test_a_first_link_makes_no_second_administrator(house):
    link = house.accounts.first_link()
    house.add("ada", "admin")
    with pytest.raises(Refused, match="There is an administrator already"):
        house.use(link, login="eve", name="Eve")
    assert [one.login for one in house.accounts.people(house.local)] == ["ada"]


@pytest.mark.parametrize("way", ["link", "add"])
def test_the_first_administrator_may_keep_what_was_said_before(house, way):
    talk = started(house.database, house.local)
    if way == "link":
        signed = house.use(house.accounts.first_link(), login="ada", name="Ada", adopt=True)
    else:
        house.add("ada", "admin", adopt=True)
        signed = house.sign_in("ada")
    with house.database.transaction() as session:
        assert conversations.recent(session, signed.person.id) == [talk]
        local = rows.ensure_local_person(session, "Operator")
        assert local.id != signed.person.id
        assert conversations.recent(session, local.id) == []
    assert signed.person.public_id != rows.LOCAL
    assert [one.login for one in house.accounts.people(local)] == ["ada"]


# Identities --------------------------------------------------------------------------------------

ISSUER = "https://id.example.org"


def vouched(house, subject="1", email="ada@example.org", name="Ada"):
    return house.accounts.by_identity(ISSUER, subject, email=email, name=name, **HERE)


def test_an_invited_address_joins_its_identity_once(house):
    house.accounts.invite(
        house.local, login="ada", name="Ada", roles=["admin"], email="ada@example.org"
    )
    first = vouched(house, email="ADA@example.org")
    assert first.person.roles == ("admin",)
    assert vouched(house, email=None).person == first.person
    assert house.accounts.own(first.person).state == "active"
    assert house.accounts.first_link() is None
    with pytest.raises(NotAllowed):  # another identity with the same address
        vouched(house, subject="2")


def test_a_stranger_whom_another_server_vouches_for_is_a_wrong_try(house):
    for number in range(FREE_ADDRESS):
        with pytest.raises(NotAllowed):
            vouched(house, subject=str(number), email=None)
    with pytest.raises(TooManyTries):
        house.accounts.may_try(HERE["address"])


@pytest.mark.parametrize("email", [None, "", "eve@example.org", "twin@example.org", "\ud800"])
def test_strangers_and_shared_addresses_are_refused(house, email):
    house.add("twin1", email="twin@example.org")
    house.share("twin2", "twin@example.org")
    with pytest.raises(NotAllowed, match="no account here"):
        vouched(house, email=email)
    assert house.actions()[0] == "sign_in_refused"


def test_an_identity_of_someone_switched_off_is_refused(house):
    ada = house.add("ada", email="ada@example.org")
    signed = vouched(house)
    house.accounts.set_active(house.local, ada.id, active=False)
    with pytest.raises(NotAllowed):
        vouched(house)
    with pytest.raises(NotSignedIn):
        house.accounts.of_token(signed.token)


def test_newcomers_become_chatters_where_that_is_set(database):
    house = House(database, Clock(), let_in_new=True)
    signed = vouched(house, name=" Ada \x00\n ")
    assert signed.person.roles == ("chatter",)
    assert vouched(house, subject="2", email=None, name="").person.id != signed.person.id
    with pytest.raises(NotAllowed):  # the address is somebody's already
        vouched(house, subject="3")


# What is kept of it ------------------------------------------------------------------------------


def test_each_change_is_audited(house):
    ada = house.add("ada", "admin")
    link = house.accounts.invite(house.local, login="bob", name="Bob", roles=["agent"])
    house.use(link)
    house.accounts.set_roles(house.local, ada.id, ["admin", "chatter"])
    house.fail("ada")
    signed = house.sign_in("ada")
    house.accounts.end_sessions(house.local, ada.id)
    house.accounts.sign_out(house.sign_in("ada").token)
    assert house.actions()[::-1] == [
        "person_added",
        "person_invited",
        "link_used",
        "sign_in",
        "roles_changed",
        "sign_in_refused",
        "sign_in",
        "sessions_ended",
        "sign_in",
        "sign_out",
    ]
    entry = house.audit.entries(house.local, action="roles_changed")[0]
    assert entry.subject == signed.person.public_id
    assert entry.detail == {"roles": "chatter, admin", "was": "admin"}


def test_no_secret_stands_in_logs_errors_audit_or_database(house, caplog):
    caplog.set_level(logging.DEBUG)
    ada = house.add("ada", "admin")
    link = house.accounts.reset_link(house.local, ada.id)
    signed = house.use(link)
    said = [repr(link), repr(signed), repr(house.accounts.people(house.local))]
    for deed in (
        lambda: house.sign_in("ada", "typed by mistake"),
        lambda: house.sign_in("typed by mistake", "x"),
        lambda: house.use(link, password="typed by mistake"),
        lambda: house.accounts.change_password(
            signed.person, signed.token, "typed by mistake", PASSWORD
        ),
        lambda: house.accounts.add(
            house.local, login="ada", name="A", roles=["admin"], password="typed by mistake"
        ),
    ):
        with pytest.raises(Refused) as caught:
            deed()
        said.append(repr(caught.value))
    said.append(caplog.text)
    said += list(house.audit.export(house.local))
    said.append(everything(house.database))
    for secret in (PASSWORD, ANOTHER, "typed by mistake", signed.token, token_of(link)):
        assert not [text for text in said if secret in text]
