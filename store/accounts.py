"""People and their roles."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store import models
from store.errors import NotFound
from store.records import Person
from store.rows import insert_missing

ROLES = ("chatter", "agent", "author", "reviewer", "admin")

# Public id of the one person of a machine without login, whatever the name.
LOCAL = "00000000-0000-7000-8000-000000000001"


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


def add_person(session: Session, name: str, roles: Sequence[str] = ("chatter",)) -> Person:
    """A new person. Raises `Conflict` when the name is taken, `UnstorableText`."""
    user = models.User(name=name)
    session.add(user)
    session.flush()
    return _with_roles(session, user.id, roles)


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


def _with_roles(session: Session, user_id: int, roles: Sequence[str]) -> Person:
    for role in roles:
        held = {"user_id": user_id, "role": role}
        insert_missing(session, models.UserRole, held, ["user_id", "role"])
    return person(session, user_id)
