"""One item with all that a reviewer sees of it: masked, audited, and held for five minutes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from chatbot.drafting import changes, distance
from chatbot.errors import NotFound
from chatbot.review.hiding import Veil, spans
from chatbot.review.lists import Lists, holder
from chatbot.review.parts import require
from chatbot.review.views import Comment, Item, Line, Opinion, Row
from chatbot.tracing import TraceView
from store import accounts, review, review_subjects, review_verdicts
from store.records import Person
from store.review_records import ReviewComment, ReviewItem, Verdict
from store.review_subjects import Subject
from store.ticket_records import TicketDraft

SHOWN = 60
"""Messages up to the judged one that are shown."""
AFTER = 10
"""Messages behind it that are shown."""
NAMED = 12
"""Messages of a customer, the last ones, in which the head looks for names."""
HELD = timedelta(minutes=5)
"""How long an item is held for who opened it last."""
RECORDED = "names and numbers hidden · this view is recorded"


@dataclass(frozen=True, slots=True)
class Opened:
    """An item, what it is about, and all its texts hidden by one numbering.

    `lines`: the number in the veil of each message; `answer`, `sent` …: of the (first) text.
    """

    item: ReviewItem
    about: Subject
    verdicts: list[Verdict]
    trace: TraceView | None
    veil: Veil
    lines: list[int]
    answer: int
    sent: int
    asides: int
    traced: int
    corrected: int

    @property
    def judged(self) -> str:
        """What a verdict is about, as it is stored: what was sent to the customer."""
        return self.about.answer if self.about.sent is None else self.about.sent

    def masked_judged(self) -> str:
        """The same, masked."""
        return self.veil.text(self.answer if self.about.sent is None else self.sent)


class Opening(Lists):
    """Items that are opened."""

    def open(self, person: Person, item: str) -> Item:
        """An item with its thread, trace and verdicts; held for this person unless another has it.

        Others' verdicts are told once one has judged oneself. Raises NotAllowed, NotFound.
        """
        self._parts.key.ready(person)
        with self._archive.main.writing() as session:
            require(session, person)
            found = review.get(session, item)
            now = datetime.now(UTC)
            if holder(found, person, now) is None:
                review.take(session, found.id, person.id, now + HELD)
            self._parts.audit.note_in(session, person, "review_seen", "review", item)
        self.read([found])
        opened = self.opened(item)
        with self._archive.main.reading() as session:
            [row] = self.rows(session, person, [opened.item])
            said = review_verdicts.comments(session, opened.item.id)
        return self._shown(person, opened, row, said)

    def take_over(self, person: Person, item: str) -> None:
        """Hold an item that another person has open. Raises NotAllowed, NotFound."""
        with self._archive.main.writing() as session:
            require(session, person)
            found = review.get(session, item)
            review.take(session, found.id, person.id, datetime.now(UTC) + HELD)
            self._parts.audit.note_in(session, person, "review_taken", "review", item)

    def opened(self, item: str) -> Opened:
        """An item with its texts hidden. For other parts, unchecked. Raises NotFound."""
        with self._archive.main.reading() as session:
            found = review.get(session, item)
            about = review_subjects.subject(session, found, limit=SHOWN, after=AFTER)
            verdicts = review_verdicts.of_items(session, [found.id]).get(found.id, [])
        trace = self._trace(about)
        veil = Veil()
        # In the order in which it was said; what may grow comes last, so that tags stay the same.
        before = [veil.add(each.text) for each in about.before]
        numbers = {"answer": veil.add(about.answer), "sent": veil.add(about.sent or "")}
        lines = before + [veil.add(each.text) for each in about.thread[len(before) :]]
        numbers |= {
            "asides": veil.add(about.better, found.flag_note),
            "traced": veil.add(*_texts_of(trace)),
            "corrected": veil.add(*(each.text or "" for each in verdicts)),
        }
        theirs = [each.text for each in about.thread if each.role == "customer"][-NAMED:]
        veil.drop(self._parts.rules(), [*about.people, *self._parts.names(theirs)])
        return Opened(found, about, verdicts, trace, veil, lines, **numbers)

    def _trace(self, about: Subject) -> TraceView | None:
        """What the model was sent, as whoever asked may see it; None where nothing is known."""
        if about.draft is not None:
            return _drafted(about.draft)
        if about.message is None or about.owner_id is None:
            return None
        with self._archive.main.reading() as session:
            owner = accounts.person(session, about.owner_id)
        try:
            return self._parts.traces.of(owner, about.message)
        except NotFound:
            return None

    def _shown(
        self, person: Person, opened: Opened, row: Row, said: Sequence[ReviewComment]
    ) -> Item:
        found, about, veil = opened.item, opened.about, opened.veil
        answer, sent = veil.text(opened.answer), veil.text(opened.sent)
        opinions = self._opinions(person, opened)
        own = next((each for each in opinions if each.own), None)
        has_sent = about.sent is not None
        return Item(
            row=row,
            thread=tuple(_lines(opened)),
            has_earlier=about.has_earlier,
            answer=answer,
            answer_masks=spans(answer),
            sent=sent if has_sent else None,
            sent_masks=spans(sent),
            better=veil.text(opened.asides),
            changes=tuple(changes(answer, sent)) if has_sent else (),
            reasons=about.reasons,
            flag_note=veil.text(opened.asides + 1),
            trace=_masked(opened),
            masked=veil.words(),
            own=own,
            opinions=tuple(opinions) if own else (),
            others=sum(not each.own for each in opinions),
            comments=tuple(comment(each, person) for each in said),
            taken=row.taken,
            taken_until=found.taken_until if row.taken else None,
            seen=veil.seal(self._parts.key),
            recorded=RECORDED,
        )

    def _opinions(self, person: Person, opened: Opened) -> list[Opinion]:
        judged = opened.masked_judged()
        found = []
        for place, each in enumerate(opened.verdicts):
            text = None if each.text is None else opened.veil.text(opened.corrected + place)
            opinion = Opinion(
                id=each.public_id,
                reviewer=each.reviewer or "",
                own=each.reviewer_id == person.id,
                rating=each.rating,
                text=text,
                tags=tuple(each.tags),
                note=each.note,
                use=each.use,
                at=each.updated_at,
            )
            if text is not None:
                way = tuple(changes(judged, text))
                opinion = replace(opinion, changes=way, distance=distance(judged, text))
            found.append(opinion)
        return found


def comment(found: ReviewComment, person: Person) -> Comment:
    """A comment as it is shown."""
    own = found.author_id == person.id
    return Comment(found.public_id, found.author or "", own, found.created_at, found.text)


def _lines(opened: Opened) -> list[Line]:
    lines = []
    for number, said in zip(opened.lines, opened.about.thread, strict=True):
        text = opened.veil.text(number)
        lines.append(
            Line(said.public_id, said.role, said.at, text, spans(text), said.judged, said.rating)
        )
    return lines


def _texts_of(trace: TraceView | None) -> list[str]:
    if trace is None:
        return []
    passages = [one["text"] for one in trace.passages]
    return [*(one["content"] for one in trace.messages), *passages, trace.error or ""]


def _masked(opened: Opened) -> TraceView | None:
    trace = opened.trace
    if trace is None:
        return None
    count = len(trace.messages) + len(trace.passages) + 1
    texts = [opened.veil.text(opened.traced + place) for place in range(count)]
    said, rest = texts[: len(trace.messages)], texts[len(trace.messages) :]
    return replace(
        trace,
        messages=[one | {"content": text} for one, text in zip(trace.messages, said, strict=True)],
        passages=[
            one | {"text": text} for one, text in zip(trace.passages, rest[:-1], strict=True)
        ],
        error=rest[-1] or None,
    )


def _drafted(draft: TicketDraft) -> TraceView:
    """What is known of a draft's model call: not the messages, which are not kept."""
    return TraceView(
        turn=draft.public_id,
        messages=[],
        exact=False,
        model=draft.model,
        prompt=draft.prompt,
        version=draft.number or 0,
        sha=draft.version,
        parameters={},
        prompt_tokens=None,
        reply_tokens=None,
        first_s=draft.first_s,
        total_s=draft.total_s,
        error=None,
        notes=list(draft.notes),
        masked=None,
        passages=[{"used": "", **one} for one in draft.sources],
    )
