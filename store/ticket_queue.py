"""Lists of tickets: filtered, by rank or newest first, a page at a time; and found by words.

Every filter is answered by an index that holds all of them, so a page costs the same at a million
tickets. Words are indexed twice, alone and after their block of `BLOCK` tickets: the newest blocks
are looked through first, so that a common word is found there at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.orm import Session

from store import folding, models, terms
from store.models import Ticket as Row
from store.rows import is_sqlite, upsert
from store.ticket_records import Ticket
from store.tickets import query

BLOCK = 4096
NEWEST_BLOCKS = 2
"""Blocks that are looked through before all others."""
COUNTED = 1000
"""Counts stop here."""
SHORTEST_BEGINNING = 2
"""Characters that the last word must have for longer ones to be found by it."""
COMMON = 400
"""Of the tickets in the newest blocks, so many have words that are common."""
MOST_FOUND = 10_000
"""Tickets with the words that filters are tried on, the newest first."""
_ABOVE_ALL = 2**62

_TOKENS = (
    "array_to_tsvector(string_to_array(ltrim(words || replace(words, ' ', ' ' || near)), ' '))"
)
_MATCH_SQLITE = text(
    "SELECT rowid FROM ticket_index WHERE ticket_index MATCH :asked AND rowid < :below "
    "ORDER BY rowid DESC LIMIT :most"
)
_MATCH_POSTGRESQL = text(
    f"SELECT id FROM ticket_words WHERE {_TOKENS} @@ CAST(:asked AS tsquery) "  # noqa: S608
    "AND id < :below ORDER BY id DESC LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Only:
    """Which tickets. Empty values ask for nothing; `assignee_id` 0 for those that nobody has."""

    active: bool = True
    state: str = ""
    language: str = ""
    mood: str = ""
    assignee_id: int | None = None

    def conditions(self) -> list[Any]:
        """As SQL."""
        found: list[Any] = [Row.active.is_(self.active)]
        # Closed ones are all of one state: to ask for it would lead to an index that cannot tell.
        if self.state and self.active:
            found.append(Row.state == self.state)
        if self.language:
            found.append(Row.language == self.language)
        if self.mood:
            found.append(Row.mood == self.mood)
        if self.assignee_id == 0:
            found.append(Row.assignee_id.is_(None))
        elif self.assignee_id is not None:
            found.append(Row.assignee_id == self.assignee_id)
        return found

    def fits(self, state: str, language: str, mood: str, assignee_id: int | None) -> bool:
        """Whether a ticket with these values is one of them."""
        return (
            (state != "closed") == self.active
            and self.state in ("", state)
            and self.language in ("", language)
            and self.mood in ("", mood)
            and self.assignee_id in (None, assignee_id or 0)
        )


_FILTERED = (Row.state, Row.language, Row.mood, Row.assignee_id)


def page(
    session: Session,
    only: Only,
    *,
    newest: bool = False,
    after: Ticket | None = None,
    limit: int = 50,
) -> list[Ticket]:
    """Tickets by rank, or newest first; `after`: the last one already had, as it is now."""
    asked = query().where(*only.conditions())
    # Those that are closed stand by rank as they stand by age, and there the filters have indexes.
    if newest and only.active:
        if after is not None:
            asked = asked.where(tuple_(Row.updated_at, Row.id) < (after.updated_at, after.id))
        asked = asked.order_by(Row.updated_at.desc(), Row.id.desc())
    else:
        if after is not None:
            asked = asked.where(tuple_(Row.rank, Row.id) > (after.rank, after.id))
        asked = asked.order_by(Row.rank, Row.id)
    return [Ticket(*row) for row in session.execute(asked.limit(limit))]


def count(session: Session, only: Only) -> int:
    """How many there are, at most `COUNTED`."""
    some = select(Row.id).where(*only.conditions()).limit(COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def put_words(session: Session, ticket_id: int, content: str) -> None:
    """Make a ticket found by the words of this text, and no longer by an older one."""
    table = models.TicketWords
    words = folding.words(content)
    if not words:
        session.execute(delete(table).where(table.id == ticket_id))
        return
    row = {"near": _near(ticket_id // BLOCK), "words": " " + " ".join(words)}
    upsert(session, table, {"id": ticket_id, **row}, ["id"], row, table.id)


def find(
    session: Session, typed: str, only: Only, *, before: int | None = None, limit: int = 50
) -> list[Ticket]:
    """Tickets that have all these words, newest first. `before`: the id of the last one had.

    Words that many tickets have are looked for in one block after the other, until `MOST_FOUND`
    tickets with them were looked at.
    """
    wanted = [word for term in terms.parse(typed) for word in term.index_words()]
    if not wanted:
        return []
    highest = session.scalar(select(func.max(models.TicketWords.id))) or 0
    first = min(highest, highest if before is None else before - 1) // BLOCK
    found: list[Ticket] = []
    looked_at = 0
    for place, block in enumerate(range(first, -1, -1)):
        if place == NEWEST_BLOCKS and looked_at < COMMON:
            rest = _match(session, wanted, "", (block + 1) * BLOCK)
            return found + _of(session, rest, only, before, limit - len(found))
        ids = _match(session, wanted, _near(block))
        looked_at += len(ids)
        found += _of(session, ids, only, before, limit - len(found))
        if len(found) >= limit or looked_at >= MOST_FOUND:
            break
    return found


def _near(block: int) -> str:
    return f"b{block}_"


def _match(
    session: Session, wanted: Sequence[tuple[str, bool]], near: str, below: int = _ABOVE_ALL
) -> list[int]:
    """Ids of tickets with the words, newest first. Words hold letters, digits, symbols only."""
    whole, begun, both = ("'{}'", "'{}':*", " & ")
    statement = _MATCH_POSTGRESQL
    if is_sqlite(session):
        whole, begun, both = ('"{}"', '"{}"*', " AND ")
        statement = _MATCH_SQLITE
    parts = [
        (begun if more and len(word) >= SHORTEST_BEGINNING else whole).format(near + word)
        for word, more in wanted
    ]
    limits = {"below": below, "most": MOST_FOUND}
    return list(session.scalars(statement, {"asked": both.join(parts), **limits}))


def _of(
    session: Session, ids: Sequence[int], only: Only, before: int | None, limit: int
) -> list[Ticket]:
    """The first of these tickets, in order of their ids, that meet the filters.

    The filters are tried here, row by row: given them, a database would leave the ids aside and
    walk through all tickets that meet one.
    """
    rest = [each for each in ids if before is None or each < before]
    fitting: list[int] = []
    for start in range(0, len(rest), 500):
        if len(fitting) >= limit:
            break
        asked = select(Row.id, *_FILTERED).where(Row.id.in_(rest[start : start + 500]))
        rows = session.execute(asked.order_by(Row.id.desc()))
        fitting += [row.id for row in rows if only.fits(*row[1:])]
    found = query().where(Row.id.in_(fitting[: max(0, limit)])).order_by(Row.id.desc())
    return [Ticket(*row) for row in session.execute(found)]
