"""The queue of review: pages of it, what there is to filter by, how many wait."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from chatbot.review.parts import REVIEWERS, Parts, require
from chatbot.review.reading import Reading
from chatbot.review.views import Choices, Filters, Queue, Row, State, Which
from store import accounts, review, review_bits, review_queue, review_subjects
from store.engine import Session
from store.records import Person
from store.review_records import ReviewItem

EVERY: tuple[State, ...] = ("open", "done")
NOTHING = Filters()
LISTING = 600.0
"""Seconds for which one entry of the audit says that somebody looks through the queue."""
NEW = 20
"""New items that a page reads before it is made, at most; the server reads them all."""


class Lists(Reading):
    """Lists of items."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._listing: dict[int, float] = {}
        self._lock = threading.Lock()

    def queue(
        self,
        person: Person,
        *,
        which: Which = "open",
        filters: Filters = NOTHING,
        text: str = "",
        limit: int = 50,
        after: str | None = None,
    ) -> Queue:
        """A page of items, newest first. `text` finds words of question and answer, masked.

        `after`: the `more` of the page before. That somebody looks through the queue is in the
        audit, once in ten minutes. Raises NotAllowed, NotFound, StoreUnavailable.
        """
        with self._archive.main.reading() as session:
            require(session, person)
        self._note_listing(person)
        self._parts.key.ready(person)
        self.read_new(NEW)
        with self._archive.main.reading() as session:
            below = review_queue.place_of(session, after) if after else None
            page = page_of(session, filters, (which,), text, below, limit)
        # Titles may have been made by rules that hid less than those of now.
        found = self.read(page.items)
        with self._archive.main.reading() as session:
            rows = self.rows(session, person, found)
            counts = [review_queue.count(session, NOTHING, (state,)) for state in EVERY]
            fitting = None if text.strip() else review_queue.count(session, filters, (which,))
            more = None if page.last is None else review_queue.public_id(session, page.last)
        return Queue(rows, open=counts[0], done=counts[1], found=fitting, more=more)

    def waiting(self, person: Person) -> int:
        """How many items are open; 0 for who is no reviewer. Cheap. Raises StoreUnavailable."""
        with self._archive.main.reading() as session:
            if not accounts.has_role(session, person.id, REVIEWERS):
                return 0
            return review_queue.count(session, NOTHING, ("open",))

    def choices(self, person: Person) -> Choices:
        """What there is to filter by. Raises NotAllowed, StoreUnavailable."""
        with self._archive.main.reading() as session:
            require(session, person)
            found = review_bits.occurring(session)
        return Choices(
            models=found.get("model", []),
            prompts=found.get("prompt", []),
            numbers=sorted(map(int, found.get("number", []))),
            tags=found.get("tag", []),
            moods=found.get("mood", []),
            topics=found.get("topic", []),
        )

    def rows(self, session: Session, person: Person, items: Sequence[ReviewItem]) -> list[Row]:
        """Items as they stand in the queue. Whoever asks has made the key ready."""
        now = datetime.now(UTC)
        customers = review_subjects.customers(session, items)
        held = {each.id: holder(each, person, now) for each in items}
        names = review.holders(session, [who for who in held.values() if who is not None])
        pseudonym = self._parts.key.pseudonym
        return [
            _row(each, pseudonym(customers[each.id]), names.get(held[each.id] or 0, ""))
            for each in items
        ]

    def _note_listing(self, person: Person) -> None:
        moment = time.monotonic()
        with self._lock:
            last = self._listing.get(person.id)
            if last is not None and moment - last < LISTING:
                return
            self._listing[person.id] = moment
        self._parts.audit.note(person, "review_listed", "person", person.public_id)


def page_of(
    session: Session,
    filters: Filters,
    states: Sequence[State],
    text: str,
    below: int | None,
    limit: int,
) -> review_queue.Page:
    """Items that the filters fit, and that have the words of `text` where there are any."""
    if text.strip():
        return review_queue.find(session, text, filters, states, below=below, limit=limit)
    return review_queue.page(session, filters, states, below=below, limit=limit)


def holder(item: ReviewItem, person: Person, now: datetime) -> int | None:
    """Who else judges an item just now."""
    held = item.taken_until is not None and item.taken_until > now
    return item.taken_by if held and item.taken_by != person.id else None


def _row(item: ReviewItem, customer: str, taken: str) -> Row:
    return Row(
        id=item.public_id,
        title=item.title,
        customer=customer,
        kind=item.kind,
        at=item.created_at,
        chip=_chip(item),
        state=item.state,
        rating=item.rating,
        flagged=item.flagged,
        distance=item.distance,
        mood=item.mood,
        topic=item.topic,
        model=item.model,
        prompt=item.prompt,
        number=item.number,
        tags=tuple(item.tags),
        verdict=item.verdict,
        second=item.second,
        split=item.split,
        taken=taken,
    )


def _chip(item: ReviewItem) -> str:
    """The one thing that brought an item here."""
    if item.kind == "reply":
        return f"edited {item.distance or 0:.2f}"
    if item.flagged:
        return "flagged"
    if item.reasons:
        return item.reasons[0].lower()
    return {-1: "rated down", 1: "rated up"}.get(item.rating, "rating taken back")
