"""Items of the review: made where something was rated, flagged or changed, judged, talked about.

The functions that begin with `note_` are called in the transaction of what they note, as its last
step. Whoever changes an item changes its facets in the same transaction (`review_bits`). Who may do
what is decided above; lists are in `review_queue`, verdicts in `review_verdicts`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, false, or_, select, update
from sqlalchemy.orm import Session

from store import models, review_bits
from store.block_words import REVIEWS
from store.columns import now
from store.errors import NotFound
from store.models import Message, PromptVersion, Reply, Ticket, TicketDraft, Trace
from store.models import ReviewItem as Row
from store.review_facets import facets
from store.review_records import ReviewItem
from store.rows import columns_of, insert_missing

_ITEM = columns_of(Row, ReviewItem)


def note_rating(
    session: Session, message_id: int, rating: int | None, reasons: Sequence[str] = ()
) -> None:
    """A chatter judged an answer (+1, -1), or took that back (None).

    A judgement that changed opens an item again. What nobody has an eye on any more, leaves.
    """
    item_id = _of_message(session, message_id, made=rating is not None)
    if item_id is None:
        return
    with_reasons = {"rating": rating or 0, "reasons": list(reasons)}

    def rated(row: Row) -> dict[str, Any]:
        again = rating is not None and row.rating not in (0, rating)
        return with_reasons | ({"state": "open"} if again else {})

    change(session, [item_id], rated)
    _leave_if_idle(session, item_id)


def note_flag(session: Session, message_id: int, user_id: int, note: str = "") -> str:
    """Somebody wants an answer looked at; the item (public id), which is open from now on.

    Raises `UnstorableText`.
    """
    item_id = _of_message(session, message_id, made=True)
    if item_id is None:
        raise NotFound("This answer")
    return flag(session, item_id, user_id, note)


def flag(session: Session, item_id: int, user_id: int, note: str = "") -> str:
    """The same for what is here already; its public id. Raises `UnstorableText`."""
    values = {"flagged": True, "flag_note": note, "flagged_by": user_id, "state": "open"}
    change(session, [item_id], lambda _: values)
    found = session.scalar(select(Row.public_id).where(Row.id == item_id))
    if found is None:
        raise NotFound("This item")
    return found


def unflag(session: Session, item_id: int) -> None:
    """Take a flag back. What nobody has an eye on any more, leaves."""
    change(session, [item_id], lambda _: {"flagged": False, "flag_note": "", "flagged_by": None})
    _leave_if_idle(session, item_id)


def note_reply(session: Session, reply_id: int) -> None:
    """A reply was sent: where its agent changed the draft, it waits for a verdict."""
    asked = (
        select(
            Reply.distance,
            Reply.ticket_id,
            Ticket.conversation_id,
            TicketDraft.model,
            TicketDraft.prompt,
            TicketDraft.version,
            TicketDraft.number,
        )
        .join(Ticket, Ticket.id == Reply.ticket_id)
        .join(TicketDraft, TicketDraft.id == Reply.draft_id)
        .where(Reply.id == reply_id)
    )
    found = session.execute(asked).one_or_none()
    if found is None or not found.distance:
        return
    _make(session, "reply_id", {"kind": "reply", "reply_id": reply_id, **found._mapping})  # noqa: SLF001


def get(session: Session, public_id: str) -> ReviewItem:
    """Raises `NotFound`, also where the conversation is being deleted."""
    asked = (
        select(*_ITEM)
        .outerjoin(models.Conversation, models.Conversation.id == Row.conversation_id)
        .where(Row.public_id == public_id, models.Conversation.deleted_at.is_(None))
    )
    found = session.execute(asked).one_or_none()
    if found is None:
        raise NotFound("This item")
    return ReviewItem(*found)


def of_message(session: Session, message: str) -> ReviewItem | None:
    """The item of an answer (public id), if it has one."""
    asked = select(Row.public_id).join(Message, Message.id == Row.message_id)
    found = session.scalar(asked.where(Message.public_id == message))
    return None if found is None else get(session, found)


def subject_id(session: Session, item: ReviewItem) -> str:
    """The public id of the answer or reply that an item is about; empty where it is gone."""
    of: type[Message | Reply] = Message if item.kind == "answer" else Reply
    row_id = item.message_id if item.kind == "answer" else item.reply_id
    return session.scalar(select(of.public_id).where(of.id == row_id)) or ""


def of_public_ids(session: Session, ids: Sequence[str]) -> list[ReviewItem]:
    """Those of these items that are there."""
    rows = session.execute(select(*_ITEM).where(Row.public_id.in_(ids)).order_by(Row.id))
    return [ReviewItem(*row) for row in rows]


def answer(session: Session, message: str, *, reviewers: bool, agents: bool) -> int:
    """An answer (public id) that may be flagged by people who did not ask; its internal number.

    `reviewers`: of conversations that have an item; `agents`: of those handed to the desk.
    Raises `NotFound`.
    """
    of_items = select(Row.id).where(Row.conversation_id == Message.conversation_id)
    of_desk = select(Ticket.id).where(Ticket.conversation_id == Message.conversation_id)
    shown = or_(
        *(each.exists() for each, may in ((of_items, reviewers), (of_desk, agents)) if may), false()
    )
    asked = (
        select(Message.id)
        .join(models.Conversation, models.Conversation.id == Message.conversation_id)
        .where(
            Message.public_id == message,
            Message.role == "assistant",
            models.Conversation.deleted_at.is_(None),
            shown,
        )
    )
    found = session.scalar(asked)
    if found is None:
        raise NotFound("This answer")
    return found


def take(session: Session, item_id: int, user_id: int, until: datetime) -> None:
    """Say who judges an item just now; replaces whoever did."""
    taken = update(Row).where(Row.id == item_id)
    session.execute(taken.values(taken_by=user_id, taken_until=until))


def holders(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The names of these people."""
    asked = select(models.User.id, models.User.name).where(models.User.id.in_(ids))
    return {found.id: found.name for found in session.execute(asked)}


