"""One-time links: an invitation, a new password, the first administrator.

Whoever holds one may set the password of one account, once. It needs no mail server: an
administrator passes it on.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from chatbot import passwords
from chatbot.accounts import tries
from chatbot.accounts.logins import login_of, name_of
from chatbot.accounts.signing import Signing, hash_of
from chatbot.accounts.views import Link, LinkView, SignedIn
from chatbot.errors import Conflict, NotFound, Refused
from store import accounts, links, sessions
from store.engine import Session
from store.records import LinkKind, Person

DAYS: dict[LinkKind, int] = {"invite": 7, "reset": 1, "first": 1}

TAKEN = "Somebody has this login already. Choose another one."
ADDRESS_TAKEN = "Somebody has this e-mail address already. Give another one, or none."
NO_LINK = "This link was used already, or it is too old. Ask an administrator for a new one."
THERE_IS_ONE = "There is an administrator already. Ask them for an invitation."


class Links(Signing):
    """Sessions, and the one-time links that begin the first one."""

    def open_link(self, token: str) -> LinkView:
        """What a link is for. Raises NotFound when it was used, is too old, or never was."""
        with self.archive.main.reading() as session:
            link = links.find(session, hash_of(token), self.clock())
            known = accounts.account_of(session, link.user_id) if link and link.user_id else None
        if link is None or (known and not known.active):
            raise NotFound(NO_LINK)
        return LinkView(
            kind=link.kind,
            login=known.login if known else None,
            name=known.person.name if known else None,
            expires_at=link.expires_at,
        )

    def use_link(
        self,
        token: str,
        *,
        login: str,
        name: str,
        password: str,
        address: str,
        agent: str,
        adopt: bool = False,
    ) -> SignedIn:
        """Set the password that a link is for, and begin a session; the link opens nothing more.

        `login` counts for the first administrator alone, whose link has none yet; `name` for them
        and for who was invited. With `adopt` the first administrator keeps what was said on this
        machine before there were accounts.

        Raises:
            NotFound: the link was used, is too old, or never was.
            Refused: login, name or password is not good enough; the link stays good.
            Conflict: somebody has this login.
        """
        about = self.open_link(token)
        name = name_of(name or about.name or "")
        login = about.login or login_of(login)
        passwords.check(password, login)
        kept, now = passwords.hashed(password), self.clock()
        with self.archive.main.writing() as session:
            accounts.lock_administrators(session)
            link = links.use(session, hash_of(token), now)
            if link is None:
                raise NotFound(NO_LINK)
            if link.user_id is None:
                if accounts.administrators(session):
                    raise Refused(THERE_IS_ONE)
                person = add_account(session, login, name, accounts.ROLES, None, kept, adopt=adopt)
                self.audit.note_in(session, person, "person_added", "person", person.public_id)
            else:
                if not accounts.is_active(session, link.user_id):
                    raise NotFound(NO_LINK)
                accounts.set_password(session, link.user_id, kept)
                if link.kind == "invite":
                    accounts.set_name(session, link.user_id, name)
                sessions.end_all(session, link.user_id)
                tries.right(session, login)
                person = accounts.person(session, link.user_id)
                self.audit.note_in(
                    session, person, "link_used", "person", person.public_id, link=link.kind
                )
            return self.begin(session, person.id, "link", address, agent)

    def first_link(self) -> Link | None:
        """A link that makes the first administrator; None when there is one who can sign in.

        Earlier ones open nothing more. For the server's start.
        """
        with self.archive.main.writing() as session:
            if accounts.administrators(session):
                return None
            return self.make_link(session, "first", None, "")

    def make_link(
        self, session: Session, kind: LinkKind, user_id: int | None, made_by: str
    ) -> Link:
        """A new link to what `kind` says; earlier ones for the same person open nothing more."""
        token, now = secrets.token_urlsafe(32), self.clock()
        expires_at = now + timedelta(days=DAYS[kind])
        links.add(
            session, hash_of(token), kind, user_id, made_by=made_by, at=now, expires_at=expires_at
        )
        return Link(f"/link/{token}", expires_at)


def add_account(
    session: Session,
    login: str,
    name: str,
    roles: Sequence[str],
    email: str | None,
    password_hash: str | None,
    *,
    adopt: bool = False,
) -> Person:
    """A new account; with `adopt` that of the local person, who gets a new one. Raises Conflict."""
    if accounts.is_taken(session, login):
        raise Conflict(TAKEN)
    if email and accounts.is_taken(session, email):
        raise Conflict(ADDRESS_TAKEN)
    make = accounts.name_local_person if adopt else accounts.add_person
    return make(session, name, roles, login=login, email=email, password_hash=password_hash)
