"""Full-text search over a person's titles and messages. `index` says how the index is built.

Titles come first, then messages, each newest first. All words must be found; of the last one its
beginning is enough. What is typed is never read as a query language.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat
from typing import Any

from sqlalchemy import Executable, func, null, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from store import folding, terms
from store.index import VOLUME, Kind, Level, newest_blocks, prefix, statement
from store.models import Conversation, Message
from store.records import Hit
from store.rows import is_sqlite
from store.terms import Term

_TITLE_HITS = 5  # at most so many titles stand before the messages
_NEAR = (1, 4)  # first the newest block, then four more; after that, volumes
_FAR = (32,)  # volumes looked at at a time
_STEPS = (1, 31)  # volumes read at a time when reading one is slow
_FEW = 2  # so few volumes are worth looking into their blocks
_NEWEST = 2**62  # above every id

# How a word is quoted, one that may go on, and what joins them.
_FTS5 = ('"{}"', '"{}"*', " AND ")
_TSQUERY = ("'{}'", "'{}':*", " & ")

_MATCH_SQLITE = (
    "SELECT rowid FROM {kind}_index WHERE {kind}_index MATCH :queries AND rowid < :before "
    "ORDER BY rowid DESC LIMIT :count"
)
_HAS_SQLITE = (
    "SELECT key FROM json_each(:queries) "
    "WHERE EXISTS (SELECT 1 FROM {kind}_index WHERE {kind}_index MATCH json_each.value)"
)
# Without an ORDER BY outside, so that older queries are not run once there is enough.
_MATCH_POSTGRESQL = (
    "SELECT found.id FROM unnest(CAST(:queries AS text[])) AS asked CROSS JOIN LATERAL "
    "(SELECT id FROM {kind}_words WHERE {tokens} @@ CAST(asked AS tsquery) AND id < :before "
    "ORDER BY id DESC LIMIT :count) AS found LIMIT :count"
)
_HAS_POSTGRESQL = (
    "SELECT place - 1 FROM unnest(CAST(:queries AS text[])) WITH ORDINALITY AS asked (query, place)"
    " WHERE EXISTS (SELECT 1 FROM {kind}_words WHERE {tokens} @@ CAST(query AS tsquery))"
)
# The planner takes any word for a common one and would walk all rows in the hope of an early hit.
_INDEX_ONLY_POSTGRESQL = sql(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true)"
)


def find(session: Session, user_id: int, text: str, *, limit: int = 20) -> list[Hit]:
    """What this person said, was told or named that has all these words; at most `limit` hits."""
    wanted = terms.parse(text)
    if not wanted or limit < 1:
        return []
    if not is_sqlite(session):
        session.execute(_INDEX_ONLY_POSTGRESQL)
    newest = newest_blocks(session, user_id)
    titles = _Search(session, user_id, "title", wanted, limit).hits(newest["title"])
    found = list(islice(titles, min(_TITLE_HITS, limit)))
    said = _Search(session, user_id, "message", wanted, limit).hits(newest["message"])
    return found + list(islice(said, limit - len(found)))


class _Search:
    """One query over one kind of text, from newest to oldest, as far as it is read."""

    def __init__(
        self, session: Session, user_id: int, kind: Kind, wanted: list[Term], page: int
    ) -> None:
        self._session = session
        self._user_id = user_id
        self._kind: Kind = kind
        self._wanted = wanted
        self._page = page
        self._words = [each for term in wanted for each in term.index_words()]
        self._whole = [(word, begun) for word, begun in self._words if not begun]
        self._begun = [(word, begun) for word, begun in self._words if begun]
        self._sqlite = is_sqlite(session)
        self._seen: set[int] = set()

    def hits(self, newest: int) -> Iterator[Hit]:
        """Blocks first, since a common word is found there at once; then whole volumes."""
        blocks = range(newest, -1, -1)
        for near in _parted(blocks[: sum(_NEAR)], _NEAR):
            yield from self._read("block", near)
        rest = blocks[sum(_NEAR) :]
        volumes = range(rest[0] // VOLUME, -1, -1) if rest else range(0)
        careful = bool(rest) and self._begins_commonly(blocks[:2])
        for far in _parted(volumes, _FAR):
            yield from self._sift(far) if careful else self._read("volume", far)

    def _begins_commonly(self, blocks: Sequence[int]) -> bool:
        """Whether, beside whole words, there is the beginning of common ones.

        All places of a beginning are gathered before the first can be seen, so those of a common
        one must not be gathered from every volume.
        """
        if not self._whole or not self._begun:
            return False
        queries = [self._query("block", number, self._begun) for number in blocks]
        return len(self._match(queries, _NEWEST)) == self._page

    def _sift(self, volumes: Sequence[int]) -> Iterator[Hit]:
        """Read only where the whole words are, and little at a time."""
        promising = self._having_whole("volume", volumes)
        if len(promising) > _FEW:
            for part in _parted(promising, _STEPS):
                yield from self._read("volume", part)
            return
        for volume in promising:
            inside = range((volume + 1) * VOLUME - 1, volume * VOLUME - 1, -1)
            yield from self._read("block", self._having_whole("block", inside))

    def _read(self, level: Level, numbers: Sequence[int]) -> Iterator[Hit]:
        queries = [self._query(level, number, self._words) for number in numbers]
        before = _NEWEST
        while queries:
            ids = self._match(queries, before)
            yield from self._shown([each for each in ids if each not in self._seen])
            self._seen.update(ids)
            if len(ids) < self._page:
                break
            before = ids[-1]

    def _having_whole(self, level: Level, numbers: Sequence[int]) -> Sequence[int]:
        """Those blocks or volumes that have the words typed in full."""
        queries = [self._query(level, number, self._whole) for number in numbers]
        if self._sqlite:
            places = self._run(_HAS_SQLITE, queries=json.dumps(queries))
        else:
            places = self._run(_HAS_POSTGRESQL, queries=queries)
        return [numbers[place] for place in sorted(places)]

    def _query(self, level: Level, number: int, words: Sequence[tuple[str, bool]]) -> str:
        """A MATCH or tsquery. Words hold letters, digits and symbols only, so quoting is enough."""
        whole, begun, both = _FTS5 if self._sqlite else _TSQUERY
        before = prefix(self._user_id, self._kind, level, number)
        return both.join((begun if more else whole).format(before + word) for word, more in words)

    def _match(self, queries: list[str], before: int) -> list[int]:
        """Ids of matching rows below `before`, newest first, at most a page."""
        limits = {"before": before, "count": self._page}
        if self._sqlite:
            either = " OR ".join(f"({query})" for query in queries)
            return self._run(_MATCH_SQLITE, queries=either, **limits)
        return sorted(self._run(_MATCH_POSTGRESQL, queries=queries, **limits), reverse=True)

    def _run(self, template: str, **values: Any) -> list[int]:
        return list(self._session.scalars(statement(template, self._kind), values))

    def _shown(self, ids: list[int]) -> Iterator[Hit]:
        """Hits of these rows, without deleted conversations and false matches."""
        if not ids:
            return
        query = _messages(ids) if self._kind == "message" else _titles(ids)
        for conversation, title, message, role, said, updated_at in self._session.execute(query):
            if all(term.confirmed(said) for term in self._wanted):
                pieces = terms.snippet(said, self._wanted)
                yield Hit(conversation, title, message, role, pieces, updated_at)


def _parted(numbers: Sequence[int], sizes: Sequence[int]) -> Iterator[Sequence[int]]:
    """The numbers in parts of these sizes; the last size is used as often as needed."""
    start = 0
    for size in chain(sizes, repeat(sizes[-1])):
        if start >= len(numbers):
            return
        yield numbers[start : start + size]
        start += size


def _messages(ids: list[int]) -> Executable:
    content = func.substr(Message.content, 1, folding.INDEXED_CHARACTERS)
    query = select(
        Conversation.public_id,
        Conversation.title,
        Message.public_id,
        Message.role,
        content,
        Conversation.updated_at,
    )
    query = query.join(Message, Message.conversation_id == Conversation.id)
    return query.where(Message.id.in_(ids), Conversation.deleted_at.is_(None)).order_by(
        Message.id.desc()
    )


def _titles(ids: list[int]) -> Executable:
    title = Conversation.title
    query = select(Conversation.public_id, title, null(), null(), title, Conversation.updated_at)
    return query.where(Conversation.id.in_(ids), Conversation.deleted_at.is_(None)).order_by(
        Conversation.id.desc()
    )
