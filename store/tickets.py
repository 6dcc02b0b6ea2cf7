"""Tickets: made, found, given to somebody, closed, merged, removed.

Who may do so is decided above. A conversation is locked before its ticket, and a ticket before its
replies, everywhere. Lists are in `ticket_queue`, what is said in `ticket_threads`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from store import hours, index, models
from store.columns import now
from store.errors import Conflict, NotFound
from store.models import Ticket as Row
from store.models import User
from store.rows import insert_missing
from store.ticket_records import State, Ticket

BEHIND = 2**52
"""Ranks of tickets for which nobody waits here are about this, smaller the later they changed."""

_OWN = [getattr(Row, name) for name in Ticket.__dataclass_fields__ if hasattr(Row, name)]
MOST_REMOVED = 100
"""Tickets of one part of a removal."""


def query() -> Select[Any]:
    """Tickets with their assignees, as `Ticket` takes them."""
    columns = (*_OWN, User.name, User.public_id.label("assignee_public_id"))
    return select(*columns).outerjoin(User, User.id == Row.assignee_id)


# Made once: making a query costs several times what SQLite takes to answer it.
_OF_CONVERSATION = query().where(Row.conversation_id == bindparam("id"))
_STANDING = select(Row.public_id, Row.state).where(Row.conversation_id == bindparam("id"))


def rank_of(state: str, waiting_since: datetime | None, updated_at: datetime) -> int:
    """Where a ticket stands in the queue; smaller comes first."""
    if waiting_since is not None and state != "closed":
        return int(waiting_since.timestamp() * 1000)
    return BEHIND - int(updated_at.timestamp() * 1000)


def add(
    session: Session,
    *,
    source: str,
    external_id: str | None,
    channel: str,
    subject: str,
    customer: str,
    address: str = "",
    customer_id: int | None = None,
    conversation_id: int | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> Ticket | None:
    """A new ticket that nobody waits in yet; None when its source or conversation is known.

    Raises `UnstorableText`.
    """
    late, at = at is not None, at or now()
    values = {
        "source": source,
        "external_id": external_id,
        "channel": channel,
        "subject": subject,
        "customer": customer,
        "address": folded(address),
        "customer_id": customer_id,
        "conversation_id": conversation_id,
        "reason": reason,
        "state": "new",
        "active": True,
        "rank": rank_of("new", None, at),
        "created_at": at,
        "updated_at": at,
    }
    unique = ["source", "external_id"] if conversation_id is None else ["conversation_id"]
    made = insert_missing(session, Row, values, unique)
    if made is None:
        return None
    if late:
        hours.note_changed(session, made)
    return by_id(session, made)


def by_id(session: Session, ticket_id: int) -> Ticket:
    """Raises `NotFound`."""
    return _one(session, Row.id == ticket_id)


def get(session: Session, public_id: str) -> Ticket:
    """Raises `NotFound`."""
    return _one(session, Row.public_id == public_id)


def lock(session: Session, public_id: str) -> Ticket:
    """A ticket that nobody else changes until the commit. Raises `NotFound`.

    A merged one is the ticket that goes on with it.
    """
    found = get(session, public_id)
    for _ in range(10):  # a chain of merges is as long as people make it, a circle is refused
        held = select(Row.id).where(Row.id == (found.merged_into or found.id)).with_for_update()
        locked = session.execute(held).scalar_one_or_none()
        if locked is None:
            raise NotFound("This ticket")
        found = by_id(session, locked)
        if found.merged_into is None:
            return found
    raise Conflict("These tickets were merged in a circle.")


def hold(session: Session, ticket_id: int) -> Ticket:
    """This very ticket, merged or not, that nobody else changes until the commit."""
    held = select(Row.id).where(Row.id == ticket_id).with_for_update()
    session.execute(held).one_or_none()
    return by_id(session, ticket_id)


def by_source(session: Session, source: str, external_id: str) -> Ticket | None:
    """The ticket that came from there under that name, if it did."""
    return _first(session, Row.source == source, Row.external_id == external_id)


def lock_source(session: Session, source: str, external_id: str) -> Ticket:
    """The ticket that came from there under that name, locked. Raises `NotFound`."""
    found = by_source(session, source, external_id)
    if found is None:
        raise NotFound("This ticket")
    return lock(session, found.public_id)


def by_mail(session: Session, mail_ids: Sequence[str], address: str) -> Ticket | None:
    """The ticket of this address that has a mail with one of these Message-IDs."""
    inside = select(models.TicketMessage.ticket_id)
    inside = inside.where(models.TicketMessage.mail_id.in_(mail_ids))
    return _first(session, Row.id.in_(inside), Row.address == folded(address))


def of_conversation(session: Session, conversation_id: int) -> Ticket | None:
    """The ticket of a conversation, if it was ever handed over or taken."""
    found = session.execute(_OF_CONVERSATION, {"id": conversation_id}).one_or_none()
    return None if found is None else Ticket(*found)


def standing(session: Session, conversation_id: int) -> tuple[str, State] | None:
    """Public id and state of a conversation's ticket, if it has one: every turn asks that."""
    found = session.execute(_STANDING, {"id": conversation_id}).one_or_none()
    return None if found is None else (found.public_id, found.state)


