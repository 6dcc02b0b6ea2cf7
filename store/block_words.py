"""What a row is found by, indexed twice: each word alone, and after the row's block.

Rows are numbered by their ids; `BLOCK` of them form a block. A common word is looked for in one
block after the other, a rare one in all at once, so neither costs more when more is stored. FTS5
and tsvector get the same ready-made words, so both databases find the same.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from store import folding, models, terms
from store.rows import is_sqlite, upsert

BLOCK = 4096
SHORTEST_BEGINNING = 2
"""Characters that the last word must have for longer ones to be found by it."""
ABOVE_ALL = 2**62
Wanted = Sequence[tuple[str, bool]]
"""Words, each with whether longer ones count too."""

_TOKENS = (
    "array_to_tsvector(string_to_array(ltrim(words || replace(words, ' ', ' ' || near)), ' '))"
)
_MATCH_SQLITE = (
    "SELECT rowid FROM {0}_index WHERE {0}_index MATCH :asked AND rowid < :below "
    "ORDER BY rowid DESC LIMIT :most"
)
_MATCH_POSTGRESQL = (
    f"SELECT id FROM {{0}}_words WHERE {_TOKENS} @@ CAST(:asked AS tsquery) "  # noqa: S608
    "AND id < :below ORDER BY id DESC LIMIT :most"
)


# The planner takes any word for a common one, and would compute the words of row after row.
_INDEX_ONLY = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true)"
)


class BlockWords:
    """The words of the rows of one kind: table `KIND_words`, and FTS5's `KIND_index`."""

    def __init__(self, kind: str, table: Any) -> None:
        self._table = table
        self._sqlite = text(_MATCH_SQLITE.format(kind))
        self._postgresql = text(_MATCH_POSTGRESQL.format(kind))

    def put(self, session: Session, row_id: int, content: str) -> None:
        """Make a row found by the words of this text, and no longer by an older one."""
        words = folding.words(content)
        if not words:
            session.execute(delete(self._table).where(self._table.id == row_id))
            return
        row = {"near": near(row_id // BLOCK), "words": " " + " ".join(words)}
        upsert(session, self._table, {"id": row_id, **row}, ["id"], row, self._table.id)

    def highest(self, session: Session) -> int:
        """The newest row that has words; 0 where none has."""
        return session.scalar(select(func.max(self._table.id))) or 0

    def match(
        self,
        session: Session,
        wanted: Wanted,
        *,
        blocks: Sequence[int] = (),
        below: int = ABOVE_ALL,
        most: int = BLOCK,
    ) -> list[int]:
        """Ids of rows with all the words, newest first; of these blocks, or of all (none given)."""
        whole, begun, both, either = ("'{}'", "'{}':*", " & ", " | ")
        statement = self._postgresql
        if is_sqlite(session):
            whole, begun, both, either = ('"{}"', '"{}"*', " AND ", " OR ")
            statement = self._sqlite
        # Words hold letters, digits and symbols only, so quoting is enough.
        words = [
            (begun if more and len(word) >= SHORTEST_BEGINNING else whole, word)
            for word, more in wanted
        ]
        parts = [
            both.join(form.format(before + word) for form, word in words)
            for before in (map(near, blocks) if blocks else ("",))
        ]
        asked = either.join(f"({part})" for part in parts)
        return list(session.scalars(statement, {"asked": asked, "below": below, "most": most}))


def prepare(session: Session) -> None:
    """Let PostgreSQL look words up in their index, whatever it expects, until the session ends."""
    if not is_sqlite(session):
        session.execute(_INDEX_ONLY)


def near(block: int) -> str:
    """What stands before a word in the index of a block."""
    return f"b{block}_"


def wanted(typed: str) -> list[tuple[str, bool]]:
    """What to look up for what a person typed; empty for what has no words."""
    return [word for term in terms.parse(typed) for word in term.index_words()]


TICKETS = BlockWords("ticket", models.TicketWords)
REVIEWS = BlockWords("review", models.ReviewWords)
