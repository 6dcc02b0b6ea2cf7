"""The full-text index, write side: which words stand in which text. `search` reads it.

The messages of each person are numbered; `BLOCK` of them form a block, `VOLUME` blocks a volume.
Titles are numbered likewise. Every word is indexed twice, under its person and block
(`42mb7_hello`) and under its person and volume (`42mv0_hello`). So a search reads only texts of
this person, newest block first, stops at the first block that has enough, and skips a volume
without the words in one step: its cost hardly depends on how much is stored or how common a word
is. FTS5 and tsvector get the same ready-made words, so both databases find the same.

Rows leave the index with their message or conversation, by trigger or foreign key.
"""

from typing import Any, Literal

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session

from store import folding
from store.models import Conversation, Message, SearchCounter
from store.rows import is_sqlite, upsert

BLOCK = 2048  # texts of a block; docs/scale.md has the measurement
VOLUME = 16  # blocks of a volume

Kind = Literal["message", "title"]
Level = Literal["block", "volume"]

_DROP_SQLITE = "DELETE FROM {table} WHERE rowid = :id"
_ADD_SQLITE = "INSERT OR REPLACE INTO {table} (rowid, tokens) VALUES (:id, :tokens)"
_TIDY_SQLITE = "INSERT INTO {table} ({table}, rank) VALUES ('merge', -256)"
_DROP_POSTGRESQL = "DELETE FROM {table} WHERE id = :id"
_ADD_POSTGRESQL = (
    "INSERT INTO {table} VALUES (:id, array_to_tsvector(string_to_array(:tokens, ' '))) "
    "ON CONFLICT (id) DO UPDATE SET tokens = excluded.tokens"
)
_COUNTERS: dict[Kind, Any] = {"message": SearchCounter.messages, "title": SearchCounter.titles}


def statement(template: str, kind: Kind) -> TextClause:
    """SQL for the index table of a kind; its rows have the ids of messages or conversations."""
    return text(template.format(table=f"{kind}_index"))


def prefix(user_id: int, kind: Kind, level: Level, number: int) -> str:
    """What stands before a word in the index."""
    return f"{user_id}{kind[0]}{level[0]}{number}_"


def put(session: Session, user_id: int, kind: Kind, row_id: int, content: str) -> None:
    """Make a message or title found by this text, and no longer by an older one.

    `row_id` is the message's id or, for a title, the conversation's.
    """
    words = folding.words(content)
    if not words:
        drop = _DROP_SQLITE if is_sqlite(session) else _DROP_POSTGRESQL
        session.execute(statement(drop, kind), {"id": row_id})
        return
    block = (_count(session, user_id, kind) - 1) // BLOCK
    near = prefix(user_id, kind, "block", block)
    far = prefix(user_id, kind, "volume", block // VOLUME)
    tokens = " ".join([near + word for word in words] + [far + word for word in words])
    add = _ADD_SQLITE if is_sqlite(session) else _ADD_POSTGRESQL
    session.execute(statement(add, kind), {"id": row_id, "tokens": tokens})


def newest_blocks(session: Session, user_id: int) -> dict[Kind, int]:
    """The block of this person's newest text of each kind; -1 when there is no text."""
    counted = select(*_COUNTERS.values()).where(SearchCounter.user_id == user_id)
    numbers = session.execute(counted).one_or_none() or (0, 0)
    return {kind: (number - 1) // BLOCK for kind, number in zip(_COUNTERS, numbers, strict=True)}


def tidy(session: Session) -> None:
    """Take deleted words out of FTS5's files, which a deletion only marks; a bounded part."""
    if is_sqlite(session):
        for kind in _COUNTERS:
            session.execute(statement(_TIDY_SQLITE, kind))


def rebuild(session: Session) -> None:
    """Index every title and every finished message, oldest first; the index must be empty."""
    titles = select(Conversation.user_id, Conversation.id, Conversation.title)
    for user_id, row_id, title in session.execute(titles.order_by(Conversation.id)):
        put(session, user_id, "title", row_id, title)
    finished = (
        select(Conversation.user_id, Message.id, Message.content)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.status != "streaming")
        .order_by(Message.id)
        .execution_options(yield_per=500)
    )
    for user_id, row_id, content in session.execute(finished):
        put(session, user_id, "message", row_id, content)


def _count(session: Session, user_id: int, kind: Kind) -> int:
    """Count this person's next text; others of the same person wait for our commit."""
    counter = _COUNTERS[kind]
    first = {"user_id": user_id, "messages": 0, "titles": 0, counter.key: 1}
    number: int = upsert(
        session, SearchCounter, first, ["user_id"], {counter.key: counter + 1}, counter
    )
    return number
