"""The full-text index, write side: which words stand in which text. `search` reads it.

The texts of each person are numbered, and `BLOCK` of them form a block. An index word names its
person and block (`42_7_hello`), and `search_words` lists the blocks that hold a word. So a search
reads only this person's texts, newest block first, and stops at the first block that has enough:
its cost depends neither on how much is stored nor on how common a word is. FTS5 and tsvector get
the same ready-made words, so both databases find the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store import folding
from store.models import SearchCounter, SearchDocument

BLOCK = 2048  # texts; docs/scale.md has the measurement


def put_title(session: Session, user_id: int, conversation_id: int, title: str) -> None:
    """Make a conversation found by this title and no longer by an older one."""
    old = (
        SearchDocument.conversation_id == conversation_id,
        SearchDocument.message_id.is_(None),
    )
    remove(session, user_id, *old)
    _add(session, user_id, conversation_id, None, title)


def put_message(
    session: Session, user_id: int, conversation_id: int, message_id: int, content: str
) -> None:
    """Make a message found. It must not be in the index already."""
    _add(session, user_id, conversation_id, message_id, content)


def remove_conversation(session: Session, user_id: int, conversation_id: int) -> None:
    """Take a conversation's title and messages out of the index."""
    remove(session, user_id, SearchDocument.conversation_id == conversation_id)


def remove(session: Session, user_id: int, *which: ColumnElement[bool]) -> None:
    """Take documents out, and each word out of the list of a block where nothing else has it."""
    found = select(SearchDocument.id, SearchDocument.block).where(*which)
    documents = session.execute(found).all()
    if not documents:
        return
    # Held until commit: nobody may add a word to a block while we look whether it is still used.
    session.execute(
        select(SearchCounter.documents).where(SearchCounter.user_id == user_id).with_for_update()
    )
    ids = [row.id for row in documents]
    tokens = _tokens(session, ids)
    for some in _chunks(ids):
        session.execute(delete(SearchDocument).where(SearchDocument.id.in_(some)))
    _forget_words(session, user_id, tokens)


def token(user_id: int, block: int, word: str) -> str:
    """The word as it stands in the index."""
    return f"{user_id}_{block}_{word}"


def is_sqlite(session: Session) -> bool:
    """Which of the two index tables this session has."""
    return session.get_bind().dialect.name == "sqlite"


def _add(
    session: Session, user_id: int, conversation_id: int, message_id: int | None, content: str
) -> None:
    found = folding.words(content)
    if not found:
        return
    block = _next_number(session, user_id) // BLOCK
    document = SearchDocument(
        user_id=user_id, conversation_id=conversation_id, message_id=message_id, block=block
    )
    session.add(document)
    session.flush()
    tokens = [token(user_id, block, word) for word in found]
    if is_sqlite(session):
        session.execute(
            text("INSERT INTO search_index (rowid, tokens) VALUES (:id, :tokens)"),
            {"id": document.id, "tokens": " ".join(tokens)},
        )
        session.execute(
            text("INSERT OR IGNORE INTO search_words (user_id, word, block) VALUES (:u, :w, :b)"),
            [{"u": user_id, "w": word, "b": block} for word in found],
        )
    else:
        session.execute(
            text("INSERT INTO search_index VALUES (:id, array_to_tsvector(:tokens))"),
            {"id": document.id, "tokens": tokens},
        )
        session.execute(
            text(
                "INSERT INTO search_words (user_id, word, block) "
                "SELECT :u, word, :b FROM unnest(CAST(:words AS text[])) AS word "
                "ON CONFLICT DO NOTHING"
            ),
            {"u": user_id, "b": block, "words": found},
        )


def _next_number(session: Session, user_id: int) -> int:
    """Number this person's next text from 0; others of the same person wait for our commit."""
    insert: Any = sqlite.insert if is_sqlite(session) else postgresql.insert
    counted = insert(SearchCounter).values(user_id=user_id, documents=1)
    counted = counted.on_conflict_do_update(
        index_elements=["user_id"], set_={"documents": SearchCounter.documents + 1}
    )
    number: int = session.execute(counted.returning(SearchCounter.documents)).scalar_one()
    return number - 1


def _tokens(session: Session, ids: Sequence[int]) -> set[str]:
    if is_sqlite(session):
        query = "SELECT tokens FROM search_index WHERE rowid = :id"
        rows = (session.execute(text(query), {"id": one}).scalar() for one in ids)
        return {each for row in rows if row for each in str(row).split(" ")}
    query = (
        "SELECT DISTINCT unnest(tsvector_to_array(tokens)) FROM search_index "
        "WHERE id = ANY(CAST(:ids AS bigint[]))"
    )
    return set(session.scalars(text(query), {"ids": list(ids)}))


def _forget_words(session: Session, user_id: int, tokens: Iterable[str]) -> None:
    by_block: dict[int, list[str]] = defaultdict(list)
    for each in tokens:
        _, block, word = each.split("_", 2)
        by_block[int(block)].append(word)
    for block, gone in by_block.items():
        if is_sqlite(session):
            still = "SELECT 1 FROM search_index WHERE search_index MATCH :quoted"
            quote = '"{}"'
        else:
            still = "SELECT 1 FROM search_index WHERE tokens @@ CAST(:quoted AS tsquery)"
            quote = "'{}'"
        session.execute(
            text(
                "DELETE FROM search_words WHERE user_id = :u AND word = :word AND block = :b "
                f"AND NOT EXISTS ({still})"
            ),
            [
                {
                    "u": user_id,
                    "b": block,
                    "word": word,
                    "quoted": quote.format(token(user_id, block, word)),
                }
                for word in gone
            ],
        )


def _chunks(ids: Sequence[int], size: int = 500) -> Iterable[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