def put_read(session: Session, item: ReviewItem, words: str) -> None:
    """Keep what an item is listed and found by, as the record has it. Raises `UnstorableText`."""
    values = {name: getattr(item, name) for name in ("title", "mood", "topic", "read_by")}
    if change(session, [item.id], lambda _: values, touch=False):
        REVIEWS.put(session, item.id, words)


def change(
    session: Session,
    ids: Sequence[int],
    values: Callable[[Row], dict[str, Any]],
    *,
    touch: bool = True,
) -> int:
    """Change items, their facets with them; how many there were.

    `values` is given each row, locked, and says what it gets.
    """
    # In order of their ids, so that nobody waits for one who waits for them.
    locked = select(Row).where(Row.id.in_(ids)).order_by(Row.id).with_for_update()
    rows = list(session.scalars(locked.execution_options(populate_existing=True)))
    moved = {}
    for row in rows:
        before = facets(row)
        given = values(row) | ({"changed_at": now()} if touch else {})
        for name, value in given.items():
            setattr(row, name, value)
        moved[row.id] = (before, facets(row))
    session.flush()
    review_bits.change(session, moved)
    return len(rows)


def _of_message(session: Session, message_id: int, *, made: bool) -> int | None:
    """The item of an answer; `made`: made where there is none."""
    found = session.scalar(select(Row.id).where(Row.message_id == message_id))
    if found is not None or not made:
        return found
    conversation_id = session.scalar(
        select(Message.conversation_id).where(Message.id == message_id)
    )
    if conversation_id is None:
        return None
    values = {"kind": "answer", "message_id": message_id, "conversation_id": conversation_id}
    return _make(session, "message_id", values | _made_by(session, message_id))


def _made_by(session: Session, message_id: int) -> dict[str, Any]:
    """Which model and prompt version answered; nothing where a person did."""
    asked = (
        select(Trace.model, Trace.prompt, Trace.version, PromptVersion.seq)
        .outerjoin(PromptVersion, PromptVersion.sha == Trace.version)
        .where(Trace.message_id == message_id)
        .order_by(Trace.attempt.desc())
    )
    found = session.execute(asked.limit(1)).one_or_none()
    if found is None:
        return {}
    model, prompt, version, number = found
    return {"model": model, "prompt": prompt, "version": version or "", "number": number}


def _make(session: Session, unique: str, values: dict[str, Any]) -> int | None:
    """A new item; the one that is there where another transaction was quicker."""
    whole = {"state": "open", "reasons": [], "tags": [], "created_at": now()} | values
    item_id: int | None = insert_missing(session, Row, whole, [unique])
    if item_id is None:
        same = getattr(Row, unique) == values[unique]
        return session.scalar(select(Row.id).where(same))
    row = session.scalars(select(Row).where(Row.id == item_id)).one()
    review_bits.change(session, {item_id: ((), facets(row))})
    return item_id


def _leave_if_idle(session: Session, item_id: int) -> None:
    """Remove what is neither rated, flagged nor a changed reply, and that nobody judged."""
    row = session.get(Row, item_id)
    if row is None or row.rating or row.flagged or row.kind == "reply" or row.opinions:
        return
    review_bits.change(session, {item_id: (facets(row), ())})
    session.execute(delete(Row).where(Row.id == item_id))
    session.expunge(row)
