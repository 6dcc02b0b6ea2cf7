"""The administration of accounts: who there is, with which roles, and whether they get in.

Each method takes `by`, the person who asks, and checks that they are an administrator *now*.
Whoever is at the machine's terminal acts as the local person, who is one. People are named by their
public id. The last administrator who can log in stays one.
"""

from collections.abc import Sequence

from chatbot import passwords
from chatbot.accounts import tries
from chatbot.accounts.links import add_account
from chatbot.accounts.logins import email_of, login_of, name_of, roles_of, sought
from chatbot.accounts.profiles import Profiles
from chatbot.accounts.views import Link, PersonView, Profile, SessionView, view
from chatbot.audit import require_admin
from chatbot.errors import NotFound, Refused
from store import accounts, links, sessions
from store import errors as store_errors
from store.engine import Session
from store.records import Account, LinkKind, Person

LAST = "This is the last administrator who can log in. Make another one first."
OFF = "This account is switched off. Switch it on first."


class Accounts(Profiles):
    """The people of one database. Several processes may each have one."""

    def people(self, by: Person) -> list[PersonView]:
        """Everyone with an account, by name. Raises NotAllowed."""
        with self.archive.main.reading() as session:
            require_admin(session, by)
            return [view(account) for account in accounts.accounts(session)]

    def find(self, by: Person, login: str) -> PersonView:
        """Someone by login. Raises NotFound, NotAllowed."""
        with self.archive.main.reading() as session:
            require_admin(session, by)
            return view(_by_login(session, login))

    def person(self, by: Person, person: str) -> Person:
        """Someone by public id, for other services. Raises NotFound, NotAllowed."""
        with self.archive.main.reading() as session:
            return self._governed(session, by, person).person

    def acting_as(self, by: Person, login: str) -> Person:
        """Someone by login, to act in their name at the machine's terminal; audited.

        Raises NotFound, NotAllowed.
        """
        with self.archive.main.writing() as session:
            require_admin(session, by)
            person = _by_login(session, login).person
            self.audit.note_in(session, by, "acted_as", "person", person.public_id)
        return person

    def add(
        self,
        by: Person,
        *,
        login: str,
        name: str,
        roles: Sequence[str],
        email: str | None = None,
        password: str,
        adopt: bool = False,
    ) -> PersonView:
        """Make an account with a password. With `adopt` it keeps what the local person said.

        Raises Refused (login, name, roles, e-mail or password), Conflict (login), NotAllowed.
        """
        login, name, email, roles = login_of(login), name_of(name), email_of(email), roles_of(roles)
        passwords.check(password, login)
        kept = passwords.hashed(password)
        with self.archive.main.writing() as session:
            require_admin(session, by)
            person = add_account(session, login, name, roles, email, kept, adopt=adopt)
            self.note_roles(session, by, "person_added", person)
            return view(accounts.account(session, person.public_id))

    def invite(
        self, by: Person, *, login: str, name: str, roles: Sequence[str], email: str | None = None
    ) -> Link:
        """Make an account that nothing opens yet, and the link by which its owner opens it.

        Raises Refused (login, name, roles or e-mail), Conflict (login), NotAllowed.
        """
        login, name, email, roles = login_of(login), name_of(name), email_of(email), roles_of(roles)
        with self.archive.main.writing() as session:
            require_admin(session, by)
            person = add_account(session, login, name, roles, email, None)
            self.note_roles(session, by, "person_invited", person)
            return self.make_link(session, "invite", person.id, by.name)

    def reset_link(self, by: Person, person: str) -> Link:
        """A link by which someone (public id) sets a new password; earlier ones open nothing more.

        The old password goes on until it is used. Raises NotFound, NotAllowed.
        """
        with self.archive.main.writing() as session:
            found = self._governed(session, by, person)
            if not found.active:
                raise Refused(OFF)
            kind: LinkKind = "reset" if found.has_password else "invite"
            self.audit.note_in(session, by, "link_made", "person", person, link=kind)
            return self.make_link(session, kind, found.person.id, by.name)

    def set_password(self, by: Person, person: str, password: str) -> None:
        """Replace someone's password (public id); all their sessions end.

        Raises Refused (the password), NotFound, NotAllowed.
        """
        with self.archive.main.reading() as session:
            login = self._governed(session, by, person).login or ""
        passwords.check(password, login)
        kept = passwords.hashed(password)
        with self.archive.main.writing() as session:
            found = self._governed(session, by, person)
            accounts.set_password(session, found.person.id, kept)
            sessions.end_all(session, found.person.id)
            links.cancel(session, found.person.id)
            tries.right(session, login)
            self.audit.note_in(session, by, "password_changed", "person", person)

    def set_roles(self, by: Person, person: str, roles: Sequence[str]) -> PersonView:
        """Replace someone's roles (public id). It counts at once, in their open pages too.

        Raises Refused (roles, or the last administrator), NotFound, NotAllowed.
        """
        roles = roles_of(roles)
        with self.archive.main.writing() as session:
            accounts.lock_administrators(session)
            found = self._governed(session, by, person)
            if "admin" not in roles:
                _keep_one(session, found)
            accounts.set_roles(session, found.person.id, roles)
            changed = accounts.account(session, person)
            was = ", ".join(found.person.roles)
            self.note_roles(session, by, "roles_changed", changed.person, was=was)
            return view(changed)

    def set_profile(
        self, by: Person, person: str, name: str, email: str | None, was: Profile
    ) -> PersonView:
        """Replace someone's name and e-mail address (public id); `was`: what they were.

        Raises Refused (name or address), Conflict (somebody has it, or it is not `was` any more),
        NotFound, NotAllowed.
        """
        with self.archive.main.writing() as session:
            found = self._governed(session, by, person)
            self.rewrite(session, by, found, Profile(name, email), was)
            return view(accounts.account(session, person))

    def set_active(self, by: Person, person: str, *, active: bool) -> PersonView:
        """Switch someone (public id) on or off; off ends their sessions and links at once.

        Raises Refused (the last administrator), NotFound, NotAllowed.
        """
        with self.archive.main.writing() as session:
            accounts.lock_administrators(session)
            found = self._governed(session, by, person)
            if not active:
                _keep_one(session, found)
                sessions.end_all(session, found.person.id)
                links.cancel(session, found.person.id)
            accounts.set_active(session, found.person.id, active=active)
            action = "person_on" if active else "person_off"
            self.audit.note_in(session, by, action, "person", person)
            return view(accounts.account(session, person))

    def sessions_of(self, by: Person, person: str) -> list[SessionView]:
        """Where someone (public id) is signed in, which is noted. Raises NotFound, NotAllowed."""
        with self.archive.main.writing() as session:
            found = self._governed(session, by, person)
            self.audit.note_in(session, by, "logins_read", "person", person)
        return self.sessions(found.person, "")

    def end_sessions(self, by: Person, person: str) -> int:
        """End all sessions of someone (public id); how many. Raises NotFound, NotAllowed."""
        with self.archive.main.writing() as session:
            found = self._governed(session, by, person)
            count = sessions.end_all(session, found.person.id)
            self.audit.note_in(session, by, "sessions_ended", "person", person, count=count)
        return count

    def _governed(self, session: Session, by: Person, person: str) -> Account:
        """The account that an administrator asks for. Raises NotAllowed, NotFound."""
        require_admin(session, by)
        return accounts.account(session, person)


def _by_login(session: Session, login: str) -> Account:
    try:
        return accounts.by_login(session, sought(login))
    except store_errors.NotFound:
        raise NotFound(f"Nobody has the login {login}.") from None


def _keep_one(session: Session, leaving: Account) -> None:
    """Raises Refused when nobody else administers. The administrators are locked."""
    if accounts.administrators(session) == [leaving.person.id]:
        raise Refused(LAST)
