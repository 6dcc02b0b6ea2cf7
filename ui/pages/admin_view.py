"""What the Administration page shows, as JSON: made from the services' values. Asks nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from chatbot.accounts import Link, PersonView, SessionView
from chatbot.audit import AuditEntry, plain
from chatbot.doctor import Finding
from chatbot.masking import GROUPS
from chatbot.options import Set
from chatbot.storage import Storage

Json = dict[str, Any]

ROLES = {
    "chatter": "asks in the chat",
    "agent": "answers tickets",
    "author": "writes prompts",
    "reviewer": "reads and corrects what was answered; looks into models",
    "admin": "people, rules, record (the Admin page)",
}
"""What each role may do, in the order of the page."""

TABLES = {
    "conversations": "conversations",
    "messages": "messages",
    "traces": "traces of answers",
    "feedback": "judgements of answers",
    "sessions": "logins",
    "one_time_links": "one-time links",
    "identities": "sign-ins by another server",
    "user_roles": "roles",
    "search_counters": "counters of the search",
    "options": "options last changed by them",
    "api_keys": "keys",
    "api_calls": "answers kept for a day, so that a call is answered once",
}
"""Tables by what they hold for people; another one keeps its name."""

ELSEWHERE = {"search_counters", "api_threads"}
"""Tables whose rows hold nothing a person said or did."""


def person(view: PersonView, last: str | None) -> Json:
    """Someone in the list. `last`: their id if nobody else administers."""
    return {
        "id": view.id,
        "login": view.login,
        "name": view.name,
        "email": view.email,
        "roles": list(view.roles),
        "state": view.state,
        "password": view.has_password,
        "identity": view.has_identity,
        "created": moment(view.created),
        "seen": moment(view.last_seen),
        "last": view.id == last,
    }


def last_administrator(people: Sequence[PersonView]) -> str | None:
    """The one administrator who can log in, where there is no other."""
    found = [one.id for one in people if "admin" in one.roles and one.state == "active"]
    return found[0] if len(found) == 1 else None


def link(made: Link) -> Json:
    """A one-time link; the page puts its own address before the path."""
    return {"path": made.path, "expires": moment(made.expires_at)}


def session(view: SessionView) -> Json:
    """A login of somebody's."""
    return {
        "id": view.id,
        "created": moment(view.created),
        "used": moment(view.used),
        "address": view.address,
        "agent": view.agent,
        "current": view.current,
    }


def rows(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Rows by what they are, the most first."""
    told = [
        (TABLES.get(name, name.replace("_", " ")), number)
        for name, number in counts.items()
        if name not in ELSEWHERE
    ]
    return sorted(told, key=lambda row: (-row[1], row[0]))


def option(stored: Set[Any]) -> Json:
    """A group of options as it is stored."""
    return {
        "value": stored.value.model_dump(mode="json"),
        "version": stored.version,
        "at": moment(stored.changed_at),
        "by": stored.changed_by,
    }


def groups() -> list[Json]:
    """Every kind of value that is masked or not."""
    return [{"name": name, "about": group.about} for name, group in GROUPS.items()]


def entry(found: AuditEntry) -> Json:
    """An entry of the record, with its place in it."""
    return plain(found) | {"number": found.id}


def finding(found: Finding) -> Json:
    """What the doctor found."""
    return asdict(found)


def stored(found: Storage) -> Json:
    """Sizes in bytes."""
    return asdict(found)


def moment(at: datetime | None) -> str | None:
    """A time as browsers read it."""
    return None if at is None else at.isoformat(timespec="seconds")
