"""People, their logins and their roles. Who may call these is decided above (chatbot/accounts.py).

The local person is the one of a machine without login. Where people sign in it stands for whoever
is at the machine's terminal: it holds every role, and nobody can sign in as it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from store import models
from store.columns import now
from store.errors import NotFound
from store.records import Account, Credentials, Person
from store.rows import insert_missing, is_sqlite

ROLES = ("chatter", "agent", "author", "reviewer", "admin")

# Public id of the one person of a machine without login, whatever the name.
LOCAL = "00000000-0000-7000-8000-000000000001"

ADMINISTRATORS_LOCK = 7_236_081_342_118_205_005  # any constant that nobody else locks


def ensure_local_person(session: Session, name: str) -> Person:
    """The one person of a machine without login, with every role; made on first use."""
    insert_missing(session, models.User, {"public_id": LOCAL, "name": name}, ["public_id"])
    user_id = session.execute(
        update(models.User)
        .where(models.User.public_id == LOCAL)
        .values(name=name)
        .returning(models.User.id)
    ).scalar_one()
    return _with_roles(session, user_id, ROLES)


def add_person(
    session: Session,
    name: str,
    roles: Sequence[str] = ("chatter",),
    *,
    login: str | None = None,
    email: str | None = None,
    password_hash: str | None = None,
) -> Person:
    """A new person. Raises `Conflict` when the login is taken, `UnstorableText`."""
    user = models.User(name=name, login=login, email=email, password_hash=password_hash)
    session.add(user)
    session.flush()
    return _with_roles(session, user.id, roles)


def name_local_person(
    session: Session,
    name: str,
    roles: Sequence[str],
    *,
    login: str,
    email: str | None,
    password_hash: str | None,
) -> Person:
    """Make the local person somebody with a login, who keeps all that was said without one.

    A new local person takes their place. Raises `Conflict` when the login is taken.
    """
    local = select(models.User.id).where(models.User.public_id == LOCAL)
    user_id, old_name = session.execute(local.add_columns(models.User.name)).one()
    session.execute(
        update(models.User)
        .where(models.User.id == user_id)
        .values(
            public_id=str(uuid7()),
            name=name,
            login=login,
            email=email,
            password_hash=password_hash,
        )
    )
    set_roles(session, user_id, roles)
    ensure_local_person(session, old_name)
    return person(session, user_id)


def adopt(session: Session, known: Person) -> Person:
    """Make a person of another database known in this one, under the same ids.

    A temporary conversation lives in a database in memory but belongs to someone of the real one.
    """
    values = {"id": known.id, "public_id": known.public_id, "name": known.name}
    insert_missing(session, models.User, values, ["id"])
    return _with_roles(session, known.id, known.roles)


def person(session: Session, user_id: int) -> Person:
    """Raises `NotFound`."""
    user = session.execute(
        select(models.User.public_id, models.User.name).where(models.User.id == user_id)
    ).one_or_none()
    if user is None:
        raise NotFound("This person")
    held = session.scalars(
        select(models.UserRole.role).where(models.UserRole.user_id == user_id)
    ).all()
    return Person(user_id, user.public_id, user.name, tuple(r for r in ROLES if r in held))


# Accounts ----------------------------------------------------------------------------------------


def account(session: Session, public_id: str) -> Account:
    """Someone with an account, by public id. The local person has none, nor has a program.

    Raises `NotFound`.
    """
    found = session.execute(_accounts().where(models.User.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound("This person")
    return _account(session, found)


def account_of(session: Session, user_id: int) -> Account:
    """The account of a person, by internal number. Raises `NotFound`."""
    found = session.execute(_accounts().where(models.User.id == user_id)).one_or_none()
    if found is None:
        raise NotFound("This person")
    return _account(session, found)


def by_login(session: Session, login: str) -> Account:
    """Someone by login, in its stored spelling. Raises `NotFound`."""
    found = session.execute(_accounts().where(models.User.login == login)).one_or_none()
    if found is None:
        raise NotFound("This person")
    return _account(session, found)


def is_taken(session: Session, word: str, but: int | None = None) -> bool:
    """Whether this is the login or the e-mail address of somebody, another than `but`."""
    same = (models.User.login == word) | (models.User.email == word)
    others = same if but is None else same & (models.User.id != but)
    return session.scalar(select(exists().where(others))) is True


def by_email(session: Session, email: str) -> list[Account]:
    """Those whose e-mail address, or login, is this one, in its stored spelling."""
    same = (models.User.email == email) | (models.User.login == email)
    return [_account(session, row) for row in session.execute(_accounts().where(same))]


def accounts(session: Session) -> list[Account]:
    """Everyone with an account, by name."""
    ordered = _accounts().order_by(func.lower(models.User.name), models.User.id)
    return [_account(session, row) for row in session.execute(ordered)]


def credentials(session: Session, typed: str) -> Credentials | None:
    """What to check a sign-in against: by login, else by an e-mail address that one person has."""
    known = models.User
    columns: Any = select(known.id, known.login, known.password_hash, known.active)
    columns = columns.where(known.login.is_not(None))
    found = session.execute(columns.where(known.login == typed)).all()
    if not found:
        found = session.execute(columns.where(known.email == typed).limit(2)).all()
    return Credentials(*found[0]) if len(found) == 1 else None


def roles(session: Session, people: Collection[int]) -> dict[int, frozenset[str]]:
    """The roles of several people, by internal number; without who is off, unknown or expired."""
    held = select(models.User.id, models.UserRole.role).join(models.UserRole)
    found: dict[int, set[str]] = {}
    live = (models.User.id.in_(people), models.User.active, ~_has_ended_key(now()))
    for user_id, role in session.execute(held.where(*live)):
        found.setdefault(user_id, set()).add(role)
    return {user_id: frozenset(names) for user_id, names in found.items()}


def is_active(session: Session, user_id: int) -> bool:
    """Whether someone may use the product at all."""
    active = select(models.User.active).where(models.User.id == user_id)
    return bool(session.scalar(active))


def saw(session: Session, user_id: int, at: datetime) -> None:
    """Note when a person was last here."""
    seen = update(models.User).where(models.User.id == user_id)
    session.execute(seen.values(last_seen_at=at))


def set_password(session: Session, user_id: int, password_hash: str) -> None:
    """Replace the password of a person."""
    changed = update(models.User).where(models.User.id == user_id)
    session.execute(changed.values(password_hash=password_hash))


def set_name(session: Session, user_id: int, name: str) -> None:
    """Replace the name of a person."""
    session.execute(update(models.User).where(models.User.id == user_id).values(name=name))


def set_profile(
    session: Session, user_id: int, name: str, email: str | None, was: tuple[str, str | None]
) -> bool:
    """Replace name and e-mail address of a person if they still are what they were."""
    known = models.User
    same = known.email.is_(None) if was[1] is None else known.email == was[1]
    changed = update(known).where(known.id == user_id, known.name == was[0], same)
    done = session.execute(changed.values(name=name, email=email).returning(known.id))
    return done.one_or_none() is not None


def is_called(session: Session, name: str) -> bool:
    """Whether there is somebody of this name."""
    return session.scalar(select(exists().where(models.User.name == name))) is True


def set_active(session: Session, user_id: int, *, active: bool) -> None:
    """Switch an account on or off."""
    session.execute(update(models.User).where(models.User.id == user_id).values(active=active))


def set_roles(session: Session, user_id: int, roles: Sequence[str]) -> None:
    """Replace the roles of a person."""
    held = delete(models.UserRole).where(models.UserRole.user_id == user_id)
    session.execute(held.where(models.UserRole.role.not_in(roles)))
    _with_roles(session, user_id, roles)


def with_roles(session: Session, wanted: Sequence[str]) -> list[Person]:
    """Everybody who has one of these roles now and is not switched off, by name. No programs."""
    known = models.User
    asked = select(known.id, known.public_id, known.name, models.UserRole.role)
    asked = asked.join(models.UserRole, models.UserRole.user_id == known.id)
    asked = asked.where(models.UserRole.role.in_(wanted), known.active, ~_HAS_KEY)
    found: dict[int, Person] = {}
    for user_id, public_id, name, role in session.execute(asked.order_by(known.name, known.id)):
        held = found[user_id].roles if user_id in found else ()
        found[user_id] = Person(user_id, public_id, name, (*held, role))
    return list(found.values())


# Administrators ----------------------------------------------------------------------------------


def lock_administrators(session: Session) -> None:
    """Let other transactions that change who administers wait for the end of this one.

    On SQLite every writer does anyway.
    """
    if not is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock(ADMINISTRATORS_LOCK)))


def is_administrator(session: Session, user_id: int) -> bool:
    """Whether someone is an administrator now, and not switched off."""
    return bool(session.scalar(_administrators().where(models.User.id == user_id)))


def has_role(session: Session, user_id: int, roles: Sequence[str]) -> bool:
    """Whether someone has one of these roles now, and is not switched off."""
    own = select(models.User.id).join(models.UserRole).where(models.User.id == user_id)
    held = own.where(models.UserRole.role.in_(roles), models.User.active)
    return session.scalar(held.limit(1)) is not None


def administrators(session: Session) -> list[int]:
    """The internal numbers of active administrators who can sign in."""
    can_sign_in = models.User.password_hash.is_not(None) | _HAS_IDENTITY
    return list(session.scalars(_administrators().where(can_sign_in)))


def _administrators() -> Any:
    admins = select(models.User.id).join(models.UserRole)
    return admins.where(models.UserRole.role == "admin", models.User.active)


_HAS_IDENTITY = exists().where(models.Identity.user_id == models.User.id)
_HAS_KEY = exists().where(models.ApiKey.user_id == models.User.id)


def _accounts() -> Any:
    return select(
        models.User.id,
        models.User.login,
        models.User.email,
        models.User.active,
        models.User.password_hash.is_not(None),
        _HAS_IDENTITY,
        models.User.created_at,
        models.User.last_seen_at,
    ).where(models.User.public_id != LOCAL, ~_HAS_KEY)


def _has_ended_key(at: datetime) -> Any:
    """Whether somebody is a program whose key has expired; a revoked one's is switched off."""
    return exists().where(models.ApiKey.user_id == models.User.id, models.ApiKey.expires_at <= at)


def _account(session: Session, row: Sequence[Any]) -> Account:
    user_id, *rest = row
    return Account(person(session, user_id), *rest)


def _with_roles(session: Session, user_id: int, roles: Sequence[str]) -> Person:
    for role in roles:
        held = {"user_id": user_id, "role": role}
        insert_missing(session, models.UserRole, held, ["user_id", "role"])
    return person(session, user_id)
