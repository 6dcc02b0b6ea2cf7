"""Names and addresses of people, on both databases: who changes them, and what is refused."""

import pytest
from sqlalchemy import select

from chatbot.accounts import Profile
from chatbot.errors import Conflict, NotAllowed, NotFound, Refused
from chatbot.releases import BUILT_IN
from store import accounts as rows
from store import models
from store.forgetting import NOBODY
from tests.support.clock import Clock
from tests.support.house import HERE, House


def own(house, view):
    return house.accounts.person(house.local, view.id)


def test_a_person_is_called_what_an_administrator_writes(house):
    ada = house.add("ada", "admin", email="ada@example.org")
    was = Profile("Ada", "ada@example.org")
    view = house.accounts.set_profile(house.local, ada.id, " Ada  L. ", "L@Example.org", was)
    assert (view.name, view.email) == ("Ada L.", "l@example.org")
    assert house.sign_in("l@example.org").person.name == "Ada L."
    house.fail("ada@example.org")
    entry = house.audit.entries(house.local, action="person_changed")[0]
    assert (entry.subject, entry.detail) == (ada.id, {"changed": "name, email"})


def test_a_person_changes_what_they_are_called(house):
    ada = house.add("ada")
    person = own(house, ada)
    view = house.accounts.set_own(person, "Ada L.", "ada@example.org", Profile("Ada", None))
    assert (view.name, view.email) == ("Ada L.", "ada@example.org")
    view = house.accounts.set_own(person, "Ada L.", "", Profile("Ada L.", "ada@example.org"))
    assert view.email is None
    changes = house.audit.entries(house.local, action="person_changed")
    assert [(one.actor_id, one.detail["changed"]) for one in changes] == [
        (ada.id, "email"),
        (ada.id, "name, email"),
    ]
    house.accounts.set_own(person, "Ada L.", None, Profile("Ada L.", None))
    assert len(house.audit.entries(house.local, action="person_changed")) == 2


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\x00b", "\u202edA", NOBODY, BUILT_IN])
def test_what_is_no_name_is_refused(house, name):
    ada = house.add("ada")
    with pytest.raises(Refused):
        house.accounts.set_own(own(house, ada), name, None, Profile("Ada", None))
    with pytest.raises(Refused):
        house.accounts.set_profile(house.local, ada.id, name, None, Profile("Ada", None))
    assert house.accounts.find(house.local, "ada").name == "Ada"


@pytest.mark.parametrize("theirs", ["bob@example.org", "BOB@example.org", "carl@example.org"])
def test_an_address_that_is_somebodys_is_not_given_twice(house, theirs):
    ada = house.add("ada")
    house.add("bob", email="bob@example.org")
    house.add("carl@example.org")
    with pytest.raises(Conflict, match="address already"):
        house.accounts.set_own(own(house, ada), "Ada", theirs, Profile("Ada", None))
    with pytest.raises(Conflict, match="address already"):
        house.accounts.set_profile(house.local, ada.id, "Ada", theirs, Profile("Ada", None))
    with pytest.raises(Conflict, match="address already"):
        house.add("dora", email=theirs)
    with pytest.raises(Conflict, match="login already"):
        house.add(theirs)
    assert house.sign_in("bob@example.org").person.name == "Bob"


def test_one_keeps_an_address_that_is_shared_already(house):
    ada = house.add("ada", email="ada@example.org")
    house.share("twin", "ada@example.org")
    was = Profile("Ada", "ada@example.org")
    view = house.accounts.set_own(own(house, ada), "Ada L.", "ada@example.org", was)
    assert view.name == "Ada L."


def test_of_two_who_change_the_same_the_second_is_told(house):
    ada = house.add("ada")
    was = Profile("Ada", None)
    house.accounts.set_own(own(house, ada), "Ada L.", None, was)
    with pytest.raises(Conflict, match="meanwhile"):
        house.accounts.set_profile(house.local, ada.id, "Ada K.", None, was)
    with pytest.raises(Conflict, match="meanwhile"):
        house.accounts.set_profile(
            house.local, ada.id, "A", None, Profile("Ada L.", "a@example.org")
        )
    assert house.accounts.find(house.local, "ada").name == "Ada L."


def test_where_addresses_join_accounts_nobody_gives_themselves_one(database):
    house = House(database, Clock(), joins_addresses=True)
    eve = house.add("eve", email="eve@example.org")
    was = Profile("Eve", "eve@example.org")
    for email in ("boss@example.org", "", None):
        with pytest.raises(Refused, match="administrator"):
            house.accounts.set_own(own(house, eve), "Eve", email, was)
    view = house.accounts.set_own(own(house, eve), "Eve L.", "EVE@example.org", was)
    assert (view.name, view.email) == ("Eve L.", "eve@example.org")
    with pytest.raises(NotAllowed):
        house.accounts.by_identity(
            "https://id.example.org", "1", email="boss@example.org", name="Boss", **HERE
        )


def test_nobody_changes_others_without_the_role(house):
    ada, eve = house.add("ada", "admin"), house.add("eve")
    for by in (own(house, eve), own(house, ada)):
        house.accounts.set_roles(house.local, by.public_id, ["chatter"])
        with pytest.raises(NotAllowed):
            house.accounts.set_profile(by, ada.id, "X", None, Profile("Ada", None))
        house.add(f"admin{by.id}", "admin")
    with pytest.raises(NotFound):
        house.accounts.set_profile(house.local, rows.LOCAL, "X", None, Profile("Operator", None))
    with pytest.raises(NotFound):
        house.accounts.set_own(house.local, "X", None, Profile("Operator", None))


def test_texts_name_their_author_as_they_are_called_now(house):
    ada = house.add("ada", "admin")
    house.accounts.invite(own(house, ada), login="bob", name="Bob", roles=["chatter"])
    house.accounts.set_own(own(house, ada), "Ada L.", None, Profile("Ada", None))
    assert made_by(house) == ["Ada L."]
    twin = house.add("twin")
    house.accounts.set_own(own(house, twin), "Ada L.", None, Profile("Twin", None))
    house.accounts.set_own(own(house, twin), "Twin", None, Profile("Ada L.", None))
    assert made_by(house) == ["Ada L."]  # it was never the twin's


def made_by(house):
    with house.database.reading() as session:
        return list(session.scalars(select(models.OneTimeLink.made_by)))
