"""Everything that the database knows of one person: told to them, counted, and removed.

The tables are found by their foreign keys to `users`, so a new table is covered when it is made.
Texts that name a person without a key (who wrote a prompt, who published it) are listed here.
"""

from collections import Counter
from typing import Any

from sqlalchemy import Column, Table, delete, func, select, update
from sqlalchemy.orm import Session

from store import attempts, datasets, index, models, retention, tickets
from store.rows import is_sqlite

NOBODY = "somebody who left"
"""Stands where a name stood that is not known any more."""

_NAMED = (
    models.PromptVersion.author,
    models.Release.actor,
    models.PromptTests.author,
    models.TestRun.actor,
    models.OneTimeLink.made_by,
    models.Dataset.actor,
    models.TrainingRun.actor,
    models.Evaluation.actor,
    models.ModelRelease.actor,
    models.Comparison.actor,
)
"""Texts that hold the name of a person."""

_OF_KEYS = (models.Base.metadata.tables["key_counts"], models.Base.metadata.tables["api_calls"])
"""What belongs to a person by their key."""


def rows(session: Session, user_id: int) -> dict[str, list[dict[str, Any]]]:
    """The rows about a person by table: their account, and each table that points at it.

    Without conversations, which `export` tells, and without what is a secret or mere index. Of a
    program also what its key was answered lately. `reviews`: which of their answers are in the
    review, and what reviewers made of their texts.
    """
    told = {"users": _plain(session, models.Base.metadata.tables["users"], "id", user_id)}
    told["reviews"] = _reviews(session, user_id)
    for table, column in _own():
        if table.name not in ("conversations", "search_counters", "api_threads"):
            told[table.name] = _plain(session, table, column.name, user_id)
    keys = select(models.ApiKey.id).where(models.ApiKey.user_id == user_id)
    for table in _OF_KEYS:
        told[table.name] = _plain(session, table, "key_id", keys)
    return told


def counts(session: Session, user_id: int) -> dict[str, int]:
    """How many rows about a person each table has; those without are left out."""
    talks = select(models.Conversation.id).where(models.Conversation.user_id == user_id)
    said = models.Message.conversation_id.in_(talks)
    traces = select(func.count()).select_from(models.Trace).join(models.Message).where(said)
    queries = [
        (table.name, select(func.count()).select_from(table).where(column == user_id))
        for table, column in (*_own(), *_mentioning())
    ]
    calls = select(func.count()).select_from(models.ApiCall).join(models.ApiKey)
    reviewed = models.ReviewItem.conversation_id.in_(talks)
    queries += [
        ("review_items", select(func.count()).select_from(models.ReviewItem).where(reviewed)),
        ("messages", select(func.count()).select_from(models.Message).where(said)),
        ("traces", traces),
        ("api_calls", calls.where(models.ApiKey.user_id == user_id)),
    ]
    found = Counter[str]()
    for name, query in queries:
        found[name] += session.scalar(query) or 0
    return {name: number for name, number in found.items() if number}


def erase_tickets(session: Session, user_id: int) -> int:
    """Remove some tickets of a person's chats; return how many. Call it until it returns 0."""
    return tickets.erase(session, tickets.of_customer(user_id))


def erase_conversations(session: Session, user_id: int) -> int:
    """Remove some of a person's conversations; return how many. Call it until it returns 0."""
    own = (models.Conversation.user_id == user_id,)
    return retention.erase(session, own, models.Conversation.id)


def erase_person(session: Session, user_id: int, *, keep: bool) -> None:
    """Remove everything else about a person, and the person unless `keep` says otherwise.

    Their tickets and conversations are gone: datasets that held turns of them are mended.
    """
    datasets.renew(session)
    found = session.get(models.User, user_id)
    if found is None:
        return
    others = select(models.User.id).where(models.User.name == found.name, models.User.id != user_id)
    if session.scalar(others.limit(1)) is None:
        rename(session, found.name, NOBODY)
    if found.login is not None:
        attempts.forget(session, attempts.login_key(found.login))
    if not keep:
        session.execute(delete(models.User).where(models.User.id == user_id))
        return
    for table, column in _mentioning():
        session.execute(update(table).where(column == user_id).values({column.name: None}))
    for table, column in _own():
        if table.name != "user_roles":
            session.execute(delete(table).where(column == user_id))


def rename(session: Session, old: str, new: str) -> None:
    """Write another name where a name stands in texts. Only when nobody else is called so."""
    for name in _NAMED:
        named = update(name.class_).where(name == old)
        session.execute(named.values({name.key: new}))


def forget_words(session: Session) -> bool:
    """Take a part of what was removed out of the search's files; whether more is left.

    FTS5 only marks what is removed, until its parts are merged.
    """
    if not is_sqlite(session):
        return False
    return index.merge(session)


def missing(session: Session, ids: set[int]) -> set[int]:
    """Those of these people who are not known any more."""
    return ids - set(session.scalars(select(models.User.id).where(models.User.id.in_(ids))))


def people(session: Session) -> set[int]:
    """Everybody whom this database knows."""
    return set(session.scalars(select(models.User.id)))


def _reviews(session: Session, user_id: int) -> list[dict[str, Any]]:
    """Who judged is not told: that is another person's."""
    item, verdict = models.ReviewItem, models.Verdict
    asked = (
        select(
            models.Message.public_id.label("message"),
            item.rating,
            item.flagged,
            item.created_at,
            verdict.rating.label("verdict"),
            verdict.text.label("corrected"),
        )
        .join(models.Conversation, models.Conversation.id == item.conversation_id)
        .join(models.Message, models.Message.id == item.message_id)
        .outerjoin(verdict, verdict.item_id == item.id)
        .where(models.Conversation.user_id == user_id)
        .order_by(item.id)
    )
    return [dict(row._mapping) for row in session.execute(asked)]  # noqa: SLF001


def _own() -> list[tuple[Table, Column[Any]]]:
    """Every table with rows about a person, which leave with them, and by which column."""
    return [each for each in _pointing() if _on_delete(each[1]) == "CASCADE"]


def _mentioning() -> list[tuple[Table, Column[Any]]]:
    """Every table with rows of others or of the workspace that say who did something."""
    return [each for each in _pointing() if _on_delete(each[1]) == "SET NULL"]


def _pointing() -> list[tuple[Table, Column[Any]]]:
    """Every table that points at `users`, and by which column."""
    users = models.Base.metadata.tables["users"]
    return [
        (table, key.parent)
        for table in models.Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table is users
    ]


def _on_delete(column: Column[Any]) -> str | None:
    return next(iter(column.foreign_keys)).ondelete


def _plain(session: Session, table: Table, column: str, wanted: Any) -> list[dict[str, Any]]:
    """The rows whose column is this number, or one of those that a query finds."""
    shown = [each for each in table.columns if not _is_secret(each)]
    found = session.execute(select(*shown).where(table.c[column].in_(_many(wanted))))
    return [dict(row._mapping) for row in found]  # noqa: SLF001  SQLAlchemy's public name for it


def _many(wanted: Any) -> Any:
    return [wanted] if isinstance(wanted, int) else wanted


def _is_secret(column: Column[Any]) -> bool:
    return column.name.endswith("_hash") or column.name in ("id", "user_id", "key_id", "made_by")
