"""Conversations: made, listed, named, deleted. Each query is scoped to the person who asks.

A foreign, deleted or unknown id gives the same `NotFound`. What is said in them is in `messages`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from store import index, models
from store.columns import now
from store.errors import Conflict, NotFound
from store.models import Conversation as Row
from store.records import Conversation
from store.rows import columns_of, inserted, plain_columns_of

COLUMNS = columns_of(Row, Conversation)

_TABLE: Any = Row.__table__
_PLAIN = tuple(plain_columns_of(Row, Conversation))


def create(
    session: Session,
    *,
    user_id: int,
    channel: str,
    title: str,
    prompt: str,
    release_id: int | None,
    version: str | None,
    model: str,
    key: str | None = None,
) -> Conversation:
    """Start a conversation. The same `key` of the same person again returns the same one.

    Raises `Conflict` when that one was deleted meanwhile, `UnstorableText`.
    """
    values = {
        "user_id": user_id,
        "key": key,
        "channel": channel,
        "title": title,
        "prompt": prompt,
        "release_id": release_id,
        "version": version,
        "model": model,
    }
    made = inserted(session, Row, values, ("user_id", "key"), _PLAIN)
    if made is None:
        return _by_key(session, user_id, key)
    index.put(session, user_id, "title", made.id, title)
    return Conversation(*made)


def get(session: Session, user_id: int, public_id: str) -> Conversation:
    """Raises `NotFound`."""
    found = session.execute(select(*COLUMNS).where(*_owned(user_id, public_id))).one_or_none()
    if found is None:
        raise NotFound("This conversation")
    return Conversation(*found)


def of_anybody(session: Session, public_id: str, channel: str) -> Conversation:
    """A conversation of whomever, for those whose right to it was checked. Raises `NotFound`."""
    which = (Row.public_id == public_id, Row.channel == channel, Row.deleted_at.is_(None))
    found = session.execute(select(*COLUMNS).where(*which)).one_or_none()
    if found is None:
        raise NotFound("This conversation")
    return Conversation(*found)


def lock(session: Session, conversation_id: int) -> None:
    """Let nobody else change it until the commit."""
    session.execute(select(Row.id).where(Row.id == conversation_id).with_for_update())


def head(session: Session, conversation_id: int) -> int | None:
    """The leaf that is shown, by internal number; None of an empty conversation."""
    return session.scalar(select(Row.head_id).where(Row.id == conversation_id))


def recent(
    session: Session,
    user_id: int,
    *,
    limit: int = 50,
    before: tuple[datetime, int] | None = None,
) -> list[Conversation]:
    """Not pinned, newest updated first. `before`: `(updated_at, id)` of the last one shown."""
    query = select(*COLUMNS).where(*_listed(user_id, pinned=False))
    if before is not None:
        query = query.where(tuple_(Row.updated_at, Row.id) < before)
    query = query.order_by(Row.updated_at.desc(), Row.id.desc()).limit(limit)
    return [Conversation(*row) for row in session.execute(query)]


def number(session: Session, user_id: int, public_id: str) -> int:
    """The internal number of a conversation, deleted or not; 0 where there is none any more."""
    which = (Row.public_id == public_id, Row.user_id == user_id)
    return session.scalar(select(Row.id).where(*which)) or 0


def pinned(session: Session, user_id: int) -> list[Conversation]:
    """The pinned ones, newest updated first."""
    query = select(*COLUMNS).where(*_listed(user_id, pinned=True))
    query = query.order_by(Row.updated_at.desc(), Row.id.desc())
    return [Conversation(*row) for row in session.execute(query)]


def rename(session: Session, user_id: int, public_id: str, title: str) -> Conversation:
    """Give it another title. Raises `NotFound`, `UnstorableText`."""
    renamed = _change(session, user_id, public_id, title=title)
    index.put(session, user_id, "title", renamed.id, title)
    return renamed


def set_pinned(session: Session, user_id: int, public_id: str, pinned: bool) -> Conversation:  # noqa: FBT001
    """Pin it to the top of the list, or unpin it. Raises `NotFound`."""
    return _change(session, user_id, public_id, pinned=pinned)


def set_model(session: Session, user_id: int, public_id: str, model: str) -> Conversation:
    """Which model answers from now on. Raises `NotFound`."""
    return _change(session, user_id, public_id, model=model)


def set_release(
    session: Session,
    user_id: int,
    public_id: str,
    prompt: str,
    release_id: int | None,
    version: str | None,
) -> Conversation:
    """Which prompt, release and version it is pinned to from now on. Raises `NotFound`."""
    return _change(
        session, user_id, public_id, prompt=prompt, release_id=release_id, version=version
    )


def mark_deleted(session: Session, user_id: int, public_id: str) -> None:
    """Hide it from everything; `restore` undoes it until it is purged. Raises `NotFound`."""
    _change(session, user_id, public_id, deleted_at=now())


def restore(session: Session, user_id: int, public_id: str) -> Conversation:
    """Undo `mark_deleted`. Raises `NotFound` when it is purged, or was never deleted."""
    conditions = (Row.public_id == public_id, Row.user_id == user_id, Row.deleted_at.is_not(None))
    statement = update(Row).where(*conditions).values(deleted_at=None).returning(*COLUMNS)
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound("This conversation")
    return Conversation(*found)


def purge_deleted(session: Session, before: datetime) -> int:
    """Remove for good what was marked deleted before that moment; return how many."""
    past = (Row.deleted_at.is_not(None), Row.deleted_at < before)
    return _erase(session, *past)


def purge_idle(session: Session, before: datetime) -> int:
    """Delete every conversation that nothing was written to since then; return how many."""
    return _erase(session, Row.updated_at < before)


def idle(session: Session, before: datetime) -> int:
    """How many conversations nothing was written to since then."""
    return session.scalar(select(func.count()).where(Row.updated_at < before)) or 0


def holds(session: Session, public_id: str) -> bool:
    """Whether this database has a conversation or a message of that public id, deleted or not."""
    conversation = exists().where(Row.public_id == public_id)
    message = exists().where(models.Message.public_id == public_id)
    return bool(session.execute(select(or_(conversation, message))).scalar_one())


def delete_now(session: Session, user_id: int, public_id: str) -> None:
    """Remove it for good, without undo. Raises `NotFound`."""
    if not _erase(session, *_owned(user_id, public_id)):
        raise NotFound("This conversation")


def _erase(session: Session, *which: Any) -> int:
    """Messages, traces, feedback and the index follow by foreign key and trigger."""
    gone = session.execute(delete(Row).where(*which).returning(Row.id)).all()
    if gone:
        index.tidy(session)
    return len(gone)


def _change(session: Session, user_id: int, public_id: str, **values: Any) -> Conversation:
    own = (_TABLE.c.public_id == public_id, _TABLE.c.user_id == user_id)
    changed = update(_TABLE).where(*own, _TABLE.c.deleted_at.is_(None)).values(values)
    found = session.execute(changed.returning(*_PLAIN)).one_or_none()
    if found is None:
        raise NotFound("This conversation")
    return Conversation(*found)


def _by_key(session: Session, user_id: int, key: str | None) -> Conversation:
    same_key = (Row.user_id == user_id, Row.key == key, Row.deleted_at.is_(None))
    found = session.execute(select(*COLUMNS).where(*same_key)).one_or_none()
    if found is None:
        raise Conflict("This conversation was already started and then deleted. Start a new one.")
    return Conversation(*found)


def _owned(user_id: int, public_id: str) -> tuple[Any, ...]:
    return (Row.public_id == public_id, Row.user_id == user_id, Row.deleted_at.is_(None))


def _listed(user_id: int, *, pinned: bool) -> tuple[Any, ...]:
    return (Row.user_id == user_id, Row.pinned == pinned, Row.deleted_at.is_(None))
