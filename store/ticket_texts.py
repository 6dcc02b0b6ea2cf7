"""Drafts that were made for a ticket, and its unsent text with an optimistic version."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store.columns import now
from store.errors import NotFound
from store.models import TicketDraft as DraftRow
from store.models import TicketText as TextRow
from store.models import User
from store.rows import columns_of, insert_missing
from store.ticket_records import TicketDraft, TicketText

_DRAFT = columns_of(DraftRow, TicketDraft)


def add_draft(session: Session, ticket_id: int, made_for: int | None, **values: Any) -> TicketDraft:
    """Keep a draft; `values` are the other columns. Raises `UnstorableText`."""
    row = DraftRow(ticket_id=ticket_id, made_for=made_for, **values)
    session.add(row)
    session.flush()
    return _draft(session, DraftRow.id == row.id)


def draft(session: Session, ticket_id: int, public_id: str) -> TicketDraft:
    """A draft of this ticket. Raises `NotFound`."""
    return _draft(session, DraftRow.public_id == public_id, DraftRow.ticket_id == ticket_id)


def newest_draft(session: Session, ticket_id: int) -> TicketDraft | None:
    """The draft that was made last, if any was."""
    asked = select(*_DRAFT).where(DraftRow.ticket_id == ticket_id)
    found = session.execute(asked.order_by(DraftRow.id.desc()).limit(1)).one_or_none()
    return None if found is None else TicketDraft(*found)


def drafts_of(session: Session, ids: Sequence[int]) -> dict[int, TicketDraft]:
    """These drafts by their ids."""
    rows = session.execute(select(*_DRAFT).where(DraftRow.id.in_(ids)))
    return {row.id: TicketDraft(*row) for row in rows}


def text(session: Session, ticket_id: int) -> TicketText | None:
    """The unsent text of a ticket, if anybody ever wrote one."""
    asked = (
        select(
            TextRow.version,
            DraftRow.public_id,
            TextRow.facts,
            TextRow.confirmed,
            TextRow.changed_at,
            TextRow.text,
            User.name,
            User.public_id.label("writer_public_id"),
        )
        .outerjoin(DraftRow, DraftRow.id == TextRow.draft_id)
        .outerjoin(User, User.id == TextRow.writer_id)
        .where(TextRow.ticket_id == ticket_id)
    )
    found = session.execute(asked).one_or_none()
    return None if found is None else TicketText(*found)


def put_text(
    session: Session,
    ticket_id: int,
    content: str,
    *,
    version: int | None,
    writer_id: int,
    draft_id: int | None = None,
    facts: Sequence[str] = (),
    confirmed: Sequence[str] = (),
) -> int | None:
    """Write the unsent text down; its new version, or None when `version` is not the last one.

    `version` 0: nobody wrote yet; None: whatever is there is replaced. Raises `UnstorableText`.
    """
    values: dict[str, Any] = {
        "draft_id": draft_id,
        "facts": list(facts),
        "confirmed": list(confirmed),
        "writer_id": writer_id,
        "changed_at": now(),
        "text": content,
    }
    if not version:
        first = {"ticket_id": ticket_id, "version": 1, **values}
        if insert_missing(session, TextRow, first, ["ticket_id"]) is not None:
            return 1
    conditions = [TextRow.ticket_id == ticket_id]
    if version is not None:
        conditions.append(TextRow.version == version)
    written = update(TextRow).where(*conditions).values(version=TextRow.version + 1, **values)
    return session.execute(written.returning(TextRow.version)).scalar_one_or_none()


def _draft(session: Session, *conditions: Any) -> TicketDraft:
    found = session.execute(select(*_DRAFT).where(*conditions)).one_or_none()
    if found is None:
        raise NotFound("This draft")
    return TicketDraft(*found)
