"""The queue of review: filtered, found by words, counted, a page at a time, newest first.

Filters are answered by `review_bits`, words by `block_words`; a page reads the rows of its items
alone. Ids follow the order in which items came, so times are bounds of ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count as count_up
from itertools import islice

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from store import block_words, review_bits, review_facets
from store.block_words import BLOCK, REVIEWS
from store.errors import NotFound
from store.models import Conversation
from store.models import ReviewItem as Row
from store.review_records import Filters, ReviewItem, State
from store.rows import columns_of

NEWEST_BLOCKS = 2
"""Blocks that are looked through for words one by one, to see how common the words are."""
RARE = 20
"""Of the items in those, fewer have words that are rare."""
AT_ONCE = 2_000
"""Items with words that are not rare that one query is to find, about."""
MOST_FOUND = 10_000
"""Items with the words that filters are tried on for one page, the newest first."""

_ITEM = columns_of(Row, ReviewItem)
_SOON_GONE = 16
"""Items that are looked up beyond a page, for those whose conversation is being deleted."""


@dataclass(frozen=True, slots=True)
class Page:
    """Items, newest first. `last`: the id to go on below; None where there is nothing behind."""

    items: list[ReviewItem]
    last: int | None


def page(
    session: Session,
    filters: Filters,
    states: Sequence[State],
    *,
    below: int | None = None,
    limit: int = 50,
) -> Page:
    """Items that the filters fit, whose ids are less than `below`."""
    asked = review_facets.asked(filters, states)
    above, below = _bounds(session, filters, below)
    fitting = review_bits.blocks(session, asked, above=above, below=below)
    ids = review_bits.ids(fitting, limit + _SOON_GONE)
    found = items(session, ids)[:limit]
    if len(found) == limit:
        return Page(found, found[-1].id if found[-1].id != ids[-1] else None)
    return Page(found, ids[-1] if len(ids) == limit + _SOON_GONE else None)


def count(session: Session, filters: Filters, states: Sequence[State]) -> int:
    """How many items the filters fit."""
    above, below = _bounds(session, filters, None)
    asked = review_facets.asked(filters, states)
    return review_bits.count(session, asked, above=above, below=below)


def find(
    session: Session,
    typed: str,
    filters: Filters,
    states: Sequence[State],
    *,
    below: int | None = None,
    limit: int = 50,
) -> Page:
    """Items that have all these words and that the filters fit.

    Looks at `MOST_FOUND` items with the words at most, so a page may be short, or empty, and yet
    have more behind it.
    """
    wanted = block_words.wanted(typed)
    if not wanted:
        return Page([], None)
    above, below = _bounds(session, filters, below)
    asked = review_facets.asked(filters, states)
    block_words.prepare(session)
    ids, last = _found(session, wanted, asked, above, below, limit + 1)
    shown = items(session, ids[:limit])
    return Page(shown, ids[limit - 1] if len(ids) > limit else last)


def _found(
    session: Session,
    wanted: block_words.Wanted,
    asked: review_facets.Asked,
    above: int,
    below: int | None,
    limit: int,
) -> tuple[list[int], int | None]:
    """Ids with the words that fit, and the id to go on below where not all were looked at."""
    fitting = review_bits.blocks(session, asked, above=above, below=below)
    found: list[int] = []
    looked_at, size = 0, 1
    for turn in count_up():
        if turn == NEWEST_BLOCKS:
            if looked_at < RARE:
                return _rest(session, wanted, dict(fitting), found, limit)
            size = max(1, AT_ONCE * NEWEST_BLOCKS // looked_at)
        masks = dict(islice(fitting, size))
        if not masks:
            break
        ids = REVIEWS.match(session, wanted, blocks=list(masks), most=size * BLOCK)
        looked_at += len(ids)
        found += _marked(ids, masks)
        if len(found) >= limit or looked_at >= MOST_FOUND:
            block, bits = min(masks.items())
            return found[:limit], block * BLOCK + (bits & -bits).bit_length() - 1
    return found, None


def _rest(
    session: Session,
    wanted: block_words.Wanted,
    masks: dict[int, int],
    found: list[int],
    limit: int,
) -> tuple[list[int], int | None]:
    """What `_found` returns for rare words: all that is left at once, of every block."""
    if not masks:
        return found[:limit], None
    below = (max(masks) + 1) * BLOCK
    ids = REVIEWS.match(session, wanted, below=below, most=MOST_FOUND)
    found = found + _marked(ids, masks)
    return found[:limit], ids[-1] if len(ids) == MOST_FOUND else None


def _marked(ids: Sequence[int], masks: dict[int, int]) -> list[int]:
    """Those ids whose bits are set."""
    return [each for each in ids if masks.get(each // BLOCK, 0) >> each % BLOCK & 1]


def place_of(session: Session, public_id: str) -> int:
    """The id of an item, to go on below it. Raises `NotFound`."""
    found = session.scalar(select(Row.id).where(Row.public_id == public_id))
    if found is None:
        raise NotFound("This item")
    return found


def public_id(session: Session, item_id: int) -> str | None:
    """What `place_of` is asked with; None when the item was removed meanwhile."""
    return session.scalar(select(Row.public_id).where(Row.id == item_id))


def items(session: Session, ids: Sequence[int]) -> list[ReviewItem]:
    """These items, newest first, without those whose conversation is deleted."""
    asked = (
        select(*_ITEM)
        .outerjoin(Conversation, Conversation.id == Row.conversation_id)
        .where(Row.id.in_(ids), or_(Conversation.id.is_(None), Conversation.deleted_at.is_(None)))
        .order_by(Row.id.desc())
    )
    return [ReviewItem(*row) for row in session.execute(asked)]


def unread(session: Session, mark: str, limit: int) -> list[ReviewItem]:
    """Items that were not read by the rules of this mark, new ones first."""
    found: list[ReviewItem] = []
    for which in (Row.read_by == "", (Row.read_by > "") & (Row.read_by < mark), Row.read_by > mark):
        if len(found) < limit:
            asked = select(*_ITEM).where(which).order_by(Row.read_by.desc(), Row.id.desc())
            rows = session.execute(asked.limit(limit - len(found)))
            found += [ReviewItem(*row) for row in rows]
    return found


def _bounds(session: Session, filters: Filters, below: int | None) -> tuple[int, int | None]:
    above = 0
    if filters.since is not None:
        first = _first_since(session, filters.since)
        if first is None:
            return 0, 0
        above = first
    if filters.until is not None:
        end = _first_since(session, filters.until)
        below = end if below is None else below if end is None else min(below, end)
    return above, below


def _first_since(session: Session, moment: datetime) -> int | None:
    asked = select(Row.id).where(Row.created_at >= moment).order_by(Row.created_at, Row.id)
    return session.scalar(asked.limit(1))