def conversation_of(session: Session, ticket: Ticket) -> str | None:
    """The public id of the conversation that a ticket shows; None when it shows none."""
    if ticket.conversation_id is None:
        return None
    own = models.Conversation.id == ticket.conversation_id
    return session.scalar(select(models.Conversation.public_id).where(own))


def customer_wrote(session: Session, ticket: Ticket, at: datetime | None = None) -> None:
    """The customer said something: it waits, is unread, and analysis has to see it."""
    at = at or now()
    state: State = "new" if ticket.state == "new" else "open"
    since = ticket.waiting_since or at
    change(
        session,
        ticket,
        state=state,
        waiting_since=since,
        at=at,
        unread=True,
        to_read=True,
        draft="",
    )


def change(
    session: Session,
    ticket: Ticket,
    *,
    state: State | None = None,
    waiting_since: datetime | None = None,
    answered: bool = False,
    at: datetime | None = None,
    **values: Any,
) -> None:
    """Write other values, and where the ticket stands in the queue from now on.

    `answered`: nobody waits any more. `at` moves its last use, which never goes back.
    """
    state = state or ticket.state
    since = None if answered else waiting_since or ticket.waiting_since
    updated_at = max(ticket.updated_at, at) if at else ticket.updated_at
    values |= {
        "state": state,
        "active": state != "closed",
        "waiting_since": since,
        "updated_at": updated_at,
        "rank": rank_of(state, since, updated_at),
    }
    mark(session, ticket.id, **values)


def mark(session: Session, ticket_id: int, **values: Any) -> None:
    """Write values that move a ticket nowhere: what was read of it, how its draft stands."""
    session.execute(update(Row).where(Row.id == ticket_id).values(values))
    if values.keys() & {"mood", "intent"}:
        hours.note_changed(session, ticket_id)


def to_read(session: Session, limit: int = 20) -> list[Ticket]:
    """Tickets in which the customer said something that analysis has not seen, oldest first."""
    asked = query().where(Row.to_read).order_by(Row.id).limit(limit)
    return [Ticket(*row) for row in session.execute(asked)]


