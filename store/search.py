"""Full-text search over a person's titles and messages. `index` says how the index is built.

Titles come first, then messages, each newest first. All words must be found; of the last one its
beginning is enough. What is typed is never read as a query language.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import func, intersect, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from store import folding, terms
from store.index import MESSAGES, TITLES, newest_block, token
from store.models import Conversation, Message, SearchDocument, SearchWord
from store.records import Hit
from store.rows import is_sqlite
from store.terms import Term

_TITLE_HITS = 5  # at most so many titles stand before the messages
_SHORT = 3  # a shorter beginning of a word is in nearly every block: not worth looking up
_LAST_CHARACTER = "\U0010ffff"
_GROUPS = (4, 16)  # blocks read at a time, after the newest one

# How a word is quoted, one that may go on, and what joins them.
_FTS5 = ('"{}"', '"{}"*', " AND ")
_TSQUERY = ("'{}'", "'{}':*", " & ")

_MATCH_SQLITE = sql(
    "SELECT rowid FROM search_index WHERE search_index MATCH :query AND rowid < :before "
    "ORDER BY rowid DESC LIMIT :count"
)
# OFFSET 0 keeps the planner from walking all ids backwards in the hope of an early match.
_MATCH_POSTGRESQL = sql(
    "SELECT found.id FROM unnest(CAST(:queries AS text[])) AS query CROSS JOIN LATERAL ("
    "SELECT id FROM (SELECT id FROM search_index WHERE tokens @@ CAST(query AS tsquery) OFFSET 0) "
    "AS matched WHERE id < :before ORDER BY id DESC LIMIT :count) AS found "
    "ORDER BY found.id DESC LIMIT :count"
)


def find(session: Session, user_id: int, text: str, *, limit: int = 20) -> list[Hit]:
    """What this person said, was told or named that has all these words; at most `limit` hits."""
    wanted = terms.parse(text)
    if not wanted:
        return []
    titles = _hits(session, user_id, wanted, TITLES, limit)
    found = list(islice(titles, min(_TITLE_HITS, limit)))
    said = _hits(session, user_id, wanted, MESSAGES, limit)
    return found + list(islice(said, limit - len(found)))


def _hits(
    session: Session, user_id: int, wanted: list[Term], kind: int, page: int
) -> Iterator[Hit]:
    for blocks in _groups(session, user_id, wanted, kind):
        queries = [_query(session, user_id, block, wanted) for block in blocks]
        before = 2**62
        while True:
            ids = _match(session, queries, before, page)
            yield from _shown(session, ids, wanted)
            if len(ids) < page:
                break
            before = ids[-1]


def _groups(
    session: Session, user_id: int, wanted: list[Term], kind: int
) -> Iterator[Sequence[int]]:
    """Blocks to read, newest first: one, a few, then many, so that a common word costs little."""
    newest = newest_block(session, user_id, kind)
    if newest is None:
        return
    yield [newest]
    older = _blocks_with(session, user_id, wanted, newest)
    for size in _GROUPS:
        if older:
            yield older[:size]
        older = older[size:]
    while older:
        yield older[: _GROUPS[-1]]
        older = older[_GROUPS[-1] :]


def _blocks_with(session: Session, user_id: int, wanted: list[Term], newest: int) -> Sequence[int]:
    """Older blocks that hold each of the words somewhere, newest first."""
    lookups = []
    for word, prefix in _index_words(wanted):
        if prefix and len(word) < _SHORT and not folding.is_unspaced(word):
            continue
        matching = SearchWord.word == word
        if prefix:
            matching = SearchWord.word.between(word, word + _LAST_CHARACTER)
        lookups.append(
            select(SearchWord.block).where(
                SearchWord.user_id == user_id,
                matching,
                SearchWord.block < newest,
                SearchWord.block % 2 == newest % 2,
            )
        )
    if not lookups:
        return range(newest - 2, -1, -2)
    return sorted(session.scalars(intersect(*lookups)), reverse=True)


def _index_words(wanted: list[Term]) -> list[tuple[str, bool]]:
    return [each for term in wanted for each in term.index_words()]


def _query(session: Session, user_id: int, block: int, wanted: list[Term]) -> str:
    """The block's part of a MATCH or tsquery. Words hold letters, digits and symbols only."""
    exact, begun, both = _FTS5 if is_sqlite(session) else _TSQUERY
    parts = [
        (begun if prefix else exact).format(token(user_id, block, word))
        for word, prefix in _index_words(wanted)
    ]
    return both.join(parts)


def _match(session: Session, queries: list[str], before: int, count: int) -> list[int]:
    """Ids of matching documents below `before`, newest first, at most `count`."""
    if is_sqlite(session):
        either = " OR ".join(f"({query})" for query in queries)
        values = {"query": either, "before": before, "count": count}
        return list(session.scalars(_MATCH_SQLITE, values))
    values = {"queries": queries, "before": before, "count": count}
    return list(session.scalars(_MATCH_POSTGRESQL, values))


def _shown(session: Session, ids: list[int], wanted: list[Term]) -> Iterator[Hit]:
    """Hits of these documents, without deleted conversations and false matches."""
    content = func.substr(Message.content, 1, folding.INDEXED_CHARACTERS)
    query = (
        select(
            Conversation.public_id,
            Conversation.title,
            Message.public_id,
            Message.role,
            content,
            Conversation.updated_at,
        )
        .join(SearchDocument, SearchDocument.conversation_id == Conversation.id)
        .outerjoin(Message, Message.id == SearchDocument.message_id)
        .where(SearchDocument.id.in_(ids), Conversation.deleted_at.is_(None))
        .order_by(SearchDocument.id.desc())
    )
    for conversation, title, message, role, said, updated_at in session.execute(query):
        shown = title if message is None else said
        if all(term.confirmed(shown) for term in wanted):
            pieces = terms.snippet(shown, wanted)
            yield Hit(conversation, title, message, role, pieces, updated_at)
