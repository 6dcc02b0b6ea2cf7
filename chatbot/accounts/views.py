"""What doors see of accounts: plain values. Secrets in them are left out of their `repr`."""

from dataclasses import dataclass, field
from datetime import datetime

from store.records import Account, LinkKind, Person


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that began. `token` opens it until `expires_at` at the latest."""

    token: str = field(repr=False)
    person: Person
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionView:
    """A browser in which a person is signed in. `current`: the one that asks."""

    id: str
    created: datetime
    used: datetime
    address: str
    agent: str
    current: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A new one-time link. `path` begins with a slash and goes behind the server's address."""

    path: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LinkView:
    """What a one-time link is for. A `first` link has no login yet."""

    kind: LinkKind
    login: str | None
    name: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person is called, and the e-mail address that logs in like their login."""

    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """Someone with an account. `state`: active, invited (nothing opens it yet) or off."""

    id: str
    login: str | None
    name: str
    email: str | None
    roles: tuple[str, ...]
    state: str
    has_password: bool
    has_identity: bool
    created: datetime
    last_seen: datetime | None


def view(account: Account) -> PersonView:
    """An account as administrators and its owner see it."""
    opened = account.has_password or account.has_identity
    return PersonView(
        id=account.person.public_id,
        login=account.login,
        name=account.person.name,
        email=account.email,
        roles=account.person.roles,
        state=("active" if opened else "invited") if account.active else "off",
        has_password=account.has_password,
        has_identity=account.has_identity,
        created=account.created_at,
        last_seen=account.last_seen_at,
    )
