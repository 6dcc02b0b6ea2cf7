"""The full-text index, write side: which words stand in which text. `search` reads it.

The messages of each person are numbered, and `BLOCK` of them form a block; so are the titles. An
index word names its person and block (`42_7_hello`), and `search_words` lists the blocks that hold
a word. So a search reads only this person's texts, newest block first, and stops at the first block
that has enough: its cost depends neither on how much is stored nor on how common a word is. FTS5
and tsvector get the same ready-made words, so both databases find the same.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, delete, select, text
from sqlalchemy.orm import Session

from store import folding
from store.models import Conversation, Message, SearchCounter, SearchDocument
from store.rows import is_sqlite, upsert

BLOCK = 2048  # texts; docs/scale.md has the measurement
MESSAGES, TITLES = 0, 1  # even blocks hold messages, odd ones titles

_COUNTERS = (SearchCounter.messages, SearchCounter.titles)

_ADD_SQLITE = text("INSERT INTO search_index (rowid, tokens) VALUES (:id, :tokens)")
_ADD_POSTGRESQL = text("INSERT INTO search_index VALUES (:id, array_to_tsvector(:tokens))")
_WORDS_SQLITE = text(
    "INSERT OR IGNORE INTO search_words (user_id, word, block) VALUES (:u, :word, :b)"
)
_WORDS_POSTGRESQL = text(
    "INSERT INTO search_words (user_id, word, block) "
    "SELECT :u, word, :b FROM unnest(CAST(:words AS text[])) AS word ON CONFLICT DO NOTHING"
)
_READ_SQLITE = text("SELECT tokens FROM search_index WHERE rowid = :id")
_READ_POSTGRESQL = text(
    "SELECT DISTINCT unnest(tsvector_to_array(tokens)) FROM search_index "
    "WHERE id = ANY(CAST(:ids AS bigint[]))"
)
_FORGET_SQLITE = text(
    "DELETE FROM search_words WHERE user_id = :u AND word = :word AND block = :b AND NOT EXISTS "
    "(SELECT 1 FROM search_index WHERE search_index MATCH :quoted)"
)
_FORGET_POSTGRESQL = text(
    "DELETE FROM search_words WHERE user_id = :u AND word = :word AND block = :b AND NOT EXISTS "
    "(SELECT 1 FROM search_index WHERE tokens @@ CAST(:quoted AS tsquery))"
)
# Deleted words are only marked as such in FTS5 until a merge; this merges a bounded part.
_MERGE_SQLITE = text("INSERT INTO search_index (search_index, rank) VALUES ('merge', -256)")


def put_title(session: Session, user_id: int, conversation_id: int, title: str) -> None:
    """Make a conversation found by this title and no longer by an older one."""
    its = SearchDocument.conversation_id == conversation_id
    remove(session, user_id, its, SearchDocument.message_id.is_(None))
    _add(session, user_id, conversation_id, None, title)


def put_message(
    session: Session, user_id: int, conversation_id: int, message_id: int, content: str
) -> None:
    """Make a message found by this text and no longer by an older one."""
    remove(session, user_id, SearchDocument.message_id == message_id)
    _add(session, user_id, conversation_id, message_id, content)


def add_message(
    session: Session, user_id: int, conversation_id: int, message_id: int, content: str
) -> None:
    """Make a new message found; it must not be in the index yet."""
    _add(session, user_id, conversation_id, message_id, content)


def remove_conversation(session: Session, user_id: int, conversation_id: int) -> None:
    """Take a conversation's title and messages out of the index."""
    remove(session, user_id, SearchDocument.conversation_id == conversation_id)


