"""Versions of a message: which there are, which one is shown, how one is removed or copied.

Editing and answering again add siblings. `used` is a clock that ticks with every message and every
choice; a child is always newer than its parent, so the newest row under a message is a leaf.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Row as SqlRow
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from store import index, models, nodes, speakers
from store.columns import now
from store.errors import NotFound
from store.models import Conversation as ConversationRow
from store.models import Message as Row
from store.nodes import COLUMNS
from store.records import Message, Siblings

_COPIED = ("role", "content", "status", "error", "created_at", "finished_at")


def siblings(session: Session, ids: Sequence[int]) -> dict[int, Siblings]:
    """Where each of these messages stands among its versions; unknown ids are left out."""
    asked = session.execute(
        select(Row.id, Row.parent_id, Row.conversation_id).where(Row.id.in_(ids))
    ).all()
    families: dict[tuple[str, int], list[SqlRow[int, str]]] = defaultdict(list)
    version = select(Row.id, Row.public_id)
    parents = {row.parent_id for row in asked if row.parent_id is not None}
    children = version.add_columns(Row.parent_id).where(Row.parent_id.in_(parents))
    for row in session.execute(children.order_by(Row.sequence)):
        families["under", row.parent_id].append(row)
    trees = {row.conversation_id for row in asked if row.parent_id is None}
    roots = version.add_columns(Row.conversation_id)
    roots = roots.where(Row.conversation_id.in_(trees), Row.parent_id.is_(None))
    for row in session.execute(roots.order_by(Row.sequence)) if trees else ():
        families["top", row.conversation_id].append(row)
    found = {}
    for row in asked:
        top = row.parent_id is None
        family = families[("top", row.conversation_id) if top else ("under", row.parent_id)]
        found[row.id] = _place(family, row.id)
    return found


def choose(session: Session, user_id: int, public_id: str) -> Message:
    """Show this version, down to the leaf last used under it, which is returned.

    Raises `NotFound`.
    """
    message_id, conversation_id = _locked(session, user_id, public_id)
    tick = nodes.numbers(session, conversation_id, 1).take()
    leaf_id = _last_used(session, message_id)
    session.execute(update(Row).where(Row.id == leaf_id).values(used=tick))
    session.execute(
        update(ConversationRow).where(ConversationRow.id == conversation_id).values(head_id=leaf_id)
    )
    return Message(*session.execute(select(*COLUMNS).where(Row.id == leaf_id)).one())


def delete_version(session: Session, user_id: int, public_id: str) -> None:
    """Remove a message and what follows it, for good; show a sibling instead, or the parent.

    Raises `NotFound`.
    """
    message_id, conversation_id = _locked(session, user_id, public_id)
    parent_id = session.execute(select(Row.parent_id).where(Row.id == message_id)).scalar_one()
    doomed = select(nodes.subtree(message_id).c.id)
    session.execute(delete(Row).where(Row.id.in_(doomed)))
    index.tidy(session)
    head_id = session.execute(
        select(ConversationRow.head_id).where(ConversationRow.id == conversation_id)
    ).scalar_one()
    if session.execute(select(Row.id).where(Row.id == head_id)).first() is not None:
        return
    if parent_id is None:
        newest = select(Row.id).where(Row.conversation_id == conversation_id)
        head_id = session.execute(newest.order_by(Row.used.desc()).limit(1)).scalar()
    else:
        head_id = _last_used(session, parent_id)
    nodes.move_head(session, conversation_id, head_id)


def copy_path(session: Session, source_leaf_id: int, target_conversation_id: int) -> int | None:
    """Copy the messages that lead to a leaf, with their traces, into an empty conversation.

    Return the id of the copied leaf, its head from now on. A reply still being written is copied
    as interrupted. Raises `NotFound` when the target is gone.
    """
    above = nodes.line(limited=False)
    line = select(Row).join(above, Row.id == above.c.id).order_by(above.c.depth.desc())
    originals = list(session.execute(line, {"leaf": source_leaf_id}).scalars())
    by_people = speakers.names(session, originals)
    taken = nodes.numbers(session, target_conversation_id, len(originals))
    parent_id = None
    copies: dict[int, int] = {}
    for original in originals:
        values = {name: getattr(original, name) for name in _COPIED}
        if original.status == "streaming":
            values |= {"status": "interrupted", "finished_at": now()}
        if original.id in by_people:
            values |= {"turn_key": speakers.copied_key(original)}
        copied = nodes.insert(session, taken, parent_id=parent_id, **values)
        index.put(session, taken.user_id, "message", copied.id, copied.content)
        parent_id = copies[original.id] = copied.id
        _copy_traces(session, original.id, copies)
    nodes.move_head(session, target_conversation_id, parent_id)
    return parent_id


def _place(family: list[SqlRow[int, str]], message_id: int) -> Siblings:
    at = next(i for i, row in enumerate(family) if row.id == message_id)
    previous = family[at - 1].public_id if at > 0 else None
    following = family[at + 1].public_id if at + 1 < len(family) else None
    return Siblings(at + 1, len(family), previous, following)


def _locked(session: Session, user_id: int, public_id: str) -> tuple[int, int]:
    found = session.execute(
        select(Row.id, Row.conversation_id)
        .join(ConversationRow, Row.conversation_id == ConversationRow.id)
        .where(
            Row.public_id == public_id,
            ConversationRow.user_id == user_id,
            ConversationRow.deleted_at.is_(None),
        )
        .with_for_update(of=ConversationRow)
    ).one_or_none()
    if found is None:
        raise NotFound("This message")
    return found.id, found.conversation_id


def _last_used(session: Session, top_id: int) -> int:
    under = nodes.subtree(top_id)
    newest = select(under.c.id).order_by(under.c.used.desc()).limit(1)
    leaf_id: int = session.execute(newest).scalar_one()
    return leaf_id


def _copy_traces(session: Session, source_id: int, copies: Mapping[int, int]) -> None:
    """Copy the traces of a message; their history becomes the `copies` of what it was."""
    table = models.Trace.__table__
    query = select(table).where(table.c.message_id == source_id)
    rows = [
        {
            **trace,
            "message_id": copies[source_id],
            "history_ids": [copies[each] for each in trace["history_ids"] if each in copies],
        }
        for trace in session.execute(query).mappings()
    ]
    if rows:
        session.execute(insert(models.Trace), rows)
