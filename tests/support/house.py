"""Accounts on one database, for tests: people with one password, a clock to turn, the terminal."""

from datetime import timedelta

import pytest

from chatbot.accounts import Accounts
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.errors import WrongLogin
from store import accounts as rows
from store.models import Base

PASSWORD, ANOTHER = "staple horse 42", "carriage return 7"
HERE = {"address": "192.0.2.7", "agent": "Firefox"}


class House:
    """Accounts on one database, with a clock to turn and the person at the terminal."""

    def __init__(self, database, clock, **more):
        self.database, self.clock = database, clock
        self.archive = Archive(database)
        self.audit = Audit(self.archive)
        limits = {"idle": timedelta(hours=8), "longest": timedelta(days=14)} | more
        self.accounts = Accounts(self.archive, self.audit, clock=clock, **limits)
        with database.transaction() as session:
            self.local = rows.ensure_local_person(session, "Operator")

    def add(self, login, *roles, **more):
        return self.accounts.add(
            self.local,
            login=login,
            name=login.title(),
            roles=roles or ("chatter",),
            password=PASSWORD,
            **more,
        )

    def share(self, login, email):
        """Add somebody with an address that is somebody else's, as older versions allowed."""
        known = self.add(login)
        with self.database.transaction() as session:
            user_id = rows.account(session, known.id).person.id
            assert rows.set_profile(session, user_id, known.name, email, (known.name, None))

    def sign_in(self, login, password=PASSWORD, **other):
        return self.accounts.sign_in(login, password, **(HERE | other))

    def fail(self, login, times=1, password="wrong password", **other):
        for _ in range(times):
            with pytest.raises(WrongLogin):
                self.sign_in(login, password, **other)

    def use(self, link, **more):
        given = {"login": "", "name": "", "password": ANOTHER}
        return self.accounts.use_link(token_of(link), **(given | HERE | more))

    def actions(self):
        return [entry.action for entry in self.audit.entries(self.local)]


def token_of(link):
    return link.path.removeprefix("/link/")


def everything(database):
    with database.reading() as session:
        return repr([session.execute(t.select()).all() for t in Base.metadata.sorted_tables])