def remove(session: Session, user_id: int, *which: ColumnElement[bool]) -> None:
    """Take documents out, and each word out of the list of a block where nothing else has it."""
    ids = session.scalars(select(SearchDocument.id).where(*which)).all()
    if not ids:
        return
    # Held until commit: nobody may add a word to a block while we look whether it is still used.
    session.execute(
        select(SearchCounter.user_id).where(SearchCounter.user_id == user_id).with_for_update()
    )
    tokens = _tokens(session, ids)
    for start in range(0, len(ids), 500):
        some = SearchDocument.id.in_(ids[start : start + 500])
        session.execute(delete(SearchDocument).where(some))  # the index follows by itself
    _forget_words(session, user_id, tokens)


def rebuild(session: Session) -> None:
    """Index every title and every finished message anew, oldest first; the index must be empty."""
    titles = select(Conversation.user_id, Conversation.id, Conversation.title)
    for user_id, conversation_id, title in session.execute(titles.order_by(Conversation.id)):
        _add(session, user_id, conversation_id, None, title)
    finished = (
        select(Conversation.user_id, Conversation.id, Message.id, Message.content)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.status != "streaming")
        .order_by(Message.id)
        .execution_options(yield_per=500)
    )
    for user_id, conversation_id, message_id, content in session.execute(finished):
        _add(session, user_id, conversation_id, message_id, content)


def newest_block(session: Session, user_id: int, kind: int) -> int | None:
    """The block that this person's next text of a kind goes into, or one before; None: no text."""
    counted = select(_COUNTERS[kind]).where(SearchCounter.user_id == user_id)
    number = session.execute(counted).scalar()
    return block_of(number, kind) if number else None


def block_of(number: int, kind: int) -> int:
    """The block of the `number`th text of a kind, counted from 1."""
    return (number - 1) // BLOCK * 2 + kind


def token(user_id: int, block: int, word: str) -> str:
    """The word as it stands in the index."""
    return f"{user_id}_{block}_{word}"


def _add(
    session: Session, user_id: int, conversation_id: int, message_id: int | None, content: str
) -> None:
    found = folding.words(content)
    if not found:
        return
    block = _next_block(session, user_id, TITLES if message_id is None else MESSAGES)
    document = SearchDocument(
        user_id=user_id, conversation_id=conversation_id, message_id=message_id, block=block
    )
    session.add(document)
    session.flush()
    tokens = [token(user_id, block, word) for word in found]
    if is_sqlite(session):
        session.execute(_ADD_SQLITE, {"id": document.id, "tokens": " ".join(tokens)})
        rows = [{"u": user_id, "word": word, "b": block} for word in found]
        session.execute(_WORDS_SQLITE, rows)
    else:
        session.execute(_ADD_POSTGRESQL, {"id": document.id, "tokens": tokens})
        session.execute(_WORDS_POSTGRESQL, {"u": user_id, "b": block, "words": found})


def _next_block(session: Session, user_id: int, kind: int) -> int:
    """Count this person's next text; others of the same person wait for our commit."""
    counter = _COUNTERS[kind]
    first = {"user_id": user_id, "messages": 0, "titles": 0, counter.key: 1}
    number: int = upsert(
        session, SearchCounter, first, ["user_id"], {counter.key: counter + 1}, counter
    )
    return block_of(number, kind)


def _tokens(session: Session, ids: Sequence[int]) -> set[str]:
    if is_sqlite(session):
        rows = (session.execute(_READ_SQLITE, {"id": one}).scalar() for one in ids)
        return {each for row in rows if row for each in str(row).split(" ")}
    return set(session.scalars(_READ_POSTGRESQL, {"ids": list(ids)}))


def _forget_words(session: Session, user_id: int, tokens: Iterable[str]) -> None:
    quote = '"{}"' if is_sqlite(session) else "'{}'"
    gone = []
    for each in tokens:
        _, block, word = each.split("_", 2)
        gone.append({"u": user_id, "b": int(block), "word": word, "quoted": quote.format(each)})
    if is_sqlite(session):
        session.execute(_MERGE_SQLITE)
        session.execute(_FORGET_SQLITE, gone)
    else:
        session.execute(_FORGET_POSTGRESQL, gone)
