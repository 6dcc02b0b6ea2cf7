"""Which items have which facet, as bits: every filter, alone or with others, is one AND of them.

`BLOCK` items in the order of their ids form a block, and each facet that occurs in it has one row
with a bit for each item. A page reads the rows of its facets, newest block first, and combines them
as whole numbers: a million items are some 250 rows of 512 bytes for each facet, however few items
fit and whatever else was asked. Counts are exact and come from the same rows. docs/decisions/0029.

An item that was removed with its conversation leaves its bits behind; a trigger writes it down, so
that it counts for nothing until `tidy` takes the bits away.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from store.block_words import BLOCK
from store.models import ReviewBits as Row
from store.models import ReviewGone, ReviewItem
from store.review_facets import Asked, facets
from store.rows import insert_missing

BYTES = BLOCK // 8
NEAR = 8
"""Blocks that are read first; most pages need no other."""
FAR = 512
"""Blocks that are read at a time after those."""
MOST_GONE = 20_000
"""Removed items whose bits are taken away at a time, at most."""

Moved = Mapping[int, tuple[Collection[str], Collection[str]]]
"""For each item (id) the facets that it had and those that it has now."""


def change(session: Session, moved: Moved) -> None:
    """Let items have other facets. To be the last change of a transaction.

    Rows are taken in one order by everybody, so that nobody waits for one who waits for them.
    """
    masks: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for item_id, (before, after) in moved.items():
        block, place = divmod(item_id, BLOCK)
        for names, which in ((set(before) - set(after), 0), (set(after) - set(before), 1)):
            for name in names:
                masks[name, block][which] |= 1 << place
    for (facet, block), (cleared, added) in sorted(masks.items()):
        if added:
            first = {"facet": facet, "block": block, "bits": bytes(BYTES)}
            insert_missing(session, Row, first, ["facet", "block"])
        _rewrite(session, facet, block, cleared, added)


def _rewrite(session: Session, facet: str, block: int, cleared: int, added: int) -> None:
    which = (Row.facet == facet, Row.block == block)
    kept = session.scalar(select(Row.bits).where(*which).with_for_update())
    if kept is None:
        return
    bits = _number(kept) & ~cleared | added
    if bits:
        session.execute(update(Row).where(*which).values(bits=bits.to_bytes(BYTES, "little")))
    else:
        session.execute(delete(Row).where(*which))


def blocks(
    session: Session, wanted: Asked, *, above: int = 0, below: int | None = None
) -> Iterator[tuple[int, int]]:
    """Blocks that hold items which are wanted, newest first, each with their bits.

    Only items whose ids are at least `above` and, where given, less than `below`.
    """
    newest = session.scalar(select(func.max(Row.block)).where(Row.facet.in_(wanted.groups[0])))
    if newest is None:
        return
    gone = _gone(session)
    last = newest if below is None else min(newest, (below - 1) // BLOCK)
    size = NEAR
    while last >= above // BLOCK:
        first = max(above // BLOCK, last - size + 1)
        rows = _rows(session, wanted, first, last)
        for block in range(last, first - 1, -1):
            bits = _combined(wanted, rows.get(block, {})) & ~gone.get(block, 0)
            bits &= _between(block, above, below)
            if bits:
                yield block, bits
        last, size = first - 1, FAR


def ids(found: Iterator[tuple[int, int]], limit: int) -> list[int]:
    """The first ids of what `blocks` gives, newest first."""
    return list(islice((each for block, bits in found for each in places(block, bits)), limit))


def places(block: int, bits: int) -> Iterator[int]:
    """The ids that the bits of a block stand for, the highest first."""
    while bits:
        place = bits.bit_length() - 1
        yield block * BLOCK + place
        bits ^= 1 << place


def count(session: Session, wanted: Asked, *, above: int = 0, below: int | None = None) -> int:
    """How many items are wanted."""
    return sum(bits.bit_count() for _, bits in blocks(session, wanted, above=above, below=below))


def occurring(session: Session) -> dict[str, list[str]]:
    """Every facet that some item has, by its name: `model` with all models, and so on."""
    found: dict[str, list[str]] = defaultdict(list)
    for facet in sorted(session.scalars(select(Row.facet).distinct())):
        name, _, value = facet.partition(":")
        found[name].append(value)
    return found


def tidy(session: Session) -> int:
    """Take away the bits of removed items, some at a time; return of how many."""
    gone = set(session.scalars(select(ReviewGone.id).order_by(ReviewGone.id).limit(MOST_GONE)))
    if not gone:
        return 0
    # Of one block alone, so that the transaction is short.
    block = min(gone) // BLOCK
    here = {each for each in gone if each // BLOCK == block}
    mask = sum(1 << each % BLOCK for each in here)
    for facet in sorted(session.scalars(select(Row.facet).where(Row.block == block))):
        _rewrite(session, facet, block, mask, 0)
    session.execute(delete(ReviewGone).where(ReviewGone.id.in_(here)))
    return len(here)


def rebuild(session: Session) -> None:
    """Make all bits anew from the items."""
    session.execute(delete(Row))
    session.execute(delete(ReviewGone))
    last = 0
    while True:
        asked = select(ReviewItem).where(ReviewItem.id >= last).order_by(ReviewItem.id)
        first = session.scalars(asked.limit(1)).first()
        if first is None:
            return
        block = first.id // BLOCK
        last = (block + 1) * BLOCK
        of_block = select(ReviewItem).where(ReviewItem.id.between(first.id, last - 1))
        change(session, {each.id: ((), facets(each)) for each in session.scalars(of_block)})
        session.expunge_all()


def _rows(session: Session, wanted: Asked, first: int, last: int) -> dict[int, dict[str, int]]:
    asked = select(Row.block, Row.facet, Row.bits).where(
        Row.facet.in_(wanted.names()), Row.block.between(first, last)
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for block, facet, bits in session.execute(asked):
        found[block][facet] = _number(bits)
    return found


def _combined(wanted: Asked, rows: Mapping[str, int]) -> int:
    bits = -1
    for group in wanted.groups:
        either = 0
        for name in group:
            either |= rows.get(name, 0)
        bits &= either
        if not bits:
            return 0
    for name in wanted.without:
        bits &= ~rows.get(name, 0)
    return bits


def _between(block: int, above: int, below: int | None) -> int:
    """The bits of a block whose ids are not out of bounds."""
    mask = (1 << BLOCK) - 1
    mask &= ~((1 << max(0, above - block * BLOCK)) - 1)
    if below is not None:
        mask &= (1 << max(0, min(BLOCK, below - block * BLOCK))) - 1
    return mask


def _gone(session: Session) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for each in session.scalars(select(ReviewGone.id)):
        found[each // BLOCK] |= 1 << each % BLOCK
    return found


def _number(bits: Any) -> int:
    return int.from_bytes(bits, "little")
