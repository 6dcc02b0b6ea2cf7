"""Who somebody is: logins, sessions, one-time links. The base of `Accounts`.

Nothing here trusts what a session remembers: roles and whether an account is on are read from the
database each time, so a change counts at once. Tokens leave once, to the one they are for; the
database holds hashes. Each change is audited in its own transaction.
"""

import contextlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from chatbot import passwords
from chatbot.accounts import tries
from chatbot.accounts.logins import email_of, one_line, sought
from chatbot.accounts.views import PersonView, SessionView, SignedIn, view
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.errors import (
    NotAllowed,
    NotSignedIn,
    Refused,
    StoreUnavailable,
    WrongLogin,
)
from store import accounts, identities, links, sessions
from store.columns import now as present
from store.engine import Session
from store.records import Credentials, Person

TOUCH = timedelta(minutes=1)
"""How exactly it is known when a session was last used."""
MOST_SESSIONS = 50
"""Sessions of one person; a further one ends the one that was not used longest."""
KEEP_LINKS = timedelta(days=30)
"""How long links that were used or too old stay in the database."""

OLD_IS_WRONG = "The old password is wrong."
UNKNOWN = "You have no account here. Ask an administrator to invite you."


class Signing:
    """Sessions and one-time links of the people of one database."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        *,
        idle: timedelta,
        longest: timedelta,
        let_in_new: bool = False,
        joins_addresses: bool = False,
        clock: Callable[[], datetime] = present,
    ) -> None:
        """`idle` and `longest`: when an unused and when any session ends.

        `let_in_new`: whoever another server vouches for becomes a chatter. `joins_addresses`: there
        is such a server.
        """
        self.archive = archive
        self.audit = audit
        self._idle = idle
        self._longest = longest
        self._let_in_new = let_in_new
        self.joins_addresses = joins_addresses
        self.clock = clock

    # Signing in ----------------------------------------------------------------------------------

    def sign_in(self, login: str, password: str, *, address: str, agent: str) -> SignedIn:
        """Begin a session. `login` may be the e-mail address.

        Raises:
            WrongLogin: unknown, switched off, without password, or the wrong one: never told apart.
            TooManyTries: too many wrong ones for this login or from this address.
            StoreUnavailable: nothing was checked.
        """
        found = self._begin_try(login, address)
        kept = found.password_hash if found and found.active else None
        if not passwords.fits(kept, password) or found is None:
            self._wrong(found, address)
            raise WrongLogin
        renewed = passwords.hashed(password) if kept and passwords.is_outdated(kept) else None
        with self.archive.main.writing() as session:
            if accounts.credentials(session, found.login) != found:
                raise WrongLogin  # changed or switched off while we compared
            tries.right(session, found.login)
            if renewed:
                accounts.set_password(session, found.user_id, renewed)
            return self.begin(session, found.user_id, "password", address, agent)

    def by_identity(
        self, issuer: str, subject: str, *, email: str | None, name: str, address: str, agent: str
    ) -> SignedIn:
        """Begin a session of someone whom another server vouches for.

        `email` only where that server has verified it: it joins them to a known account once.

        Raises NotAllowed when nobody here is meant, StoreUnavailable.
        """
        with self.archive.main.writing() as session:
            user_id = identities.find(session, issuer, subject)
            if user_id is None:
                user_id = self._join(session, issuer, subject, email, name)
            if user_id is None or not accounts.is_active(session, user_id):
                refused = True
                tries.wrong(session, address, self.clock())
                self.audit.note_in(
                    session, None, "sign_in_refused", "identity", "", address=address
                )
            else:
                refused = False
                signed = self.begin(session, user_id, "identity", address, agent)
        if refused:
            raise NotAllowed(UNKNOWN)
        return signed

    def may_try(self, address: str) -> None:
        """Raises TooManyTries: too many sign-ins from an address were refused."""
        with self.archive.main.reading() as session:
            tries.check_address(session, address, self.clock())

    def identity_refused(self, address: str, why: str) -> None:
        """Count and audit that another server vouched for nobody. `why` is a word of ours."""
        with self.archive.main.writing() as session:
            tries.wrong(session, address, self.clock())
            self.audit.note_in(
                session, None, "sign_in_refused", "identity", "", why=why, address=address
            )

    def of_token(self, token: str) -> Person:
        """Who is signed in with this token, with the roles of this moment.

        Raises NotSignedIn when the session ended, was idle too long, or the account is off.
        """
        now, hashed = self.clock(), hash_of(token)
        with self.archive.main.reading() as session:
            opened = sessions.opened(session, hashed)
        if opened is None:
            raise NotSignedIn
        found, person = opened
        if now >= found.expires_at or now >= found.used_at + self._idle:
            raise NotSignedIn
        if abs(now - found.used_at) >= TOUCH:
            # Who is signed in can read also while the database takes nothing.
            with contextlib.suppress(StoreUnavailable), self.archive.main.writing() as session:
                sessions.touch(session, found.id, now)
                accounts.saw(session, person.id, now)
        return person

    def sign_out(self, token: str) -> None:
        """End the session of this token, if there is one."""
        with self.archive.main.writing() as session:
            found = sessions.find(session, hash_of(token))
            if found is not None:
                person = accounts.person(session, found.user_id)
                sessions.end(session, found.user_id, found.public_id)
                self.audit.note_in(session, person, "sign_out", "person", person.public_id)

    def sign_out_everywhere(self, person: Person) -> int:
        """End all sessions of a person who asks for it. Returns how many."""
        with self.archive.main.writing() as session:
            count = sessions.end_all(session, person.id)
            self.audit.note_in(
                session, person, "sessions_ended", "person", person.public_id, count=count
            )
        return count

    # One's own account ---------------------------------------------------------------------------

    def own(self, person: Person) -> PersonView:
        """One's own account. Raises NotFound for the local person, who has none."""
        with self.archive.main.reading() as session:
            return view(accounts.account(session, person.public_id))

    def sessions(self, person: Person, token: str) -> list[SessionView]:
        """Where a person is signed in, the last used one first."""
        now, hashed = self.clock(), hash_of(token)
        with self.archive.main.reading() as session:
            found = sessions.of_person(session, person.id)
            asking = sessions.find(session, hashed)
        return [
            SessionView(
                id=one.public_id,
                created=one.created_at,
                used=one.used_at,
                address=one.address,
                agent=one.agent,
                current=asking is not None and one.id == asking.id,
            )
            for one in found
            if now < one.expires_at and now < one.used_at + self._idle
        ]

    def end_session(self, person: Person, session_id: str) -> None:
        """End one of a person's own sessions. Raises NotFound."""
        with self.archive.main.writing() as session:
            sessions.end(session, person.id, session_id)
            self.audit.note_in(session, person, "sessions_ended", "person", person.public_id)

    def change_password(
        self, person: Person, token: str, old: str, new: str, *, address: str = ""
    ) -> None:
        """Replace one's own password; all other sessions end, and links to it open nothing.

        Raises:
            WrongLogin: the old password is wrong, or was changed while it was compared.
            TooManyTries: it was wrong too often.
            Refused: the new password is not good enough.
            NotSignedIn: this session has ended meanwhile.
        """
        login = self.own(person).login or ""
        passwords.check(new, login)
        found = self._begin_try(login, address)
        if found is None or not passwords.fits(found.password_hash, old):
            self._wrong(found, address)
            raise WrongLogin(OLD_IS_WRONG)
        renewed = passwords.hashed(new)
        with self.archive.main.writing() as session:
            if sessions.find(session, hash_of(token)) is None:
                raise NotSignedIn  # ended while we compared: an administrator may have had to
            if accounts.credentials(session, found.login) != found:
                raise WrongLogin(OLD_IS_WRONG)
            tries.right(session, login)
            accounts.set_password(session, person.id, renewed)
            links.cancel(session, person.id)
            sessions.end_all(session, person.id, but=hash_of(token))
            self.audit.note_in(session, person, "password_changed", "person", person.public_id)

    # Housekeeping --------------------------------------------------------------------------------

    def tidy(self) -> int:
        """Remove sessions that ended, old links and counts of tries. Returns how many sessions."""
        now = self.clock()
        with self.archive.main.writing() as session:
            links.purge(session, now - KEEP_LINKS)
            tries.tidy(session, now)
            return sessions.purge(session, expired=now, idle=now - self._idle)

    # Steps ---------------------------------------------------------------------------------------

    def _begin_try(self, login: str, address: str) -> Credentials | None:
        """What to check a password against, after the try was counted. Raises TooManyTries."""
        typed = sought(login)
        with self.archive.main.writing() as session:
            found = accounts.credentials(session, typed)
            tries.begin(session, found.login if found else typed, address, self.clock())
        return found

    def _wrong(self, found: Credentials | None, address: str) -> None:
        with self.archive.main.writing() as session:
            tries.wrong(session, address, self.clock())
            whom = accounts.account_of(session, found.user_id).person.public_id if found else ""
            self.audit.note_in(session, None, "sign_in_refused", "person", whom, address=address)

    def begin(self, session: Session, user_id: int, how: str, address: str, agent: str) -> SignedIn:
        """Begin a session of somebody who showed who they are; `how` is a word for the audit."""
        token, now = secrets.token_urlsafe(32), self.clock()
        sessions.end_oldest(session, user_id, keep=MOST_SESSIONS - 1)
        sessions.add(
            session,
            user_id,
            hash_of(token),
            at=now,
            expires_at=now + self._longest,
            address=_storable(address, 100),
            agent=_storable(agent, 300),
        )
        accounts.saw(session, user_id, now)
        person = accounts.person(session, user_id)
        self.audit.note_in(
            session, person, "sign_in", "person", person.public_id, how=how, address=address
        )
        return SignedIn(token, person, now + self._longest)

    def _join(
        self, session: Session, issuer: str, subject: str, email: str | None, name: str
    ) -> int | None:
        """The person whom an unknown identity belongs to from now on."""
        known = accounts.by_email(session, sought(email)) if email else []
        free = [
            one.person for one in known if not identities.has_other(session, one.person.id, issuer)
        ]
        if len(known) == 1 and free:
            person = free[0]
        elif not known and self._let_in_new:
            person = self._newcomer(session, email, name)
        else:
            return None
        now = self.clock()
        identities.add(session, issuer, subject, person.id, now)
        self.audit.note_in(session, person, "identity_joined", "person", person.public_id)
        return person.id

    def _newcomer(self, session: Session, email: str | None, name: str) -> Person:
        address = None
        with contextlib.suppress(Refused):
            address = email_of(email)
        known_as = one_line(name) or address or "Somebody"
        person = accounts.add_person(session, known_as, ("chatter",), login=address, email=address)
        self.note_roles(session, None, "person_added", person)
        return person

    def note_roles(
        self, session: Session, by: Person | None, action: str, person: Person, **more: str
    ) -> None:
        """Audit that somebody has roles that they had not before."""
        roles = ", ".join(person.roles)
        self.audit.note_in(session, by, action, "person", person.public_id, roles=roles, **more)


def hash_of(token: str) -> str:
    """What the database keeps of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _storable(text: str, limit: int) -> str:
    """What a browser says of itself, as any database keeps it."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:limit])
