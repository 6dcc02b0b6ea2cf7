"""Mail that goes out, with its state; what came in; how far folders were read. Speaks no protocol.

A mail goes queued → sending → sent, failed or unsure. `sending` is claimed for a while by one
process; when that process dies, the mail is queued again if its text had not left yet, and unsure
if it had. Nothing here makes an unsure mail go out again but `settle`, which people call.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from store.base import new_id
from store.columns import now
from store.errors import Conflict, NotFound
from store.mail_tables import MailFolder as FolderRow
from store.mail_tables import OutgoingMail as MailRow
from store.mail_tables import SeenMail
from store.models import Reply
from store.rows import columns_of, insert_missing

MailStatus = Literal["queued", "sending", "sent", "failed", "unsure"]

_NOWHERE = "mail.invalid"
"""Right half of a Message-ID while no mailbox is known (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A reply on its way. `handed_at`: when its text left, in the try that is going on."""

    id: int
    public_id: str
    reply_id: int
    message_id: str
    to_address: str
    subject: str
    body: str
    in_reply_to: str | None
    refs: list[str]
    state: MailStatus
    tries: int
    due_at: datetime
    handed_at: datetime | None
    error: str
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Folder:
    """How far a folder was read: mails up to `last_uid` of this `uid_validity` are done."""

    name: str
    uid_validity: int | None
    last_uid: int
    left_out: int
    read_at: datetime | None


_MAIL = columns_of(MailRow, OutgoingMail)
_FOLDER = columns_of(FolderRow, Folder)


def put(
    session: Session,
    reply_id: int,
    to: str,
    subject: str,
    body: str,
    in_reply_to: str | None = None,
    references: Sequence[str] = (),
) -> str:
    """Queue a reply for sending, once; return its Message-ID, fixed from now on.

    To be called in the transaction that marks the reply sent; keep the Message-ID with the
    reply's message, since the customer's answer refers to it. `reply_id`: the row's own id.
    """
    newest = select(FolderRow.address).order_by(FolderRow.read_at.desc().nulls_last()).limit(1)
    domain = (session.scalar(newest) or "").partition("@")[2] or _NOWHERE
    values = {
        "reply_id": reply_id,
        "public_id": new_id(),
        "message_id": f"<{new_id()}@{domain}>",
        "to_address": to,
        "subject": subject,
        "body": body,
        "in_reply_to": in_reply_to,
        "refs": list(references),
        "state": "queued",
        "tries": 0,
        "due_at": now(),
        "error": "",
        "created_at": now(),
    }
    insert_missing(session, MailRow, values, ["reply_id"])
    kept = select(MailRow.message_id).where(MailRow.reply_id == reply_id)
    return session.execute(kept).scalar_one()


def of_replies(session: Session, reply_ids: Iterable[int]) -> dict[int, OutgoingMail]:
    """The mails of these replies, by the reply's id; replies without one are left out."""
    found = session.execute(select(*_MAIL).where(MailRow.reply_id.in_(set(reply_ids))))
    mails = [OutgoingMail(*row) for row in found]
    return {mail.reply_id: mail for mail in mails}


def is_waiting(session: Session) -> bool:
    """Whether a mail is due, or was left behind by a process that died."""
    moment = now()
    due = (MailRow.state == "queued") & (MailRow.due_at <= moment)
    lost = (MailRow.state == "sending") & (MailRow.claimed_until < moment)
    return session.scalar(select(MailRow.id).where(due | lost).limit(1)) is not None


def claim(session: Session, seconds: float) -> OutgoingMail | None:
    """Take the mail that is due longest; no other process gets it for that many seconds."""
    moment = now()
    due = (
        select(MailRow.id)
        .where(MailRow.state == "queued", MailRow.due_at <= moment)
        .order_by(MailRow.due_at, MailRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    mail_id = session.scalar(due)
    if mail_id is None:
        return None
    session.execute(
        update(MailRow)
        .where(MailRow.id == mail_id)
        .values(
            state="sending",
            tries=MailRow.tries + 1,
            claimed_until=moment + timedelta(seconds=seconds),
            handed_at=None,
        )
    )
    return _by(session, MailRow.id == mail_id)


def handing_over(session: Session, mail_id: int, tries: int, seconds: float) -> None:
    """Write down that the text leaves now. Raises `Conflict` when the claim ran out meanwhile.

    `tries`: those of the mail as it was claimed; another process counts one more.
    """
    mine = update(MailRow).where(
        MailRow.id == mail_id,
        MailRow.state == "sending",
        MailRow.tries == tries,
        MailRow.handed_at.is_(None),
    )
    until = now() + timedelta(seconds=seconds)
    held = mine.values(handed_at=now(), claimed_until=until).returning(MailRow.id)
    if session.execute(held).one_or_none() is None:
        raise Conflict("Another process has taken this mail up.")


def end_try(
    session: Session,
    mail_id: int,
    tries: int,
    state: MailStatus,
    error: str = "",
    *,
    due_at: datetime | None = None,
) -> None:
    """Say what came of a try, unless another process tries since. `due_at`: when to try again."""
    values: dict[str, Any] = {"state": state, "error": error, "claimed_until": None}
    if state == "sent":
        values["sent_at"] = now()
    if due_at is not None:
        values |= {"due_at": due_at, "handed_at": None}
    taken = MailRow.state.in_(("sending", "unsure")) & (MailRow.tries == tries)
    session.execute(update(MailRow).where(MailRow.id == mail_id, taken).values(**values))


def recover(session: Session, error: str) -> int:
    """Take up the mails whose process died: queued when nothing left, else unsure; how many."""
    lost = update(MailRow).where(MailRow.state == "sending", MailRow.claimed_until < now())
    safe = lost.where(MailRow.handed_at.is_(None)).values(state="queued", claimed_until=None)
    unsure = lost.values(state="unsure", error=error, claimed_until=None)
    return sum(len(session.execute(one.returning(MailRow.id)).all()) for one in (safe, unsure))


def unsure(session: Session, *, since: datetime) -> list[OutgoingMail]:
    """The mails whose fate is not known, handed over since then."""
    found = select(*_MAIL).where(MailRow.state == "unsure", MailRow.handed_at >= since)
    return [OutgoingMail(*row) for row in session.execute(found.order_by(MailRow.id))]


def settle(session: Session, reply: str, *, again: bool) -> OutgoingMail:
    """What a person says of a mail that is unsure or failed: it arrived, or send it again.

    `reply`: the reply's public id. The Message-ID stays the same, so that a mail that did arrive is
    shown once by most programs. Raises `NotFound`, `Conflict` when there is nothing to settle.
    """
    query = select(MailRow.id).join(Reply, Reply.id == MailRow.reply_id)
    mail_id = session.scalar(query.where(Reply.public_id == reply))
    if mail_id is None:
        raise NotFound("This mail")
    values: dict[str, Any] = {"state": "sent", "sent_at": now(), "error": ""}
    if again:
        values = {"state": "queued", "due_at": now(), "tries": 0, "handed_at": None, "error": ""}
    open_ones = MailRow.state.in_(("unsure", "failed"))
    changed = update(MailRow).where(MailRow.id == mail_id, open_ones).values(**values)
    if session.execute(changed.returning(MailRow.id)).one_or_none() is None:
        raise Conflict("This mail is neither unsure nor failed: there is nothing to decide.")
    return _by(session, MailRow.id == mail_id)


def undelivered(session: Session, message_ids: Sequence[str], error: str) -> int:
    """Mark the mails with these Message-IDs as failed: they came back. How many were ours."""
    ours = update(MailRow).where(
        MailRow.message_id.in_(message_ids), MailRow.state.in_(("sent", "unsure"))
    )
    marked = ours.values(state="failed", error=error).returning(MailRow.id)
    return len(session.execute(marked).all())


def counts(session: Session) -> dict[str, int]:
    """How many mails are in each state."""
    found = session.execute(select(MailRow.state, func.count()).group_by(MailRow.state))
    return {str(state): int(number) for state, number in found}


def digest(message_id: str, raw: bytes = b"") -> str:
    """What a mail is remembered by: a hash of its Message-ID, or of all of it when it has none."""
    return hashlib.sha256(message_id.encode() or raw).hexdigest()


def is_seen(session: Session, found: str) -> bool:
    """Whether the mail with this digest was taken in or left out before."""
    return session.scalar(select(SeenMail.digest).where(SeenMail.digest == found)) is not None


def note_seen(session: Session, found: str) -> None:
    """Remember a mail by its digest."""
    insert_missing(session, SeenMail, {"digest": found, "seen_at": now()}, ["digest"])


def know_folder(session: Session, name: str, address: str) -> None:
    """Let the database know a folder and the address whose mail lies there."""
    values = {"name": name, "address": address, "last_uid": 0, "left_out": 0}
    insert_missing(session, FolderRow, values, ["name"])


def claim_folder(session: Session, name: str, seconds: float) -> Folder | None:
    """Take a known folder for reading; None while another process reads it."""
    moment = now()
    free = FolderRow.claimed_until.is_(None) | (FolderRow.claimed_until < moment)
    taken = update(FolderRow).where(FolderRow.name == name, free)
    held = taken.values(claimed_until=moment + timedelta(seconds=seconds))
    if session.execute(held.returning(FolderRow.name)).one_or_none() is None:
        return None
    return folder(session, name)


def folder(session: Session, name: str) -> Folder | None:
    """How far a folder was read; None when it is not known."""
    found = session.execute(select(*_FOLDER).where(FolderRow.name == name)).one_or_none()
    return None if found is None else Folder(*found)


def advance(
    session: Session,
    name: str,
    uid_validity: int,
    last_uid: int,
    *,
    left_out: int = 0,
    seconds: float = 0,
) -> None:
    """Write down how far a claimed folder was read, and keep the claim for some seconds more."""
    session.execute(
        update(FolderRow)
        .where(FolderRow.name == name)
        .values(
            uid_validity=uid_validity,
            last_uid=last_uid,
            left_out=FolderRow.left_out + left_out,
            claimed_until=now() + timedelta(seconds=seconds),
        )
    )


def release_folder(session: Session, name: str, *, read: bool) -> None:
    """Let others read the folder. `read`: this look went to its end."""
    values: dict[str, Any] = {"claimed_until": None}
    if read:
        values["read_at"] = now()
    session.execute(update(FolderRow).where(FolderRow.name == name).values(**values))


def _by(session: Session, condition: Any) -> OutgoingMail:
    return OutgoingMail(*session.execute(select(*_MAIL).where(condition)).one())
