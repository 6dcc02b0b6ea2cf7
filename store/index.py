"""The full-text index, write side: which words stand in which text. `search` reads it.

The messages of each person are numbered; `BLOCK` of them form a block, `VOLUME` blocks a volume.
Titles are numbered likewise. Every word is indexed twice, under its person and block
(`42mb7_hello`) and under its person and volume (`42mv0_hello`). So a search reads only texts of
this person, newest block first, stops at the first block that has enough, and skips a volume
without the words in one step: its cost hardly depends on how much is stored or how common a word
is. FTS5 and tsvector get the same ready-made words, so both databases find the same.

What a row is found by stands in `message_words` and `title_words`; the index on them is FTS5 kept
by triggers, or GIN on an expression. Rows leave with their message or conversation.
"""

from functools import cache
from typing import Any, Literal

from sqlalchemy import TextClause, bindparam, delete, select, text
from sqlalchemy.orm import Session

from store import folding
from store.models import Conversation, Message, MessageWords, SearchCounter, TitleWords
from store.rows import into, is_sqlite
from store.rows import put as put_row

BLOCK = 2048  # texts of a block; docs/scale.md has the measurement
VOLUME = 32  # blocks of a volume

Kind = Literal["message", "title"]
Level = Literal["block", "volume"]

# As PostgreSQL's index is made: every word after its block, then every word after its volume.
_TOKENS = (
    "array_to_tsvector(string_to_array(ltrim("
    "replace(words, ' ', ' ' || near) || replace(words, ' ', ' ' || far)), ' '))"
)
# Deleted words are only marked as such in FTS5 until a merge; this merges a bounded part.
_TIDY_SQLITE = "INSERT INTO {kind}_index ({kind}_index, rank) VALUES ('merge', -64)"
_MERGE_SQLITE = "INSERT INTO {kind}_index ({kind}_index, rank) VALUES ('merge', 256)"
_INDEXES: tuple[Kind | Literal["ticket", "review"], ...] = ("message", "title", "ticket", "review")
"""Every index of FTS5 that holds what people said; the last two are filled by `block_words`."""
_TABLES: dict[Kind, Any] = {"message": MessageWords, "title": TitleWords}
_COUNTERS: dict[Kind, Any] = {"message": SearchCounter.messages, "title": SearchCounter.titles}


@cache
def statement(template: str, kind: Kind | Literal["ticket", "review"]) -> TextClause:
    """SQL for the index of a kind; its rows have the ids of messages or conversations."""
    return text(template.format(kind=kind, tokens=_TOKENS))


def prefix(user_id: int, kind: Kind, level: Level, number: int) -> str:
    """What stands before a word in the index."""
    return f"{user_id}{kind[0]}{level[0]}{number}_"


def put(session: Session, user_id: int, kind: Kind, row_id: int, content: str) -> None:
    """Make a message or title found by this text, and no longer by an older one.

    `row_id` is the message's id or, for a title, the conversation's.
    """
    table = _TABLES[kind]
    words = folding.words(content)
    if not words:
        session.execute(delete(table).where(table.id == row_id))
        return
    block = (_count(session, user_id, kind) - 1) // BLOCK
    row = {
        "near": prefix(user_id, kind, "block", block),
        "far": prefix(user_id, kind, "volume", block // VOLUME),
        "words": " " + " ".join(words),
    }
    put_row(session, table, {"id": row_id, **row}, ["id"])


def newest_blocks(session: Session, user_id: int) -> dict[Kind, int]:
    """The block of this person's newest text of each kind; -1 when there is no text."""
    counted = select(*_COUNTERS.values()).where(SearchCounter.user_id == user_id)
    numbers = session.execute(counted).one_or_none() or (0, 0)
    return {kind: (number - 1) // BLOCK for kind, number in zip(_COUNTERS, numbers, strict=True)}


def tidy(session: Session) -> None:
    """Take deleted words out of FTS5's files, which a deletion only marks; a bounded part."""
    if is_sqlite(session):
        for kind in _INDEXES:
            session.execute(statement(_TIDY_SQLITE, kind))


def merge(session: Session) -> bool:
    """Go on with what `tidy` began, by a bounded part; whether more is left. SQLite only."""
    driver: Any = session.connection().connection.driver_connection
    before = driver.total_changes
    for kind in _INDEXES:
        session.execute(statement(_MERGE_SQLITE, kind))
    # A merge that finds nothing to do changes one row of its own for each index.
    return bool(driver.total_changes - before > len(_INDEXES))


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
    counted = session.execute(_counting(is_sqlite(session), kind), {"whose": user_id})
    return int(counted.scalar_one())


@cache
def _counting(on_sqlite: bool, kind: Kind) -> Any:  # noqa: FBT001
    table: Any = SearchCounter.__table__
    counter = table.c[_COUNTERS[kind].key]
    first = {"user_id": bindparam("whose"), "messages": 0, "titles": 0, counter.name: 1}
    statement = into(SearchCounter, on_sqlite=on_sqlite).values(first)
    more = {counter.name: counter + 1}
    statement = statement.on_conflict_do_update(index_elements=["user_id"], set_=more)
    return statement.returning(counter)
