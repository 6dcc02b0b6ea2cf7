"""The audit: what privileged people read and changed, and what the guard refused.

Entries hold ids, words and figures: no conversation text, no name, no address of a single machine.
They are written in the caller's transaction where there is one, so a change and its entry stand or
fall together. Nobody changes an entry; retention alone removes old ones (see store/audit.py).
Knows nothing of what the actions mean.
"""

import json
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any, Unpack

from chatbot.archive import Archive
from chatbot.errors import NotAllowed
from store import accounts, audit
from store.audit import KEPT_DAYS as KEPT_DAYS
from store.audit import Only as Only
from store.engine import Session
from store.records import AuditEntry as AuditEntry
from store.records import Person

Detail = str | int | bool

PAGE = 500
"""Entries of an export that are read at once."""
LONGEST = 200
"""Longest text in an entry, in characters; what is longer is cut."""


class Audit:
    """Writes entries, and reads them for administrators."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def note(
        self, actor: Person | None, action: str, kind: str, subject: str, **detail: Detail
    ) -> None:
        """Write an entry in a transaction of its own. Arguments as for `note_in`.

        Raises StoreUnavailable.
        """
        with self._archive.main.writing() as session:
            self.note_in(session, actor, action, kind, subject, **detail)

    def note_in(
        self,
        session: Session,
        actor: Person | None,
        action: str,
        kind: str,
        subject: str,
        **detail: Detail,
    ) -> None:
        """Write an entry in the caller's transaction.

        `actor` None: the program itself, or someone at the machine's terminal. `action` is a word
        such as `roles_changed`; `kind` says what `subject` is the public id or name of (`person`,
        `conversation`, `option` …). An `address` in the detail is kept without its last part.
        """
        actor_id = None if actor is None else actor.public_id
        kept = {name: _kept(name, value) for name, value in detail.items()}
        audit.add(session, actor_id, action, kind, subject[:LONGEST], kept)

    def entries(
        self, by: Person, *, before: int | None = None, limit: int = 100, **only: Unpack[Only]
    ) -> list[AuditEntry]:
        """Entries, newest first. `before`: the id of the last one already had.

        Raises NotAllowed, StoreUnavailable.
        """
        with self._archive.main.reading() as session:
            require_admin(session, by)
            return audit.entries(session, before=before, limit=limit, **only)

    def actions(self, by: Person) -> list[str]:
        """The actions that there are entries of. Raises NotAllowed, StoreUnavailable."""
        with self._archive.main.reading() as session:
            require_admin(session, by)
            return audit.actions(session)

    def export(self, by: Person | None, **only: Unpack[Only]) -> Iterator[str]:
        """The entries as lines of JSON, newest first. That they were read is noted, too.

        `by` None: someone at the machine's terminal; anybody else's ends where they administer no
        longer. Raises NotAllowed, StoreUnavailable.
        """
        with self._archive.main.writing() as session:
            if by is not None:
                require_admin(session, by)
            self.note_in(session, by, "exported", "audit", "")
        return map(line, self.each(by, **only))

    def each(self, by: Person | None = None, **only: Unpack[Only]) -> Iterator[AuditEntry]:
        """All such entries, newest first, read a page at a time.

        For other services, unchecked; with `by` it ends when they administer no longer.
        """
        before: int | None = None
        while True:
            with self._archive.main.reading() as session:
                if by is not None and not accounts.is_administrator(session, by.id):
                    return
                page = audit.entries(session, before=before, limit=PAGE, **only)
            if not page:
                return
            yield from page
            before = page[-1].id


def require_admin(session: Session, by: Person) -> None:
    """Let pass who is an administrator in the database now. Raises NotAllowed."""
    if not accounts.is_administrator(session, by.id):
        raise NotAllowed


def line(entry: AuditEntry) -> str:
    """An entry as one line of JSON with its end of line."""
    return json.dumps(plain(entry), ensure_ascii=False) + "\n"


def plain(entry: AuditEntry) -> dict[str, Any]:
    """An entry as plain JSON: public ids, and names where the people are still known."""
    return {
        "id": entry.public_id,
        "at": entry.at.isoformat(timespec="milliseconds"),
        "actor": entry.actor_id,
        "actor_name": entry.actor,
        "action": entry.action,
        "kind": entry.kind,
        "subject": entry.subject,
        "subject_name": entry.subject_name,
        "detail": entry.detail,
    }


def _kept(name: str, value: Detail) -> Detail:
    if not isinstance(value, str):
        return value
    return network(value) if name == "address" else value[:LONGEST]


def network(address: str) -> str:
    """The network that an address is in: /24, or /48 of IPv6. What is no address becomes empty.

    Enough to tell an attack from a slip, too little to tell who it was once the person is gone.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))
