"""Lists of tickets: filtered, by rank or newest first, a page at a time; and found by words.

Every filter is answered by an index that holds all of them, so a page costs the same at a million
tickets. Words are looked for as `block_words` says: the newest blocks first, so that a common word
is found there at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from store import block_words
from store.block_words import TICKETS
from store.models import Ticket as Row
from store.ticket_records import Ticket
from store.tickets import query

NEWEST_BLOCKS = 2
"""Blocks that are looked through before all others."""
COUNTED = 1000
"""Counts stop here."""
COMMON = 400
"""Of the tickets in the newest blocks, so many have words that are common."""
MOST_FOUND = 10_000
"""Tickets with the words that filters are tried on, the newest first."""


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
    TICKETS.put(session, ticket_id, content)


def find(
    session: Session, typed: str, only: Only, *, before: int | None = None, limit: int = 50
) -> list[Ticket]:
    """Tickets that have all these words, newest first. `before`: the id of the last one had.

    Words that many tickets have are looked for in one block after the other, until `MOST_FOUND`
    tickets with them were looked at.
    """
    wanted = block_words.wanted(typed)
    if not wanted:
        return []
    highest = TICKETS.highest(session)
    first = min(highest, highest if before is None else before - 1) // block_words.BLOCK
    found: list[Ticket] = []
    looked_at = 0
    for place, block in enumerate(range(first, -1, -1)):
        if place == NEWEST_BLOCKS and looked_at < COMMON:
            below = (block + 1) * block_words.BLOCK
            rest = TICKETS.match(session, wanted, below=below, most=MOST_FOUND)
            return found + _of(session, rest, only, before, limit - len(found))
        ids = TICKETS.match(session, wanted, blocks=[block], most=MOST_FOUND)
        looked_at += len(ids)
        found += _of(session, ids, only, before, limit - len(found))
        if len(found) >= limit or looked_at >= MOST_FOUND:
            break
    return found


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