def claim_draft(
    session: Session, until: datetime, newest: int, without: Collection[int] = ()
) -> Ticket | None:
    """A ticket that has no draft yet among the `newest` that wait and nobody has; now ours.

    Whoever claimed one and died lets it go at `until`. `without`: tickets (ids) to leave alone.
    """
    free = or_(Row.drafting_until.is_(None), Row.drafting_until < now())
    waits = (Row.active, Row.assignee_id.is_(None), Row.state == "new")
    recent = select(Row.id).where(*waits).order_by(Row.updated_at.desc(), Row.id.desc())
    chosen = select(Row.id).where(
        Row.id.in_(recent.limit(newest)),
        Row.draft == "",
        Row.waiting_since.is_not(None),
        Row.to_read.is_(False),
        Row.id.not_in(without),
        free,
    )
    chosen = chosen.order_by(Row.updated_at.desc()).limit(1)
    claimed = update(Row).where(Row.id == chosen.scalar_subquery(), Row.draft == "", free)
    claimed = claimed.values(drafting_until=until).returning(Row.id)
    found = session.execute(claimed).scalar_one_or_none()
    return None if found is None else by_id(session, found)


def merge(session: Session, ticket: Ticket, into: Ticket, at: datetime) -> None:
    """Close a ticket; another one goes on with it and with what was merged into it before."""
    moved = update(Row).where(or_(Row.merged_into == ticket.id, Row.id == ticket.id))
    session.execute(moved.values(merged_into=into.id))
    change(session, ticket, state="closed", answered=True, at=at)
    waits = [each for each in (ticket.waiting_since, into.waiting_since) if each is not None]
    state: State = "open" if waits and into.state == "waiting" else into.state
    change(session, into, state=state, waiting_since=min(waits, default=None), at=at)


def family(session: Session, ticket_id: int) -> list[int]:
    """A ticket and those that were merged into it."""
    merged = select(Row.id).where(Row.merged_into == ticket_id)
    return [ticket_id, *session.scalars(merged)]


# Removal -----------------------------------------------------------------------------------------


def idle(before: datetime) -> tuple[Any, ...]:
    """As SQL: tickets that nothing was written to since then.

    A merged one is a part of the ticket that goes on with it, and leaves with that one.
    """
    living = aliased(Row)
    merged = select(living.id).where(living.id == Row.merged_into).exists()
    return Row.updated_at < before, ~merged


def beginning(source: str) -> tuple[Any, ...]:
    """As SQL: tickets whose source begins so."""
    return (Row.source.startswith(source, autoescape=True),)


def of_customer(user_id: int) -> tuple[Any, ...]:
    """As SQL: tickets of a person's chats."""
    return (Row.customer_id == user_id,)


def of_address(address: str) -> tuple[Any, ...]:
    """As SQL: tickets of a customer's e-mail address."""
    return (Row.address == folded(address),)


def count(session: Session, conditions: Sequence[Any]) -> int:
    """How many tickets meet the conditions."""
    return session.scalar(select(func.count()).select_from(Row).where(*conditions)) or 0


def is_empty(session: Session) -> bool:
    """Whether there is no ticket at all."""
    return session.scalar(select(Row.id).limit(1)) is None


def erase(session: Session, conditions: Sequence[Any], most: int = MOST_REMOVED) -> int:
    """Remove a part of the tickets that meet the conditions, and what was merged into them.

    Returns how many; call it until it returns 0. What hangs on a ticket leaves with it.
    """
    due = select(Row.id).where(*conditions).order_by(Row.updated_at).limit(most)
    chosen = list(session.scalars(due))
    # The conditions again: somebody may have written to one of them meanwhile.
    gone = session.scalars(
        delete(Row).where(Row.id.in_(chosen), *conditions).returning(Row.id)
    ).all()
    if gone:
        session.execute(delete(Row).where(Row.merged_into.in_(gone)))
        index.tidy(session)
    return len(gone)


def soon(seconds: float) -> datetime:
    """The moment so many seconds from now."""
    return now() + timedelta(seconds=seconds)


def folded(address: str) -> str:
    """An e-mail address as it is kept and compared."""
    return address.strip().casefold()


def _one(session: Session, *conditions: Any) -> Ticket:
    found = _first(session, *conditions)
    if found is None:
        raise NotFound("This ticket")
    return found


def _first(session: Session, *conditions: Any) -> Ticket | None:
    found = session.execute(query().where(*conditions).order_by(Row.id).limit(1)).one_or_none()
    return None if found is None else Ticket(*found)
