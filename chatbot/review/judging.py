"""Verdicts, one at a time and many at once; flags, comments, second opinions.

A correction is written in the masked view. Its tags become the values that they stood for before it
is stored, and are hidden anew wherever it is shown or trained on.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from chatbot.errors import Conflict, EmptyText, NotFound, Refused, TextTooLong
from chatbot.review.lists import EVERY, NOTHING, holder
from chatbot.review.opening import Opened, Opening, comment
from chatbot.review.parts import FLAGGERS, REVIEWERS, require
from chatbot.review.views import Comment, Filters, Row
from chatbot.webhooks import telling
from store import accounts, messages, review, review_queue, review_verdicts
from store.engine import Session
from store.errors import NotFound as NotStored
from store.records import Person
from store.review_records import ReviewItem

Rating = Literal[-1, 0, 1]

TEXT_LIMIT = 20_000
"""Longest correction, in characters."""
NOTE_LIMIT = 2_000
"""Longest note or comment, in characters."""
TAG_LIMIT = 60
MOST_TAGS = 20
MOST_AT_ONCE = 500
"""Items of one bulk action."""


class Judging(Opening):
    """Changes items."""

    def judge(
        self,
        person: Person,
        item: str,
        *,
        rating: Rating,
        text: str | None = None,
        tags: Sequence[str] = (),
        note: str = "",
        use: bool = True,
        seen: str | None = None,
        filters: Filters = NOTHING,
    ) -> Row | None:
        """Keep one's verdict of an item, in place of an earlier one; the next open item.

        `rating`: 1 good, -1 poor, 0 skipped. `text`: the corrected answer as the masked view has
        it, None where it stays. `note` is for the prompt's author. `use`: whether it may be trained
        on. `seen`: the `seen` of the view. `filters`: of the queue in which the next one is looked
        for.

        Raises:
            Conflict: somebody else has the item open; or what the tags stand for has changed.
            Refused, TextTooLong: a tag, the note or the text is too long.
            NotAllowed, NotFound, UnstorableText.
        """
        self._parts.key.ready(person)
        tags, note = clean_tags(tags), _note(note)
        with self._archive.main.reading() as session:
            require(session, person)
        corrected = None
        if text is not None and rating:
            corrected = self._corrected(self.opened(item), text, seen)
        with self._archive.main.writing() as session:
            require(session, person)
            found = review.get(session, item)
            self._require_free(session, found, person)
            review_verdicts.put(
                session,
                found.id,
                person.id,
                rating=rating,
                text=corrected,
                tags=tags,
                note=note,
                use=use and rating != 0,
            )
            telling.verdict_given(session, found, rating, corrected=corrected is not None)
            self._parts.audit.note_in(
                session, person, "review_judged", "review", item, rating=rating,
                corrected=corrected is not None,
            )  # fmt: skip
        return self._next(person, found, filters)

    def bulk(
        self,
        person: Person,
        items: Sequence[str],
        *,
        rating: Rating | None = None,
        tag: str = "",
        second: bool | None = None,
    ) -> int:
        """Do the same with many items: a rating (0 skips), a tag, a second opinion; how many.

        Those that are gone, or that somebody else has open, stay as they are. What one wrote of
        them before is kept. Raises NotAllowed, Refused.
        """
        if len(items) > MOST_AT_ONCE:
            raise Refused(f"At most {MOST_AT_ONCE} items at once. Choose fewer.")
        named = clean_tags([tag])
        with self._archive.main.writing() as session:
            require(session, person)
            now = datetime.now(UTC)
            found = review.of_public_ids(session, items)
            free = [each for each in found if holder(each, person, now) is None]
            ids = [each.id for each in free]
            if rating is not None:
                review_verdicts.rate(session, ids, person.id, rating)
                for each in free:
                    telling.verdict_given(session, each, rating, corrected=False)
            if named:
                review_verdicts.add_tag(session, ids, named[0])
            if second is not None:
                review_verdicts.ask_second(session, ids, on=second)
            told = "rated" if rating is not None else "tagged" if named else "second"
            self._parts.audit.note_in(
                session, person, "review_judged", "review", "", items=len(ids), how=told
            )
        return len(ids)

    def flag(self, person: Person, message: str, note: str = "") -> str:
        """Want an answer (its id, or an item's) looked at; the item's id.

        Reviewers flag what they may see, agents answers in chats that were handed to the desk,
        both their own chats. Raises NotAllowed, NotFound, Refused, UnstorableText.
        """
        note = _note(note)
        with self._archive.main.writing() as session:
            require(session, person, FLAGGERS)
            known = self._known(session, person, message)
            if known is not None:
                made = review.flag(session, known.id, person.id, note)
            else:
                answer = _answer(session, person, message)
                made = review.note_flag(session, answer, person.id, note)
            self._parts.audit.note_in(session, person, "review_flagged", "review", made)
        return made

    def unflag(self, person: Person, message: str) -> None:
        """Take a flag back: reviewers any, agents their own. Raises NotAllowed, NotFound."""
        with self._archive.main.writing() as session:
            require(session, person, FLAGGERS)
            known = self._known(session, person, message) or review.of_message(session, message)
            if known is None or not known.flagged:
                raise NotFound
            if known.flagged_by != person.id:
                require(session, person)
            review.unflag(session, known.id)
            self._parts.audit.note_in(
                session, person, "review_unflagged", "review", known.public_id
            )

    def comment(self, person: Person, item: str, text: str) -> Comment:
        """Say something of an item to its other reviewers. Raises NotAllowed, NotFound, Refused."""
        text = _note(text)
        if not text:
            raise EmptyText("The comment is empty. Write something, then save it.")
        with self._archive.main.writing() as session:
            require(session, person)
            found = review.get(session, item)
            said = review_verdicts.add_comment(session, found.id, person.id, text)
            self._parts.audit.note_in(session, person, "review_commented", "review", item)
        return comment(said, person)

    def comments(self, person: Person, item: str) -> list[Comment]:
        """What was said of an item, the oldest first. Raises NotAllowed, NotFound."""
        with self._archive.main.reading() as session:
            require(session, person)
            found = review_verdicts.comments(session, review.get(session, item).id)
        return [comment(each, person) for each in found]

    def ask_second(self, person: Person, item: str, on: bool) -> None:  # noqa: FBT001
        """Ask for a second opinion: an item is open until two have judged it.

        Raises NotAllowed, NotFound.
        """
        with self._archive.main.writing() as session:
            require(session, person)
            review_verdicts.ask_second(session, [review.get(session, item).id], on=on)
            self._parts.audit.note_in(
                session, person, "review_judged", "review", item, how="second", on=on
            )

    def _corrected(self, opened: Opened, text: str, seen: str | None) -> str | None:
        """A correction with its real values; None where it changes nothing."""
        if len(text) > TEXT_LIMIT:
            raise TextTooLong(
                f"The correction has {len(text):,} characters; {TEXT_LIMIT:,} are allowed."
            )
        back = opened.veil.restored(text.strip(), seen, self._parts.key)
        return None if back in ("", opened.judged.strip()) else back

    def _require_free(self, session: Session, found: ReviewItem, person: Person) -> None:
        held = holder(found, person, datetime.now(UTC))
        if held is not None:
            name = review.holders(session, [held]).get(held, "Somebody")
            raise Conflict(f"{name} has this open. Choose Take over, then save.")

    def _next(self, person: Person, found: ReviewItem, filters: Filters) -> Row | None:
        """The open item behind this one, or else the first one."""
        with self._archive.main.reading() as session:
            for below in (found.id, None):
                page = review_queue.page(session, filters, EVERY[:1], below=below, limit=2)
                others = [each for each in page.items if each.id != found.id]
                if others:
                    return self.rows(session, person, others[:1])[0]
        return None

    def _known(self, session: Session, person: Person, public_id: str) -> ReviewItem | None:
        """An item by its own id, for reviewers."""
        if not accounts.has_role(session, person.id, REVIEWERS):
            return None
        try:
            return review.get(session, public_id)
        except NotStored:
            return None


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Tags in one line each, each once. Raises Refused."""
    found = list(dict.fromkeys(line for tag in tags if (line := " ".join(tag.split()))))
    if len(found) > MOST_TAGS:
        raise Refused(f"At most {MOST_TAGS} tags. Leave some out.")
    if any(len(tag) > TAG_LIMIT for tag in found):
        raise Refused(f"A tag has at most {TAG_LIMIT} characters. Shorten it.")
    return found


def _note(text: str) -> str:
    text = text.strip()
    if len(text) > NOTE_LIMIT:
        raise Refused(f"A note has at most {NOTE_LIMIT:,} characters. Shorten it.")
    return text


def _answer(session: Session, person: Person, message: str) -> int:
    """An answer that this person may flag; its internal number."""
    try:
        _, own = messages.get(session, person.id, message)
    except NotStored:
        own = None
    if own is not None:
        if own.role != "assistant":
            raise NotFound
        return own.id
    desk = accounts.has_role(session, person.id, ("agent", "admin"))
    return review.answer(
        session, message, agents=desk, reviewers=accounts.has_role(session, person.id, REVIEWERS)
    )
