"""What items are listed and found by, made once for each: title, words, mood, topic, all masked.

An item is noted in the transaction of a rating or a reply, which does not wait for this. It is read
by the server a moment later, or by whoever lists it first. It keeps the mark of the rules by which
it was masked, and is read again when an administrator lets more be hidden.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace

from chatbot.errors import NotFound
from chatbot.masking import Rules
from chatbot.review.hiding import Veil
from chatbot.review.parts import Part
from chatbot.values import TAG
from store import review, review_bits, review_queue, review_subjects
from store.review_records import ReviewItem

log = logging.getLogger(__name__)

EVERY_S = 2.0
"""Seconds between two looks of the server for what is new."""
AT_ONCE = 50
"""Items that are read between two looks."""
TITLE = 90
"""Characters of a title."""
READ = 4000
"""Characters of a question that are looked at for its mood and topic."""


class Reading(Part):
    """Reads items."""

    async def keep_reading(self) -> None:
        """Read what is new, until cancelled. For the server only."""
        while True:
            pause = EVERY_S
            try:
                pause = 0.1 if await asyncio.to_thread(self.read_new) else EVERY_S
            except Exception as error:  # noqa: BLE001  the next look may succeed
                log.warning("nothing was read for review: %s", type(error).__name__)
            await asyncio.sleep(pause)

    def read_new(self, limit: int = AT_ONCE) -> int:
        """Read items that were not read by the rules of now; how many. Raises StoreUnavailable."""
        rules = self._parts.rules()
        with self._archive.main.reading() as session:
            waiting = review_queue.unread(session, mark_of(rules), limit)
        return len(self._read(waiting, rules))

    def read(self, items: Sequence[ReviewItem]) -> list[ReviewItem]:
        """The same items, all of them read by the rules of now. Raises StoreUnavailable."""
        rules = self._parts.rules()
        stale = [each for each in items if each.read_by != mark_of(rules)]
        fresh = self._read(stale, rules)
        return [fresh.get(each.id, each) for each in items if each.read_by or each.id in fresh]

    def tidy(self) -> None:
        """Take away what removed items left behind. For the server. Raises StoreUnavailable."""
        for _ in range(AT_ONCE):
            with self._archive.main.writing() as session:
                if not review_bits.tidy(session):
                    return

    def _read(self, items: Sequence[ReviewItem], rules: Rules) -> dict[int, ReviewItem]:
        """Read these and keep it; each as it is then. Those that are gone are left out."""
        found: dict[int, ReviewItem] = {}
        for item in items:
            try:
                found[item.id] = self._read_one(item, rules)
            except NotFound:
                continue  # removed, or being deleted
        return found

    def _read_one(self, item: ReviewItem, rules: Rules) -> ReviewItem:
        with self._archive.main.reading() as session:
            about = review_subjects.subject(session, item, limit=20)
        question, analysis = about.question[:READ], self._parts.analysis
        veil = Veil()
        veil.add(about.question, about.sent or about.answer)
        veil.drop(rules, [*about.people, *self._parts.names([question])])
        title, words = _one_line(veil.text(0)), " ".join(veil.hidden.texts)
        mood, intent = analysis.mood(question), analysis.intent(question)
        read = replace(
            item,
            title=title or "Without a question",
            mood=mood.word if mood else "",
            topic=intent.name if intent else "",
            read_by=mark_of(rules),
        )
        with self._archive.main.writing() as session:
            review.put_read(session, read, TAG.sub(" ", words))
        return read


def mark_of(rules: Rules) -> str:
    """A short mark of what rules hide."""
    told = (sorted(rules.groups), list(rules.patterns), sorted(rules.keep))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE else line[: TITLE - 1].rstrip() + "…"
