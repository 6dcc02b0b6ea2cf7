"""People: the local one is made once, others by name, all with their roles."""

import pytest

from store import accounts, conversations
from store.engine import Database
from store.errors import NotFound
from tests.support.stored import person, started


def local(database, name):
    with database.transaction() as session:
        return accounts.ensure_local_person(session, name)


def test_local_person_has_every_role(database):
    assert local(database, "Ada").roles == accounts.ROLES


def test_local_person_stays_the_same_under_a_new_name(database):
    first = local(database, "Ada")
    renamed = local(database, "Ada L.")
    assert (renamed.id, renamed.public_id) == (first.id, first.public_id)
    assert renamed.name == "Ada L."


def test_person_has_the_roles_given(database):
    with database.transaction() as session:
        made = accounts.add_person(session, "Bob", ["reviewer", "chatter"])
        assert made.roles == ("chatter", "reviewer")
    with database.reading() as session:
        assert accounts.person(session, made.id) == made


def test_people_may_share_a_name(database):
    assert person(database, "Ada").id != person(database, "Ada").id


def test_unknown_person_is_not_found(database):
    with database.reading() as session, pytest.raises(NotFound):
        accounts.person(session, 999)


def test_adopted_person_keeps_ids(database):
    person(database, "First")
    ada = person(database, "Ada")
    memory = Database.in_memory()
    for _ in range(2):
        with memory.transaction() as session:
            assert accounts.adopt(session, ada) == ada
    talk = started(memory, ada)
    with memory.reading() as session:
        assert conversations.recent(session, ada.id) == [talk]
